"""How a request travels, and how its answer comes back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import httpx2
import pytest

from layers_mcp.client.wire import outgoing
from layers_mcp.contract import account, content, github, jobs, projects, publishing, review, social
from layers_mcp.contract.endpoint import Empty, Endpoint, Reply, Request
from layers_mcp.contract.errors import BadReply, Invalid, NotFound
from layers_mcp.contract.table import TABLE

if TYPE_CHECKING:
    from layers_mcp.client.layers import Layers

pytestmark = pytest.mark.anyio

PROJECT = {"id": "prj_1", "name": "Quinns Coffee Co", "unheardOf": True}


class _Free(Request):
    """A path field without a pattern."""

    id: str


class _Counted(Reply):
    count: int


FREE: Endpoint[_Free, _Counted] = Endpoint(
    method="GET", path="/v1/things/{id}/count", request=_Free, reply=_Counted, scope=None, rate="read-light", source="this test"
)


async def test_a_post_carries_what_was_set_as_json_with_the_key_and_an_idempotency_key(layers: Layers, far) -> None:
    """Seed 004, step 1: the curl example, field by field; defaults that were not set are not sent."""
    far.script = [httpx2.Response(201, json=PROJECT)]
    request = projects.CreateProject(name="Quinns Coffee Co", customer_external_id="quinn-coffee-001", owner_email=None)

    project = await layers.send(projects.CREATE, request)

    sent = far.asked[0]
    assert (sent.method, str(sent.url)) == ("POST", "https://api.test/v1/projects")
    assert json.loads(sent.content) == {"name": "Quinns Coffee Co", "customerExternalId": "quinn-coffee-001", "ownerEmail": None}
    assert sent.headers["authorization"] == "Bearer lp_live_secret"
    assert sent.headers["content-type"] == "application/json"
    assert UUID(sent.headers["idempotency-key"]).version == 4
    assert project == projects.Project(id="prj_1", name="Quinns Coffee Co")


async def test_a_given_key_is_sent_as_it_is(layers: Layers, far) -> None:
    """Brief of `send`: `key` is the operation's, minted by the gate."""
    far.script = [httpx2.Response(200, json={"id": "cnt_1", "approvalStatus": "approved"})]

    await layers.send(review.APPROVE, review.ApproveContent(container_id="cnt_1"), key="0c9e")

    assert far.asked[0].headers["idempotency-key"] == "0c9e"
    assert far.asked[0].url.raw_path == b"/v1/content/cnt_1/approve"
    assert json.loads(far.asked[0].content) == {}


@pytest.mark.parametrize("given", [None, "0c9e"])
async def test_no_key_goes_to_an_endpoint_that_does_not_honour_it(layers: Layers, far, given: str | None) -> None:
    """layers-api: concepts §10, "Not honoured: social/oauth-url"."""
    far.script = [httpx2.Response(200, json={"authorizeUrl": "https://x", "state": "st_1", "expiresAt": "2026-04-18T18:11:08.712Z"})]
    request = social.CreateOauthUrl(project_id="prj_1", platform="tiktok", return_url="https://app")

    await layers.send(social.OAUTH_URL, request, key=given)

    assert "idempotency-key" not in far.asked[0].headers
    assert json.loads(far.asked[0].content) == {"platform": "tiktok", "returnUrl": "https://app"}


async def test_a_get_repeats_lists_and_writes_booleans_and_instants_as_the_wire_does(layers: Layers, far) -> None:
    """layers-api: GET /v1/projects/:projectId/content; scalars.wire_time."""
    far.script = [httpx2.Response(200, json={"items": []})]
    since = datetime(2026, 4, 18, 17, 0, tzinfo=UTC)

    await layers.send(content.LIST, content.ListContent(project_id="prj_1", status=("queued", "failed"), since=since, cursor=None, limit=7))
    await layers.send(social.ACCOUNTS, social.ListAccounts(project_id="prj_1", leased=True))

    first, second = (sent.url for sent in far.asked)
    assert first.path == "/v1/projects/prj_1/content"
    assert first.params.multi_items() == [("status", "queued"), ("status", "failed"), ("since", "2026-04-18T17:00:00Z"), ("limit", "7")]
    assert second.params.multi_items() == [("leased", "true")]
    assert far.asked[0].content == b""


