"""Paid media: what ads cost and brought."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from layers_mcp.contract import projects
from layers_mcp.contract.ads_metrics import Group
from layers_mcp.contract.scalars import Id
from layers_mcp.loops.period import Period
from layers_mcp.tool import chart, spending
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Arguments, Effect, tool
from layers_mcp.tool.outcome import Next, Outcome, Pictures, ShownPicture, View
from layers_mcp.tool.period import Moment, period_of
from layers_mcp.tool.size import fitting
from layers_mcp.tool.spending import FORMULAS, Row, read_row

__all__ = ["read_ads_metrics"]

_DAYS = 7
_MOST_ROWS, _MOST_DAYS, _MOST_WORRIES = 15, 31, 8
"""As many as fit 8,000 tokens as record and as text."""
_GROUPS: dict[str, Group] = {"ad": "ad", "adset": "adset", "campaign": "campaign", "account": "ad_account", "project": "project"}
_MONEY = ("spend_cents", "cpa_cents", "cpm_cents")
_METRICS = ("spend", "impressions", "clicks", "conversions", "cpa", "ctr", "cpm", "roas", "frequency")


def _known_metric(given: str) -> str:
    if given not in _METRICS:
        message = f"is none of {', '.join(_METRICS)}"
        raise ValueError(message)
    return given


Metric = Annotated[str, AfterValidator(_known_metric)]


class ReadAdsMetricsArguments(Arguments):
    """Arguments of read_ads_metrics."""

    project_id: Id = Field(description="The project.")
    group_by: Literal["ad", "adset", "campaign", "account", "project"] = Field(default="ad", description="project: day by day.")
    since: Moment | None = Field(default=None, description="Day in the project's zone, or instant; else 7 days before until.")
    until: Moment | None = Field(default=None, description="Not included; else now.")
    metrics: tuple[Metric, ...] | None = Field(default=None, max_length=9, description="Only these, e.g. spend, cpa.")
    chart: bool = Field(default=False, description="Also a picture.")


class AdsMetricsView(View):
    """Rows most expensive first (days in order), sums by currency, and ads that spend and bring nothing."""

    period: str
    rows: tuple[Row, ...]
    returned: int
    left_out: int = 0
    totals: tuple[Row, ...]
    spent_over_50_without_conversion: tuple[Row, ...] = ()
    spent_over_50_without_conversion_count: int = 0
    wire_form: str
    formulas: dict[str, str]


async def _daily(request: ReadAdsMetricsArguments, call: Call, period: Period) -> spending.Table:
    """The project day by day; by account, where amounts can't be added."""
    known = await spending.currencies(call, request.project_id)
    alone = spending.only(known)
    whole: list[tuple[Group, str, str | None]] = [("project", request.project_id, alone)]
    if known and alone is None:
        whole = [("ad_account", one, currency) for one, currency in known.items()]
    days: dict[tuple[str, str | None], list[Row]] = {}
    for scope, thing, currency in whole:
        reply = await spending.scoped(call, request.project_id, (scope, thing), period)
        for bucket in reply.series:
            day = period.day(bucket.start) if bucket.start else ""
            days.setdefault((day, currency), []).append(read_row(bucket, "scope", currency, day=day))
    rows = [
        spending.totals(rows)[0].model_copy(update={"day": day, "partial": (period.cuts(day) or None) if day else None})
        for (day, _), rows in sorted(days.items(), key=lambda one: one[0][0])
    ]
    return spending.Table(tuple(rows), "scope")


def _chosen(rows: tuple[Row, ...], metrics: tuple[Metric, ...] | None) -> tuple[Row, ...]:
    """The rows with only the metrics that were asked for."""
    if not metrics:
        return rows
    fields = {f"{name}_cents" if f"{name}_cents" in _MONEY else name for name in metrics}
    named = {"id", "day", "partial", "name", "campaign_id", "ads_content_id", "platform", "status", "currency"}
    return tuple(Row.model_validate(row.model_dump(include=named | fields)) for row in rows)


