"""Every number of the audience, in one place. All are ours: Layers publishes none, and real audiences differ.

They were fixed before the cloning verdict (`loops/judgement`) was written. What is measured against them (`tests/bench/cloning.py`) is
simulated, and says how the verdict behaves in this world, not what a customer will earn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from layers_mcp.contract.clones import CloneMode
from layers_mcp.contract.scalars import SocialPlatform

__all__ = ["LASTING", "NULL", "Audience", "Engagement", "Model", "Platform", "Quality", "Reach"]


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What makes a post good; qualities are in standard deviations, 0 is average.

    `hook`, `format`: their shares of a fresh post's variance; the rest is luck. `heritability`: how much of its source's quality a
    clone keeps; `spread`: how far its own luck reaches, 1 is a fresh post's. `fatigue`: what each clone made before takes from the
    next one of the same source: after five a clone of a good winner is no better than a fresh post, as seed 000 has it ("cap
    clones-per-source at 4-5"). `conversion`: how much of the quality that makes people act is the one that makes them watch.
    """

    hook: float = 0.3
    format: float = 0.1
    heritability: dict[CloneMode, float]
    spread: dict[CloneMode, float]
    fatigue: float = 0.15
    conversion: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Platform:
    """`views`: what an average post of a warm account earns in the end. `followers`: what an account has when it is connected."""

    views: float
    followers: float


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How many see a post, and when.

    `pull`: what one deviation of quality does to views (as a power of e); `chance`: the deviation of what nothing explains; `brand`:
    that of the customer's whole audience. `half_days`, `shape`: how fast views come (1 - exp(-(age / half_days)^shape)). `cold`: a new
    account's share of a warm one's reach; it warms within about `warm_days` days or `warm_posts` posts.
    """

    platforms: dict[SocialPlatform, Platform]
    pull: float = 0.9
    chance: float = 0.6
    brand: float = 0.3
    half_days: float = 1.5
    shape: float = 0.7
    cold: float = 0.35
    warm_days: float = 21.0
    warm_posts: float = 15.0


@dataclass(frozen=True, kw_only=True)
class Engagement:
    """What those who see a post do, as shares of its views.

    `rate`: likes, comments, shares and saves of an average post, chosen so that seed 000's example floor of 0.04 separates;
    `pull`, `chance`, `brand` as for reach; few views add the chance of small numbers. `likes`, `comments`, `shares`, `saves` add up to 1.
    `watch_s`: seconds of an average view, `watch_pull`: what a deviation of quality does to them; `follows`, `converts`: shares of views;
    `act`: what a deviation of the acting quality does. `reached`, `shown`: people and impressions for each view.
    """

    rate: float = 0.036
    pull: float = 0.4
    chance: float = 0.2
    brand: float = 0.1
    likes: float = 0.78
    comments: float = 0.07
    shares: float = 0.07
    saves: float = 0.08
    watch_s: float = 6.5
    watch_pull: float = 0.2
    follows: float = 0.004
    converts: float = 0.004
    act: float = 0.5
    reached: float = 0.82
    shown: float = 1.12


@dataclass(frozen=True, kw_only=True)
class Model:
    """One kind of audience."""

    quality: Quality
    engagement: Engagement
    reach: Reach


class Audience(NamedTuple):
    """The people of one world: its seed, and which kind they are."""

    seed: str
    model: Model


_REACH: Final = Reach(platforms={"tiktok": Platform(views=900.0, followers=120.0), "instagram": Platform(views=600.0, followers=260.0)})
_SHARES: Final = Engagement()
LASTING: Final = Model(
    quality=Quality(heritability={"fork": 0.6, "reimagine": 0.35}, spread={"fork": 1.0, "reimagine": 1.25}),
    engagement=_SHARES,
    reach=_REACH,
)
"""The audience of every world that does not say otherwise: what is good stays good, though less so in each copy."""
NULL: Final = Model(
    quality=Quality(hook=0.0, format=0.0, heritability={"fork": 0.0, "reimagine": 0.0}, spread={"fork": 1.0, "reimagine": 1.0}),
    engagement=_SHARES,
    reach=_REACH,
)
"""A world in which quality does not outlast its post: hooks and formats are all alike, and a clone keeps nothing but the fatigue."""
