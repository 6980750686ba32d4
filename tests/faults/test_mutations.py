"""Every mutation under every trouble: one effect in the end, never two, counted in the sandbox's own tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from layers_mcp.contract.scalars import wire_time
from layers_mcp.sandbox.faults import Fault
from layers_mcp.server.catalog import CALL
from layers_mcp.store.asked import Customer, Option, Question
from layers_mcp.tool.declaration import Effect
from layers_mcp.tools.catalog import TOOLS

pytestmark = pytest.mark.anyio
TROUBLES: Mapping[str, dict[str, Any]] = {
    "429 with Retry-After": {"status": 429, "retry_after_s": 7},
    "500": {"status": 500},
    "503": {"status": 503},
    "reset": {"reset": True},
    "slow beyond the client's patience": {"delay_s": 45},
    "answer lost after commit": {"lose_answer": True},
}
EVERYDAY = ("reset", "answer lost after commit")
"""Not received, and not heard; to the client the others are one of these, with a reason."""
MOST_REQUESTS = 40
FOR_EVER = 1000
"""More often than any client tries."""
TRIES = 4
"""Calls after which whoever repeats a call has given up."""
CUSTOMER = {"customerExternalId": "quinn-1", "name": "Quinn"}
RETURN = "https://app.your-partner.com/done"
OURS = {"set_plan", "run_loop", "pause_loops", "resume_loops"}
"""What changes nothing but our own store."""
KNOWN_CODES = {"TIMEOUT", "RATE_LIMITED", "INTERNAL", "UNAVAILABLE"}


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One call that changes something, and the route that does. `name`: of the test.

    `same`: tables that a second setting of the same value may leave a row in, as the value stands either way; for a page to
    open, whoever opens a second one connects the same account.
    """

    name: str
    tool: str
    route: str
    given: Callable[[dict[str, Any]], dict[str, Any]]
    same: tuple[str, ...] = ()


def _deed(name: str, route: str, given: Callable[[dict[str, Any]], dict[str, Any]], *same: str) -> Deed:
    return Deed(name=name, tool=name.partition(":")[0], route=route, given=given, same=same)


