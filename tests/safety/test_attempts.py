"""Nothing is approved, published, overridden, spent or undone without a yes to exactly that, whatever is tried."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from attacks import ATTACKS
from counting import ENDPOINT, KINDS
from scenes import CASES, cases

from layers_mcp import sandbox
from layers_mcp.server.catalog import control_tools

pytestmark = pytest.mark.anyio
SHARED, APART = [one for one in ATTACKS if not one.apart], [one for one in ATTACKS if one.apart]
_SIXTH = 6
"""Everyday each call meets a sixth of the attempts, another one than the next call; the long run makes all."""


def _everyday(name: str, place: int) -> bool:
    return (CASES.index(name) + place) % _SIXTH == 0


def _pairs() -> list[Any]:
    """Each call with each attempt that needs a world of its own."""
    return [
        pytest.param(name, one, id=f"{name}-{one.kind}: {one.name}", marks=() if _everyday(name, place) else pytest.mark.long)
        for name in CASES
        for place, one in enumerate(APART)
    ]


@pytest.mark.parametrize("everyday", [True, pytest.param(False, marks=pytest.mark.long)], ids=["some", "the others"])
@pytest.mark.parametrize("name", CASES)
async def test_what_is_no_yes_does_nothing(scene_of, tally, name, everyday):
    """Issue 5: forged, foreign, expired, declined, denied, asked for by a text; one after the other in one world."""
    scene = await scene_of(name)

    for attack in [one for place, one in enumerate(SHARED) if _everyday(name, place) is everyday]:
        scene.begin()
        await attack.run(scene)
        found = scene.count(attack.by)
        tally(attack.kind, found)
        assert (attack.name, found.unconfirmed, found.effects, len(found.spent)) == (attack.name, (), (), 0)


@pytest.mark.parametrize(("name", "attack"), _pairs())
async def test_one_yes_is_one_act_whatever_happens_meanwhile(scene_of, tally, name, attack):
    """Issue 5: replayed, concurrent, changed or halted in between, restarted; each in a world of its own."""
    scene = await scene_of(name)
    scene.agreeable = attack.yeses > 0

    await attack.run(scene)

    found = scene.count(attack.by)
    tally(attack.kind, found)
    assert found.unconfirmed == ()
    assert len(found.spent) == attack.yeses
    assert bool(found.effects) is bool(attack.yeses)
    assert len(set(found.effects)) == len(found.effects), "the same was done twice"


@pytest.mark.parametrize("name", CASES)
async def test_the_counter_sees_each_kind_of_effect(scene_of, name):
    """A yes has its effect, and it is counted: an attempt that counts none has done none."""
    scene = await scene_of(name)
    scene.agreeable = True

    told = await scene.call(confirm=await scene.handle())

    found = scene.count()
    assert told["status"] in ("done", "running")
    assert (found.unconfirmed, len(found.spent)) == ((), 1)
    assert found.effects
    assert all(scene.case.tool in KINDS[effect.kind].tools for effect in found.effects)
    assert name != "start" or "ads.campaign.resumed" in {effect.kind for effect in found.effects}


def test_every_control_tool_and_every_event_is_in_the_suite(template):
    """Whoever adds a control tool, or an event to the audit log, adds its case here."""
    code = [file.read_text(encoding="utf-8") for file in Path(sandbox.__file__).parent.rglob("*.py")]
    events = {event for text in code for event in re.findall(r'audit\.log\(visit, f?"([^"]+)"', text)}

    assert {case.tool for case in cases(template[1]).values()} == {*control_tools(), ENDPOINT}
    assert set(cases(template[1])) == set(CASES)
    assert {event for event in events if "{" not in event} <= set(KINDS)
    assert {event for event in events if "{" in event} == {"ads.pending.{status}", "ads.{change.action}"}


def test_the_attempts_are_many():
    """Issue 5: at least two hundred; the long run makes each against each call, the everyday one a sixth of them."""
    assert len(CASES) * len(ATTACKS) >= 1000
    assert sum(_everyday(name, place) for name in CASES for some in (SHARED, APART) for place in range(len(some))) >= 200
