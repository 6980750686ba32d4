"""Ads metrics in both wire forms: rows by thing in major units, or buckets and totals of one thing in cents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Column, ColumnElement, select

from layers_mcp.contract import ads_metrics, errors
from layers_mcp.contract.ads_metrics import AdsMetric, AdsMetrics, GetAdsMetrics, Measured
from layers_mcp.sandbox import ids, projects
from layers_mcp.sandbox.ads import tables
from layers_mcp.sandbox.ads.ledger import NO_ADS, Ledger, Line
from layers_mcp.sandbox.audience.paid import reach_of
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = ["get"]

_DEFAULT: tuple[AdsMetric, ...] = ("spend", "impressions", "clicks", "conversions")
_LOOK_BACK = timedelta(days=30)
_MOST_BUCKETS = 1000
_AT_ONCE = 64
"""Ads whose columns are in memory together."""
_COLUMNS: dict[str, tuple[Column[Any], str]] = {
    "ad": (tables.ads.c.id, "ad"),
    "adset": (tables.adsets.c.id, "adg"),
    "campaign": (tables.campaigns.c.id, "cmp"),
    "ad_account": (tables.accounts.c.id, "aac"),
    "project": (tables.ads.c.project_id, "prj"),
}
_NAMES = {"ad": tables.ads, "adset": tables.adsets, "campaign": tables.campaigns, "ad_account": tables.accounts}


class _Kind(NamedTuple):
    """What ads must have in common to be added up: their currency, and the cents that a conversion brings."""

    currency: str
    worth: float

    @classmethod
    def of(cls, line: Line) -> _Kind:
        """The kind of one ad."""
        return cls(line.row.currency, line.traits.worth)


@dataclass
class _Sum:
    """What some ads brought in one window; `value` and `spend` in cents, None once currencies differ."""

    spend: int = 0
    impressions: int = 0
    clicks: int = 0
    conversions: int = 0
    value: float = 0.0
    reach: float = 0.0
    currency: str | None = None
    mixed: bool = False

    def add(self, kind: _Kind, counted: Sequence[int], reach: float) -> None:
        """Put what some ads of one kind brought on top."""
        spend, impressions, clicks, conversions = counted
        self.mixed = self.mixed or self.currency not in (None, kind.currency)
        self.currency = kind.currency
        self.spend += spend
        self.impressions += impressions
        self.clicks += clicks
        self.conversions += conversions
        self.value += conversions * kind.worth
        self.reach += reach

    def shown(self, metrics: Sequence[AdsMetric], *, major: bool) -> dict[str, Any]:
        """The metrics that were asked for; `major`: money in units of the currency rather than in cents."""
        return {name: self._metric(name, major=major) for name in metrics} | {"currency": None if self.mixed else self.currency}

    def _money(self, cents: float, *, major: bool) -> float | int | None:
        if self.mixed:
            return None
        return round(cents) / 100 if major else round(cents)

    def _metric(self, name: AdsMetric, *, major: bool) -> float | int | None:
        per = {"spend": (1, 1), "cpa": (1, self.conversions), "cpc": (1, self.clicks), "cpm": (1000, self.impressions)}
        if name in per:
            times, by = per[name]
            return self._money(self.spend * times / by, major=major) if by else None
        if name in ("ctr", "roas", "frequency"):
            above, by = {"ctr": (self.clicks, self.impressions), "frequency": (self.impressions, self.reach)}.get(
                name, (self.value, 0 if self.mixed else self.spend)
            )
            return round(above / by, 6) if by else None
        return round(getattr(self, name))


def _window(visit: Visit, request: GetAdsMetrics) -> tuple[datetime, datetime]:
    until = min(request.until or visit.now, visit.now)
    since = request.since or (request.until or visit.now) - _LOOK_BACK
    if since > (request.until or visit.now):
        raise invalid("since", "lies after until")
    return min(since, until), until


def _ledger(visit: Visit, request: GetAdsMetrics, project_id: str, until: datetime, *more: ColumnElement[bool]) -> Ledger:
    wanted = [tables.ads.c.project_id == project_id, *more]
    if request.platforms is not None:
        wanted.append(tables.accounts.c.platform.in_(request.platforms))
    return Ledger(visit.connection, *wanted, last=until)


def _group_of(line: Line, group: str) -> dict[str, Any]:
    """The ids that name a row: of the thing itself and of all above it."""
    row = line.row
    every = {"ad": ("ad_id", row.id), "adset": ("adset_id", row.adset_id), "campaign": ("campaign_id", row.campaign_id)}
    every["ad_account"] = ("ad_account_id", row.account_id)
    order = list(every)
    if group == "project":
        return {}
    named = dict(every[name] for name in order[order.index(group) :]) | {"platform": row.platform}
    return named | ({"ads_content_id": row.ads_content_id, "name": row.name, "status": row.status} if group == "ad" else {})


def _grouped(visit: Visit, request: GetAdsMetrics, project_id: str) -> AdsMetrics:
    """A row for each thing that ran in the window, most expensive first (seed 000, loop 3)."""
    since, until = _window(visit, request)
    group = request.group_by or "ad"
    named_ads = [tables.accounts.c.platform != NO_ADS] if group == "ad" else []
    ledger = _ledger(visit, request, project_id, until, *named_ads)
    sums: dict[str, _Sum] = {}
    named: dict[str, dict[str, Any]] = {}
    paced = {platform: ledger.paced(platform, [since, until]) for platform in ("meta_ads", "tiktok_ads", "apple_ads")}
    keys = {"ad": "id", "adset": "adset_id", "campaign": "campaign_id", "ad_account": "account_id"}
    for line in ledger.lines:
        counted = [end - begin for begin, end in ledger.counts(line, paced[line.row.platform])]
        if not any(counted):
            continue
        key = project_id if group == "project" else getattr(line.row, keys[group])
        if key not in sums:
            sums[key], named[key] = _Sum(), _group_of(line, group)
        sums[key].add(_Kind.of(line), counted, reach_of(counted[1], line.traits.people))
    names = _names(visit, group, sums)
    metrics = request.metrics or _DEFAULT
    rows = sorted(sums.items(), key=lambda item: -item[1].spend)
    return AdsMetrics(
        series=tuple(
            Measured(**named[key], **names.get(key, {}), project_id=project_id, start=since, end=until, **one.shown(metrics, major=True))
            for key, one in rows
        )
    )


def _names(visit: Visit, group: str, keys: dict[str, _Sum]) -> dict[str, dict[str, str]]:
    """Names of what is not an ad."""
    table = _NAMES.get(group)
    if table is None or group == "ad" or not keys:
        return {}
    return {one.id: {"name": one.name} for one in visit.connection.execute(select(table.c.id, table.c.name)) if one.id in keys}


def _edges(since: datetime, until: datetime, zone: ZoneInfo, granularity: str) -> list[datetime]:
    """Where buckets begin and end: midnights of the project's zone (Mondays for weeks), and the ends of the window."""
    local = since.astimezone(zone)
    day = local.date() - timedelta(days=local.weekday() if granularity == "week" else 0)
    step = timedelta(days=7 if granularity == "week" else 1)
    edges = [since]
    while True:
        day += step
        edge = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(since.tzinfo)
        if edge >= until:
            break
        edges.append(edge)
        if len(edges) > _MOST_BUCKETS:
            way_out = "take a shorter one" if granularity == "week" else "take a shorter one, or weeks"
            raise invalid("granularity", f"this window has more than {_MOST_BUCKETS} {granularity}s; {way_out}")
    return [*edges, until] if until > since else [since, until]


