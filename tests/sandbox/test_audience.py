"""The audience: quality is inherited and tires, counts never fall, and another seed is another world."""

from __future__ import annotations

from itertools import pairwise
from math import sqrt
from statistics import correlation, fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_mcp.sandbox.audience.parameters import LASTING, NULL, Audience
from layers_mcp.sandbox.audience.quality import cloned, fresh
from layers_mcp.sandbox.audience.reach import Post, counts, fate

WORLD, EMPTY = Audience("a", LASTING), Audience("a", NULL)
MANY = range(3000)


def _fresh(world: Audience, place: int, hook: str = "hook") -> float:
    return fresh(world, f"post {place}", brand=f"brand {place}", hook=hook, form="video_remix")


def _post(place: int = 0, **more) -> Post:
    return Post(**{"luck": f"post {place}", "brand": "b", "platform": "tiktok", "quality": 0.0, "account_days": 30.0, "earlier": 30} | more)


def test_quality_has_the_spread_it_says():
    """Its unit is the deviation of fresh posts."""
    good = [_fresh(WORLD, place) for place in MANY]

    assert fmean(good) == pytest.approx(0, abs=0.06)
    assert pstdev(good) == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize(("world", "kept"), [(WORLD, 0.6), (EMPTY, 0.0)])
def test_clones_inherit_as_much_as_the_world_lets_them(world, kept):
    """Issue 4: clones inherit with regression to the mean; in the null world nothing outlasts its post."""
    sources = [_fresh(world, place) for place in MANY]

    copies = [cloned(world, f"clone {place}", source=source, mode="fork", earlier=0) for place, source in zip(MANY, sources, strict=True)]

    assert correlation(sources, copies) == pytest.approx(kept, abs=0.05)
    assert pstdev(copies) == pytest.approx(1, abs=0.06)


def test_a_reimagined_clone_keeps_less_and_varies_more():
    """layers-api: reimagine, more variance and better odds of beating the source."""

    def made(mode: str) -> list[float]:
        return [cloned(WORLD, f"clone {place}", source=1.0, mode=mode, earlier=0) for place in MANY]

    assert fmean(made("reimagine")) < fmean(made("fork"))
    assert pstdev(made("reimagine")) > pstdev(made("fork"))


def test_each_clone_made_before_takes_from_the_next():
    """Issue 4: fatigue."""
    line = [cloned(WORLD, "clone", source=1.0, mode="fork", earlier=earlier) for earlier in range(6)]

    assert line == sorted(line, reverse=True)
    assert len(set(line)) == len(line)


def test_posts_with_one_hook_are_alike_but_not_in_the_null_world():
    """Issue 4: hooks and formats differ in true quality."""

    def pairs(world: Audience) -> float:
        ones, others = [
            [fresh(world, f"{which} {place}", brand=f"b {place}", hook="same", form="f") for place in MANY] for which in ("one", "other")
        ]
        return correlation(ones, others)

    assert pairs(WORLD) == pytest.approx(0.4, abs=0.06)
    assert pairs(EMPTY) == pytest.approx(0, abs=0.06)


@given(st.floats(-3, 3), st.lists(st.floats(0, 120), min_size=2, max_size=8), st.floats(0, 60))
def test_counts_never_fall(quality, ages, told_from):
    """Issue 4: earned as a function of the clock."""
    what = fate(WORLD, _post(quality=quality))

    seen = [counts(LASTING, what, age, told_from_days=told_from) for age in sorted(ages)]

    assert all(was <= now for one, other in pairwise(seen) for was, now in zip(one, other, strict=True))
    assert all(one.engagements <= one.views for one in seen)


def test_the_floor_separates():
    """Seed 000's example floor of 0.04 would mean nothing if all posts were above it, or none."""
    rates = [
        counts(LASTING, fate(WORLD, _post(place, quality=_fresh(WORLD, place), brand=f"b {place}")), 7.0).engagement_rate or 0.0
        for place in MANY
    ]

    assert 0.2 < sum(rate > 0.04 for rate in rates) / len(rates) < 0.5
    assert 0.033 < fmean(rates) < 0.047


def test_a_cold_account_reaches_fewer():
    """Issue 4: account warmth."""
    cold, warm = (fate(WORLD, _post(account_days=days, earlier=int(days))).views for days in (0.0, 60.0))

    assert cold == pytest.approx(0.35 / (0.35 + 0.65) * warm, rel=0.05)


def test_another_seed_is_another_world():
    """Issue 4: seeded."""
    ones, others = [[_fresh(Audience(seed, LASTING), place) for place in MANY] for seed in ("a", "b")]

    assert abs(correlation(ones, others)) < 3 / sqrt(len(MANY))
