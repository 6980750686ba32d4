"""Creatives: their scores for ads, and a person's word over a score."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from layers_mcp.contract import audit, creatives
from layers_mcp.contract.audit import AuditEvent, ListAudit
from layers_mcp.contract.creatives import Creative, ListCreatives
from layers_mcp.contract.errors import NotFound
from layers_mcp.contract.scalars import Id
from layers_mcp.loops.judgement import OVERRIDE_WINDOW_DAYS, OVERRIDES_ARE_A_HABIT
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Arguments, Control, Effect, tool
from layers_mcp.tool.outcome import Next, Outcome, Shown, ShownItem, View
from layers_mcp.tool.paging import Cursor, Page, every, leaf

__all__ = ["list_ads_content", "override_creative"]

_SLOTS = 3
"""Creatives that the selection takes from each pool (layers-api: ad-eligibility; the project's configuration may differ)."""
_ELIGIBLE_FROM = 4.0
"""layers-api: organic-scoring, `ELIGIBILITY_THRESHOLD`."""
_PAGE = 200
_PAGES = 25
"""At most five thousand creatives, and as many log entries, are looked through; ours."""
_TUNING = (
    "Overriding has become a habit here: the project's configuration (CPA targets, fatigue thresholds) wants tuning rather than single "
    "creatives; talk to Layers support."
)
"""Seed 000, "When to keep the agent out of optimization"."""
Word = Literal["include", "exclude", "score"]


class ListAdsContentArguments(Arguments):
    """Arguments of list_ads_content."""

    project_id: Id = Field(description="The project.")
    override: Literal["include", "exclude", "none"] | None = Field(default=None, description="Only creatives with this override.")
    eligible: bool | None = Field(default=None, description="Only creatives that ads may, or may not, use.")
    cursor: Cursor | None = Field(default=None, description="nextCursor of the page before.")
    limit: int = Field(default=20, ge=1, le=50, description="Rows of a page.")


class CreativesView(View):
    """A page of creatives, best score first."""

    items: tuple[Creative, ...] = ()
    returned: int = 0
    has_more: bool = False
    next_cursor: str | None = None


@tool(calls=(creatives.LIST,), effect=Effect.READS)
async def list_ads_content(request: ListAdsContentArguments, call: Call) -> Outcome[CreativesView]:
    """Creatives with their organic score for ads, pool, eligibility and override, best score first."""
    page = await call.layers.send(creatives.LIST, ListCreatives.model_validate(request.model_dump(exclude_none=True)))
    shown = leaf("list_ads_content", request, page.items, page.next_cursor, what="creatives")
    view = CreativesView(items=shown.items, returned=len(shown.items), has_more=shown.has_more, next_cursor=shown.next_cursor)
    return Outcome(say=shown.say, result=view, next=shown.next)


class OverrideCreativeArguments(Control):
    """Arguments of override_creative."""

    project_id: Id = Field(description="The project.")
    creative_id: Id = Field(description="adsContentId, or its container.")
    override: Word = Field(description="score lifts an override.")
    note: Annotated[str, StringConstraints(max_length=280)] | None = Field(default=None, description="Why, for the audit log.")


class Overridden(View):
    """A creative after its override, and how often that is done here."""

    creative: Creative
    overridden: int = Field(description="Creatives overridden in the last 28 days.")
    decided: int = Field(description="Creatives that the selection decides on.")


async def _all(call: Call, project_id: str) -> list[Creative]:
    def ask(cursor: str | None) -> Awaitable[Page[Creative]]:
        wanted = {"project_id": project_id, "limit": _PAGE} | ({"cursor": cursor} if cursor else {})
        return call.layers.send(creatives.LIST, ListCreatives.model_validate(wanted))

    return await every(ask, pages=_PAGES)


def _known(found: list[Creative], given: str) -> Creative:
    """The creative that an id, of its own or of its container, names; bare UUIDs too."""
    for one in found:
        names = (one.ads_content_id, one.source_id or "")
        if given in names or given in [name.partition("_")[2] for name in names]:
            return one
    raise NotFound(f"there is no creative {given} in this project", details={"creativeId": given})


async def _overridden(call: Call, project_id: str) -> int:
    """How many creatives were overridden in the last weeks."""
    since = call.now() - timedelta(days=OVERRIDE_WINDOW_DAYS)

    def ask(cursor: str | None) -> Awaitable[Page[AuditEvent]]:
        wanted = {"event_type": "creative_override", "project_id": project_id, "since": since, "limit": _PAGE}
        return call.layers.send(audit.LIST, ListAudit.model_validate(wanted | ({"cursor": cursor} if cursor else {})))

    events = await every(ask, pages=_PAGES)
    return len({str(event.data.get("adsContentId")) for event in events if event.data.get("override") is not None})


def _habit(overridden: int, decided: int) -> str:
    """What is to be said when overriding is a habit, else nothing."""
    return _TUNING if decided and overridden / decided > OVERRIDES_ARE_A_HABIT else ""


def _selected(one: Creative, found: list[Creative], override: str | None) -> str:
    """What the selection does with it under this override: three pools, the best scores of each."""
    if override == "exclude":
        return "ads never take it"
    if override is None and one.organic_score < _ELIGIBLE_FROM:
        return f"ads do not take it: its score {one.organic_score} is below {_ELIGIBLE_FROM}"
    ahead = sum(
        other.eligible and other.scoring_pool == one.scoring_pool and other.organic_score > one.organic_score
        for other in found
        if other.ads_content_id != one.ads_content_id
    )
    place = f"place {ahead + 1} of the pool {one.scoring_pool}, of which the best {_SLOTS} are taken"
    return place if ahead < _SLOTS else f"{place}: ads may take it when others fall"


async def show_creative(request: OverrideCreativeArguments, call: Call) -> Shown:
    """The creative with its score, what the selection makes of it now, and what it would."""
    found = await _all(call, request.project_id)
    one = _known(found, request.creative_id)
    wanted = None if request.override == "score" else request.override
    overridden, decided = await _overridden(call, request.project_id), len(found)
    facts: dict[str, JsonValue] = {
        "organicScore": one.organic_score,
        "scoringPool": one.scoring_pool,
        "override": one.override or "none",
        "containerId": one.source_id,
        "overriddenIn28Days": f"{overridden} of {decided} creatives",
    }
    facts |= {"note": request.note} if request.note else {}
    facts |= {"warning": warning} if (warning := _habit(overridden, decided)) else {}
    before, after = _selected(one, found, one.override), _selected(one, found, wanted)
    item = ShownItem(id=one.ads_content_id, before=before, after=after, facts=facts)
    said = {"include": "Let ads use it whatever its score", "exclude": "Never let ads use it", "score": "Give it back to its score"}
    return Shown(question=f"{said[request.override]}: creative {one.ads_content_id}? Now {before}.", items=(item,))


@tool(calls=(creatives.LIST, creatives.OVERRIDE, audit.LIST), effect=Effect.SPEAKS, ask=show_creative)
async def override_creative(request: OverrideCreativeArguments, call: Call) -> Outcome[Overridden]:
    """Put a person's word over a creative's score for ads.

    Only when the customer asks. A pause of a running ad can't be overridden.
    """
    # The gate has just looked, but to hold the yes against what shows now: all that it hands on is the request.
    found = await _all(call, request.project_id)
    known = _known(found, request.creative_id)
    wanted: dict[str, JsonValue] = {"projectId": request.project_id, "id": known.ads_content_id}
    wanted["override"] = None if request.override == "score" else request.override
    wanted |= {"note": request.note} if request.note else {}
    made = await call.layers.send(creatives.OVERRIDE, creatives.OverrideCreative.model_validate(wanted), key=call.key)
    overridden = await _overridden(call, request.project_id)
    step = Next(tool="top_performers", arguments={"projectId": request.project_id}, why="See what does well by itself.")
    word = {"include": "may be used by ads", "exclude": "is kept out of ads"}.get(made.override or "", "is back under its score")
    return Outcome(
        say=f"Creative {made.ads_content_id} {word}. {_habit(overridden, len(found))}".strip(),
        result=Overridden(creative=made, overridden=overridden, decided=len(found)),
        next=(step,),
    )