def _cut(request: ReadAdsMetricsArguments, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """As many of the table's rows as are shown: the most expensive, or the newest days."""
    if request.group_by != "project":
        return rows[: len(fitting(_chosen(rows[:_MOST_ROWS], request.metrics)))]
    newest = rows[: -_MOST_DAYS - 1 : -1]
    return rows[-len(fitting(_chosen(newest, request.metrics))) :] if rows else ()


def _picture(request: ReadAdsMetricsArguments, rows: tuple[Row, ...], period: Period, left_out: int) -> tuple[Pictures, str]:
    """The chart of the rows that are shown, or why there is none; amounts of two currencies never stand on one axis."""
    if not request.chart or not rows:
        return Pictures(), ""
    if len({row.currency for row in rows}) > 1:
        return Pictures(), " No chart: there is more than one currency."
    if not chart.HAS_CHARTS:
        return Pictures(), " No chart: the extra charts is not installed."
    by_day = request.group_by == "project"
    title = f"spend and conversions by {'day' if by_day else request.group_by}, {period.words()}"
    if left_out:
        title += f"; the {'newest' if by_day else 'most expensive'} {len(rows)} of {len(rows) + left_out}"
    return Pictures(shown=(ShownPicture(title=title, content=chart.draw(rows, rows[0].currency), mime="image/png"),)), ""


def _then(request: ReadAdsMetricsArguments, worries: tuple[Row, ...]) -> tuple[Next, ...]:
    if not worries or worries[0].id is None:
        return ()
    arguments = {"projectId": request.project_id, "adId": worries[0].id}
    return (Next(tool="explain_decision", arguments=dict(arguments), why="See what the optimizer makes of the first of these ads."),)


def _counted(request: ReadAdsMetricsArguments, rows: tuple[Row, ...]) -> str:
    """How many things, or days, the rows are about; a day has a row for each currency."""
    if request.group_by != "project":
        return f"{len(rows)} {request.group_by}s"
    days, paid_in = {row.day: row.partial for row in rows}, len({row.currency for row in rows})
    cut = sum(1 for partial in days.values() if partial)
    said = f"{len(days) - cut} whole days and a part of {cut}" if cut else f"{len(days)} days"
    return said + (f" in {paid_in} currencies" if paid_in > 1 else "")


def _unasked(request: ReadAdsMetricsArguments, table: spending.Table) -> str:
    """What is said where only some things were measured."""
    if not table.left_out:
        return ""
    things = f"{request.group_by}s"
    return f" Only the newest {things} were measured, one by one; {table.left_out} older {things} were not. The sums are of all."


@tool(calls=(projects.GET, *spending.CALLS), effect=Effect.READS)
async def read_ads_metrics(request: ReadAdsMetricsArguments, call: Call) -> Outcome[AdsMetricsView]:
    """What ads cost and brought, with CPA, CTR, CPM and ROAS, and the ads that spent over 50.00 without a conversion. Money: cents."""
    period = await period_of(call, request.project_id, request.since, request.until, days=_DAYS)
    group = _GROUPS[request.group_by]
    if group == "project":
        period = period if request.since else period.whole_days(_DAYS)
        table = await _daily(request, call, period)
    else:
        table = await spending.measure(call, request.project_id, group, period)
    worries = spending.worrying(table.rows) if group == "ad" else ()
    rows, sums = _cut(request, table.rows), table.totals
    left_out = len(table.rows) - len(rows) + table.left_out
    view = AdsMetricsView(
        period=period.words(),
        rows=_chosen(rows, request.metrics),
        returned=len(rows),
        left_out=left_out,
        totals=_chosen(sums, request.metrics),
        spent_over_50_without_conversion=tuple(
            Row(id=row.id, spend_cents=row.spend_cents, currency=row.currency) for row in worries[:_MOST_WORRIES]
        ),
        spent_over_50_without_conversion_count=len(worries),
        wire_form=table.form,
        formulas=FORMULAS,
    )
    if not any(row.spend_cents or row.impressions for row in (*sums, *table.rows)):
        step = Next(tool="top_performers", arguments={"projectId": request.project_id}, why="See how its posts do.")
        return Outcome(say="Nothing ran in this period.", result=view, next=(step,))
    pictures, unseen = _picture(request, rows, period, left_out)
    flagged = f" {len(worries)} spent over 50.00 and converted nothing." if worries else ""
    say = f"{_counted(request, table.rows)} in the period.{_unasked(request, table)}{flagged}{unseen}"
    return Outcome(say=say, result=view, next=_then(request, worries), pictures=pictures)
