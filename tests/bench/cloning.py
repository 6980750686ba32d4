"""Simulated customers post daily by four policies, and what each policy earns: `python tests/bench/cloning.py`.

Everything here is simulated: the audience is `sandbox/audience/parameters.py`, whose numbers were fixed before the verdict was written.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from layers_mcp.loops.judgement import Standing, next_source, verdicts
from layers_mcp.sandbox.audience.parameters import LASTING, Audience, Model
from layers_mcp.sandbox.audience.quality import cloned, fresh
from layers_mcp.sandbox.audience.reach import Counts, Fate, Post, counts, fate

DAYS = 56
"""Eight weeks, a post a day."""
CUSTOMERS = 200
HERITABILITIES = (0.0, 0.15, 0.3, 0.45, 0.6)
SEED = "report"
"""The verdict was developed on other seeds."""
_BLIND_WINDOW, _WINDOW = 7, 30


@dataclass(eq=False)
class Posted:
    """One post of a simulated customer."""

    name: str
    day: int
    quality: float
    fate: Fate
    source: Posted | None
    clones: int = 0
    seen: dict[int, Counts] = field(default_factory=dict)

    def earned(self, model: Model, day: int) -> Counts:
        """What it has earned by the morning of `day`."""
        if day not in self.seen:
            self.seen[day] = counts(model, self.fate, day - self.day)
        return self.seen[day]


Policy = Callable[[Sequence[Posted], Model, int], Posted | None]


def random_posting(_posts: Sequence[Posted], _model: Model, _day: int) -> Posted | None:
    """Something new every day."""
    return None


def blind_cloning(posts: Sequence[Posted], model: Model, day: int) -> Posted | None:
    """The top post of the week, every day, whatever it is (seed 000, loop 2, "What failure looks like")."""
    week = [post for post in posts if day - post.day <= _BLIND_WINDOW and post.earned(model, day).views]
    return max(week, key=lambda post: post.earned(model, day).engagement_rate or 0.0, default=None)


def our_verdict(posts: Sequence[Posted], model: Model, day: int) -> Posted | None:
    """What `loops/judgement` says is worth cloning, or something new."""
    known = {post.name: post for post in posts}
    standing = [
        Standing(
            id=post.name,
            engagement_rate=post.earned(model, day).engagement_rate or 0.0,
            views=post.earned(model, day).views,
            age_days=day - post.day,
            source=post.source.name if post.source else None,
        )
        for post in posts
    ]
    found = verdicts(standing, {post.name: post.clones for post in posts})
    chosen = next_source([one for one in standing if one.age_days <= _WINDOW], found)
    return known[chosen.id] if chosen else None


POLICIES: dict[str, Policy] = {"random": random_posting, "blind": blind_cloning, "verdict": our_verdict}


class Season(NamedTuple):
    """What one policy earned over all customers; `most`: clones of one source, `clones`: a customer's."""

    views: float
    engagements: float
    most: int
    clones: float


def _customer(audience: Audience, brand: str, policy: Policy) -> list[Posted]:
    posts: list[Posted] = []
    for day in range(DAYS):
        source, name = policy(posts, audience.model, day), f"{brand}/{day}"
        if source is None:
            good = fresh(audience, name, brand=brand, hook=f"hook {day}", form="video_remix")
        else:
            good = cloned(audience, name, source=source.quality, mode="fork", earlier=source.clones)
            source.clones += 1
        meets = Post(luck=name, brand=brand, platform="tiktok", quality=good, account_days=day + 1.0, earlier=day)
        posts.append(Posted(name, day, good, fate(audience, meets), source))
    return posts


def season(heritability: float, policy: Policy, *, customers: int = CUSTOMERS, seed: str = SEED) -> Season:
    """Eight weeks of `customers` under one policy, in a world of this heritability."""
    kept = replace(LASTING.quality, heritability={"fork": heritability, "reimagine": heritability})
    audience = Audience(seed, replace(LASTING, quality=kept))
    every = [post for number in range(customers) for post in _customer(audience, f"customer {number}", policy)]
    earned = [post.earned(audience.model, DAYS) for post in every]
    return Season(
        views=sum(one.views for one in earned) / customers,
        engagements=sum(one.engagements for one in earned) / customers,
        most=max(post.clones for post in every),
        clones=sum(post.source is not None for post in every) / customers,
    )


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--customers", type=int, default=CUSTOMERS)
    asked.add_argument("--seed", default=SEED)
    given = asked.parse_args()
    print(f"SIMULATED: {given.customers} customers, {DAYS} days, a post a day, seed {given.seed!r}; views against random posting")
    print(f"{'heritability':>12} | {'policy':>8} | {'views':>6} | {'engagements':>11} | {'clones':>6} | {'most of one':>11}")
    for heritability in HERITABILITIES:
        seasons = {name: season(heritability, policy, customers=given.customers, seed=given.seed) for name, policy in POLICIES.items()}
        base = seasons["random"]
        for name, one in seasons.items():
            shares = f"{one.views / base.views:>6.2f} | {one.engagements / base.engagements:>11.2f}"
            print(f"{heritability:>12.2f} | {name:>8} | {shares} | {one.clones:>6.1f} | {one.most:>11}", flush=True)


if __name__ == "__main__":
    main()
