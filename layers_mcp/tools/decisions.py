"""Why the optimizer did what it did, from what is on record."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from pydantic import Field

from layers_mcp.contract import ads, ads_metrics, creatives, projects
from layers_mcp.contract.scalars import Id
from layers_mcp.loops import decided, pool
from layers_mcp.loops.decided import Known, Subject, gather
from layers_mcp.loops.period import Period
from layers_mcp.tool import spending
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Arguments, Effect, tool
from layers_mcp.tool.evidence import Explanation
from layers_mcp.tool.explaining import Around, explain
from layers_mcp.tool.outcome import Next, Outcome, View
from layers_mcp.tool.period import Moment, period_of
from layers_mcp.tool.size import fitting
from layers_mcp.tool.spending import Row
from layers_mcp.tool.standing import Standing
from layers_mcp.tool.week import Week

__all__ = ["chosen", "explain_decision"]

_DAYS = 30
_WEEK = timedelta(days=7)
_MOST_LISTED = 10


class ExplainDecisionArguments(Arguments):
    """Arguments of explain_decision."""

    project_id: Id = Field(description="The project.")
    decision_id: Id | None = Field(default=None, description="A decision, or a pending action (pa_…).")
    ad_id: Id | None = Field(default=None, description="The last decision on an ad.")
    ads_content_id: Id | None = Field(default=None, description="The last on a creative.")
    since: Moment | None = Field(default=None, description="Day or instant; else 30 days before until.")
    until: Moment | None = Field(default=None, description="Else now.")


class ListedDecision(View):
    """One decision of the period."""

    at: str
    action: str | None = None
    outcome: str | None = None
    state: str | None = None
    decision_id: str | None = None
    pending_id: str | None = None
    ad_id: str | None = None
    campaign_id: str | None = None


class ExplainedView(View):
    """The words, what they rest on, and the other decisions of the period."""

    explanation: Explanation
    decisions: tuple[ListedDecision, ...]
    left_out: int = 0
    period: str


def _listed(one: Known, period: Period) -> ListedDecision:
    ids = one.ids
    return ListedDecision(
        at=one.at.astimezone(period.zone).isoformat(timespec="minutes"),
        action=one.action,
        outcome=one.outcome,
        state=one.state,
        decision_id=ids.get("decisionId"),
        pending_id=ids.get("pendingId"),
        ad_id=ids.get("adId"),
        campaign_id=ids.get("campaignId"),
    )


async def _week(request: ExplainDecisionArguments, call: Call, one: Known | None, period: Period) -> Week:
    """The 7 days before the decision (or before the end of the period) of the ad or the campaign it is about."""
    end = one.at if one is not None else period.until
    week = Period(since=end - _WEEK, until=end, zone=period.zone)
    words = f"{_WEEK.days} days until {end.astimezone(period.zone).isoformat(timespec='minutes')}"
    ad = (one.ids.get("adId") if one is not None else None) or request.ad_id
    campaign = one.ids.get("campaignId") if one is not None else None
    if ad is None and campaign is None:
        return Week(words=words)
    table = await spending.measure(call, request.project_id, "ad" if ad else "campaign", week)
    return Week(words=words, measured=next((row for row in table.rows if row.id == (ad or campaign)), None))


def _content(request: ExplainDecisionArguments, one: Known | None, measured: Row | None) -> str | None:
    """The creative it is about: asked after, named by the decision, or shown by its ad; "" for an ad whose creative is unknown."""
    named = None if one is None else one.ids.get("adsContentId")
    given = request.ads_content_id or named or (measured.ads_content_id if measured is not None else None)
    of_an_ad = request.ad_id is not None or (one is not None and "adId" in one.ids)
    return given or ("" if of_an_ad else None)


def chosen(known: Sequence[Known], *, single: bool) -> Known | None:
    """The decision to tell: the last that is not a hold; where one thing is asked after, first the last that waits for a person."""
    waiting = [one for one in known if single and one.outcome == "pending"]
    acted = [one for one in known if one.action != "hold"]
    return next(iter([*waiting, *acted, *known]), None)


def _then(request: ExplainDecisionArguments, one: Known | None) -> tuple[Next, ...]:
    if one is None or one.outcome != "pending" or "pendingId" not in one.ids:
        return ()
    arguments = {"projectId": request.project_id, "pendingId": one.ids["pendingId"]}
    return (Next(tool="review_pending_action", arguments=dict(arguments), why="Preview the approval, if the user wants it."),)


_CALLS = (projects.GET, *decided.CALLS, ads_metrics.GET, ads.ADS, ads.CAMPAIGNS, creatives.LIST, creatives.RECOMMENDATIONS)


@tool(calls=_CALLS, effect=Effect.READS)
async def explain_decision(request: ExplainDecisionArguments, call: Call) -> Outcome[ExplainedView]:
    """What the ads optimizer did and why, from what is on record: plain words for the customer, and the evidence of each sentence.

    "not recorded" is an answer; add no cause of your own.
    """
    period = await period_of(call, request.project_id, request.since, request.until, days=_DAYS)
    found, recommended = await asyncio.gather(
        pool.creatives_of(call.layers, request.project_id), pool.recommended(call.layers, request.project_id)
    )
    asked = pool.find(found, request.ads_content_id) if request.ads_content_id else None
    content = asked.ads_content_id if asked is not None else request.ads_content_id
    subject = Subject(decision_id=request.decision_id, ad_id=request.ad_id, ads_content_id=content)
    recorded = await gather(call.layers, request.project_id, subject, period)
    known, single = recorded.known, subject != Subject()
    one = chosen(known, single=single)
    week = await _week(request, call, one, period)
    about = _content(request, one, week.measured)
    stands = None if about is None else Standing(pool.find(found, about), call.now())
    around = Around(recorded=recorded, period=period, now=call.now(), week=week, standing=stands, recommended=recommended)
    told = explain(one, around, counted=not single)
    listed = fitting([_listed(each, period) for each in known[:_MOST_LISTED]])
    view = ExplainedView(explanation=told, decisions=listed, left_out=len(known) - len(listed), period=period.words())
    return Outcome(say=told.words, result=view, next=_then(request, one))
