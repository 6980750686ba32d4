"""Whether and when a request is tried again, as a table: attempt, code, Retry-After, elapsed time, safety."""

from __future__ import annotations

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_mcp.client.bucket import Said
from layers_mcp.client.line import Ticket
from layers_mcp.client.manner import Manner, manner
from layers_mcp.client.retry import LONGEST_S, pause_before
from layers_mcp.client.sent import Sent, watched
from layers_mcp.contract import content, projects
from layers_mcp.contract.errors import (
    BY_CODE,
    Conflict,
    InProgress,
    Internal,
    LayersError,
    NotFound,
    RateLimited,
    TimedOut,
    Unauthenticated,
    Unavailable,
    Unreachable,
)

pytestmark = pytest.mark.anyio
SAFE, UNSAFE = True, False

TABLE = [
    # attempt, code, Retry-After, elapsed, safe, and the pause with the luck in the middle
    (2, Unavailable, None, 0, SAFE, 0.25),
    (3, Unavailable, None, 1, SAFE, 0.5),
    (4, Unavailable, None, 3, SAFE, 1.0),
    (5, Unavailable, None, 7, SAFE, None),
    (2, Unavailable, None, 0, UNSAFE, None),
    (2, Unavailable, 9, 0, SAFE, 9.25),
    (2, TimedOut, None, 30, SAFE, 0.25),
    (2, TimedOut, None, 30, UNSAFE, None),
    (2, Unreachable, None, 10, SAFE, 0.25),
    (2, Internal, None, 0, SAFE, 0.25),
    (2, RateLimited, None, 0, SAFE, 0.25),
    (2, RateLimited, 7, 0, SAFE, 7.25),
    (6, RateLimited, 7, 40, SAFE, 11.0),
    (7, RateLimited, 7, 50, SAFE, None),
    (2, RateLimited, 120, 0, SAFE, 120.25),
    (2, RateLimited, 121, 0, SAFE, None),
    (2, RateLimited, 7, 0, UNSAFE, None),
    (4, RateLimited, 100, 199, SAFE, 101.0),
    (4, RateLimited, 100, 200, SAFE, None),
    (2, InProgress, None, 0, SAFE, 1.25),
    (8, InProgress, None, 60, SAFE, 11.0),
    (9, InProgress, None, 60, SAFE, None),
    (2, Conflict, None, 0, SAFE, None),
    (2, NotFound, 1, 0, SAFE, None),
    (2, Unauthenticated, None, 0, SAFE, None),
]


@pytest.mark.parametrize(("attempt", "code", "asked_s", "elapsed_s", "safe", "pause_s"), TABLE)
def test_a_request_is_tried_again_by_code_and_never_longer_than_five_minutes(
    attempt: int, code: type[LayersError], asked_s: float | None, elapsed_s: float, *, safe: bool, pause_s: float | None
) -> None:
    """Issue 6: a pure function of attempt, error code, Retry-After, elapsed time and safety (layers-api: operational/rate-limits)."""
    got = pause_before(attempt, code("x", retry_after_s=asked_s), safe=safe, luck=0.5, elapsed_s=elapsed_s)

    assert got == (None if pause_s is None else pytest.approx(pause_s))


PROBLEMS = st.builds(lambda cls, wait: cls("x", retry_after_s=wait), st.sampled_from(list(BY_CODE.values())), st.none() | st.floats(0, 300))


@given(attempt=st.integers(2, 9), problem=PROBLEMS, luck=st.floats(0, 1, exclude_max=True), elapsed_s=st.floats(0, 600))
def test_no_attempt_goes_out_later_than_the_key_is_good_for(attempt: int, problem: LayersError, luck: float, elapsed_s: float) -> None:
    """layers-api: concepts §10: a key is on record for a while; ours says ten minutes, and half of that is used."""
    pause_s = pause_before(attempt, problem, safe=True, luck=luck, elapsed_s=elapsed_s)

    assert pause_s is None or elapsed_s + pause_s <= LONGEST_S


GENERATE = content.GenerateContent(project_id="prj_1", format="slideshow-remix")


async def test_a_write_whose_turn_is_too_far_off_is_on_record_as_not_sent(layers, far):
    """Issue 5: what stands is told as it stands: the project was made, the generation never went out."""
    far.script = [httpx2.Response(201, json={"id": "prj_1", "name": "Q"})]
    layers.pace.hear(await layers.pace.take("long-running"), Said(20, 0))
    sent, impatient = Sent(), manner.set(Manner(patience_s=0.0))

    with watched(sent):
        await layers.send(projects.CREATE, projects.CreateProject(name="Q"), key="first")
        with pytest.raises(RateLimited) as refused:
            await layers.send(content.GENERATE, GENERATE, key="second")
    manner.reset(impatient)

    assert len(far.asked) == 1
    assert (sent.in_part, sent.acted, refused.value.unsure) == (True, False, False)
    assert sent.open(again=True), "an earlier attempt under the same key may have acted"


async def test_a_retry_waits_for_its_turn_no_longer_than_a_retry_may_come(layers, far, clock):
    """A key is on record for a while only: whoever waits for hours sends nothing under it any more."""

    def blocks(_: httpx2.Request) -> httpx2.Response:
        layers.pace.hear(Ticket("write-light"), Said(refused_s=3600))
        raise httpx2.ReadError("gone")

    layers.pace.hear(await layers.pace.take("write-light"), Said(60, 59))
    far.script = [blocks, httpx2.Response(201, json={"id": "prj_1", "name": "Q"})]
    patient, began_s = manner.set(Manner(patience_s=86_400)), clock.elapsed_s()

    with pytest.raises(RateLimited) as refused:
        await layers.send(projects.CREATE, projects.CreateProject(name="Q"), key="first")
    manner.reset(patient)

    assert (len(far.asked), refused.value.unsure) == (1, True)
    assert clock.elapsed_s() - began_s <= LONGEST_S
