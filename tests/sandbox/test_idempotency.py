"""A repeated request has one effect."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from pydantic import TypeAdapter

from layers_mcp.contract.ads_pending import ApprovePending
from layers_mcp.contract.clones import CloneFromPost
from layers_mcp.contract.content import Brief, GenerateContent
from layers_mcp.contract.creatives import MarkRecommendation
from layers_mcp.contract.scalars import Id
from layers_mcp.contract.table import TABLE
from layers_mcp.sandbox.replies import _PREFIXES, digest
from layers_mcp.sandbox.world import World

pytestmark = pytest.mark.anyio


async def test_the_same_key_gets_the_same_answer_and_one_effect(house):
    """Seed 004, step 1; layers-api: concepts, "Idempotency"."""
    first = await house.post("/v1/projects", {"name": "A", "timezone": "UTC"}, status=201, Idempotency_Key="k")
    house.wait(5)
    again = await house.post("/v1/projects", {"timezone": "UTC", "name": "A"}, status=201, Idempotency_Key="k")

    assert again == first
    assert house.answer.headers["Idempotency-Replayed"] == "true"
    assert len((await house.get("/v1/projects"))["items"]) == 1


async def test_the_same_key_with_another_body_is_a_conflict(house):
    """Seed 004, step 1."""
    await house.post("/v1/projects", {"name": "A"}, status=201, Idempotency_Key="k")

    refused = await house.post("/v1/projects", {"name": "B"}, status=409, Idempotency_Key="k")

    assert refused["error"]["code"] == "IDEMPOTENCY_CONFLICT"


async def test_a_key_is_remembered_for_a_day_of_the_wall_and_no_longer(house):
    """layers-api: concepts, "Idempotency", 24 h."""
    first = await house.post("/v1/projects", {"name": "A"}, status=201, Idempotency_Key="k")
    house.wait(24 * 3600 - 1)
    kept = await house.post("/v1/projects", {"name": "A"}, status=201, Idempotency_Key="k")
    house.wait(1)
    fresh = await house.post("/v1/projects", {"name": "A"}, status=201, Idempotency_Key="k")

    assert kept["id"] == first["id"] != fresh["id"]


async def test_a_refusal_is_not_kept(house):
    """Ours, see drift: a refusal had no effect."""
    await house.post("/v1/projects", {}, status=422, Idempotency_Key="k")

    await house.post("/v1/projects", {"name": "A"}, status=201, Idempotency_Key="k")


async def test_keys_of_two_callers_do_not_meet(house):
    """layers-api: concepts, "Idempotency", state key (api_key_id, endpoint)."""
    first = await house.post("/v1/projects", {"name": "A"}, status=201, Idempotency_Key="k")
    house.key = house.world.add_key()

    other = await house.post("/v1/projects", {"name": "A"}, status=201, Idempotency_Key="k")

    assert other["id"] != first["id"]


async def test_two_processes_at_once_have_one_effect(house, tmp_path):
    """Design §8: several processes share one file."""
    other = type(house)(await World.open(tmp_path / "state", wall=house.clock), house.clock)

    replies = await asyncio.gather(
        *(which.post("/v1/projects", {"name": "A"}, status=201, Idempotency_Key="k") for which in [house, other] * 5)
    )

    assert len({reply["id"] for reply in replies}) == 1
    await other.client.aclose()
    await other.world.close()


async def test_a_bare_and_a_prefixed_id_are_one_request(house):
    """Seed 004 prints both forms of an id; a retry may use the other one."""
    project = await house.project()
    bare = "/v1/projects/" + project.removeprefix("/v1/projects/prj_").upper()
    account, container = await house.account(project), await house.content(project)
    await house.post(f"/v1/content/{container}/approve")

    first = await house.post(f"{project}/content", {}, status=202, Idempotency_Key="k")
    again = await house.post(f"{bare}/content", {}, status=202, Idempotency_Key="k")
    sent, resent = [
        await house.post(f"/v1/content/{container}/publish", {"targets": [{"socialAccountId": one}]}, status=None, Idempotency_Key="k")
        for one in (account, account.removeprefix("sa_"))
    ]

    assert again == first
    assert resent["scheduledPostIds"] == sent["scheduledPostIds"]


def test_a_bare_id_of_a_recommendation_or_a_layer_is_the_same_request_too():
    """Same promise, for ids that no container or account has."""
    bare = "0c1f6f0e-7d0c-4c3b-9d5f-1d0c9a5e4b10"
    marks = [MarkRecommendation(project_id="prj_1", recommendation_id=one, status="open") for one in (bare, f"rec_{bare}")]
    given = {"container_id": bare, "project_id": "prj_1", "source_platform_post_id": "sp_1"}
    clones = [CloneFromPost(**given, project_layer_id=one) for one in (bare.upper(), f"pl_{bare}")]

    assert len({digest(mark) for mark in marks}) == 1
    assert len({digest(clone) for clone in clones}) == 1


_PATTERN = TypeAdapter(Id).json_schema()["pattern"]


def _ids_of(schema: object) -> Iterator[str]:
    """The names of the fields that take an id, alone or in a list, at any depth."""
    if isinstance(schema, list):
        for one in schema:
            yield from _ids_of(one)
    if isinstance(schema, dict):
        fields = schema.get("properties", {}) if schema.get("type") == "object" else {}  # an event has a field called `properties`
        kinds = {name: [one, one.get("items", {}), *one.get("anyOf", [])] for name, one in fields.items()}
        yield from (
            name
            for name, ways in kinds.items()
            if any(_PATTERN in (way.get("pattern"), way.get("items", {}).get("pattern")) for way in ways)
        )
        for one in schema.values():
            yield from _ids_of(one)


def test_every_id_of_a_keyed_request_may_come_bare():
    """layers-api: concepts, "Identifiers"; a job's id has no bare form, those of webhooks no other, a lease request's is anybody's."""
    keyed = [endpoint.request.model_json_schema(by_alias=True) for endpoint in TABLE if endpoint.keyed]
    never = {"jobId", "endpointId", "deliveryId", "requestId"}

    assert {"campaignId", "referenceMediaIds"} < {name for schema in keyed for name in _ids_of(schema)} <= {*_PREFIXES, *never}


def test_a_bare_id_in_a_path_or_a_list_is_the_same_request_too():
    """Same promise, for the ids of ads."""
    bare = "0c1f6f0e-7d0c-4c3b-9d5f-1d0c9a5e4b10"
    asked = [ApprovePending(project_id="prj_1", platform="meta", pending_id=one) for one in (bare, f"pa_{bare}", bare.upper())]
    shown = [GenerateContent(project_id="prj_1", brief=Brief(reference_media_ids=(one,))) for one in (bare, f"med_{bare}")]

    assert len({digest(one) for one in asked}) == len({digest(one) for one in shown}) == 1
