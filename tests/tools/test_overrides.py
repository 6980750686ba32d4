"""A person's word over a score: what the selection would make of it, and when it has become a habit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from layers_mcp.contract import audit
from layers_mcp.contract.audit import ListAudit
from layers_mcp.loops.judgement import OVERRIDES_ARE_A_HABIT

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


async def _creatives(story, project):
    return [one["adsContentId"] for one in (await story.call("list_ads_content", projectId=project))["result"]["items"]]


async def _shown(story, project, creative, override="include"):
    preview = await story.call("override_creative", projectId=project, creativeId=creative, override=override)
    return preview["confirmation"]["items"][0]


async def test_overrides_are_counted_against_what_the_optimizer_decided(story, paid_of):
    """Issue 4: past one in five in 28 days the configuration wants tuning rather than the creative; points to Layers support."""
    paid = paid_of(story.world, await story.project())
    paid.campaign(paid.account())
    paid.pool(*(f"Fresh {number}" for number in range(8)))
    paid.layer(target_cpa_cents=300)
    story.clock.advance(2 * DAY)
    creatives, warned = await _creatives(story, paid.id), dict[int, bool]()

    for number, creative in enumerate(creatives[:6], 1):
        done = await story.yes("override_creative", projectId=paid.id, creativeId=creative, override="exclude")
        decided = done["result"]["decided"]
        warned[number] = "Layers support" in done["summary"]
        assert (done["result"]["overridden"], decided) == (number, await _acted(story, paid.id))
        assert warned[number] == (number / decided > OVERRIDES_ARE_A_HABIT)
    facts = (await _shown(story, paid.id, creatives[6]))["facts"]
    story.clock.advance(29 * DAY)
    later = (await _shown(story, paid.id, creatives[6]))["facts"]

    assert set(warned.values()) == {False, True}
    assert f"6 creatives overridden in 28 days, against {decided} decisions of the optimizer" in facts["overriddenIn28Days"]
    assert "more than one in five" in facts["warning"]
    assert later["overriddenIn28Days"].startswith("0 creatives")
    assert "warning" not in later


async def _acted(story, project):
    """Decisions of a project beside holds, counted in its log alone."""
    log = await story.layers.send(audit.LIST, ListAudit(project_id=project, limit=200))
    return len({event.data["decisionId"] for event in log.items if "decisionId" in event.data})


async def test_where_no_optimizer_ran_overrides_are_compared_with_nothing(story, paid_of):
    """Issue 4: overrides against decisions; where there are none, none is a habit."""
    paid = paid_of(story.world, await story.project())
    paid.pool("One", "Two", "Three")
    one, two, three = await _creatives(story, paid.id)

    await story.yes("override_creative", projectId=paid.id, creativeId=one, override="exclude")
    done = await story.yes("override_creative", projectId=paid.id, creativeId=two, override="exclude")
    facts = (await _shown(story, paid.id, three))["facts"]

    assert (done["result"]["overridden"], done["result"]["decided"]) == (2, 0)
    assert "support" not in done["summary"]
    assert "no decision of the optimizer is on record" in facts["overriddenIn28Days"]
    assert "warning" not in facts


async def test_a_preview_says_whether_the_selection_would_take_it(story, paid_of):
    """Issue 4: shows what the selection would do; layers-api: ad-eligibility, three slots a pool, ranked by score inside it."""
    paid = paid_of(story.world, await story.project())
    for name in ("Old", "Second", "Third", "Fourth"):
        paid.pool(name)
        story.clock.advance(DAY)
    paid.pool("Other", pool="manual")
    story.clock.advance(15 * DAY)
    rows = (await story.call("list_ads_content", projectId=paid.id))["result"]["items"]
    old, *_, best = sorted((one for one in rows if one["scoringPool"] == "generated"), key=lambda one: one["organicScore"])
    other = next(one for one in rows if one["scoringPool"] == "manual")

    first = await _shown(story, paid.id, best["adsContentId"], "exclude")
    last = await _shown(story, paid.id, old["adsContentId"])
    alone = await _shown(story, paid.id, other["adsContentId"])

    assert first["before"] == "selected: place 1 of 3 that ads may take from the pool generated; the best 3 are taken"
    assert first["after"] == "not selected: ads never take it"
    assert last["before"].startswith("not selected: ads do not take it, as its score 3.")
    assert last["after"].startswith("not selected: place 4 of 4 that ads may take from the pool generated")
    assert alone["before"] == "selected: place 1 of 1 that ads may take from the pool manual; the best 3 are taken"


async def test_a_tie_for_the_last_place_is_not_decided_for_layers(story, paid_of):
    """layers-api: ad-eligibility ranks by score; how ties are broken is on no page."""
    paid = paid_of(story.world, await story.project())
    paid.pool("One", "Two", "Three", "Four")

    shown = await _shown(story, paid.id, (await _creatives(story, paid.id))[0])

    assert shown["before"].startswith("perhaps selected: it shares place 1 of 4")
