"""What the client makes of refusals, lost answers and clocks; and that the key stays where it is."""

from __future__ import annotations

import asyncio
import logging
import traceback
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from layers_mcp.client.layers import Layers
from layers_mcp.client.retry import (
    ATTEMPTS,
    ATTEMPTS_WHEN_IN_PROGRESS,
    ATTEMPTS_WHEN_LIMITED,
    IN_PROGRESS_S,
    PATIENCE_S,
    SLOWEST_S,
    pause_before,
)
from layers_mcp.client.wire import clock_offset, retry_after_s
from layers_mcp.clock import HandClock, WallClock
from layers_mcp.contract import projects, sdk_events, social
from layers_mcp.contract.envelope import envelope
from layers_mcp.contract.errors import (
    BY_CODE,
    BadReply,
    Conflict,
    InProgress,
    LayersError,
    LiveApiMoved,
    NotFound,
    RateLimited,
    TimedOut,
    Unauthenticated,
    Unavailable,
    UnknownProblem,
    Unreachable,
)

pytestmark = pytest.mark.anyio

PROJECT = {"id": "prj_1", "name": "Quinns Coffee Co"}
CREATE = projects.CreateProject(name="Quinns Coffee Co")
GET = projects.GetProject(project_id="prj_1")
OAUTH = social.CreateOauthUrl(project_id="prj_1", platform="tiktok", return_url="https://app")
NOW = datetime(2026, 4, 18, 17, 22, 14, tzinfo=UTC)


def refused(problem: LayersError, **headers: str) -> httpx2.Response:
    """The answer that carries `problem`."""
    return httpx2.Response(problem.status, json=envelope(problem, "req_9"), headers=headers)


@pytest.mark.parametrize("cls", BY_CODE.values(), ids=BY_CODE)
async def test_every_error_comes_through_with_class_message_details_and_request_id(layers: Layers, far, cls: type[LayersError]) -> None:
    """design.md §3: the client raises the same class again with message, request id and details intact."""
    far.script = [refused(cls("as it is", details={"platformCode": "x", "n": [1, None]}))]

    with pytest.raises(cls) as caught:
        await layers.send(social.OAUTH_URL, OAUTH)

    assert type(caught.value) is cls
    assert (caught.value.message, caught.value.request_id) == ("as it is", "req_9")
    assert caught.value.details == {"platformCode": "x", "n": [1, None]}


async def test_an_unknown_code_is_kept_as_it_came_even_with_null_details(layers: Layers, far) -> None:
    """layers-api: concepts §9, "new ones may appear"; `details` is optional."""
    body = {"error": {"code": "CREATIVE_FLAGGED", "message": "off", "requestId": "req_2", "details": None}}
    far.script = [httpx2.Response(409, json=body)]

    with pytest.raises(UnknownProblem) as caught:
        await layers.send(projects.GET, GET)

    assert (caught.value.wire_code, caught.value.wire_status, caught.value.request_id) == ("CREATIVE_FLAGGED", 409, "req_2")


@pytest.mark.parametrize("status", [404, 405, 410])
async def test_a_route_that_is_gone_is_never_a_bare_404(layers: Layers, far, status: int) -> None:
    """Issue 3: a route that the live API no longer has is LIVE_API_MOVED; without an envelope it is not the API's own NOT_FOUND."""
    far.script = [httpx2.Response(status, json={"detail": "Not Found"})]

    with pytest.raises(LiveApiMoved, match=rf"no longer has GET /v1/projects/{{projectId}} \(HTTP {status}\)") as caught:
        await layers.send(projects.GET, GET)

    assert caught.value.details == {"route": "GET /v1/projects/{projectId}"}
    assert len(far.asked) == 1


async def test_a_route_that_names_nothing_is_gone_also_with_an_envelope(layers: Layers, far) -> None:
    """Issue 3: nothing could be missing but the route; a thing that is named may be missing, and stays NOT_FOUND."""
    envelope = {"error": {"code": "NOT_FOUND", "message": "no", "requestId": "req_1"}}
    far.script = [httpx2.Response(404, json=envelope), httpx2.Response(404, json=envelope)]

    with pytest.raises(LiveApiMoved) as caught:
        await layers.send(projects.CREATE, CREATE)
    with pytest.raises(NotFound):
        await layers.send(projects.GET, GET)

    assert caught.value.request_id == "req_1"


async def test_what_a_body_names_may_be_missing_where_the_route_is_not(layers: Layers, far) -> None:
    """An app that is not there is no reason to update: with Layers' own envelope it stays NOT_FOUND, without one the route is gone."""
    batch = sdk_events.ForwardEvents.model_validate(
        {"projectId": "prj_1", "sdkAppId": "app_nope", "events": [{"name": "app_open", "occurredAt": NOW}]}
    )
    far.script = [refused(NotFound("there is no SDK app app_nope")), httpx2.Response(404, json={"detail": "Not Found"})]

    with pytest.raises(NotFound, match="no SDK app app_nope"):
        await layers.send(sdk_events.FORWARD, batch)
    with pytest.raises(LiveApiMoved):
        await layers.send(sdk_events.FORWARD, batch)


