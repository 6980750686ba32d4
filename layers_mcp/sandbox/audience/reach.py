"""What a published post earns: a closed form of its quality, its account, chance and its age, which never falls as it ages."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from typing import NamedTuple

from layers_mcp.contract.scalars import SocialPlatform
from layers_mcp.sandbox.audience.chance import bell
from layers_mcp.sandbox.audience.parameters import Audience, Model
from layers_mcp.sandbox.audience.quality import acting

__all__ = ["NOTHING", "Counts", "Fate", "Post", "counts", "fate", "followers_at_first", "gained"]


class Counts(NamedTuple):
    """What a post, or several, have earned. Whole numbers; `watch_time_ms` in milliseconds, `followers` gained."""

    views: int = 0
    reach: int = 0
    impressions: int = 0
    likes: int = 0
    comments: int = 0
    shares: int = 0
    saves: int = 0
    watch_time_ms: int = 0
    followers: int = 0
    conversions: int = 0

    @property
    def engagements(self) -> int:
        """Likes, comments, shares and saves."""
        return self.likes + self.comments + self.shares + self.saves

    @property
    def engagement_rate(self) -> float | None:
        """Engagements by views; None where nobody looked."""
        return self.engagements / self.views if self.views else None


NOTHING = Counts()


@dataclass(frozen=True, kw_only=True)
class Post:
    """A published post as its audience meets it.

    `luck` names it, `brand` its project. `account_days`, `earlier`: the age of its account and the posts it had published by then.
    """

    luck: str
    brand: str
    platform: SocialPlatform
    quality: float
    account_days: float
    earlier: int


class Fate(NamedTuple):
    """What a post will have earned in the end: `views`, and what each view brings."""

    views: float
    rate: float
    watch_ms: float
    follows: float
    converts: float


def fate(audience: Audience, post: Post) -> Fate:
    """What is in store for a post; fixed by the seed and the names."""
    seed, reach, share = audience.seed, audience.model.reach, audience.model.engagement
    who = (post.luck, post.platform)
    cool = exp(-(max(post.account_days, 0.0) / reach.warm_days + post.earlier / reach.warm_posts))
    warmth = reach.cold + (1 - reach.cold) * (1 - cool)
    luck = reach.chance * bell(seed, "views", *who) + reach.brand * bell(seed, "reach", post.brand)
    views = reach.platforms[post.platform].views * warmth * exp(reach.pull * post.quality + luck)
    few = 1 / sqrt(max(share.rate * views, 1.0))
    chance = sqrt(share.chance**2 + few**2) * bell(seed, "rate", *who) + share.brand * bell(seed, "engagement", post.brand)
    rate = min(share.rate * exp(share.pull * post.quality + chance), 0.5)
    watched = share.watch_s * 1000 * exp(share.watch_pull * post.quality + share.chance * bell(seed, "watch", *who))
    acts = share.converts * exp(share.act * acting(audience, post.luck, post.quality))
    return Fate(views, rate, watched, share.follows * exp(share.pull * post.quality), min(acts, 0.5))


def _grown(model: Model, age_days: float) -> float:
    """The part of its views that a post of this age has, 0 to 1."""
    return 1 - exp(-((age_days / model.reach.half_days) ** model.reach.shape)) if age_days > 0 else 0.0


def counts(model: Model, what: Fate, age_days: float, *, told_from_days: float | None = None) -> Counts:
    """What a post of this age has earned. `told_from_days`: its age when conversions began to be counted; None: they are not."""
    share, seen = model.engagement, what.views * _grown(model, age_days)
    views = int(seen)
    acted = 0.0 if told_from_days is None else seen - what.views * _grown(model, min(told_from_days, age_days))
    engaged = views * what.rate
    return Counts(
        views=views,
        reach=int(views * share.reached),
        impressions=int(views * share.shown),
        likes=int(engaged * share.likes),
        comments=int(engaged * share.comments),
        shares=int(engaged * share.shares),
        saves=int(engaged * share.saves),
        watch_time_ms=int(views * what.watch_ms),
        followers=int(views * what.follows),
        conversions=int(acted * what.converts),
    )


def gained(later: Counts, before: Counts) -> Counts:
    """What came between two looks."""
    return Counts(*(now - was for now, was in zip(later, before, strict=True)))


def followers_at_first(audience: Audience, brand: str, platform: SocialPlatform) -> int:
    """What an account had when it was connected."""
    return int(audience.model.reach.platforms[platform].followers * exp(0.5 * bell(audience.seed, "followers", brand, platform)))
