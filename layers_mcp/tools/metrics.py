"""Metrics of what was posted."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from layers_mcp.contract import measurement
from layers_mcp.contract.errors import Invalid
from layers_mcp.contract.measurement import GetMetrics, Granularity, Measured, Metric, MetricsPoint, Scope
from layers_mcp.contract.scalars import Id, Utc
from layers_mcp.tool import chart
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Arguments, Effect, tool
from layers_mcp.tool.outcome import Next, Outcome, Pictures, ShownPicture, View
from layers_mcp.tool.size import fitting

__all__ = ["read_metrics"]

_NOTHING = "Nothing that is published is measured in this window. What ads bring: read_ads_metrics."


class ReadMetricsArguments(Arguments):
    """Arguments of read_metrics."""

    project_id: Id = Field(description="The project.")
    scope: Scope = Field(default="project", description="What is measured.")
    id: Id | None = Field(default=None, description="Which one; for the project itself leave it out.")
    metrics: tuple[Metric, ...] | None = Field(default=None, min_length=1, max_length=12, description="Else those that fit the scope.")
    since: Utc | None = Field(default=None, description="First instant; else 30 days ago.")
    until: Utc | None = Field(default=None, description="Up to here; else now.")
    granularity: Granularity = Field(default="day", description="Length of a bucket, in UTC.")
    chart: bool = Field(default=False, description="Also a picture.")


class MetricsView(View):
    """Totals of the whole window, and its buckets; rates are shares of views."""

    totals: Measured
    series: tuple[MetricsPoint, ...] = ()
    returned: int = 0
    has_more: bool = False


def _picture(request: ReadMetricsArguments, points: Sequence[MetricsPoint]) -> tuple[Pictures, str]:
    """The curves of the buckets that are shown, or why there are none."""
    if not request.chart or not chart.measured(points):
        return Pictures(), ""
    if not chart.HAS_CHARTS:
        return Pictures(), " No chart: the extra charts is not installed."
    title = f"{', '.join(chart.measured(points))} by {request.granularity}, from {points[0].bucket_start:%Y-%m-%d} (UTC)"
    return Pictures(shown=(ShownPicture(title=title, content=chart.draw_series(points), mime="image/png"),)), ""


@tool(calls=(measurement.METRICS,), effect=Effect.READS)
async def read_metrics(request: ReadMetricsArguments, call: Call) -> Outcome[MetricsView]:
    """Views, engagement and followers of a post, account, layer, project or the organization: totals and a series."""
    if request.id is None and request.scope != "project":
        issue = {"path": "id", "message": f"is required with scope {request.scope}; list_content and get_project show ids"}
        raise Invalid("read_metrics needs to know which one", details={"issues": [dict(issue)]})
    wanted = request.model_dump(exclude={"chart"}, exclude_none=True, exclude_unset=True) | {
        "scope": request.scope,
        "id": request.id or request.project_id,
    }
    made = await call.layers.send(measurement.METRICS, GetMetrics.model_validate(wanted))
    shown = fitting(made.series)
    view = MetricsView(totals=made.totals, series=shown, returned=len(shown), has_more=len(shown) < len(made.series))
    steps: tuple[Next, ...] = ()
    if view.has_more:
        rest = request.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)
        rest["since"] = made.series[len(shown)].model_dump(mode="json", by_alias=True)["bucketStart"]
        steps = (Next(tool="read_metrics", arguments=rest, why="Read the buckets that did not fit here."),)
    pictures, unseen = _picture(request, shown)
    say = f"Buckets: {len(shown)} of {len(made.series)}.{unseen}" if any(made.totals.model_dump().values()) else _NOTHING
    return Outcome(say=say, result=view, next=steps, pictures=pictures)
