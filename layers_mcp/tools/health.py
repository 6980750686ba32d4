"""Health: what is wrong with customers' growth, or with the loops that work for them."""

from __future__ import annotations

from pydantic import Field, JsonValue

from layers_mcp.contract.errors import OutsideProjects
from layers_mcp.contract.scalars import Id, Utc
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Arguments, Effect, tool
from layers_mcp.tool.outcome import Outcome, View
from layers_mcp.tool.runs import office_of, within
from layers_mcp.tool.size import fitting

__all__ = ["get_health"]


class GetHealthArguments(Arguments):
    """Arguments of get_health."""

    project_id: Id | None = Field(default=None, description="One project; else all customers.")


class AlertView(View):
    """One thing that is wrong."""

    code: str
    words: str
    project_id: str | None = None
    customer_external_id: str | None = None
    facts: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])


class HealthView(View):
    """What is wrong; nothing listed is nothing found."""

    alerts: tuple[AlertView, ...] = ()
    returned: int = 0
    has_more: bool = False
    checked_at: Utc | None = Field(default=None, description="When the project's daily review looked last; missing: not yet.")


@tool(calls=(), effect=Effect.READS)
async def get_health(request: GetHealthArguments, call: Call) -> Outcome[HealthView]:
    """See what is wrong, as the daily reviews found it.

    Failure spikes, no posts in 14 days and why, falling scores, frequent overrides, expiring tokens; late or failed runs, silent webhooks.
    """
    if request.project_id is not None and not within(call, request.project_id):
        raise OutsideProjects("get_health names a project that this server may not touch")
    found = office_of(call).health(request.project_id)
    mine = [one for one in found.alerts if one.project_id is None or within(call, one.project_id)]
    views = [
        AlertView(code=one.code, words=one.words, project_id=one.project_id, customer_external_id=one.customer, facts=one.facts)
        for one in mine
    ]
    shown = fitting(views)
    view = HealthView(alerts=shown, returned=len(shown), has_more=len(shown) < len(views), checked_at=found.checked_at)
    if not mine:
        unknown = request.project_id is not None and found.checked_at is None
        return Outcome(say="No daily review has looked at it yet." if unknown else "Nothing is wrong that is known.", result=view)
    return Outcome(say=f"Alerts: {len(mine)}: {', '.join(sorted({one.code for one in mine}))}.", result=view)
