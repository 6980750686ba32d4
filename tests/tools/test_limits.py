"""What a call says when it is the budget of the key that is waited for."""

from __future__ import annotations

import asyncio
import re

import pytest

from layers_mcp.client.bucket import Said
from layers_mcp.clock import HandClock
from layers_mcp.contract.scalars import RateClass

pytestmark = pytest.mark.anyio


async def _scarce(story, rate: RateClass, per_minute: int, *, refused_s: float | None = None) -> None:
    """Layers has said that nothing is left of a class."""
    pace = story.layers.pace
    pace.hear(await pace.take(rate), Said(per_minute, 0, refused_s))


async def test_a_call_that_waits_for_its_start_says_so_in_its_progress_and_its_result(story):
    """Issue 6: results say when the budget is what is waited for ("limited by starts: 20 a minute; yours in 40 s")."""
    project = await story.project()
    await _scarce(story, "long-running", 20, refused_s=40)

    made = await story.result("generate_content", projectId=project, hook="Skip the line.", format="slideshow_remix", waitSeconds=0)

    assert story.told[0][1] == "limited by starts: 20 a minute; yours in 40 s"
    assert "This call had to wait: limited by starts: 20 a minute; yours in 40 s." in made.record["summary"]
    assert "limited by starts" in made.text
    assert [done for done, _ in story.told] == sorted({done for done, _ in story.told})


async def test_what_is_waited_for_is_told_also_in_the_middle_of_a_call(story):
    """The protocol wants rising numbers: a wait in the middle goes on from what was told last."""
    project = await story.project()
    asked = {"projectId": project, "hook": "Skip the line.", "format": "slideshow_remix", "waitSeconds": 0}
    container = (await story.call("generate_content", **asked))["result"]["job"]["containerIds"][0]
    story.told.clear()
    waited = story.desk.wait

    async def then_scarce(*given, **how):
        seen = await waited(*given, **how)
        await _scarce(story, "read-light", 120, refused_s=10)
        return seen

    story.desk.wait = then_scarce

    made = await story.call("wait_for_job", containerId=container, waitSeconds=60)

    numbers = [done for done, _ in story.told]
    assert story.told[-1][1] == "limited by reads: 120 a minute; yours in 10 s"
    assert numbers == sorted(set(numbers))
    assert 0.001 < numbers[-1] < 1
    assert made["status"] == "running"


async def test_a_turn_too_far_off_is_refused_with_the_time_and_nothing_is_sent(story):
    """Issue 6: timeouts are defined; hosts cut long calls, so a turn more than a minute away is told and not waited for."""
    project = await story.project()
    await _scarce(story, "long-running", 20, refused_s=90)
    sent = len(story.wire.rows)

    made = await story.result("generate_content", projectId=project, hook="Skip the line.", format="slideshow_remix", waitSeconds=0)

    assert made.is_error
    assert made.record["error"]["code"] == "RATE_LIMITED"
    assert "limited by starts: 20 a minute; yours in 90 s" in made.text
    assert not [row for row in story.wire.rows[sent:] if row.startswith("POST ")]


async def test_a_write_that_waited_is_held_back_by_a_halt_of_the_meantime(story):
    """design.md §5: each write is looked at once more before it goes out, and its turn may come a minute after it was."""
    project = await story.project()
    await _scarce(story, "long-running", 20, refused_s=40)
    sent = len(story.wire.rows)
    asked = {"projectId": project, "hook": "Skip the line.", "format": "slideshow_remix", "waitSeconds": 0}
    took = story.layers.pace.take

    async def halted_meanwhile(rate, **how):
        ticket = await took(rate, **how)
        if rate == "long-running":
            story.house.gate.hold(project, by="person")
        return ticket

    story.layers.pace.take = halted_meanwhile

    made = await story.result("generate_content", **asked)

    assert made.record["error"]["code"] == "HALTED"
    assert not [row for row in story.wire.rows[sent:] if row.startswith("POST ")]


class _Turns(list[tuple[float, str]]):
    """What calls are told, and the moments by the clock that their turns come at: the clock moves on while one after the other is told."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__()
        self._clock, self.at_s = clock, list[float]()

    def append(self, told: tuple[float, str]) -> None:
        """One more, as it is told."""
        super().append(told)
        if turn := re.search(r"yours in (\d+) s", told[1]):
            self.at_s.append(self._clock.elapsed_s() + int(turn[1]))


async def test_calls_side_by_side_are_each_told_their_own_time(story):
    """Each call has its own place in line: 20 a minute is one each 3 s; what is told is rounded to a second."""
    project = await story.project()
    await _scarce(story, "long-running", 20, refused_s=10)
    asked = [{"projectId": project, "hook": f"Hook {place}.", "format": "slideshow_remix", "waitSeconds": 0} for place in range(3)]
    story.told = _Turns(story.clock)
    began_s = story.clock.elapsed_s()

    made = await asyncio.gather(*[story.result("generate_content", **one) for one in asked])

    said = [stage for _, stage in story.told if "yours in" in stage]
    assert [at - began_s for at in sorted(story.told.at_s)] == pytest.approx([10, 13, 16], abs=0.5)
    assert sorted(one.record["summary"].rpartition("had to wait: ")[2] for one in made) == sorted(f"{one}." for one in said)
