"""Leased accounts: what people will decide is fixed when they are asked, and shows once its time has come (layers-api: leased accounts)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, insert, select, update

from layers_mcp.contract import errors, events, leases
from layers_mcp.contract.leases import LeaseStatus
from layers_mcp.sandbox import audit, awaiting, clockwork, crowd, ids, posts, projects, readiness, tables, telling
from layers_mcp.sandbox.audience.reach import followers_at_first
from layers_mcp.sandbox.lease_tables import lease_requests
from layers_mcp.sandbox.pages import Keys, Window, page
from layers_mcp.sandbox.visit import Visit

__all__ = ["get", "listing", "release", "request", "tell"]

PARTIAL: Final = "LEASE_PARTIAL"
"""Scripted trouble with which half of the accounts are assigned; with any other the request is rejected."""
_TAKES = timedelta(hours=24)
"""How long people take at job speed 1 (layers-api: usually less than 48 hours)."""
_MONTH = timedelta(days=30)
_ROW, _ACCOUNT = lease_requests.c, tables.accounts.c
_NO = "no account of this niche can be leased now"


def _handles(visit: Visit, asked: leases.RequestAccounts, count: int) -> list[str]:
    """Handles of a niche: its words, and a number that no account of the project has yet."""
    stem = "_".join(re.findall(r"[a-z0-9]+", asked.niche.vertical.lower()))[:16].strip("_") or "daily"
    taken = set(visit.connection.execute(select(_ACCOUNT.handle).where(_ACCOUNT.project_id == asked.project_id)).scalars())
    free = (f"{stem}_daily_{number}" for number in range(1, count + len(taken) + 1))
    return [handle for handle in free if handle not in taken][:count]


def _assign(visit: Visit, lease_id: str, asked: leases.RequestAccounts, *, count: int, at: datetime) -> None:
    for handle in _handles(visit, asked, count):
        row: dict[str, Any] = {"id": ids.mint("sa"), "project_id": asked.project_id, "platform": "tiktok", "handle": handle}
        row |= {"connected_at": at, "token_expires_at": clockwork.LATEST, "lease_id": lease_id}
        visit.connection.execute(insert(tables.accounts).values(row))


def request(visit: Visit, request: leases.RequestAccounts) -> leases.LeaseRequest:
    """Ask people for accounts.

    Raises:
        errors.Conflict: the project is archived, or has a request of this name.
    """
    project = projects.living(visit, request.project_id)
    lease_id = request.request_id or ids.mint("lreq")
    known = select(_ROW.seq).where(_ROW.id == lease_id)
    if visit.connection.execute(known).first() is not None:
        raise errors.Conflict(f"there is a lease request {lease_id}", details={"requestId": lease_id})
    count = request.count if visit.trouble is None else request.count // 2 if visit.trouble == PARTIAL else 0
    outcome = "assigned" if count == request.count else "partial" if count else "rejected"
    at = clockwork.whole_ms(visit.now + _TAKES / visit.ground.job_speed)
    row: dict[str, Any] = {"id": lease_id, "project_id": project.id, "count": request.count, "niche": request.niche.model_dump(mode="json")}
    row |= {"target": request.target, "note": request.note, "outcome": outcome, "submitted_at": visit.now, "decides_at": at}
    made = visit.connection.execute(insert(lease_requests).values(row).returning(lease_requests)).one()
    _assign(visit, lease_id, request.model_copy(update={"project_id": project.id}), count=count, at=at)
    awaiting.expect(visit.connection, "lease", lease_id, project_id=project.id, due_at=at)
    audit.log(visit, "lease_request.created", project.id, requestId=lease_id, count=request.count)
    return _see(visit, made)


def _see(visit: Visit, row: Row[Any]) -> leases.LeaseRequest:
    decided = row.decides_at <= visit.now
    status: LeaseStatus = row.outcome if decided else "requested"
    mine = select(_ACCOUNT.id).where(_ACCOUNT.lease_id == row.id).order_by(_ACCOUNT.seq)
    assigned = tuple(visit.connection.execute(mine).scalars()) if decided else ()
    return leases.LeaseRequest(
        request_id=row.id,
        project_id=row.project_id,
        status=status,
        submitted_at=row.submitted_at,
        assigned_at=row.decides_at if assigned else None,
        assigned_social_account_ids=assigned,
        note=_NO if status == "rejected" else None,
    )


def get(visit: Visit, request: leases.GetLeaseRequest) -> leases.LeaseRequest:
    """How a request stands."""
    project = projects.own(visit, request.project_id)
    wanted = (_ROW.id == ids.full("lreq", request.request_id), _ROW.project_id == project.id)
    row = visit.connection.execute(select(lease_requests).where(*wanted)).first()
    if row is None:
        raise errors.NotFound(f"there is no lease request {request.request_id} in project {project.id}")
    return _see(visit, row)


def tell(visit: Visit, lease_id: str) -> None:
    """Tell what people decided."""
    row = visit.connection.execute(select(lease_requests).where(_ROW.id == lease_id)).one()
    seen = _see(visit, row)
    said = events.LeaseDecided(
        request_id=seen.request_id,
        status=seen.status,
        assigned_at=seen.assigned_at,
        assigned_social_account_ids=seen.assigned_social_account_ids,
        note=seen.note,
    )
    kind = "lease_request.rejected" if seen.status == "rejected" else "lease_request.assigned"
    telling.tell(visit.connection, kind, said, project_id=row.project_id, at=row.decides_at)
    readiness.look(visit.connection, row.project_id, row.decides_at)


def listing(visit: Visit, request: leases.ListLeasedAccounts) -> leases.LeasedAccountPage:
    """A page of a project's leased accounts, last assigned first."""
    project, audience = projects.own(visit, request.project_id), crowd.audience_of(visit.connection)
    query = select(tables.accounts).where(_ACCOUNT.project_id == project.id, _ACCOUNT.lease_id.is_not(None))
    gone = _ACCOUNT.disconnected_at.is_not(None)
    query = query.where(_ACCOUNT.connected_at <= visit.now, gone if request.status == "disconnected" else ~gone)

    def see(row: Row[Any]) -> leases.LeasedAccount:
        months = (visit.now - row.connected_at) // _MONTH + 1
        return leases.LeasedAccount(
            social_account_id=row.id,
            project_id=row.project_id,
            handle=row.handle,
            platform=row.platform,
            followers=followers_at_first(audience, row.handle, row.platform),
            status=request.status,
            assigned_at=row.connected_at,
            next_renewal_at=row.connected_at + months * _MONTH if row.disconnected_at is None else None,
            monthly_price_cents=leases.MONTHLY_CENTS,
        )

    keys = Keys("leased", _ACCOUNT.connected_at, _ACCOUNT.seq)
    items, cursor = page(visit.connection, query, keys, Window(request.cursor, request.limit), see=see)
    return leases.LeasedAccountPage(items=items, next_cursor=cursor)