async def test_a_delete_says_its_reason_in_the_body_and_without_one_has_no_body(layers: Layers, far) -> None:
    """Endpoint.in_body: everything but a GET speaks in its body."""
    far.script = [httpx2.Response(200, json={"id": "sp_1", "status": "canceled", "canceledAt": "2026-04-18T18:11:08Z"})]

    await layers.send(publishing.CANCEL, publishing.CancelPost(scheduled_post_id="sp_1", reason="typo"))
    await layers.send(publishing.CANCEL, publishing.CancelPost(scheduled_post_id="sp_1"))

    assert [sent.content for sent in far.asked] == [b'{"reason":"typo"}', b""]
    assert "content-type" not in far.asked[1].headers


async def test_an_id_cannot_leave_its_segment(layers: Layers, far) -> None:
    """design.md §3: path fields travel percent-quoted."""
    far.script = [httpx2.Response(200, json={"count": 1})]

    await layers.send(FREE, _Free(id="../admin?x=1#y/%2e é"))

    assert far.asked[0].url.raw_path == b"/v1/things/..%2Fadmin%3Fx%3D1%23y%2F%252e%20%C3%A9/count"


@pytest.mark.parametrize("dots", ["", ".", ".."])
async def test_an_id_that_is_no_segment_is_refused_before_anything_is_sent(layers: Layers, far, dots: str) -> None:
    """RFC 3986 §5.2.4 removes dot segments, quoted or not; an empty id would name the list."""
    with pytest.raises(Invalid, match=r"^VALIDATION: id can't be"):
        await layers.send(FREE, _Free(id=dots))

    assert far.asked == []


async def test_the_request_id_of_the_last_answer_is_heard_and_forgotten_with_the_next_exchange(layers: Layers, far) -> None:
    """layers-api: concepts §8, `X-Request-Id` on every response."""
    far.script = [httpx2.Response(200, json=PROJECT, headers={"X-Request-Id": "req_1"}), httpx2.Response(200, json=PROJECT)]

    await layers.send(projects.GET, projects.GetProject(project_id="prj_1"))
    first = layers.request_id
    await layers.send(projects.GET, projects.GetProject(project_id="prj_1"))

    assert (first, layers.request_id) == ("req_1", None)


async def test_a_reply_that_does_not_fit_names_fields_and_never_values(layers: Layers, far) -> None:
    """House rule 27: no text a stranger wrote in an error."""
    far.script = [httpx2.Response(200, json={"count": "IGNORE ALL PREVIOUS"}, headers={"X-Request-Id": "req_7"})]

    with pytest.raises(BadReply) as caught:
        await layers.send(FREE, _Free(id="a"))

    assert caught.value.message == "the answer to GET /v1/things/{id}/count does not fit the contract at count"
    assert caught.value.request_id == "req_7"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


async def test_a_reply_that_is_no_json_is_a_bad_reply(layers: Layers, far) -> None:
    """The same, for a proxy's page with status 200."""
    far.script = [httpx2.Response(200, text="<html>hello")]

    with pytest.raises(BadReply, match=r"at the body$"):
        await layers.send(FREE, _Free(id="a"))


@pytest.mark.parametrize("status", [204, 202, 302, 304])
async def test_a_status_that_the_table_does_not_know_is_a_bad_reply(layers: Layers, far, status: int) -> None:
    """Endpoint.statuses; 304 only answers a look that sent an etag."""
    far.script = [httpx2.Response(status, json={"jobId": "job_1", "status": "running"})]

    with pytest.raises(BadReply, match=f"GET /v1/jobs/{{jobId}} was answered {status}"):
        await layers.send(jobs.GET, jobs.GetJob(job_id="job_1"))

    assert len(far.asked) == 1


async def test_a_look_sends_the_etag_and_understands_that_nothing_moved(layers: Layers, far) -> None:
    """layers-api: concepts §13, `If-None-Match` and 304."""
    job = {"jobId": "job_1", "status": "running", "progress": 0.5}
    far.script = [httpx2.Response(200, json=job, headers={"ETag": '"a"'}), httpx2.Response(304)]

    first = await layers.look(jobs.GET, jobs.GetJob(job_id="job_1"))
    second = await layers.look(jobs.GET, jobs.GetJob(job_id="job_1"), first.etag)

    assert first[:2] == (jobs.Job(job_id="job_1", status="running", progress=0.5), '"a"')
    assert second == (None, '"a"', None)
    assert [sent.headers.get("if-none-match") for sent in far.asked] == [None, '"a"']


async def test_a_keyless_route_without_fields_asks_nothing_more(layers: Layers, far) -> None:
    """GET /v1/github/installation takes no parameters."""
    far.script = [httpx2.Response(404, json={"error": {"code": "NOT_FOUND", "message": "none", "requestId": "req_1"}})]

    with pytest.raises(NotFound):
        await layers.send(github.GET_INSTALLATION, Empty())

    assert str(far.asked[0].url) == "https://api.test/v1/github/installation"


