"""The optimizer's ticks, run as the world's time passes: four a day and those that were asked for, in the order of their instants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import JsonValue
from sqlalchemy import Connection, Row, func, insert, select, update

from layers_mcp.contract.events import ActionDispatched
from layers_mcp.sandbox import audit, ids, telling
from layers_mcp.sandbox import tables as world
from layers_mcp.sandbox.ads import carrying, consents, deciding, measuring, pending, rules, tables
from layers_mcp.sandbox.ads.facts import Proposal
from layers_mcp.sandbox.ads.making import next_tick
from layers_mcp.sandbox.ads.measuring import Board
from layers_mcp.sandbox.ads.optimizer import DENIALS, decide
from layers_mcp.sandbox.ads.pool import creatives_at

__all__ = ["catch_up", "waits"]

_LAYER = select(tables.layers)
_Thing = tuple[str | None, ...]
_Stand = tuple[str | None, str | None]
_Known = dict[_Thing, _Stand]
"""Of each thing, the state that it was last recorded in, and what of the authority stood against acting on it."""
_PAUSES = ("pause_ad", "replace_creative", "prune_creative")
_DUE_RUN = tables.runs.c.done_at.is_(None)
_GOES_ON = world.jobs.c.canceled_at.is_(None) & world.jobs.c.fails_in.is_(None)


def _entity(proposal: Proposal) -> tuple[str, str]:
    if proposal.wanted in ("pause_ad", "replace_creative") or proposal.ad_id is not None:
        return "ad", proposal.ad_id or ""
    if proposal.adset_id is not None:
        return "adset", proposal.adset_id
    return "campaign", proposal.campaign_id


def _values(proposal: Proposal) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
    match proposal.wanted:
        case "pause_ad" | "replace_creative":
            return {"status": "active", "adsContentId": proposal.creative_id}, {"status": "paused"}
        case "update_budget":
            return {"dailyBudgetCents": proposal.before}, {"dailyBudgetCents": proposal.after}
        case "update_bid":
            return {"bidAmountCents": proposal.before}, {"bidAmountCents": proposal.after}
        case "push_creative":
            return {}, {"adsContentId": proposal.creative_id}
        case _:
            return {}, {}


def _rationale(proposal: Proposal) -> str:
    """The optimizer's own words, with the figures that they rest on."""
    figures = "; ".join(f"{name} {value}" for name, value in proposal.inputs.items() if value is not None)
    return f"{proposal.state + ': ' if proposal.state else ''}{proposal.reason} ({figures})"


class _Run:
    """One run: what it decides is recorded, and done, asked for or denied as the authority has it."""

    def __init__(self, connection: Connection, run: Row[Any], board: Board, at: datetime) -> None:
        self._connection, self._run, self._board, self._at = connection, run, board, at
        self.summary: dict[str, int] = {}

    def _record(self, proposal: Proposal, outcome: str, pending_id: str | None) -> Row[Any]:
        current, new = _values(proposal)
        chosen = proposal.replacement
        replacement = {"adsContentId": chosen.id, "organicScore": round(chosen.score, 2), "pool": chosen.pool} if chosen else None
        row: dict[str, Any] = {"id": ids.mint("dec"), "project_id": self._run.project_id, "run_id": self._run.id, "at": self._at}
        row |= {"ad_id": proposal.ad_id, "adset_id": proposal.adset_id, "campaign_id": proposal.campaign_id}
        row |= {"ads_content_id": proposal.creative_id, "state": proposal.state, "reason": proposal.reason}
        row |= {"action": proposal.wanted if outcome in ("denied", "proposed") else proposal.action}
        row |= {"inputs": dict(proposal.inputs), "guardrails": list(proposal.passed), "blocked_by": proposal.blocked_by}
        row |= {"replacement": replacement, "current": current, "new": new, "outcome": outcome, "pending_id": pending_id}
        self.summary[outcome] = self.summary.get(outcome, 0) + 1
        return self._connection.execute(insert(tables.decisions).values(row).returning(tables.decisions)).one()

    def _ask(self, proposal: Proposal, decision: Row[Any]) -> None:
        kind, name = _entity(proposal)
        row = {"id": decision.pending_id, "project_id": decision.project_id, "layer_id": self._run.layer_id, "decision_id": decision.id}
        row |= {"action": proposal.action, "entity_type": kind, "entity_id": name, "rationale": _rationale(proposal)}
        row |= {"status": "pending", "created_at": self._at, "expires_at": self._at + pending.EXPIRES}
        self._connection.execute(insert(tables.pending).values(row))

    def settle(self, proposal: Proposal, bucket: str) -> None:
        """Record one decision, and do what may be done; `bucket` draft or auto, unless the decision is a hold."""
        outcome = "pending" if bucket == "draft" else "dispatched"
        if proposal.action == "hold":
            denial = "proposed" if self._run.dry_run else "denied"
            outcome = denial if proposal.blocked_by in DENIALS else "held"
        elif self._run.dry_run:
            outcome = "proposed"
        decision = self._record(proposal, outcome, ids.mint("pa") if outcome == "pending" else None)
        made: dict[str, JsonValue] = {}
        if outcome == "pending":
            self._ask(proposal, decision)
        if outcome == "dispatched":
            made = carrying.carry_out(self._connection, decision, self._at)
        if outcome in ("pending", "dispatched", "denied"):
            carrying.tell(self._connection, decision, self._at, outcome, **made)
        deciding.tell(self._connection, decision, self._run, self._board.layer.platform)