def release(visit: Visit, request: leases.ReleaseAccount) -> leases.ReleasedAccount:
    """Give an account back: queued posts on it are canceled, what is out stays out.

    Raises:
        errors.NotFound: there is no such leased account, or it was given back before.
    """
    account_id, project = ids.full("sa", request.social_account_id), tables.projects.c
    query = select(tables.accounts).join(tables.projects, _ACCOUNT.project_id == project.id)
    query = query.where(_ACCOUNT.id == account_id, project.organization_id == visit.key.organization_id)
    held = (_ACCOUNT.lease_id.is_not(None), _ACCOUNT.connected_at <= visit.now, _ACCOUNT.disconnected_at.is_(None))
    row = visit.connection.execute(query.where(*held)).first()
    if row is None:
        raise errors.NotFound(f"there is no leased account {request.social_account_id}")
    visit.connection.execute(update(tables.accounts).where(_ACCOUNT.seq == row.seq).values(disconnected_at=visit.now))
    canceled = posts.cancel_on(visit, row.id)
    audit.log(visit, "leased_account.released", row.project_id, socialAccountId=row.id, reason=request.reason, canceledPosts=canceled)
    why = "released_by_partner"
    said = events.AccountRevoked(
        social_account_id=row.id, platform=row.platform, display_name=row.handle, disconnected_reason=why, disconnected_at=visit.now
    )
    telling.tell(visit.connection, "social_account.revoked", said, project_id=row.project_id, at=visit.now)
    return leases.ReleasedAccount(social_account_id=row.id, status="disconnected", disconnected_reason=why, disconnected_at=visit.now)
