"""Creatives: their scores for ads, and a person's word over a score."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from layers_mcp.contract import creatives
from layers_mcp.contract.creatives import Creative, ListCreatives
from layers_mcp.contract.errors import LayersError, NotFound
from layers_mcp.contract.scalars import Id
from layers_mcp.loops import decided, pool
from layers_mcp.loops.habit import Habit, habit_of
from layers_mcp.loops.judgement import OVERRIDE_WINDOW_DAYS
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Arguments, Control, Effect, Look, tool
from layers_mcp.tool.outcome import Next, Outcome, Shown, ShownItem, View
from layers_mcp.tool.paging import Cursor, leaf

__all__ = ["list_ads_content", "override_creative"]

_TUNING = (
    "more than one in five: the project's configuration (CPA targets, fatigue thresholds) wants tuning rather than single "
    "creatives; talk to Layers support."
)
"""Seed 000, "When to keep the agent out of optimization"."""
_UNCOUNTED = "How often that is done here can't be read now."
Word = Literal["include", "exclude", "score"]


class ListAdsContentArguments(Arguments):
    """Arguments of list_ads_content."""

    project_id: Id = Field(description="The project.")
    override: Literal["include", "exclude", "none"] | None = Field(default=None, description="Only creatives with this override.")
    eligible: bool | None = Field(default=None, description="Only creatives that ads may, or may not, use.")
    cursor: Cursor | None = Field(default=None, description="nextCursor of the page before.")
    limit: int = Field(default=20, ge=1, le=50, description="Rows of a page.")


class ShownCreative(Creative):
    """A creative with how many ads show it, which may be thousands, in place of their ids."""

    running_ads: int = Field(default=0, description="Ads that show it now; read_ads_metrics lists them.")


def _shown(one: Creative) -> ShownCreative:
    counted = {"active_promotions": (), "running_ads": len(one.active_promotions)}
    return ShownCreative.model_validate(one.model_dump() | counted)


class CreativesView(View):
    """A page of creatives, best score first."""

    items: tuple[ShownCreative, ...] = ()
    returned: int = 0
    has_more: bool = False
    next_cursor: str | None = None


@tool(calls=(creatives.LIST,), effect=Effect.READS)
async def list_ads_content(request: ListAdsContentArguments, call: Call) -> Outcome[CreativesView]:
    """Creatives with their organic score for ads, pool, eligibility and override, best score first."""
    page = await call.layers.send(creatives.LIST, ListCreatives.model_validate(request.model_dump(exclude_none=True)))
    shown = leaf("list_ads_content", request, [_shown(one) for one in page.items], page.next_cursor, what="creatives")
    view = CreativesView(items=shown.items, returned=len(shown.items), has_more=shown.has_more, next_cursor=shown.next_cursor)
    if not shown.items and request.model_fields_set == {"project_id"}:
        step = Next(tool="generate_content", arguments={"projectId": request.project_id}, why="What is generated becomes a creative.")
        return Outcome(say="There are no creatives yet.", result=view, next=(step,))
    return Outcome(say=shown.say, result=view, next=shown.next)


class OverrideCreativeArguments(Control):
    """Arguments of override_creative."""

    project_id: Id = Field(description="The project.")
    creative_id: Id = Field(description="adsContentId, or its container.")
    override: Word = Field(description="score lifts an override.")
    note: Annotated[str, StringConstraints(max_length=280)] | None = Field(default=None, description="Why, for the audit log.")


class Overridden(View):
    """A creative after its override, and how often that is done here."""

    creative: ShownCreative
    overridden: int | None = Field(default=None, description="Creatives overridden in the last 28 days; missing: it can't be read now.")
    decided: int | None = Field(
        default=None, description="What the optimizer did or asked to do in these days, as its queue and the log tell; holds aside."
    )


def _counts(habit: Habit) -> str:
    """Both numbers, and what was counted."""
    least, most = "" if habit.every else "at least ", "" if habit.all_decided else "at least "
    creatives_ = f"{least}{habit.overridden} creative{'' if habit.overridden == 1 else 's'} overridden in {OVERRIDE_WINDOW_DAYS} days"
    if not habit.decided:
        none = "no decision of the optimizer is on record in them" if habit.all_decided else "what was decided can't be told"
        return f"{creatives_}; {none}, so there is nothing to compare with"
    return f"{creatives_}, against {most}{habit.decided} decisions of the optimizer (what it did or asked to do; holds aside)"


def _warning(habit: Habit) -> str:
    """What is to be said when overriding is a habit, or may be one as far as decisions were found, else nothing."""
    if not habit.formed:
        return ""
    words, said = _counts(habit), "That is" if habit.all_decided else "If there were no others, that is"
    return f"{words[0].upper()}{words[1:]}. {said} {_TUNING}"


def _known(found: list[Creative], given: str) -> Creative:
    if (one := pool.find(found, given)) is None:
        raise NotFound(f"there is no creative {given} in this project; list_ads_content shows them", details={"creativeId": given})
    return one


async def show_creative(request: OverrideCreativeArguments, call: Call) -> Shown:
    """The creative with its score, what the selection makes of it now, and what it would."""
    found = await pool.creatives_of(call.layers, request.project_id)
    one = _known(found, request.creative_id)
    wanted = None if request.override == "score" else request.override
    habit = await habit_of(call.layers, request.project_id)
    facts: dict[str, JsonValue] = {
        "organicScore": one.organic_score,
        "scoringPool": one.scoring_pool,
        "override": one.override or "none",
        "containerId": one.source_id,
        "adsThatRunIt": len(one.active_promotions),
        "overriddenIn28Days": _counts(habit),
    }
    facts |= {"note": request.note} if request.note else {}
    facts |= {"warning": warning} if (warning := _warning(habit)) else {}
    before, after = pool.chosen(one, found, one.override), pool.chosen(one, found, wanted)
    item = ShownItem(id=one.ads_content_id, before=before, after=after, facts=facts)
    said = {"include": "Let ads use it whatever its score", "exclude": "Never let ads use it", "score": "Give it back to its score"}
    return Shown(question=f"{said[request.override]}: creative {one.ads_content_id}? Now {before}.", items=(item,))


@tool(
    calls=(creatives.LIST, creatives.OVERRIDE, *decided.ACTED_CALLS),
    effect=Effect.SPEAKS,
    ask=show_creative,
    look=lambda request: Look("override_creative", request.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"confirm"})),
    sets=lambda _: True,
)
async def override_creative(request: OverrideCreativeArguments, call: Call) -> Outcome[Overridden]:
    """Put a person's word over a creative's score for ads.

    Only when the customer asks. A pause of a running ad can't be overridden.
    """
    # The gate has just looked, but to hold the yes against what shows now: all that it hands on is the request.
    found = await pool.creatives_of(call.layers, request.project_id)
    known = _known(found, request.creative_id)
    wanted: dict[str, JsonValue] = {"projectId": request.project_id, "id": known.ads_content_id}
    wanted["override"] = None if request.override == "score" else request.override
    wanted |= {"note": request.note} if request.note else {}
    made = await call.layers.send(creatives.OVERRIDE, creatives.OverrideCreative.model_validate(wanted), key=call.key)
    try:
        habit = await habit_of(call.layers, request.project_id)
    except LayersError:  # what was done is told, whatever can't be read after it
        habit = None
    step = Next(tool="top_performers", arguments={"projectId": request.project_id}, why="See what does well by itself.")
    word = {"include": "may be used by ads", "exclude": "is kept out of ads"}.get(made.override or "", "is back under its score")
    return Outcome(
        say=f"Creative {made.ads_content_id} {word}. {_warning(habit) if habit else _UNCOUNTED}".strip(),
        result=Overridden(creative=_shown(made), **({"overridden": habit.overridden, "decided": habit.decided} if habit else {})),
        next=(step,),
    )
