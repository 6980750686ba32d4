"""Recommendations: what Layers suggests, and what became of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from layers_mcp.contract import creatives
from layers_mcp.contract.creatives import (
    ListRecommendations,
    MarkedRecommendation,
    MarkRecommendation,
    Recommendation,
    RecommendationStatus,
)
from layers_mcp.contract.scalars import Id
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Arguments, Effect, Look, tool
from layers_mcp.tool.outcome import Outcome, View
from layers_mcp.tool.paging import Cursor, leaf

__all__ = ["list_recommendations", "update_recommendation"]


class ListRecommendationsArguments(Arguments):
    """Arguments of list_recommendations."""

    project_id: Id = Field(description="The project.")
    status: RecommendationStatus | None = Field(default=None, description="Only those in this state.")
    min_confidence: float = Field(default=0, ge=0, le=1, description="Only those at least this sure.")
    cursor: Cursor | None = Field(default=None, description="nextCursor of the page before.")
    limit: int = Field(default=20, ge=1, le=50, description="Rows of a page.")


class RecommendationsView(View):
    """A page of recommendations, surest first."""

    items: tuple[Recommendation, ...] = ()
    returned: int = 0
    has_more: bool = False
    next_cursor: str | None = None


@tool(calls=(creatives.RECOMMENDATIONS,), effect=Effect.READS)
async def list_recommendations(request: ListRecommendationsArguments, call: Call) -> Outcome[RecommendationsView]:
    """What Layers recommends for a project, each with its reason and a suggested action; nothing is done by itself."""
    given = request.model_dump(exclude_none=True, exclude={"status"}) | ({"status": (request.status,)} if request.status else {})
    page = await call.layers.send(creatives.RECOMMENDATIONS, ListRecommendations.model_validate(given))
    shown = leaf("list_recommendations", request, page.items, page.next_cursor, what="recommendations")
    view = RecommendationsView(items=shown.items, returned=len(shown.items), has_more=shown.has_more, next_cursor=shown.next_cursor)
    say = shown.say if shown.items else "Nothing is recommended here now; recommendations follow from published posts that were measured."
    return Outcome(say=say, result=view, next=shown.next)


class UpdateRecommendationArguments(Arguments):
    """Arguments of update_recommendation."""

    project_id: Id = Field(description="The project.")
    recommendation_id: Id = Field(description="The recommendation.")
    status: RecommendationStatus = Field(description="What became of it.")
    note: Annotated[str, StringConstraints(max_length=1024)] | None = Field(default=None, description="Why; kept with it.")


class RecommendationMarked(View):
    """The recommendation after the call."""

    recommendation: MarkedRecommendation


@tool(
    calls=(creatives.MARK,),
    effect=Effect.SETS,
    look=lambda request: Look("list_recommendations", {"projectId": request.project_id}),
)
async def update_recommendation(request: UpdateRecommendationArguments, call: Call) -> Outcome[RecommendationMarked]:
    """Mark what became of a recommendation. It carries nothing out."""
    wanted = MarkRecommendation.model_validate(request.model_dump(exclude_none=True))
    made = await call.layers.send(creatives.MARK, wanted, key=call.key)
    return Outcome(say=f"Recommendation {made.recommendation_id} is {made.status}.", result=RecommendationMarked(recommendation=made))
