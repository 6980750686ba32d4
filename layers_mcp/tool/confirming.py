"""Control calls: a preview, a handle, a yes, one act; without all of them nothing is changed."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, cast

from pydantic import JsonValue

from layers_mcp.contract.errors import LayersError, PolicyForbids
from layers_mcp.contract.secret import SHOWN_ONCE
from layers_mcp.gate.display import Display
from layers_mcp.gate.handle import LIFE, digest
from layers_mcp.gate.person import name_of
from layers_mcp.gate.verdict import Go, Refused, Replay
from layers_mcp.store.rows import Confirmation as Row
from layers_mcp.store.rows import ConfirmedBy
from layers_mcp.tool.advice import end_of, said, what_to_do
from layers_mcp.tool.asking import fits, question_words
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Control
from layers_mcp.tool.operating import operate, run, sets
from layers_mcp.tool.outcome import Confirmation, Envelope, Outcome, Shown, ShownItem
from layers_mcp.tool.paying import bill_of, with_bill
from layers_mcp.tool.visit import Visit

__all__ = ["Act", "Acted", "by_handle", "control", "forbidden"]

Ask = Callable[[Any, Call], Awaitable[Shown | None]]
"""Words the question of a control tool, from its arguments; None when these need no yes."""
_BECAUSE: dict[str, str] = {
    "unknown": "confirm was not a handle given out here; nothing was changed",
    "expired": "the handle's time was over, which is ten minutes without a person's yes; nothing was changed",
    "used": "the handle was used before; nothing was done again",
    "acting": "the handle was used before, and how that ended is not known yet; a yes to this preview does nothing twice",
    "other_arguments": "the handle was given for other arguments; nothing was changed",
    "changed": "what would be done has changed since the handle was given; nothing was changed",
    "unanswered": "the person's yes was not recorded in time; nothing was changed",
}
_DEARER = "it costs more by now than the yes was given to; nothing was changed"
_DECLINED = "The person said no, and that is final for this handle. Nothing was changed; do not ask again unless they bring it up."
_DISMISSED = (
    "The person gave no answer. Nothing was changed; the same call with the same confirm asks them once more while the handle is good."
)
_OVERTAKEN = (
    "This answer came too late or to an earlier question: another was asked or another answer was given meanwhile, and that one counts. "
    "This one changed nothing; the same call with the same confirm says how it stands."
)
_WAITS_FOR_PERSON = (
    "Nothing was changed: this waits for a person's yes outside this conversation ({where}).{long} "
    "Call again with the same confirm after they have answered."
)
OUTSIDE_LIFE = timedelta(hours=24)
"""How long a handle is good that a person answers outside the conversation, where they may come by later; ours."""
_TOO_LONG = " What would be done is too long to be shown whole by the client, so it is not asked."
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
    tier, house = visit.notes.tier, visit.house
    outside = tier == "outside" or (tier == "human" and visit.asker is None)
    minted = house.gate.preview(
        visit.tool.name,
        arguments=visit.arguments,
        shown=_shown_digest(shown),
        display=Display(
            project_id=visit.project_id or next(iter(shown.projects), None),
            projects=tuple(sorted(visit.notes.projects)),
            question=shown.lasting or shown.question,
            items=_shown_items(shown),
            media=shown.media,
            due_at=shown.due_at,
            zone=shown.zone,
            sandbox=house.sandbox,
        ),
        life=OUTSIDE_LIFE if outside else LIFE,
    )
    then = f"Ask the person: {shown.question}"
    if outside:
        where = _where(visit, minted.name)
        long = _TOO_LONG if visit.notes.too_long else ""
        then = f"A person answers outside this conversation ({where}); then call again with confirm.{long} They are asked: {shown.question}"
    elif visit.asker is not None:
        then = (
            f"Call again with confirm: the person is then asked by their own client, so don't ask in chat. They are asked: {shown.question}"
        )
    outcome = Outcome[Any](say=f"Nothing was changed. {then}", status="confirmation_required")
    good_s = int((minted.expires_at - house.clock.now()).total_seconds())
    confirmation = Confirmation(handle=minted.handle, question=shown.question, items=shown.items, valid_for_seconds=good_s, because=because)
    return visit.envelope(outcome, confirmation=confirmation).with_pictures(await shown.pictures())


async def _answer(visit: Visit, row: Row, shown: Shown) -> Literal["yes", "no", "dismissed", "overtaken"]:
    """What the person says to their client; an answer counts only if it answers the question asked last, else it was `overtaken`."""
    gate, asker = visit.house.gate, visit.asker
    assert asker is not None
    said = asker.said
    if said is None or said.answer == "dismissed" or not gate.hear(row, said.token, yes=said.answer == "yes"):
        if said is not None and said.answer == "dismissed":
            return "dismissed"
        left_s = (row.expires_at - visit.house.clock.now()).total_seconds()
        said = await asker.ask(question_words(shown), gate.ask(row), within_s=left_s)
        if said.answer != "dismissed" and not gate.hear(row, said.token, yes=said.answer == "yes"):
            return "overtaken"
    return said.answer


async def _whose_yes(visit: Visit, row: Row, shown: Shown) -> ConfirmedBy | Envelope:
    """Whose yes this call may act on, the person being asked if their client can; or what is said when there is none."""
    if row.state == "yes":
        return "person" if visit.notes.tier != "outside" or row.how != "client" else await _ask_again(visit, shown, _RELAYED)
    if visit.notes.tier != "outside" and visit.asker is not None:
        answer = await _answer(visit, row, shown)
        if answer == "yes":
            return "person"
        say = {"no": _DECLINED, "overtaken": _OVERTAKEN}.get(answer, _DISMISSED)
        return visit.envelope(Outcome[Any](say=say, status="canceled"))
    if visit.notes.tier == "ask":
        return "agent"
    say = _WAITS_FOR_PERSON.format(where=_where(visit, name_of(row)), long=_TOO_LONG if visit.notes.too_long else "")
    return visit.envelope(Outcome[Any](say=say, status="needs_action"))


def _settled(visit: Visit, known: Refused | Replay) -> Envelope | None:
    """What is said of a handle that acted, or that a person turned down; None where the preview is shown again."""
    if isinstance(known, Replay):
        return Envelope.model_validate(known.outcome).model_copy(update={"replayed": _ACTED})
    return visit.envelope(Outcome[Any](say=_DECLINED, status="canceled")) if known.reason == "declined" else None


@dataclass(frozen=True)
class Acted:
    """How an act came out, and as it is answered."""

    outcome: Outcome[Any]
    envelope: Envelope


Act = Callable[[Visit, Go], Awaitable[Acted | None]]
"""Does what a yes was given to: under the key of the handle's row, or as the operation that the call is without a yes, too.

