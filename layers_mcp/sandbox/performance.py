"""What published posts have earned at any instant: rows of the world, read through its audience."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from sqlalchemy import Row, func, select

from layers_mcp.contract.scalars import SocialPlatform
from layers_mcp.sandbox import crowd, posts, tables
from layers_mcp.sandbox.audience.parameters import Audience
from layers_mcp.sandbox.audience.reach import NOTHING, Counts, Fate, Post, counts, fate
from layers_mcp.sandbox.visit import Visit

__all__ = ["Published", "added", "published", "within"]

_DAY_S = 86_400.0


@dataclass(frozen=True, kw_only=True)
class Published:
    """A post that is out. `told_from`: since when conversions are counted in its project; None: they are not; `meets`: how it met them."""

    id: str
    external_id: str
    container_id: str
    account_id: str
    platform: SocialPlatform
    published_at: datetime
    told_from: datetime | None
    audience: Audience
    meets: Post

    @cached_property
    def fate(self) -> Fate:
        """What chance had for it; drawn when somebody asks, as most posts of a large customer are long over."""
        return fate(self.audience, self.meets)

    def earned(self, moment: datetime) -> Counts:
        """What it had earned by then."""
        if moment <= self.published_at:
            return NOTHING
        told = None if self.told_from is None else max(self._days(self.told_from), 0.0)
        return counts(self.audience.model, self.fate, self._days(moment), told_from_days=told)

    def _days(self, moment: datetime) -> float:
        return (moment - self.published_at).total_seconds() / _DAY_S


def _sdk_since(visit: Visit, project_id: str) -> datetime | None:
    """Since when the project's app reports conversions: its first SDK app, of an ingest or made directly."""
    row = tables.sdk_apps.c
    query = select(func.min(row.created_at)).where(row.project_id == project_id, row.created_at <= visit.now)
    return cast("datetime | None", visit.connection.execute(query).scalar_one())


def _out(visit: Visit, project_id: str) -> list[Row[Any]]:
    """The rows of the posts that are out, first published first."""
    made = tables.containers.c
    query = posts.WITH_ACCOUNT.add_columns(tables.accounts.c.connected_at, made.luck, made.quality)
    query = query.join(tables.containers, tables.posts.c.container_id == made.id).where(tables.posts.c.project_id == project_id)
    rows = visit.connection.execute(query.order_by(tables.posts.c.ends_at, tables.posts.c.seq))
    return [row for row in rows if posts.status_at(row, visit.now) == "published"]


def published(visit: Visit, project_id: str) -> list[Published]:
    """What a project has out, first published first; drafts, failed and canceled posts are not among it and earn nothing."""
    audience = crowd.audience_of(visit.connection)
    brand, told_from = crowd.brand_of(visit.connection, project_id), _sdk_since(visit, project_id)
    earlier: dict[str, int] = {}
    copies: dict[str, int] = {}
    found: list[Published] = []
    for row in _out(visit, project_id):
        copy = f"{row.luck}/{copies.setdefault(row.container_id, 0)}"
        days = (row.ends_at - row.connected_at).total_seconds() / _DAY_S
        meets = Post(
            luck=copy,
            brand=brand,
            platform=row.platform,
            quality=row.quality,
            account_days=days,
            earlier=earlier.setdefault(row.account_id, 0),
        )
        copies[row.container_id] += 1
        earlier[row.account_id] += 1
        one = Published(
            id=row.id,
            external_id=posts.external_id(row.id),
            container_id=row.container_id,
            account_id=row.account_id,
            platform=row.platform,
            published_at=row.ends_at,
            told_from=told_from,
            audience=audience,
            meets=meets,
        )
        found.append(one)
    return found


def added(many: list[Counts]) -> Counts:
    """Several posts' counts together."""
    return Counts(*map(sum, zip(*many, strict=True))) if many else NOTHING


def within(one: Published, since: datetime, until: datetime) -> bool:
    """Whether a post was published in this time; `until` is not in it."""
    return since <= one.published_at < until
