"""What a day asks about, a few things at a time."""

from __future__ import annotations

from datetime import date

import pytest

from layers_mcp.loops.daily import Daily, Day
from layers_mcp.loops.hands import Hands
from layers_mcp.loops.judgement import ASKED_AT_ONCE
from layers_mcp.loops.questions import NO
from layers_mcp.store.asked import Option

pytestmark = pytest.mark.anyio
THINGS = tuple(f"adc_{number}" for number in range(3 * ASKED_AT_ONCE))


class Straight:
    """A run whose steps are done as they come."""

    id = "run"

    async def step(self, _name, do, *, came):
        """What it gives."""
        del came
        return await do()


async def test_every_thing_is_asked_about_in_the_end_and_each_once(shop) -> None:
    """Who answered about the first three is asked about the next; a no is an answer, and does not come up again."""
    hands, asked = Hands(shop.town.house, "publish_to_learn"), []
    options = (Option(word="exclude", means="x", weighs=True), Option(word=NO, means="y"))
    for number in range(1, 6):
        day = Day(Straight(), hands, Daily(customer="quinn-1", project_id=shop.project, day=date(2026, 5, number)))
        await day.ask_each("exclude", THINGS, "Leave {} out?", options=options, fact="adsContentId")
        waiting = shop.store.questions.waiting(shop.owner, kind="exclude", limit=99)
        asked.append(sorted(one.facts["adsContentId"] for one in waiting))
        assert {one.id for one in waiting} == set(day.asked)
        for one in waiting:
            if number > 1 or one.facts["adsContentId"] == THINGS[0]:
                shop.store.questions.answer(one.id, NO, by="person", now=shop.clock.now())

    assert asked[0] == list(THINGS[:ASKED_AT_ONCE])
    assert asked[1] == [*THINGS[1:ASKED_AT_ONCE], THINGS[ASKED_AT_ONCE]]
    assert [len(one) for one in asked] == [3, 3, 3, 2, 0]
    assert {one for some in asked for one in some} == set(THINGS)