async def test_all_attempts_at_one_operation_share_one_key(layers: Layers, far) -> None:
    """layers-api: concepts §10: same key and same body replays the original answer."""
    far.script = [refused(Unavailable("later")), httpx2.ReadError("gone"), refused(RateLimited("slow")), httpx2.Response(201, json=PROJECT)]

    project = await layers.send(projects.CREATE, CREATE)

    assert project.id == "prj_1"
    assert len(far.asked) == 4
    assert len({(sent.headers["idempotency-key"], sent.content) for sent in far.asked}) == 1


async def test_two_operations_have_two_keys(layers: Layers, far) -> None:
    """Made once per send."""
    far.script = [httpx2.Response(201, json=PROJECT)]

    await layers.send(projects.CREATE, CREATE)
    await layers.send(projects.CREATE, CREATE)

    assert far.asked[0].headers["idempotency-key"] != far.asked[1].headers["idempotency-key"]


async def test_retry_after_is_obeyed_in_seconds(layers: Layers, far, clock: HandClock) -> None:
    """layers-api: operational/rate-limits: 429 with Retry-After."""
    far.script = [refused(RateLimited("slow"), **{"Retry-After": "7"}), httpx2.Response(200, json=PROJECT)]

    await layers.send(projects.GET, GET)

    assert clock.elapsed_s() == pytest.approx(7.25)


async def test_a_retry_after_beyond_patience_is_the_callers_to_know(layers: Layers, far, clock: HandClock) -> None:
    """Brief of `retry`: over 120 s the caller sees RateLimited with it."""
    far.script = [refused(RateLimited("slow"), **{"Retry-After": "121"})]

    with pytest.raises(RateLimited) as caught:
        await layers.send(projects.GET, GET)

    assert (caught.value.retry_after_s, clock.elapsed_s(), len(far.asked)) == (121.0, 0.0, 1)


async def test_nothing_is_repeated_without_a_key_unless_it_is_a_get(layers: Layers, far) -> None:
    """House rule 29."""
    far.script = [refused(Unavailable("later"))]

    with pytest.raises(Unavailable):
        await layers.send(social.OAUTH_URL, OAUTH)
    once = len(far.asked)
    with pytest.raises(Unavailable):
        await layers.send(projects.GET, GET)

    assert (once, len(far.asked)) == (1, 1 + ATTEMPTS)


@pytest.mark.parametrize(
    ("failure", "cls"),
    [
        (httpx2.ConnectError("https://u:p@api.test refused"), Unreachable),
        (httpx2.ConnectTimeout("https://u:p@api.test"), Unreachable),
        (httpx2.ReadTimeout("https://u:p@api.test"), TimedOut),
        (httpx2.RemoteProtocolError("https://u:p@api.test"), TimedOut),
        (httpx2.DecodingError("https://u:p@api.test"), BadReply),
    ],
)
async def test_a_lost_exchange_names_the_endpoint_and_nothing_else(layers: Layers, far, failure: Exception, cls: type[LayersError]) -> None:
    """Brief of `send`: never leak the text of the HTTP library."""
    far.script = [failure]

    with pytest.raises(cls) as caught:
        await layers.send(social.OAUTH_URL, OAUTH)

    story = "".join(traceback.format_exception(caught.value))
    assert type(caught.value) is cls
    assert social.OAUTH_URL.name in caught.value.message
    assert "u:p@" not in story


async def test_without_a_connection_only_the_retries_own_pauses_are_waited_for(layers: Layers, far, clock: HandClock) -> None:
    """A new user's first call against an API that is not there says so within seconds; the budget is not what is missing."""
    far.script = [httpx2.ConnectError("refused")] * ATTEMPTS

    with pytest.raises(Unreachable):
        await layers.send(projects.GET, GET)

    assert clock.elapsed_s() <= 0.5 + 1 + 2


async def test_an_exchange_that_trickles_on_is_cut_off_as_a_whole(clock: HandClock) -> None:
    """`timeout_s` bounds one exchange, not only each of its steps."""

    async def never(_request: httpx2.Request) -> httpx2.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with Layers("https://api.test", SecretStr("k"), clock=clock, transport=httpx2.MockTransport(never), timeout_s=0.01) as slow:
        with pytest.raises(TimedOut, match=r"^TIMEOUT: no answer to POST /v1/projects/{projectId}/social/oauth-url in time$"):
            await slow.send(social.OAUTH_URL, OAUTH)


