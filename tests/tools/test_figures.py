"""Figures of ads at their edges: what nobody measured, what was cut, days that are not whole, and the picture of them."""

from __future__ import annotations

import warnings
from datetime import timedelta

import pytest

from layers_mcp.contract.creatives import Creative
from layers_mcp.loops import pool
from layers_mcp.tool import chart, spending
from layers_mcp.tool.spending import Row, totals
from layers_mcp.tools import ads as tools

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


@pytest.fixture
async def paid(story, paid_of):
    """A project with one campaign that has run for six weeks."""
    made = paid_of(story.world, await story.project())
    made.account_id = made.account()
    made.campaign_id = made.campaign(made.account_id)
    return made


@pytest.fixture
def drawn(monkeypatch) -> list[tuple[Row, ...]]:
    """The rows that each picture is drawn of."""
    seen: list[tuple[Row, ...]] = []

    def draw(rows, currency):
        seen.append(tuple(rows))
        return b""

    monkeypatch.setattr(chart, "draw", draw)
    return seen


def test_a_sum_of_what_nobody_measured_is_none_and_not_zero():
    """House rule: what is not known is not said; zero is a measurement."""
    (bare,) = totals([Row(currency="USD", spend_cents=100), Row(currency="USD", spend_cents=50)])
    (some,) = totals(
        [Row(currency="USD", spend_cents=100, conversions=2, impressions=10), Row(currency="USD", spend_cents=50, impressions=5)]
    )

    assert (bare.spend_cents, bare.conversions, bare.clicks, bare.impressions, bare.roas) == (150, None, None, None, None)
    assert (some.conversions, some.cpa_cents, some.cpm_cents) == (2, None, 10_000)


def test_the_roas_of_a_sum_is_weighed_by_the_spend_that_has_one():
    """The printed formula: weighed by the spend of the rows that have one."""
    (made,) = totals(
        [
            Row(currency="USD", spend_cents=100, roas=2.0),
            Row(currency="USD", spend_cents=300, roas=1.0),
            Row(currency="USD", spend_cents=600),
        ]
    )

    assert made.roas == 1.25
    assert "the rows that have one" in spending.FORMULAS["roas"]


async def test_past_the_things_that_are_asked_after_one_by_one_the_sums_are_still_of_all(story, paid, monkeypatch):
    """layers-api: ads-metrics knows scopes only; what was not measured is counted, and every page of ads is listed."""
    story.wire.ungrouped = True
    whole = (await story.call("read_ads_metrics", projectId=paid.id))["result"]["totals"]
    monkeypatch.setattr(spending, "_MOST_SCOPES", 3)
    monkeypatch.setattr(spending, "_PAGE", 2)
    for number in range(3):
        paid.ledger(paid.campaign_id, spend_cents=6000, hook=f"New {number}")

    told = await story.call("read_ads_metrics", projectId=paid.id)

    assert told["result"]["leftOut"] == 4
    assert told["result"]["totals"][0]["spendCents"] == pytest.approx(whole[0]["spendCents"] + 18_000, abs=10)
    assert told["result"]["spentOver50WithoutConversionCount"] == 3
    assert "Only the newest ads were measured, one by one; 4 older ads were not. The sums are of all." in told["summary"]


async def test_days_are_whole_from_midnight_and_the_last_is_marked(story, paid):
    """A week of days is seven whole ones; what has run of today is told as a part."""
    told = await story.call("read_ads_metrics", projectId=paid.id, groupBy="project")
    cut = await story.call("read_ads_metrics", projectId=paid.id, groupBy="project", since="2026-04-10T12:00:00-07:00", until="2026-04-12")
    clean = await story.call("read_ads_metrics", projectId=paid.id, groupBy="project", until="2026-04-12", metrics=["spend"])

    assert told["result"]["period"].startswith("2026-04-11T00:00-07:00 to 2026-04-18T10:22-07:00")
    assert [row.get("partial") for row in told["result"]["rows"]] == [None] * 7 + [True]
    assert told["summary"] == "7 whole days and a part of 1 in the period."
    assert [row.get("partial") for row in cut["result"]["rows"]] == [True, None]
    assert [row["day"] for row in clean["result"]["rows"]] == [f"2026-04-{day:02}" for day in range(5, 12)]
    assert clean["summary"] == "7 days in the period."


async def test_a_picture_shows_the_very_rows_of_the_record(story, paid, drawn, monkeypatch):
    """Issue 4: a chart as an image when asked; it is of the rows beside it, and its title says what they leave out."""
    monkeypatch.setattr(tools, "_MOST_ROWS", 2)

    days = await story.result("read_ads_metrics", projectId=paid.id, groupBy="project", since="2026-03-10", chart=True)
    ads = await story.result("read_ads_metrics", projectId=paid.id, chart=True, metrics=["clicks"])

    assert [row.day for row in drawn[0]] == [row["day"] for row in days.record["result"]["rows"]]
    assert (len(drawn[0]), drawn[0][-1].day, drawn[0][-1].partial) == (31, "2026-04-18", True)
    assert days.pictures[0].title.endswith("; the newest 31 of 40")
    assert [row.id for row in drawn[1]] == [row["id"] for row in ads.record["result"]["rows"]]
    assert all(row.spend_cents for row in drawn[1])
    assert ads.pictures[0].title.endswith("; the most expensive 2 of 4")


async def test_no_metrics_are_all_metrics(story, paid):
    """An empty list narrows nothing down: rows without numbers would help nobody."""
    told = await story.call("read_ads_metrics", projectId=paid.id, metrics=[])

    assert {"spendCents", "conversions", "clicks"} <= set(told["result"]["rows"][0])


async def test_ads_that_spend_and_bring_nothing_are_counted_and_have_their_currency(story, paid):
    """Seed 000, loop 3: over 50 without a conversion; an amount is nothing without its currency."""
    for number in range(10):
        paid.ledger(paid.campaign_id, spend_cents=6000 + number, hook=f"Over {number}")

    told = (await story.call("read_ads_metrics", projectId=paid.id))["result"]

    assert {row["currency"] for row in told["spentOver50WithoutConversion"]} == {"USD"}
    assert told["spentOver50WithoutConversionCount"] >= 10 > len(told["spentOver50WithoutConversion"])


@pytest.mark.skipif(not chart.HAS_CHARTS, reason="drawing needs the extra charts, which the extra test brings")
def test_a_name_that_the_font_cannot_draw_gives_way_to_the_id():
    """A picture of boxes says nothing, and no warning of the drawing belongs in the log."""
    rows = [
        Row(id="ad_0f9e1d2c-0000", name="コーヒー", spend_cents=100, conversions=1, currency="USD"),
        Row(id="ad_2", name="$pecial_{x}$", currency="USD"),
        Row(id="ad_3", name="Plain", spend_cents=100, currency="USD"),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = chart.draw(rows, "USD")

    assert made.startswith(b"\x89PNG")


def _creative(name: str, **more) -> Creative:
    return Creative.model_validate({"adsContentId": name, "scoringPool": "generated", "organicScore": 7.0, "eligible": True} | more)


@pytest.mark.parametrize("wanted", ["include", None])
def test_what_fails_the_safety_check_is_selected_under_no_override(wanted):
    """layers-api: ad-eligibility: no override gets past a failed safety check; a good score that is not eligible has failed it."""
    for failed in (_creative("adc_1", eligible=False), _creative("adc_1", eligible=False, override="include")):
        assert pool.chosen(failed, [failed], wanted).startswith("not selected: ")
    low = _creative("adc_1", eligible=False, organicScore=3.0)
    assert pool.chosen(low, [low], "include").startswith("selected: ")