def _columns(ledger: Ledger, edges: Sequence[datetime], *, reach: bool) -> Iterator[tuple[_Kind, list[list[int]], list[float]]]:
    """The sums of some ads of one kind at a time: each counter at each edge, and the people reached in each bucket and in the whole window.

    Thousands of ads over months pass through here, so what adds up is added up column by column, and `reach` only when asked for.
    """
    paced = {platform: ledger.paced(platform, edges) for platform in ("meta_ads", "tiktok_ads", "apple_ads")}
    kinds: dict[_Kind, list[Line]] = {}
    for line in ledger.lines:
        kinds.setdefault(_Kind.of(line), []).append(line)
    for kind, lines in kinds.items():
        for begin in range(0, len(lines), _AT_ONCE):
            some = lines[begin : begin + _AT_ONCE]
            counted = [ledger.counts(line, paced[line.row.platform]) for line in some]
            reached = [_reached(one.impressions, line.traits.people) for one, line in zip(counted, some, strict=True)] if reach else []
            columns = [list(map(sum, zip(*column, strict=True))) for column in zip(*counted, strict=True)]
            yield kind, columns, list(map(sum, zip(*reached, strict=True))) or [0.0] * len(edges)


def _reached(shown: Sequence[int], people: int) -> list[float]:
    """How many of `people` each bucket reached, and all of them together."""
    return [*(reach_of(after - before, people) for before, after in pairwise(shown)), reach_of(shown[-1] - shown[0], people)]


