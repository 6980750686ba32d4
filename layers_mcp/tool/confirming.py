"""Control calls: a preview, a handle, a yes, one act; without all of them nothing is changed."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Literal, cast

from pydantic import JsonValue

from layers_mcp.contract.errors import LayersError, PolicyForbids
from layers_mcp.contract.secret import SHOWN_ONCE
from layers_mcp.gate.gate import Display
from layers_mcp.gate.handle import LIFE, digest
from layers_mcp.gate.person import name_of
from layers_mcp.gate.verdict import Go, Refused, Replay
from layers_mcp.store.rows import Confirmation as Row
from layers_mcp.store.rows import ConfirmedBy
from layers_mcp.tool.asking import question_words
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Control
from layers_mcp.tool.outcome import Confirmation, Envelope, Outcome, Shown, ShownItem
from layers_mcp.tool.visit import Visit

__all__ = ["control"]

_BECAUSE: dict[str, str] = {
    "unknown": "confirm was not a handle given out here; nothing was changed",
    "expired": "the handle's ten minutes were over; nothing was changed",
    "used": "the handle was used before; nothing was done again",
    "acting": "the handle was used before, and how that ended is not known yet; a yes to this preview continues it and does nothing twice",
    "other_arguments": "the handle was given for other arguments; nothing was changed",
    "changed": "what would be done has changed since the handle was given; nothing was changed",
    "unanswered": "the person's yes was not recorded in time; nothing was changed",
}
_DECLINED = "The person said no, and that is final for this handle. Nothing was changed; do not ask again unless they bring it up."
_DISMISSED = (
    "The person gave no answer. Nothing was changed; the same call with the same confirm asks them once more while the handle is good."
)
_WAITS_FOR_PERSON = (
    "Nothing was changed: this waits for a person's yes outside this conversation ({where}). "
    "Call again with the same confirm after they have answered."
)
OUTSIDE_LIFE = timedelta(hours=24)
"""How long a handle is good that a person answers outside the conversation, where they may come by later; ours."""
_RELAYED = "the yes came by way of the client, and this needs one from outside this conversation; nothing was changed"
_ACTED = "this handle was used before; this is what it did, and nothing was done again"


def _where(visit: Visit, name: str) -> str:
    """Where a person answers `name` outside the conversation; the page is only named where one is served."""
    return "layers-mcp confirm" if visit.house.page is None else f"layers-mcp confirm, or the page {visit.house.page}/{name}"


def _without_secrets(record: JsonValue) -> JsonValue:
    if isinstance(record, dict):
        return {name: _without_secrets(value) for name, value in record.items() if value != SHOWN_ONCE}
    return [_without_secrets(value) for value in record] if isinstance(record, list) else record


def _kept(envelope: Envelope, outcome: Outcome[Any]) -> JsonValue:
    """What the store keeps of an answer: all but the secrets in it."""
    record = None if outcome.result is None else outcome.result.model_dump(mode="json", by_alias=True, exclude_none=True)
    changes = {"result": _without_secrets(record), "summary": outcome.say_again or outcome.say}
    return cast("JsonValue", envelope.model_copy(update=changes).model_dump(mode="json", by_alias=True))


def _bound(item: ShownItem, unbound: frozenset[str]) -> dict[str, JsonValue]:
    return {name: fact for name, fact in item.facts.items() if name not in unbound}


def _shown_digest(shown: Shown) -> str:
    items = [item.model_dump(mode="json") | {"facts": _bound(item, shown.unbound)} for item in shown.items]
    return digest(cast("JsonValue", {"items": items, "over": dict(shown.digest_over)}))


def _shown_items(shown: Shown) -> JsonValue:
    return [item.model_dump(mode="json", by_alias=True) for item in shown.items]


async def _ask_again(visit: Visit, shown: Shown, because: str | None) -> Envelope:
    """The preview with a new handle, and what is to be done with it."""
    outside, house = visit.tier == "outside" or (visit.tier == "human" and visit.asker is None), visit.house
    minted = house.gate.preview(
        visit.tool.name,
        arguments=visit.arguments,
        shown=_shown_digest(shown),
        display=Display(
            project_id=visit.project_id or next(iter(shown.projects), None),
            question=shown.lasting or shown.question,
            items=_shown_items(shown),
            media=shown.media,
            due_at=shown.due_at,
            zone=shown.zone,
        ),
        life=OUTSIDE_LIFE if outside else LIFE,
    )
    then = f"Ask the person: {shown.question}"
    if outside:
        where = _where(visit, minted.name)
        then = f"A person answers outside this conversation ({where}); then call again with confirm. They are asked: {shown.question}"
    elif visit.asker is not None:
        then = (
            f"Call again with confirm: the person is then asked by their own client, so don't ask in chat. They are asked: {shown.question}"
        )
    outcome = Outcome[Any](say=f"Nothing was changed. {then}", status="confirmation_required")
    good_s = int((minted.expires_at - house.clock.now()).total_seconds())
    confirmation = Confirmation(handle=minted.handle, question=shown.question, items=shown.items, valid_for_seconds=good_s, because=because)
    return visit.envelope(outcome, confirmation=confirmation).with_pictures(await shown.pictures())


async def _answer(visit: Visit, row: Row, shown: Shown) -> Literal["yes", "no", "dismissed"]:
    """What the person says to their client; an answer that came along counts only if it answers the question asked last."""
    gate, asker = visit.house.gate, visit.asker
    assert asker is not None
    said = asker.said
    if said is None or said.answer == "dismissed" or not gate.hear(row, said.token, yes=said.answer == "yes"):
        if said is not None and said.answer == "dismissed":
            return "dismissed"
        left_s = (row.expires_at - visit.house.clock.now()).total_seconds()
        said = await asker.ask(question_words(shown), gate.ask(row), within_s=left_s)
        if said.answer == "dismissed" or not gate.hear(row, said.token, yes=said.answer == "yes"):
            return "dismissed"
    return said.answer


async def _whose_yes(visit: Visit, row: Row, shown: Shown) -> ConfirmedBy | Envelope:
    """Whose yes this call may act on, the person being asked if their client can; or what is said when there is none."""
    if row.state == "yes":
        return "person" if visit.tier != "outside" or row.how != "client" else await _ask_again(visit, shown, _RELAYED)
    if visit.tier != "outside" and visit.asker is not None:
        answer = await _answer(visit, row, shown)
        if answer == "yes":
            return "person"
        return visit.envelope(Outcome[Any](say=_DECLINED if answer == "no" else _DISMISSED, status="canceled"))
    if visit.tier == "ask":
        return "agent"
    return visit.envelope(Outcome[Any](say=_WAITS_FOR_PERSON.format(where=_where(visit, name_of(row))), status="needs_action"))


def _settled(visit: Visit, known: Refused | Replay) -> Envelope | None:
    """What is said of a handle that acted, or that a person turned down; None where the preview is shown again."""
    if isinstance(known, Replay):
        return Envelope.model_validate(known.outcome).model_copy(update={"replayed": _ACTED})
    return visit.envelope(Outcome[Any](say=_DECLINED, status="canceled")) if known.reason == "declined" else None


async def control(visit: Visit, ask: Callable[[Any, Call], Awaitable[Shown | None]]) -> Envelope:
    """Preview, handle, a yes, act once: without all of them nothing is changed; what needs no yes just runs."""
    gate, name = visit.house.gate, visit.tool.name
    handle = cast("Control", visit.request).confirm
    if (done := gate.recall(handle, name, arguments=visit.arguments)) is not None:
        return Envelope.model_validate(done.outcome).model_copy(update={"replayed": _ACTED})

    async def look() -> Shown | None:
        return await ask(visit.request, visit.call(str(uuid.uuid4())))

    shown = await look()
    if shown is None:
        return visit.envelope(await visit.tool.run(visit.request, visit.call(str(uuid.uuid4()))))
    if visit.tier == "deny":
        raise PolicyForbids(f"the operator's policy forbids {name}")
    visit.notes.shown = _shown_digest(shown)
    visit.pass_halt(shown.projects)
    if not handle:
        return await _ask_again(visit, shown, None)
    known = gate.check(handle, name, arguments=visit.arguments, shown=_shown_digest(shown))
    by: ConfirmedBy = "agent"
    if isinstance(known, Row):
        whose = await _whose_yes(visit, known, shown)
        if isinstance(whose, Envelope):
            return whose
        by = whose
        if visit.asker is not None:  # the person took their time
            shown = await look() or shown
            visit.pass_halt(shown.projects)
        known = gate.judge(handle, name, arguments=visit.arguments, shown=_shown_digest(shown), by=by)
    if isinstance(known, Go):
        visit.notes.shown, visit.notes.how = known.row.shown, known.row.how
        return await _act(visit, known)
    return _settled(visit, known) or await _ask_again(visit, shown, _BECAUSE[cast("Refused", known).reason])


async def _act(visit: Visit, go: Go) -> Envelope:
    """Act to the end, also when the client goes away meanwhile: what was begun is finished and recorded."""
    acting = asyncio.ensure_future(_acted(visit, go))
    return await asyncio.shield(acting)


async def _acted(visit: Visit, go: Go) -> Envelope:
    gate, by = visit.house.gate, go.row.confirmed_by
    try:
        outcome = await visit.tool.run(visit.request, visit.call(go.row.key))
    except LayersError as problem:
        say = f"{problem.wire_code}: {problem.message}. {problem.advice}"
        failed = visit.envelope(Outcome[Any](say=say, status="failed"), confirmed_by=by)
        gate.fail(go, problem, cast("JsonValue", failed.model_dump(mode="json", by_alias=True)))
        raise
    envelope = visit.envelope(outcome, confirmed_by=by)
    gate.finish(go, _kept(envelope, outcome), failed=outcome.status == "failed")
    return envelope