def _of(**more: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A call on the project."""
    return lambda at: {"projectId": at["project"], **more}


_APP = {"name": "Till", "platform": "web", "webDomain": "till.acme.com"}
_SITE = "https://quinnscoffee.com"
_PENDING = "/v1/projects/{projectId}/ads/{platform}/pending/{pendingId}"
_CAMPAIGN = "/v1/projects/{projectId}/ads/{platform}/campaigns/{campaignId}"
DEEDS = (
    _deed("create_project", "POST /v1/projects", lambda _: {"name": "New"}),
    _deed("create_project: of a customer", "POST /v1/projects", lambda _: {"name": "New", "customerExternalId": "new-1"}),
    _deed("update_project", "PATCH /v1/projects/{projectId}", _of(name="Other", brandContext={"tagline": "New."}), "audit", "brand_facts"),
    _deed("ingest_repo", "POST /v1/projects/{projectId}/ingest/github", lambda at: {**at["ingest"], "waitSeconds": 0}),
    _deed("ingest_repo: registers", "POST /v1/github/installation", lambda at: {**at["ingest"], "waitSeconds": 0}),
    _deed(
        "connect_account",
        "POST /v1/projects/{projectId}/social/oauth-url",
        _of(platform="instagram", returnUrl=RETURN, waitSeconds=0),
        "oauth_states",
    ),
    _deed(
        "connect_account: again",
        "POST /v1/projects/{projectId}/social/reauth-url",
        lambda at: {"projectId": at["project"], "platform": "tiktok", "returnUrl": RETURN, "socialAccountId": at["account"]},
        "oauth_states",
    ),
    _deed("generate_content", "POST /v1/projects/{projectId}/content", _of(hook="Under trouble.", variantCount=2, waitSeconds=0)),
    _deed(
        "generate_content: clones",
        "POST /v1/content/{containerId}/clone-from-post",
        lambda at: {"projectId": at["project"], "sourcePostId": at["source"][1], "waitSeconds": 0},
    ),
    _deed("approve_content", "POST /v1/content/{containerId}/approve", lambda at: {"containerIds": at["pending"]}),
    _deed(
        "approve_content: rejects",
        "POST /v1/content/{containerId}/reject",
        lambda at: {"containerIds": at["pending"], "decision": "reject", "regenerateBrief": {"hook": "Better."}},
    ),
    _deed(
        "schedule_content",
        "POST /v1/content/{containerId}/schedule",
        lambda at: {"containerId": at["approved"], "scheduledFor": at["soon"], "targets": [{"socialAccountId": at["account"]}]},
    ),
    _deed(
        "reschedule_post",
        "POST /v1/scheduled-posts/{scheduledPostId}/reschedule",
        lambda at: {"scheduledPostId": at["queued"][1], "scheduledFor": at["soon"]},
    ),
    _deed("cancel_post", "DELETE /v1/scheduled-posts/{scheduledPostId}", lambda at: {"scheduledPostId": at["queued"][1]}),
    _deed(
        "override_creative",
        "PATCH /v1/projects/{projectId}/ads-content/{id}",
        lambda at: {"projectId": at["project"], "creativeId": at["source"][0], "override": "exclude"},
        "audit",
    ),
    _deed(
        "answer_question",
        "PATCH /v1/projects/{projectId}/ads-content/{id}",
        lambda _: {"questionId": "q_1", "answer": "exclude"},
        "audit",
    ),
    _deed(
        "onboard_customer",
        "POST /v1/github/installation",
        lambda at: {**CUSTOMER, "waitSeconds": 0, **{name: at["ingest"][name] for name in ("repoFullName", "installationId", "state")}},
    ),
    _deed("halt: cancels a post", "DELETE /v1/scheduled-posts/{scheduledPostId}", _of(cancel=True)),
    _deed("halt: cancels a job", "POST /v1/jobs/{jobId}/cancel", _of(cancel=True)),
    _deed("halt: pauses ads", f"POST {_CAMPAIGN}/pause", _of(pauseAds=True)),
    _deed("halt: starts ads again", f"POST {_CAMPAIGN}/resume", _of(resume=True)),
    _deed(
        "clone_regardless",
        "POST /v1/content/{containerId}/clone-from-post",
        lambda at: {"projectId": at["project"], "sourcePostId": at["poor"][1], "waitSeconds": 0},
    ),
    _deed("run_optimizer", "POST /v1/projects/{projectId}/ads/optimizer/run", _of(platform="meta_ads", dryRun=False, waitSeconds=0)),
    _deed(
        "run_optimizer: dry",
        "POST /v1/projects/{projectId}/ads/optimizer/run",
        _of(platform="meta_ads", waitSeconds=0),
    ),
    _deed("review_pending_action", f"POST {_PENDING}/approve", lambda at: {"projectId": at["project"], "pendingId": at["waits"][0]}),
    _deed(
        "review_pending_action: rejects",
        f"POST {_PENDING}/reject",
        lambda at: {"projectId": at["project"], "pendingId": at["waits"][0], "decision": "reject", "reason": "No."},
    ),
    _deed(
        "update_recommendation",
        "PATCH /v1/projects/{projectId}/recommendations/{recommendationId}",
        lambda at: {"projectId": at["project"], "recommendationId": at["recommendation"], "status": "dismissed"},
    ),
    _deed("update_review_policy", "PATCH /v1/projects/{projectId}/content-review-policy", _of(policy="auto_approve"), "audit"),
    _deed("create_sdk_app", "POST /v1/projects/{projectId}/sdk-apps", _of(**_APP)),
    _deed(
        "update_sdk_app",
        "PATCH /v1/projects/{projectId}/sdk-apps/{appId}",
        lambda at: {"projectId": at["project"], "appId": at["app"], "rotateKey": True},
    ),
    _deed("refresh_keywords", "POST /v1/projects/{projectId}/keywords/refresh", _of(waitSeconds=0)),
    _deed("ingest_listing", "POST /v1/projects/{projectId}/ingest/website", _of(url=_SITE, waitSeconds=0)),
    _deed("ingest_listing: a store", "POST /v1/projects/{projectId}/ingest/appstore", _of(iosBundleId="coffee.quinns.app", waitSeconds=0)),
    _deed("add_app_media", "POST /v1/projects/{projectId}/app-media", _of(kind="logo", url=f"{_SITE}/logo.svg")),
    _deed(
        "remove_app_media",
        "DELETE /v1/projects/{projectId}/app-media/{mediaId}",
        lambda at: {"projectId": at["project"], "mediaId": at["media"]},
    ),
)


def _trouble(deed: Deed, words: str, *, times: int) -> Fault:
    method, path = deed.route.split(" ")
    return Fault(method=method, path=path, times=times, **TROUBLES[words])


async def _ready(story: Any, stage: Any, deed: Deed) -> dict[str, Any]:
    """The call with its yes, where it takes one."""
    things = stage.things
    given = deed.given({**things, "soon": wire_time(story.now() + timedelta(days=2))})
    if deed.name == "halt: cancels a job":
        await story.call("generate_content", projectId=things["project"], hook="Running.", waitSeconds=0)
    if deed.name.endswith(("ads", "ads again")):
        stage.paid(story).layer(structural="auto")
    if deed.name == "halt: starts ads again":
        await story.yes("halt", projectId=things["project"], pauseAds=True)
    if deed.tool == "answer_question":
        await _asked(story, things)
    if deed.tool == "onboard_customer":
        await _begun(story, things)
    asked = await story.call(deed.tool, **given) if _controls(deed) else {}
    return given | ({"confirm": asked["confirmation"]["handle"]} if "confirmation" in asked else {})


async def _asked(story: Any, things: dict[str, Any]) -> None:
    """A loop has asked whether ads should leave a creative out."""
    creative = (await story.call("list_ads_content", projectId=things["project"]))["result"]["items"][0]["adsContentId"]
    option = Option(word="exclude", means="Ads take it no more.", weighs=True)
    said = {
        "kind": "exclude",
        "words": "Leave it out?",
        "options": (option,),
        "asked_at": story.clock.now(),
        "project_id": things["project"],
    }
    story.store.questions.ask(Question(id="q_1", principal=story.house.gate.principal, facts={"adsContentId": creative}, **said))


async def _begun(story: Any, things: dict[str, Any]) -> None:
    """An onboarding has come to the customer's project, and waits there for the GitHub App."""
    owner = story.house.gate.principal
    known = Customer(principal=owner, external_id="quinn-1", name="Quinn", zone="UTC", asked={}, since=story.clock.now())
    story.store.customers.keep(known.model_copy(update={"project_id": things["project"]}))
    await story.call("onboard_customer", **CUSTOMER, waitSeconds=0)


def _controls(deed: Deed) -> bool:
    """Whether it needs a yes; of a control tool some calls do not."""
    one = next(one for one in TOOLS if one.name == deed.tool)
    return deed.name != "run_optimizer: dry" and one.ask is not None and one.effect is not Effect.ADDS


def _stands(answer: dict[str, Any]) -> bool:
    """Whether an answer says that all of it is done, under way, or waits for a person; also one that failed to read what was done."""
    if answer.get("error", {}).get("details", {}).get("outcome") == "acted":
        return True
    result = answer.get("result", {})
    turned = [result.get(name, {}).get(rest) for name in ("paused", "started") for rest in ("left", "notKnown")]
    return answer["status"] in ("done", "running", "needs_action") and not result.get("notCanceled") and not any(turned)


async def _again(story: Any, deed: Deed, given: dict[str, Any]) -> list[dict[str, Any]]:
    """What is answered to an agent that repeats its call until it stands.

    It brings the new handle where the preview is shown again, and asks for a new preview where only the old failure is given back.
    """
    heard = []
    for _ in range(TRIES):
        heard.append(await story.call(deed.tool, **given))
        asked = heard[-1].get("confirmation")
        if _stands(heard[-1]):
            break
        if "replayed" in heard[-1]:
            given = {name: one for name, one in given.items() if name != "confirm"}
        given = given | ({"confirm": asked["handle"]} if asked else {})
    return heard


def _less(counted: Any, deed: Deed) -> dict[str, int]:
    """Without the second rows of what stands either way."""
    return {what: number for what, number in counted.items() if what.partition(" ")[0] not in deed.same}


async def _healthy(stage: Any, changes: Any, deed: Deed) -> dict[str, int]:
    """What the deed changes when nothing is in its way."""
    if deed.name not in stage.deeds:
        async with stage.copy() as story:
            given = await _ready(story, stage, deed)
            before = story.rows()
            done = await story.call(deed.tool, **given)
            assert "error" not in done, done
            found = _less(changes(before, story.rows()), deed)
            assert found or deed.same, f"a deed that changes nothing proves nothing: {done}"
            stage.deeds[deed.name] = found
    return stage.deeds[deed.name]


def test_every_tool_that_changes_something_is_tried():
    """Issue 5: every mutation; a standing plan is a row of ours, and nothing goes to Layers for it."""
    routes = {call.name for one in TOOLS for call in one.calls if call.method != "GET"}

    assert {deed.tool for deed in DEEDS} == {one.name for one in TOOLS if one.effect is not Effect.READS} - OURS - {CALL}
    assert not any(call.method != "GET" for one in TOOLS if one.name in OURS for call in one.calls)
    assert {deed.route for deed in DEEDS} == routes


def _count(tally: Any, found: Mapping[str, int], wanted: Mapping[str, int]) -> None:
    """Add one deed to the sums that are printed, and hold that it was done once."""
    twice, lost = (sum(more.values()) for more in (Counter(found) - Counter(wanted), Counter(wanted) - Counter(found)))
    tally("Mutations under trouble", deeds=1, changes=sum(found.values()), twice=twice, lost=lost)
    assert (twice, lost) == (0, 0), (found, wanted)


@pytest.mark.parametrize("trouble", [words if words in EVERYDAY else pytest.param(words, marks=pytest.mark.long) for words in TROUBLES])
@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.name)
async def test_trouble_that_outlasts_the_retries_leaves_one_effect_when_the_call_is_repeated(stage, changes, tally, deed, trouble):
    """Issue 5: every mutation under every trouble: nothing twice, nothing lost. The repeat meets the same trouble once more."""
    wanted = await _healthy(stage, changes, deed)
    async with stage.copy() as story:
        given = await _ready(story, stage, deed)
        before = story.rows()
        story.world.script(_trouble(deed, trouble, times=FOR_EVER))

        first = await story.call(deed.tool, **given)
        between = _less(changes(before, story.rows()), deed)
        story.heal()
        story.world.script(_trouble(deed, trouble, times=1))
        await _again(story, deed, given)

        assert all(number <= wanted.get(what, 0) for what, number in between.items()), (first, between)
        assert first["status"] in ("failed", "done")
        assert first.get("error", {"code": "INTERNAL"})["code"] in KNOWN_CODES
        _count(tally, _less(changes(before, story.rows()), deed), wanted)


@pytest.mark.long
@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.name)
async def test_trouble_at_any_request_of_a_call_leaves_one_effect(stage, changes, tally, deed, trouble):
    """Issue 5: the same wherever in a call the trouble comes, once: it is retried, or the call is repeated."""
    wanted = await _healthy(stage, changes, deed)
    for place in range(1, MOST_REQUESTS):
        async with stage.copy() as story:
            given = await _ready(story, stage, deed)
            before = story.rows()
            story.world.script(Fault(every=place, **TROUBLES[trouble]))
            await _again(story, deed, given)
            _count(tally, _less(changes(before, story.rows()), deed), wanted)
            if story.troubles():
                return
    raise AssertionError("the call had more requests than were tried")