async def test_the_key_is_in_no_repr_error_or_log(layers: Layers, far, caplog, capsys) -> None:
    """House rule 27: never put a secret anywhere."""
    far.script = [httpx2.LocalProtocolError("Illegal header value b'Bearer lp_live_secret'")]
    caplog.set_level(logging.DEBUG)

    with pytest.raises(Unreachable) as caught:
        await layers.send(projects.CREATE, CREATE)
    structlog.get_logger().error("failed", layers=layers, problem=caught.value, exc_info=caught.value)

    story = repr(layers) + repr(vars(layers)) + repr(caught.value) + "".join(traceback.format_exception(caught.value))
    assert "lp_live_secret" not in story + caplog.text + "".join(capsys.readouterr())
    assert repr(layers) == "Layers('api.test')"


def test_a_key_no_header_can_carry_is_refused_at_once() -> None:
    """House rule 28: refuse early; and do not print it."""
    with pytest.raises(Unauthenticated) as caught:
        Layers("https://api.test", SecretStr("lp_live_s\u2022cret"), clock=WallClock())

    assert "cret" not in str(caught.value)


async def test_the_apis_time_is_our_own_until_it_says_otherwise(layers: Layers, far, clock: HandClock) -> None:
    """design.md §8: every answer carries the world's time."""
    far.script = [
        httpx2.Response(200, json=PROJECT, headers={"X-Sandbox-Time": "2026-05-01T00:00:00.500Z", "Date": "Sat, 18 Apr 2026 17:22:14 GMT"}),
        httpx2.Response(200, json=PROJECT),
        httpx2.Response(200, json=PROJECT, headers={"Date": "Sat, 18 Apr 2026 17:22:15 GMT"}),
    ]
    before = layers.now()

    await layers.send(projects.GET, GET)
    told = layers.now()
    clock.advance(timedelta(seconds=10))
    await layers.send(projects.GET, GET)
    kept = layers.now()

    assert before == NOW
    assert told == datetime(2026, 5, 1, 0, 0, 0, 500_000, tzinfo=UTC)
    assert kept == told + timedelta(seconds=10)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"date": "soon"}, None),
        ({"x-sandbox-time": "soon"}, None),
        ({"date": "Sat, 18 Apr 2026 17:22:13 GMT"}, 0.0),
        ({"date": "Sat, 18 Apr 2026 17:22:17 GMT"}, 3.0),
        ({"x-sandbox-time": "2026-04-18T17:22:14.001Z"}, 0.001),
    ],
)
def test_whole_seconds_of_a_date_are_no_difference(headers: dict[str, str], seconds: float | None) -> None:
    """Brief of `now`: offsets below two seconds are noise, unless the time is exact."""
    offset = clock_offset(headers, NOW)

    assert (offset and offset.total_seconds()) == (offset if seconds is None else (seconds or timedelta(0)))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "later"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e400"}, None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 -2300"}, None),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "Sat, 18 Apr 2026 17:22:44 GMT"}, 30.0),
        ({"retry-after": "Sat, 18 Apr 2026 17:00:00 GMT"}, 0.0),
        ({"retry-after": "Fri, 01 May 2026 00:00:05 GMT", "date": "Fri, 01 May 2026 00:00:00 GMT"}, 5.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(headers: dict[str, str], seconds: float | None) -> None:
    """RFC 9110 §10.2.3; a date is measured on the clock of who wrote it."""
    assert retry_after_s(headers, NOW) == seconds


PROBLEMS = st.builds(lambda cls, wait: cls("x", retry_after_s=wait), st.sampled_from(list(BY_CODE.values())), st.none() | st.floats(0, 300))


@given(attempt=st.integers(2, 9), problem=PROBLEMS, safe=st.booleans(), luck=st.floats(0, 1, exclude_max=True))
def test_a_pause_is_bounded_and_never_shorter_than_asked(attempt: int, problem: LayersError, *, safe: bool, luck: float) -> None:
    """Brief of `retry`: which errors, how often, how long."""
    pause_s = pause_before(attempt, problem, safe=safe, luck=luck)

    runs = isinstance(problem, InProgress)
    asked_s = problem.retry_after_s if problem.retry_after_s is not None else IN_PROGRESS_S if runs else 0.0
    most = ATTEMPTS_WHEN_LIMITED if isinstance(problem, RateLimited) else ATTEMPTS_WHEN_IN_PROGRESS if runs else ATTEMPTS
    assert (pause_s is not None) == (safe and problem.transient and attempt <= most and asked_s <= PATIENCE_S)
    assert pause_s is None or asked_s <= pause_s <= asked_s + min(SLOWEST_S, 0.5 * 2 ** (attempt - 2))


def test_the_backoff_doubles_from_half_a_second() -> None:
    """The same, in numbers."""
    pauses = [pause_before(attempt, RateLimited("x"), safe=True, luck=0.5) for attempt in (2, 3, 4, 5, 6, 7)]

    assert pauses == [0.25, 0.5, 1.0, 2.0, 4.0, None]
    assert pause_before(2, Conflict("x"), safe=True, luck=0.5) is None