def _thing(one: Row[Any] | Proposal) -> _Thing:
    return one.campaign_id, one.adset_id, one.ad_id


def _stand(one: Row[Any] | Proposal) -> _Stand:
    return one.state, one.blocked_by if one.blocked_by in DENIALS else None


def _last_states(connection: Connection, layer_id: str) -> _Known:
    """How each thing was last recorded; what a dry run showed is no record of what was done."""
    row, run = tables.decisions.c, tables.runs.c
    newest = select(func.max(row.seq)).join(tables.runs, row.run_id == run.id)
    newest = newest.where(run.layer_id == layer_id, run.dry_run.is_(False)).group_by(row.campaign_id, row.adset_id, row.ad_id)
    last = connection.execute(select(tables.decisions).where(row.seq.in_(newest)))
    return {_thing(one): _stand(one) for one in last}


def _news(made: Sequence[Proposal], known: _Known) -> list[Proposal]:
    """What is worth a record: whatever is to be done, and a hold or a denial that stands otherwise than the last one recorded."""
    return [one for one in made if one.action != "hold" or _stand(one) not in ((None, None), known.get(_thing(one)))]


def _approved(connection: Connection, layer_id: str) -> Sequence[Row[Any]]:
    """What a person said yes to and nobody carried out; nobody says yes while time is caught up with."""
    wait = tables.pending.c
    query = select(tables.pending).where(wait.layer_id == layer_id, wait.status == "approved")
    return connection.execute(query.order_by(wait.seq)).all()


class _Carried(NamedTuple):
    """What a cycle did of what people said yes to: actions, the pauses among them, and what is left for the next cycle."""

    actions: int = 0
    pauses: int = 0
    left: tuple[Row[Any], ...] = ()


def _dispatch(connection: Connection, board: Board, approved: Sequence[Row[Any]], at: datetime) -> _Carried:
    """Carry out what people said yes to, oldest question first, as far as the caps of a cycle go (layers-api: safety-guardrails)."""
    wait, carried, creatives = tables.pending.c, _Carried(), measuring.creatives_of(board, at)
    for one in approved:
        pauses = one.action in _PAUSES
        if carried.actions >= rules.MOST_ACTIONS or (pauses and carried.pauses >= rules.MOST_PAUSES):
            carried = carried._replace(left=(*carried.left, one))
            continue
        decision = connection.execute(select(tables.decisions).where(tables.decisions.c.id == one.decision_id)).one()
        failure = carrying.obstacle(connection, decision, board.layer, creatives)
        made: dict[str, JsonValue] = {} if failure else carrying.carry_out(connection, decision, at)
        outcome = "dispatch_failed" if failure else "dispatched"
        changes = {"status": outcome, "dispatched_at": None if failure else at, "failure": failure}
        connection.execute(update(tables.pending).where(wait.seq == one.seq).values(changes))
        carrying.tell(connection, decision, at, outcome, **made)
        if failure is None:
            done = ActionDispatched(pending_id=one.id, platform=board.layer.platform, status=outcome, dispatched_at=at)
            telling.tell(connection, "approval.dispatched", done, project_id=one.project_id, at=at)
            carried = carried._replace(actions=carried.actions + 1, pauses=carried.pauses + pauses)
    return carried