def _scoped(visit: Visit, request: GetAdsMetrics, project: Any) -> AdsMetrics:
    """Buckets and totals of one thing (layers-api: ads-metrics)."""
    scope = request.scope or "project"
    column, prefix = _COLUMNS[scope]
    since, until = _window(visit, request)
    wanted = ids.full(prefix, request.id or "")
    _check_there(visit, scope, wanted, project.id)
    ledger = _ledger(visit, request, project.id, until, column == wanted)
    edges = _edges(since, until, ZoneInfo(project.timezone), request.granularity or "day")
    buckets, totals = [_Sum() for _ in edges[1:]], _Sum()
    metrics = request.metrics or _DEFAULT
    for kind, columns, reached in _columns(ledger, edges, reach=not {"reach", "frequency"}.isdisjoint(metrics)):
        totals.add(kind, [column[-1] - column[0] for column in columns], reached[-1])
        for place, bucket in enumerate(buckets):
            bucket.add(kind, [column[place + 1] - column[place] for column in columns], reached[place])
    series = [
        Measured(start=begin, end=end, **bucket.shown(metrics, major=False))
        for begin, end, bucket in zip(edges, edges[1:], buckets, strict=False)
    ]
    return AdsMetrics(series=tuple(series), totals=Measured(start=since, end=until, **totals.shown(metrics, major=False)))


def _check_there(visit: Visit, scope: str, wanted: str, project_id: str) -> None:
    """Let a scope through that is the project's.

    Raises:
        errors.NotFound: there is no such thing in the project.
    """
    there = wanted == project_id
    if scope != "project":
        query = select(tables.campaigns.c.project_id).select_from(
            tables.campaigns.join(tables.accounts, tables.campaigns.c.account_id == tables.accounts.c.id)
            .outerjoin(tables.adsets, tables.adsets.c.campaign_id == tables.campaigns.c.id)
            .outerjoin(tables.ads, tables.ads.c.adset_id == tables.adsets.c.id)
        )
        if scope == "ad_account":
            query = select(tables.accounts.c.project_id)
        column = _COLUMNS[scope][0]
        if scope == "ad":
            query = query.where(tables.accounts.c.platform != NO_ADS)
        there = visit.connection.execute(query.where(column == wanted).limit(1)).scalar() == project_id
    if not there:
        raise errors.NotFound(f"there is no {scope} {wanted} in project {project_id}")


def get(visit: Visit, request: ads_metrics.GetAdsMetrics) -> AdsMetrics:
    """What ads cost and brought.

    Raises:
        errors.Invalid: neither form was asked for, or both.
    """
    project = projects.own(visit, request.project_id)
    if request.group_by is not None and (request.scope is not None or request.id is not None):
        raise invalid("groupBy", "goes without scope and id")
    if request.group_by is not None:
        if request.granularity is not None:
            raise invalid("granularity", "goes with scope and id; groupBy gives one row a thing")
        return _grouped(visit, request, project.id)
    if request.scope is None:
        raise invalid("scope", "is required, with id; or give groupBy")
    if request.id is None:
        raise invalid("id", "is required with scope")
    return _scoped(visit, request, project)
