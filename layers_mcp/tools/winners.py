"""Winners: what did best, and whether to clone it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from layers_mcp.contract import ad_accounts, measurement
from layers_mcp.contract.ad_accounts import ListAdAccounts
from layers_mcp.contract.measurement import Axis, GetTopPerformers, TopPerformer, Window
from layers_mcp.contract.scalars import Id, Utc
from layers_mcp.loops.judgement import CLONES_PER_SOURCE, FLOOR, VARIATIONS, axis_of, next_source
from layers_mcp.loops.worth import WEIGHS, Weighed, weigh
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Arguments, Effect, tool
from layers_mcp.tool.outcome import Next, Outcome, View
from layers_mcp.tool.size import fitting

__all__ = ["top_performers"]

_ROWS = 10
"""As many as a person looks through; the verdict weighs all that there are."""
_ONLY_BELOW = f"Above {FLOOR:g} nothing is worth cloning now: make a fresh post. Below it a person decides, with clone_regardless."
_NOTHING_YET = "No data yet: nothing of this project is published and measured. A new project's posts take two to six weeks to tell."
_ONLY_PAID = "Its ads are measured by themselves: read_ads_metrics."


class TopPerformersArguments(Arguments):
    """Arguments of top_performers."""

    project_id: Id = Field(description="The project.")
    metric: Axis | None = Field(default=None, description="Else by the project's stage.")
    window: Window = Field(default="30d", description="How far back.")
    floor: float = Field(default=FLOOR, ge=0, le=1, description="Least engagement rate to clone.")


class Performer(View):
    """One creative with what its posts earned, and the verdict on cloning it."""

    rank: int
    metric_value: float
    container_id: str
    post_id: str | None = None
    platform: str | None = None
    published_at: Utc | None = None
    views: int | None = None
    engagement_rate: float | None = None
    conversions: int | None = None
    roas: float | None = None
    organic_score: float | None = None
    clones: int | None = None
    verdict: Literal["clone", "wait", "stop"] | None = None
    reason: str | None = None


class Performers(View):
    """Best first by `metric`, and why that was chosen."""

    metric: Axis
    why: str
    window: Window
    floor: float
    items: tuple[Performer, ...] = ()
    returned: int = 0


def _shown(row: TopPerformer, weighed: Weighed) -> Performer:
    verdict = weighed.verdicts.get(row.source_id)
    known = row.model_dump(include=set(Performer.model_fields) & set(TopPerformer.model_fields))
    said = {} if verdict is None else {"clones": verdict.clones, "verdict": verdict.word, "reason": verdict.reason}
    return Performer.model_validate({**known, "container_id": row.source_id, "post_id": row.platform_post_id, **said})


def _then(project_id: str, rows: tuple[TopPerformer, ...], weighed: Weighed, floor: float) -> tuple[Next, ...]:
    """Clone the best that is worth it, or make something new."""
    listed = [weighed.standing[row.source_id] for row in rows if row.source_id in weighed.standing]
    above = [one for one in listed if one.engagement_rate > FLOOR]  # what generate_content would clone
    best = next_source(above, weighed.verdicts, by={row.source_id: row.metric_value for row in rows})
    post = next((row.platform_post_id for row in rows if best is not None and row.source_id == best.id), None)
    if best is None or post is None:
        lowered = floor < FLOOR and any(weighed.verdicts[one.id].word == "clone" for one in listed)
        why = _ONLY_BELOW if lowered else "Nothing is worth cloning now: make a fresh post."
        return (Next(tool="generate_content", arguments={"projectId": project_id}, why=why),)
    variations = min(VARIATIONS, CLONES_PER_SOURCE - weighed.verdicts[best.id].clones)
    arguments: dict[str, JsonValue] = {"projectId": project_id, "sourcePostId": post, "variations": variations}
    return (Next(tool="generate_content", arguments=arguments, why="Clone the best post that is worth it."),)


async def _nothing(project_id: str, call: Call, view: Performers) -> Outcome[Performers]:
    """The answer of a project whose posts have nothing to show; one that pays for ads is shown where those are."""
    step = Next(tool="list_content", arguments={"projectId": project_id}, why="See what waits to be approved and published.")
    if not (await call.layers.send(ad_accounts.ACCOUNTS, ListAdAccounts(project_id=project_id))).items:
        return Outcome(say=_NOTHING_YET, result=view, next=(step,))
    paid = Next(tool="read_ads_metrics", arguments={"projectId": project_id}, why="See what its ads cost and brought.")
    return Outcome(say=f"{_NOTHING_YET} {_ONLY_PAID}", result=view, next=(paid, step))


@tool(calls=(*WEIGHS, ad_accounts.ACCOUNTS), effect=Effect.READS)
async def top_performers(request: TopPerformersArguments, call: Call) -> Outcome[Performers]:
    """Published creatives, best first, each with a verdict (clone, wait or stop) and why.

    To clone one: generate_content with sourcePostId.
    """
    weighed = await weigh(call.layers, request.project_id, floor=request.floor)
    ranking = axis_of(weighed.stage)
    metric, why = (request.metric, "it was asked for") if request.metric else ranking
    view = Performers(metric=metric, why=why, window=request.window, floor=request.floor)
    if not weighed.rows:
        return await _nothing(request.project_id, call, view)
    wanted = GetTopPerformers(project_id=request.project_id, metric=metric, window=request.window, limit=_ROWS, include_ineligible=True)
    rows = (await call.layers.send(measurement.TOP, wanted)).items
    items = fitting([_shown(row, weighed) for row in rows])
    worth = sum(item.verdict == "clone" for item in items)
    return Outcome(
        say=f"Ranked by {metric}: {why}. Creatives: {len(items)}, worth cloning: {worth}.",
        result=view.model_copy(update={"items": items, "returned": len(items)}),
        next=_then(request.project_id, rows, weighed, request.floor),
    )