def _decided(  # noqa: PLR0913  what a cycle looks at, and what it was asked to do
    connection: Connection, board: Board, known: _Known, at: datetime, *, asked: Row[Any] | None, carried: _Carried
) -> bool:
    """One cycle; whether anything was written."""
    facts = measuring.facts_of(board, at, acted=carried.actions, paused=carried.pauses)
    made = decide(facts)
    worth = list(made) if asked is not None else _news(made, known)
    if not worth and asked is None:
        return False
    if asked is None:
        new = {"id": ids.mint("run"), "project_id": board.layer.project_id, "layer_id": board.layer.id, "trigger": "tick"}
        new |= {"dry_run": False, "started_at": at, "due_at": at, "done_at": at}
        asked = connection.execute(insert(tables.runs).values(new).returning(tables.runs)).one()
    run = _Run(connection, asked, board, at)
    buckets = {one.id: one.authority for one in facts.campaigns}
    for proposal in worth:
        run.settle(proposal, buckets[proposal.campaign_id][proposal.axis])
        if not asked.dry_run:
            known[_thing(proposal)] = _stand(proposal)
    run.summary["evaluated"] = len(made)
    data: dict[str, JsonValue] = {"runId": asked.id, "layerId": board.layer.id, "dryRun": asked.dry_run, "actor_type": "optimizer"}
    audit.log_ours(connection, "ads.optimizer.run.completed", board.layer.project_id, at, **data)
    connection.execute(update(tables.runs).where(tables.runs.c.id == asked.id).values(done_at=at, summary=run.summary))
    deciding.tell_run(connection, asked, board.layer.platform, summary=run.summary, at=at)
    return True


def _living(connection: Connection, layer: Row[Any]) -> bool:
    status = connection.execute(select(world.projects.c.status).where(world.projects.c.id == layer.project_id)).scalar_one()
    return status != "archived"


def _asked_by(connection: Connection, layer_id: str, now: datetime) -> list[Row[Any]]:
    row, job = tables.runs.c, world.jobs
    due = select(tables.runs).outerjoin(job, row.job_id == job.c.id)
    return list(connection.execute(due.where(row.layer_id == layer_id, row.due_at <= now, _DUE_RUN, _GOES_ON).order_by(row.due_at)))


class _Pass:
    """One layer on its way to `now`: its rows are read again only after something was written."""

    def __init__(self, connection: Connection, layer: Row[Any], now: datetime) -> None:
        self._connection, self._layer, self._now = connection, layer, now
        self._known, self._pool = _last_states(connection, layer.id), creatives_at(connection, layer.project_id, now)
        self._approved = tuple(_approved(connection, layer.id))
        self._board: Board | None = None

    def _rows(self, at: datetime) -> Board:
        if self._board is None:
            self._board = Board.of(self._connection, self._layer, self._pool, now=at, last=self._now)
        return self._board

    def cycle(self, at: datetime, asked: Row[Any] | None) -> None:
        """Do what people said yes to by `at`, and decide anew; a dry run does nothing of it."""
        due = tuple(one for one in self._approved if one.decided_at <= at) if asked is None or not asked.dry_run else ()
        carried = _Carried()
        if due:
            carried, self._board = _dispatch(self._connection, self._rows(at), due, at), None
            self._approved = (*carried.left, *(one for one in self._approved if one not in due))
        if _decided(self._connection, self._rows(at), self._known, at, asked=asked, carried=carried):
            self._board = None


def _pass_layer(connection: Connection, layer: Row[Any], now: datetime) -> None:
    """Run what has come due on one layer, up to `now`; of an archived project nothing is looked at, and runs end empty."""
    tick, asked, living = layer.next_at, _asked_by(connection, layer.id, now), _living(connection, layer)
    passing = _Pass(connection, layer, now) if living else None
    while tick <= now or asked:
        by_hand = asked.pop(0) if asked and (asked[0].due_at < tick or tick > now) else None
        at = by_hand.due_at if by_hand is not None else tick
        if by_hand is None:
            tick = next_tick(tick)
        if passing is not None:
            passing.cycle(at, by_hand)
        elif by_hand is not None:
            connection.execute(update(tables.runs).where(tables.runs.c.id == by_hand.id).values(done_at=at, summary={}))
    connection.execute(update(tables.layers).where(tables.layers.c.id == layer.id).values(next_at=tick))


def waits(connection: Connection, now: datetime) -> bool:
    """Whether the optimizer would have done something by `now` that it has not done yet."""
    row, run, job = tables.layers.c, tables.runs.c, world.jobs
    tick = select(row.seq).where(row.next_at <= now)
    asked = select(run.seq).outerjoin(job, run.job_id == job.c.id).where(_DUE_RUN, run.due_at <= now, _GOES_ON)
    return any(connection.execute(query.limit(1)).first() is not None for query in (tick, asked))


def catch_up(connection: Connection, now: datetime) -> None:
    """Let the optimizer do whatever it would have done by `now`, layer by layer; layers do not touch each other.

    To be called in a transaction that writes, before anything is read in it.
    """
    consents.settle(connection, now)
    row = tables.layers.c
    run, job = tables.runs.c, world.jobs
    asked = select(run.layer_id).outerjoin(job, run.job_id == job.c.id).where(_DUE_RUN, run.due_at <= now, _GOES_ON)
    due = connection.execute(_LAYER.where((row.next_at <= now) | row.id.in_(asked)).order_by(row.seq)).all()
    for layer in due:
        _pass_layer(connection, layer, now)
    pending.lapse(connection, now)