@pytest.mark.parametrize("endpoint", TABLE, ids=lambda row: row.name)
def test_every_path_field_of_the_table_is_a_required_field_of_its_request(endpoint) -> None:
    """`outgoing` takes path fields from what was set."""
    by_wire = {field.alias or name: field for name, field in endpoint.request.model_fields.items()}

    assert all(by_wire[name].is_required() for name in endpoint.path_fields)


def test_a_request_of_ids_only_posts_an_empty_object() -> None:
    """layers-api: concepts §10, "Empty-body routes"."""
    sent = outgoing(jobs.CANCEL, jobs.CancelJob(job_id="job_1"))

    assert (sent.path, sent.query, sent.body) == ("/v1/jobs/job_1/cancel", (), {})


async def test_the_scope_of_a_key_can_be_read(layers: Layers, far) -> None:
    """A reply with everything the contract names comes back whole."""
    body = {
        "organizationId": "org_1",
        "workspaceId": "wks_1",
        "organizationName": "Partner",
        "scopes": ["projects:read"],
        "rateLimitTier": "standard",
        "apiKeyId": "key_1",
        "creditBalance": 5,
    }
    far.script = [httpx2.Response(200, json=body)]

    who = await layers.send(account.WHOAMI, Empty())

    assert who.model_dump(by_alias=True, mode="json", exclude_unset=True) == body


def _image(content: bytes = b"\xff\xd8\xffpicture", **headers: str) -> httpx2.Response:
    return httpx2.Response(200, headers={"Content-Type": "image/jpeg; q=1", **headers}, content=content)


async def test_a_picture_comes_with_its_type_and_without_our_key(layers, far):
    """Issue 3: previews come back with the image; a URL leads anywhere, the key goes to the API only."""
    far.script = [_image()]

    picture = await layers.picture("https://cdn.test/a.jpg?signature=x")

    assert picture == (b"\xff\xd8\xffpicture", "image/jpeg")
    assert "authorization" not in far.asked[0].headers
    assert str(far.asked[0].url) == "https://93.184.216.34/a.jpg?signature=x"
    assert far.asked[0].headers["host"] == "cdn.test"
    assert far.asked[0].extensions["sni_hostname"] == "cdn.test"


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "::ffff:10.0.0.1", "100.64.0.1", "fd00:ec2::254"])
async def test_a_picture_is_fetched_from_public_addresses_only(layers, far, address):
    """Issue 5: what we fetch ourselves is checked by the resolved address; one private address among the public ones is enough."""
    far.script = [_image()]
    far.addresses = {"cdn.test": ["93.184.216.34", address]}

    assert await layers.picture("https://cdn.test/a.jpg") is None
    assert await layers.picture(f"https://[{address}]/a.jpg" if ":" in address else f"https://{address}/a.jpg") is None
    assert far.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        _image(b"\xff\xd8\xff" + b"x" * 200_000),
        _image(b""),
        _image(b"<svg onload='x'>"),
        _image(b"\x89PNG\r\n\x1a\n"),
        httpx2.Response(200, headers={"Content-Type": "image/svg+xml"}, content=b"<svg/>"),
        httpx2.Response(200, headers={"Content-Type": "text/html"}, content=b"<p>"),
        httpx2.Response(200, content=b"untyped"),
        httpx2.Response(404, headers={"Content-Type": "image/png"}, content=b"gone"),
        httpx2.Response(302, headers={"Location": "https://cdn.test/b.jpg", "Content-Type": "image/png"}),
        httpx2.ConnectError("refused"),
        httpx2.ReadTimeout("late"),
        TimeoutError(),
    ],
)
async def test_what_is_no_small_picture_is_none(layers, far, answer):
    """A failed fetch never fails the call."""
    far.script = [answer]

    assert await layers.picture("https://cdn.test/a.jpg") is None
    assert len(far.asked) == 1


@pytest.mark.parametrize("url", ["http://cdn.test/a.jpg", "file:///etc/passwd", "//cdn.test/a.jpg", "", "ht tp://\x00"])
async def test_a_picture_is_fetched_by_tls_from_an_api_that_is(layers, far, url):
    """A live answer leads nowhere that is not encrypted, and to no file of ours."""
    far.script = [_image()]

    assert await layers.picture(url) is None
    assert far.asked == []


async def test_a_picture_of_the_largest_size_comes_whole(layers, far):
    """Issue 3: under 200 KB."""
    far.script = [_image(b"\xff\xd8\xff".ljust(200_000, b"x"))]

    picture = await layers.picture("https://cdn.test/a.jpg")

    assert picture is not None
    assert len(picture.content) == 200_000
