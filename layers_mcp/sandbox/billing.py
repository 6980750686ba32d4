"""How credits moved, and what an organization gives to those below (layers-api: credits)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import Column, CompoundSelect, Row, Select, String, literal, null, select, type_coerce, union_all
from sqlalchemy import cast as sql_cast

from layers_mcp.contract import account as contract
from layers_mcp.contract import billing
from layers_mcp.contract.organizations import GetOrganization
from layers_mcp.sandbox import account, audit, ids, organizations, projects, tables, wallets
from layers_mcp.sandbox.columns import json
from layers_mcp.sandbox.pages import Keys, Window, page
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = ["allocate", "child_credits", "child_events", "configure", "events", "get_config"]

_BOOK, _JOB, _MOVED = tables.ledger.c, tables.jobs.c, tables.transfers.c


def _movements(organization_id: str, now: datetime) -> CompoundSelect[*tuple[Any, ...]]:
    """Every movement of a wallet by `now`: what was charged, what went out, what came in; what was released moved nothing."""
    nothing, no_text = type_coerce(null(), json()), sql_cast(null(), String)
    charged = (
        select(
            _BOOK.job_id.label("id"), literal("usage").label("kind"), _JOB.project_id, (-_BOOK.credits).label("credits"),
            no_text.label("description"), nothing.label("metadata"), _BOOK.settled_at.label("at"), (_BOOK.seq * 3).label("seq"),
        )
        .join(tables.jobs, _JOB.id == _BOOK.job_id)
        .where(_BOOK.organization_id == organization_id, _BOOK.charged, _BOOK.settled_at <= now)
    )  # fmt: skip

    def moved(sign: int, place: int) -> Select[*tuple[Any, ...]]:
        mine, other = (_MOVED.receiver_id, _MOVED.sender_id) if sign > 0 else (_MOVED.sender_id, _MOVED.receiver_id)
        return select(
            (_MOVED.id + literal("/") + other).label("id"), literal("allocation"), no_text, _MOVED.credits * sign,
            _MOVED.description, type_coerce(_MOVED.metadata, json()), _MOVED.at, _MOVED.seq * 3 + place,
        ).where(mine == organization_id, _MOVED.at <= now)  # fmt: skip

    return union_all(charged, moved(1, 1), moved(-1, 2))


def _see(row: Row[Any]) -> billing.CreditEvent:
    one, _, other = row.id.partition("/")
    metadata: dict[str, str] | None = None
    if other:
        metadata = {**(row.metadata or {}), "direction": "in" if row.credits > 0 else "out", "counterpartyOrgId": other}
    return billing.CreditEvent(
        event_id=str(uuid5(NAMESPACE_OID, f"{row.id}/{row.seq}")),
        event_type=row.kind,
        project_id=row.project_id,
        credits=row.credits,
        job_id=None if other else one,
        description=row.description,
        metadata=metadata,
        created_at=row.at,
    )


def _listing(visit: Visit, request: billing.ListCreditEvents, organization_id: str, project_id: str | None) -> billing.CreditEventPage:
    found = _movements(organization_id, visit.now).subquery()
    at, seq = cast("Column[datetime]", found.c.at), cast("Column[int]", found.c.seq)
    row, query = found.c, select(found)
    if project_id is not None:
        query = query.where(row.project_id == project_id)
    if request.event_type is not None:
        query = query.where(row.kind == request.event_type)
    if request.since is not None:
        query = query.where(row.at >= request.since)
    if request.until is not None:
        query = query.where(row.at <= request.until)
    keys = Keys("credit events", at, seq)
    items, cursor = page(visit.connection, query, keys, Window(request.cursor, request.limit), see=_see)
    return billing.CreditEventPage(items=items, next_cursor=cursor)


def events(visit: Visit, request: billing.ListCreditEvents) -> billing.CreditEventPage:
    """A page of how the wallet of the key's organization moved."""
    project_id = None if request.project_id is None else projects.own(visit, request.project_id).id
    return _listing(visit, request, visit.key.organization_id, project_id)


def child_events(visit: Visit, request: billing.ListChildCreditEvents) -> billing.CreditEventPage:
    """The same of an organization below; a project that is not its own has no movements there."""
    project_id = None if request.project_id is None else ids.full("prj", request.project_id)
    return _listing(visit, request, organizations.child(visit, request.org_id).id, project_id)


def child_credits(visit: Visit, request: GetOrganization) -> contract.CreditBalance:
    """The wallet of an organization below."""
    return account.balance_of(visit.connection, organizations.child(visit, request.org_id).id, visit.now)


def allocate(visit: Visit, request: billing.AllocateCredits) -> billing.Allocation:
    """Give prepaid credits to an organization below.

    Raises:
        errors.Conflict: it is archived.
        errors.InsufficientCredits: fewer prepaid credits are free.
    """
    child = organizations.living(visit, request.org_id)
    spare = wallets.wallet(visit.connection, visit.key.organization_id, visit.now).spare
    if spare < request.credits:
        raise wallets.short(request.credits, spare)
    said = {"description": request.description, "metadata": request.metadata}
    made = wallets.transfer(visit.connection, (visit.key.organization_id, child.id), request.credits, visit.now, **said)
    audit.log(visit, "credits.allocated", None, organizationId=child.id, credits=request.credits, transferId=made.id)
    has = wallets.wallet(visit.connection, child.id, visit.now)
    return billing.Allocation(
        id=made.id,
        created=visit.now,
        allocated=request.credits,
        balance=has.balance,
        available=has.available,
        description=request.description,
        metadata=request.metadata,
        replayed=False,
    )


def _standing(visit: Visit, org_id: str) -> billing.CreditStanding:
    row = organizations.child(visit, org_id)
    has = wallets.wallet(visit.connection, row.id, visit.now)
    return billing.CreditStanding(organization_id=row.id, config=organizations.config_of(row), balance=has.balance, available=has.available)


def get_config(visit: Visit, request: GetOrganization) -> billing.CreditStanding:
    """How an organization below spends and is refilled."""
    return _standing(visit, request.org_id)


def configure(visit: Visit, request: billing.ConfigureCredits) -> billing.CreditStanding:
    """Change the given fields; a refill that is due is made at once.

    Raises:
        errors.Invalid: one of a threshold and an amount to refill by would be left without the other.
        errors.Conflict: the organization is archived.
    """
    row = organizations.living(visit, request.org_id)
    columns = {
        "monthly_credit_cap": "monthly_cap",
        "refill_threshold": "refill_threshold",
        "refill_amount": "refill_amount",
        "auto_refill_enabled": "auto_refill",
    }
    changes = {column: getattr(request, name) for name, column in columns.items() if name in request.model_fields_set}
    if not changes:
        raise invalid("", "names nothing to change")
    both = [changes.get(name, getattr(row, name)) for name in ("refill_threshold", "refill_amount")]
    if both.count(None) == 1:
        raise invalid("refillThreshold", "goes with refillAmount: set both, or null both")
    if changes.get("auto_refill", row.auto_refill) and None in both:
        raise invalid("autoRefillEnabled", "needs refillThreshold and refillAmount")
    organizations.change(visit, row.id, **changes)
    audit.log(visit, "organization.credit_config_updated", None, organizationId=row.id, changed=[*sorted(changes)])
    wallets.refill(visit.connection, organizations.child(visit, row.id), visit.now)
    return _standing(visit, row.id)
