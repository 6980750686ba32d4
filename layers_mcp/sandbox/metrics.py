"""Metrics: what a post, an account, a project, a layer or the organization earned, in buckets and in all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, select

from layers_mcp.contract import errors, measurement
from layers_mcp.contract.measurement import Granularity, Measured, Metric, MetricsPoint
from layers_mcp.sandbox import crowd, ids, projects, tables
from layers_mcp.sandbox.audience.reach import NOTHING, Counts, followers_at_first, gained
from layers_mcp.sandbox.performance import Published, added, published, within
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = ["get"]

_MONTH = timedelta(days=30)
_MOST: dict[Granularity, timedelta] = {"hour": timedelta(days=31), "day": timedelta(days=800), "week": timedelta(days=4000)}
"""How long a window of each bucket may be; ours."""
_STEP: dict[Granularity, timedelta] = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
_NOT_OF_A_POST: tuple[Metric, ...] = ("followers", "posts_published")


class _Group(NamedTuple):
    """What is measured: its posts, its accounts, and what those had at first."""

    posts: list[Published]
    accounts: Sequence[Row[Any]]
    followers: dict[str, int]


class _Look(NamedTuple):
    """One bucket, or the whole window."""

    since: datetime
    until: datetime
    earned: Counts


def _of_project(visit: Visit, project_id: str, fits: Callable[[str], bool] = bool) -> _Group:
    """The posts and accounts of a project on the platforms that fit."""
    audience, brand = crowd.audience_of(visit.connection), crowd.brand_of(visit.connection, project_id)
    row = tables.accounts.c
    query = select(tables.accounts).where(row.project_id == project_id, row.connected_at <= visit.now)
    accounts = [account for account in visit.connection.execute(query) if fits(account.platform)]
    at_first = {account.id: followers_at_first(audience, brand, account.platform) for account in accounts}
    return _Group([post for post in published(visit, project_id) if fits(post.platform)], accounts, at_first)


def _one_post(visit: Visit, project_id: str, given: str) -> _Group:
    found = [post for post in published(visit, project_id) if given in (post.id, post.external_id) or ids.full("sp", given) == post.id]
    return _Group(found, (), {})


def _one_account(visit: Visit, project_id: str, given: str) -> _Group:
    whole, account_id = _of_project(visit, project_id), ids.full("sa", given)
    accounts = [account for account in whole.accounts if account.id == account_id]
    return _Group([post for post in whole.posts if post.account_id == account_id], accounts, whole.followers)


def _one_layer(visit: Visit, project_id: str, given: str) -> _Group | None:
    layer = next((layer for layer in projects.layers_of(project_id) if layer.project_layer_id == ids.full("pl", given)), None)
    return None if layer is None else _of_project(visit, project_id, lambda platform: layer.platform in (None, platform))


def _whole_organization(visit: Visit) -> _Group:
    row = tables.projects.c
    mine = visit.connection.execute(select(row.id).where(row.organization_id == visit.key.organization_id)).scalars().all()
    groups = [_of_project(visit, project_id) for project_id in mine]
    accounts = [account for group in groups for account in group.accounts]
    followers = {name: many for group in groups for name, many in group.followers.items()}
    return _Group([post for group in groups for post in group.posts], accounts, followers)


def _group(visit: Visit, request: measurement.GetMetrics) -> _Group:
    """What `scope` and `id` name.

    Raises:
        errors.NotFound: there is no such thing in this organization.
    """
    project, given = projects.own(visit, request.project_id), request.id
    group: _Group | None = None
    if request.scope == "platform_post":
        group = _one_post(visit, project.id, given)
    elif request.scope == "social_account":
        group = _one_account(visit, project.id, given)
    elif request.scope == "project":
        return _of_project(visit, projects.own(visit, given).id)
    elif request.scope == "project_layer":
        group = _one_layer(visit, project.id, given)
        if group is not None:
            return group
    elif ids.full("org", given) == visit.key.organization_id:
        return _whole_organization(visit)
    if group is None or not (group.posts if request.scope == "platform_post" else group.accounts):
        raise errors.NotFound(f"there is no {request.scope} {given} with anything to measure")
    return group


def _aligned(moment: datetime, granularity: Granularity) -> datetime:
    """The start of the UTC hour, day or week (from Monday on) that `moment` lies in."""
    hour = moment.replace(minute=0, second=0, microsecond=0)
    if granularity == "hour":
        return hour
    day = hour.replace(hour=0)
    return day if granularity == "day" else day - timedelta(days=day.weekday())


def _edges(since: datetime, until: datetime, granularity: Granularity) -> list[datetime]:
    """Where buckets begin and end; the first and the last may be cut short."""
    edges, at = [since], _aligned(since, granularity) + _STEP[granularity]
    while at < until:
        edges.append(at)
        at += _STEP[granularity]
    return [*edges, until]


def _looks(group: _Group, edges: Sequence[datetime]) -> list[_Look]:
    """What came in each bucket; each post is looked at once an edge, from its publication on."""
    sums = [[0] * len(NOTHING) for _ in edges[1:]]
    for post in group.posts:
        before = post.earned(edges[0])
        if post.earned(edges[-1]) == before:
            continue  # long over, or not out yet
        for place, end in enumerate(edges[1:]):
            if end <= post.published_at:
                continue
            now = post.earned(end)
            if now != before:
                sums[place] = [total + more for total, more in zip(sums[place], gained(now, before), strict=True)]
            before = now
    return [_Look(since, until, Counts(*total)) for since, until, total in zip(edges, edges[1:], sums, strict=False)]


def _measured(group: _Group, look: _Look, wanted: Sequence[Metric]) -> dict[str, Any]:
    earned = look.earned
    rate = earned.engagement_rate
    known: dict[Metric, Any] = {name: getattr(earned, name) for name in wanted if name in Counts._fields and name != "followers"}
    known |= {"engagement_rate": None if rate is None else round(rate, 6), "follower_delta": earned.followers}
    if "posts_published" in wanted:
        known["posts_published"] = sum(within(post, look.since, look.until) for post in group.posts)
    if "followers" in wanted:
        there = [account for account in group.accounts if account.connected_at < look.until]
        known["followers"] = sum(group.followers[account.id] for account in there)
        known["followers"] += added([post.earned(look.until) for post in group.posts]).followers
    return {name: known[name] for name in wanted}


def get(visit: Visit, request: measurement.GetMetrics) -> measurement.Metrics:
    """Buckets and totals; nothing is known of what lies ahead."""
    until = min(request.until or visit.now, visit.now)
    since = request.since or until - _MONTH
    if since >= until:
        raise invalid("since", "must lie before until, and before now")
    if until - since > _MOST[request.granularity]:
        days = _MOST[request.granularity].days
        raise invalid("granularity", f"{request.granularity} buckets take windows of up to {days} days; ask for longer ones")
    wanted = request.metrics or measurement.DEFAULT_METRICS[request.scope]
    if request.scope == "platform_post" and (odd := [name for name in wanted if name in _NOT_OF_A_POST]):
        raise invalid("metrics", f"{odd[0]} is measured for an account, a project or more, not for one post")
    group = _group(visit, request)
    looks = _looks(group, _edges(since, until, request.granularity))
    whole = _Look(since, until, added([look.earned for look in looks]))
    points = tuple(MetricsPoint.model_validate({"bucketStart": one.since} | _measured(group, one, wanted)) for one in looks)
    return measurement.Metrics(series=points, totals=Measured.model_validate(_measured(group, whole, wanted)))