None, and nothing done, where it costs more by now than the yes was given to.
"""


async def by_handle(visit: Visit, go: Go) -> Acted | None:
    """Act under the key that is on record with the handle."""
    outcome = await run(visit, go.row.key, again=go.continued)
    return None if outcome is None else Acted(outcome, visit.envelope(outcome, confirmed_by=go.row.confirmed_by))


async def _unasked(visit: Visit) -> Envelope:
    done = await operate(visit, subject=sets(visit))
    assert done is not None, "what needs no yes costs nothing"
    return visit.envelope(done.outcome)


async def _look(visit: Visit, ask: Ask) -> Shown | None:
    """What the call would do, as it stands now, and whose yes that takes; None when it needs no yes.

    What is too long for a client to ask takes a yes from outside the conversation, where it is shown whole.

    Raises:
        Halted: writes to a project that it touches are held back.
    """
    call = visit.call(str(uuid.uuid4()), again=visit.house.gate.acting(visit.tool.name, arguments=visit.arguments))
    seen = await ask(visit.request, call)
    if seen is None:
        return None
    visit.notes.tier = "human" if seen.by_person and visit.tier == "ask" else visit.tier
    visit.pass_halt(seen.projects)
    bill = await bill_of(visit, call)
    visit.notes.agreed = 0 if bill is None else bill.standing.credits
    shown = with_bill(seen, bill)
    visit.notes.items = frozenset(item.id for item in shown.items)
    visit.notes.too_long = visit.asker is not None and visit.notes.tier in ("ask", "human") and not fits(shown)
    if visit.notes.too_long:  # a yes to a part of it is no yes
        visit.notes.tier = "outside"
    return shown


async def _redeemed(visit: Visit, ask: Ask, act: Act, shown: Shown) -> Envelope:
    """What the handle brings: the act, once, or why not, with the preview as it stands now."""
    gate, name, handle = visit.house.gate, visit.tool.name, cast("Control", visit.request).confirm
    known = gate.check(handle, name, arguments=visit.arguments, shown=_shown_digest(shown))
    if isinstance(known, Row):
        by = await _whose_yes(visit, known, shown)
        if isinstance(by, Envelope):
            return by
        if visit.asker is not None:  # the person took their time
            shown = await _look(visit, ask) or shown
        known = gate.judge(handle, name, arguments=visit.arguments, shown=_shown_digest(shown), by=by, anew=visit.tool.sets(visit.request))
    if isinstance(known, Go):
        visit.notes.shown, visit.notes.how, visit.notes.by = known.row.shown, known.row.how, known.row.confirmed_by or "agent"
        if (made := await _act(visit, known, act)) is not None:
            return made
        return await _ask_again(visit, await _look(visit, ask) or shown, _DEARER)
    return _settled(visit, known) or await _ask_again(visit, shown, _BECAUSE[cast("Refused", known).reason])


def forbidden(visit: Visit) -> PolicyForbids:
    """The refusal of what the policy denies."""
    return PolicyForbids(f"the operator's policy forbids {visit.tool.name}")


async def control(visit: Visit, ask: Ask, act: Act) -> Envelope:
    """Preview, handle, a yes, act once: without all of them nothing is changed; what needs no yes just runs."""
    handle = cast("Control", visit.request).confirm
    if (done := visit.house.gate.recall(handle, visit.tool.name, arguments=visit.arguments)) is not None:
        return Envelope.model_validate(done.outcome).model_copy(update={"replayed": _ACTED})
    shown = await _look(visit, ask)
    if shown is None:
        return await _unasked(visit)
    if visit.tier == "deny":
        raise forbidden(visit)
    visit.notes.shown = _shown_digest(shown)
    return await (_redeemed(visit, ask, act, shown) if handle else _ask_again(visit, shown, None))


async def _act(visit: Visit, go: Go, act: Act) -> Envelope | None:
    """Act to the end, also when the client goes away meanwhile: what was begun is finished and recorded."""
    acting = asyncio.ensure_future(_recorded(visit, go, act))
    return await asyncio.shield(acting)


async def _recorded(visit: Visit, go: Go, act: Act) -> Envelope | None:
    """The act with its rows in the trail: `acting` before anything is sent, and how it ended, though nobody may wait for that any more."""
    visit.acts()
    try:
        envelope = await _acted(visit, go, act)
    except LayersError as problem:
        problem.details["confirmedBy"] = visit.notes.by
        visit.record(end_of(problem), problem.request_id)
        raise
    except BaseException:
        visit.record("broken_off")
        raise
    if envelope is None:
        visit.record("confirmation_required")
    else:
        visit.record("replayed" if envelope.replayed else envelope.status, envelope.request_id)
    return envelope


async def _acted(visit: Visit, go: Go, act: Act) -> Envelope | None:
    """The act; while it is not known how it ended, its row stays open and the next yes to the same goes on with it."""
    gate, by = visit.house.gate, go.row.confirmed_by
    try:
        acted = await act(visit, go)
    except LayersError as problem:
        say = f"{problem.wire_code}: {said(problem)}. {what_to_do(problem)}"
        failed = visit.envelope(Outcome[Any](say=say, status="failed"), confirmed_by=by)
        if problem.outcome == "acted" or visit.sent.left_nothing(again=go.continued):
            gate.finish(go, cast("JsonValue", failed.model_dump(mode="json", by_alias=True)), failed=problem.outcome != "acted")
        raise
    if acted is None:
        nothing = visit.envelope(Outcome[Any](say=f"Nothing was done: {_DEARER}.", status="failed"), confirmed_by=by)
        gate.finish(go, cast("JsonValue", nothing.model_dump(mode="json", by_alias=True)), failed=True)
        return None
    if not visit.sent.open(again=go.continued):
        gate.finish(go, _kept(acted.envelope, acted.outcome), failed=acted.outcome.status == "failed")
    return acted.envelope
