"""What ads earn: counters that never fall and add up, and clicks that follow the creative."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_mcp.sandbox.audience.paid import Stretch, Traits, arrivals_of, counts_at, point_at, traits_of

PLATFORMS = ("meta_ads", "tiktok_ads", "apple_ads")
NEVER = float("inf")


def _traits(luck: random.Random) -> Traits:
    name = (str(luck.random()),)
    return traits_of("layers", luck.choice(PLATFORMS), name, quality=luck.uniform(-3, 3), people=luck.choice([2000, 40_000, 10**6]))


def _story(luck: random.Random, ad: Traits) -> list[Stretch]:
    """Up to six stretches, of any budget or of none; each carries on where the one before is when it begins."""
    made, since = list[Stretch](), luck.uniform(0, 3)
    for _ in range(luck.randint(1, 6)):
        until = luck.choice([NEVER, since + luck.uniform(0, 30)])
        rate = luck.choice([0.0, 1.0, 500.0, 12_000.0, 900_000.0])
        carried = point_at(ad, made[-1], since) if made else (0.0, 0.0, 0.0, 0.0, 1.0)
        made.append(Stretch(since, until, rate, ad.cpm * luck.choice([0.7, 1.0, 1.3]), *carried))
        since += luck.choice([0.0, 0.25, 1.0, 20.0])
    return made


@given(st.randoms(use_true_random=False))
def test_counters_never_fall_and_add_up_over_any_stretches(luck):
    """Issue 4: the days of a week make the week; whatever begins, ends, stands still or begins again in between."""
    ad = _traits(luck)
    story, course = _story(luck, ad), arrivals_of("layers")
    when = sorted([*(luck.uniform(-1, 90) for _ in range(40)), *(one.since for one in story)])

    counted = counts_at(ad, story, when, course)
    alone = [counts_at(ad, story, [one], course) for one in when]

    for place, column in enumerate(counted):
        assert all(before <= after for before, after in pairwise(column))
        assert column == [one[place][0] for one in alone]
        assert sum(after - before for before, after in pairwise(column)) == column[-1] - column[0]
    assert all(clicks <= shown for shown, clicks in zip(counted.impressions, counted.clicks, strict=True) if shown > 1000)


@given(st.randoms(use_true_random=False))
def test_a_stretch_that_changes_nothing_changes_nothing(luck):
    """A cut in the middle of a time without changes is not seen in any counter."""
    ad, rate = _traits(luck), luck.choice([500.0, 12_000.0])
    whole = Stretch(0.0, NEVER, rate, ad.cpm)
    cut = luck.uniform(0, 60)
    rest = Stretch(cut, NEVER, rate, ad.cpm, *point_at(ad, whole, cut))

    for when in (cut, cut + 0.1, cut + 30):
        assert point_at(ad, rest, when) == pytest.approx(point_at(ad, whole, when))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_better_creative_is_clicked_on_and_bought_from_more(platform):
    """Issue 4: ads follow the creative's true quality, as posts do; the same in money and in time."""

    def brought(quality: float) -> tuple[float, float, float]:
        """Conversions a thousand impressions, clicks an impression and the weight in the budget's split, over two hundred ads."""
        ads = [traits_of("layers", platform, (str(number),), quality=quality, people=40_000) for number in range(200)]
        points = [point_at(ad, Stretch(0.0, NEVER, 1_000.0, ad.cpm), 14.0) for ad in ads]
        shown = sum(point.shown for point in points)
        clicks, sales = sum(point.clicks for point in points), sum(point.conversions for point in points)
        return clicks / shown, sales / clicks, sum(ad.weight for ad in ads)

    poor, middling, good = brought(-1.5), brought(0.0), brought(1.5)

    assert all(low < middle < high for low, middle, high in zip(poor, middling, good, strict=True))
    assert all(high > 2 * low for low, high in zip(poor, good, strict=True))
