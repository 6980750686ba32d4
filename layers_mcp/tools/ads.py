"""Paid media: what ads cost and brought."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from layers_mcp.contract import projects
from layers_mcp.contract.ads_metrics import Group
from layers_mcp.contract.scalars import Id
from layers_mcp.tool import chart, spending
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Arguments, Effect, tool
from layers_mcp.tool.outcome import Next, Outcome, Pictures, ShownPicture, View
from layers_mcp.tool.period import Moment, Period, period_of
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
    rows = [spending.totals(rows)[0].model_copy(update={"day": day}) for (day, _), rows in sorted(days.items(), key=lambda one: one[0][0])]
    return spending.Table(tuple(rows), "scope")


def _chosen(rows: tuple[Row, ...], metrics: tuple[Metric, ...] | None) -> tuple[Row, ...]:
    """The rows with only the metrics that were asked for."""
    if metrics is None:
        return rows
    fields = {f"{name}_cents" if f"{name}_cents" in _MONEY else name for name in metrics}
    named = {"id", "day", "name", "campaign_id", "ads_content_id", "platform", "status", "currency"}
    return tuple(Row.model_validate(row.model_dump(include=named | fields)) for row in rows)


def _picture(request: ReadAdsMetricsArguments, rows: tuple[Row, ...], period: Period) -> tuple[Pictures, str]:
    """The chart, or why there is none; amounts of two currencies never stand on one axis."""
    if not request.chart:
        return Pictures(), ""
    if len({row.currency for row in rows}) > 1:
        return Pictures(), " No chart: there is more than one currency."
    if not chart.HAS_CHARTS:
        return Pictures(), " No chart: the extra charts is not installed."
    title = f"spend and conversions by {'day' if request.group_by == 'project' else request.group_by}, {period.words()}"
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
    days, paid_in = len({row.day for row in rows}), len({row.currency for row in rows})
    return f"{days} days" + (f" in {paid_in} currencies" if paid_in > 1 else "")


@tool(calls=(projects.GET, *spending.CALLS), effect=Effect.READS)
async def read_ads_metrics(request: ReadAdsMetricsArguments, call: Call) -> Outcome[AdsMetricsView]:
    """What ads cost and brought, with CPA, CTR, CPM and ROAS, and the ads that spent over 50.00 without a conversion. Money: cents."""
    period = await period_of(call, request.project_id, request.since, request.until, days=_DAYS)
    group = _GROUPS[request.group_by]
    table = await (_daily(request, call, period) if group == "project" else spending.measure(call, request.project_id, group, period))
    worries = spending.worrying(table.rows) if group == "ad" else ()
    rows = fitting(_chosen(table.rows[-_MOST_DAYS:] if group == "project" else table.rows[:_MOST_ROWS], request.metrics))
    view = AdsMetricsView(
        period=period.words(),
        rows=rows,
        returned=len(rows),
        left_out=len(table.rows) - len(rows) + table.left_out,
        totals=_chosen(spending.totals(table.rows), request.metrics),
        spent_over_50_without_conversion=tuple(Row(id=row.id, spend_cents=row.spend_cents) for row in worries[:_MOST_WORRIES]),
        wire_form=table.form,
        formulas=FORMULAS,
    )
    if not any(row.spend_cents or row.impressions for row in table.rows):
        step = Next(tool="top_performers", arguments={"projectId": request.project_id}, why="See how its posts do.")
        return Outcome(say="Nothing ran in this period.", result=view, next=(step,))
    what = _counted(request, table.rows)
    pictures, unseen = _picture(request, table.rows, period)
    flagged = f" {len(worries)} spent over 50.00 and converted nothing." if worries else ""
    return Outcome(say=f"{what} in the period.{flagged}{unseen}", result=view, next=_then(request, worries), pictures=pictures)
