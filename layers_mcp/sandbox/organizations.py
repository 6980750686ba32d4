"""Organizations below the caller's own, one level deep: made, stopped, started again, closed (layers-api: organizations)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from pydantic import JsonValue
from sqlalchemy import Row, func, insert, select, update

from layers_mcp.contract import errors, organizations
from layers_mcp.contract.organizations import METADATA_KEYS, fits
from layers_mcp.sandbox import audit, ids, jobs, projects, tables, wallets
from layers_mcp.sandbox.hook_tables import awaited, webhooks
from layers_mcp.sandbox.pages import Keys, Window, page
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = ["archive", "change", "child", "config_of", "create", "get", "listing", "living", "migrate", "resume", "suspend", "update_one"]

_HELD: Final = timedelta(days=100 * 365)
"""How far off a queued post of a suspended organization is put, so that it waits."""
_ROW = tables.children.c


def child(visit: Visit, org_id: str) -> Row[Any]:
    """The row of an organization directly below the caller's own.

    Raises:
        errors.NotFound: there is none; one further down, or of somebody else, looks the same.
    """
    mine = (_ROW.id == ids.full("org", org_id), _ROW.parent_id == visit.key.organization_id)
    row = visit.connection.execute(select(tables.children).where(*mine)).first()
    if row is None:
        raise errors.NotFound(f"there is no organization {org_id} below this key's")
    return row


def living(visit: Visit, org_id: str) -> Row[Any]:
    """The row of one that was not archived.

    Raises:
        errors.NotFound: as `child` does.
        errors.Conflict: it was.
    """
    row = child(visit, org_id)
    if row.status == "archived":
        raise errors.Conflict(f"organization {row.id} is archived", details={"organizationId": row.id, "status": "archived"})
    return row


def _see(row: Row[Any]) -> organizations.Organization:
    return organizations.Organization(
        id=row.id,
        parent_organization_id=row.parent_id,
        name=row.name,
        status=row.status,
        metadata=row.metadata or {},
        billing_email=row.billing_email,
        archived_at=row.archived_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def change(visit: Visit, org_id: str, **changes: Any) -> organizations.Organization:
    """Write changes of one down."""
    changed = update(tables.children).where(_ROW.id == org_id).values(changes | {"updated_at": visit.now})
    return _see(visit.connection.execute(changed.returning(tables.children)).one())


def _make(visit: Visit, name: str, **more: Any) -> Row[Any]:
    """A new organization below the caller's own, with an empty wallet."""
    if wallets.child_of(visit.connection, visit.key.organization_id) is not None:
        raise invalid("", "an organization below another can have none below itself")
    made = ids.mint("org")
    visit.connection.execute(insert(tables.organizations).values(id=made, name=made, included_credits=0, prepaid_credits=0))
    row: dict[str, Any] = {"id": made, "parent_id": visit.key.organization_id, "name": name, "status": "active", "auto_refill": False}
    row |= {"created_at": visit.now, "updated_at": visit.now, **more}
    audit.log(visit, "organization.created", None, organizationId=made)
    return visit.connection.execute(insert(tables.children).values(row).returning(tables.children)).one()


def create(visit: Visit, request: organizations.CreateOrganization) -> organizations.Organization:
    """A new organization.

    Raises:
        errors.Invalid: the caller's own is below another.
    """
    return _see(_make(visit, request.name, metadata=_merged({}, request.metadata), billing_email=request.billing_email))


def listing(visit: Visit, request: organizations.ListOrganizations) -> organizations.OrganizationPage:
    """A page of organizations, newest first."""
    query = select(tables.children).where(_ROW.parent_id == visit.key.organization_id)
    if request.status is not None:
        query = query.where(_ROW.status == request.status)
    keys = Keys("organizations", _ROW.created_at, _ROW.seq)
    items, cursor = page(visit.connection, query, keys, Window(request.cursor, request.limit), see=_see)
    return organizations.OrganizationPage(items=items, next_cursor=cursor)


def config_of(row: Row[Any]) -> organizations.CreditConfig:
    """How one spends and is refilled."""
    return organizations.CreditConfig(
        monthly_credit_cap=row.monthly_cap,
        refill_threshold=row.refill_threshold,
        refill_amount=row.refill_amount,
        auto_refill_enabled=row.auto_refill,
    )


def get(visit: Visit, request: organizations.GetOrganization) -> organizations.OrganizationWhole:
    """One organization with what it has."""
    row, project = child(visit, request.org_id), tables.projects.c
    has = wallets.wallet(visit.connection, row.id, visit.now)
    count = select(func.count()).where(project.organization_id == row.id)
    summary = organizations.OrganizationSummary(
        project_count=visit.connection.execute(count).scalar_one(),
        balance=has.balance,
        available=has.available,
        credit_config=config_of(row),
    )
    return organizations.OrganizationWhole.model_validate({**_see(row).model_dump(), "summary": summary})


def _merged(was: dict[str, str] | None, given: dict[str, str] | None) -> dict[str, str] | None:
    """Key by key; "" unsets one, None clears all."""
    merged = None if given is None else {name: value for name, value in {**(was or {}), **given}.items() if value}
    if merged is not None and len(merged) > METADATA_KEYS:
        raise invalid("metadata", f"has more than {METADATA_KEYS} keys")
    try:
        return None if merged is None else fits(merged)
    except ValueError as error:
        raise invalid("metadata", str(error)) from error


def update_one(visit: Visit, request: organizations.UpdateOrganization) -> organizations.Organization:
    """Change the given fields.

    Raises:
        errors.Invalid: none was given, or a name that is none.
        errors.Conflict: it is archived.
    """
    row, given = living(visit, request.org_id), request.model_fields_set - {"org_id"}
    if not given:
        raise invalid("", "names nothing to change")
    if "name" in given and request.name is None:
        raise invalid("name", "can't be empty")
    changes: dict[str, Any] = {name: getattr(request, name) for name in given}
    if "metadata" in given:
        changes["metadata"] = _merged(row.metadata, request.metadata)
    audit.log(visit, "organization.updated", None, organizationId=row.id, changed=[*sorted(given)])
    return change(visit, row.id, **changes)


def _posts_waiting(visit: Visit, org_id: str, *, held: bool) -> list[Row[Any]]:
    """Posts of an organization that have not started; `held`: those that were put off."""
    post, project = tables.posts.c, tables.projects.c
    query = select(tables.posts).join(tables.projects, project.id == post.project_id).where(project.organization_id == org_id)
    far = visit.now + _HELD / 2
    query = query.where(post.canceled_at.is_(None), post.starts_at > visit.now, post.starts_at > far if held else post.starts_at <= far)
    return list(visit.connection.execute(query).all())


def _put(visit: Visit, row: Row[Any], by: timedelta) -> None:
    """Let a post start later or earlier."""
    times = {"starts_at": row.starts_at + by, "ends_at": row.ends_at + by}
    visit.connection.execute(update(tables.posts).where(tables.posts.c.id == row.id).values(times))
    looked = (awaited.c.kind == "post", awaited.c.subject == row.id)
    visit.connection.execute(update(awaited).where(*looked).values(due_at=times["ends_at"]))


def suspend(visit: Visit, request: organizations.GetOrganization) -> organizations.Organization:
    """Stop an organization: its keys open nothing, nothing is told of it, and its queued posts wait.

    Raises:
        errors.Conflict: it is archived.
    """
    row = living(visit, request.org_id)
    if row.status == "suspended":
        return _see(row)
    for post in _posts_waiting(visit, row.id, held=False):
        _put(visit, post, _HELD)
    audit.log(visit, "organization.suspended", None, organizationId=row.id)
    return change(visit, row.id, status="suspended")


def resume(visit: Visit, request: organizations.GetOrganization) -> organizations.Organization:
    """Start one again: posts whose time has passed meanwhile go out now.

    Raises:
        errors.Conflict: it is archived.
    """
    row = living(visit, request.org_id)
    if row.status == "active":
        return _see(row)
    for post in _posts_waiting(visit, row.id, held=True):
        _put(visit, post, max(post.starts_at - _HELD, visit.now) - post.starts_at)
    audit.log(visit, "organization.resumed", None, organizationId=row.id)
    return change(visit, row.id, status="active")


def archive(visit: Visit, request: organizations.GetOrganization) -> organizations.ArchivedOrganization:
    """Close one for good: its keys are revoked, its projects archived, and what it did not spend goes back. Again: what stands."""
    row = child(visit, request.org_id)
    key, revoked, back = tables.keys.c, 0, 0
    if row.status != "archived":
        project = tables.projects.c
        for project_id in visit.connection.execute(select(project.id).where(project.organization_id == row.id)).scalars().all():
            projects.close(visit, project_id)
        open_now = (key.organization_id == row.id, key.revoked_at.is_(None) | (key.revoked_at > visit.now))
        revoked = len(visit.connection.execute(update(tables.keys).where(*open_now).values(revoked_at=visit.now).returning(key.id)).all())
        back = wallets.wallet(visit.connection, row.id, visit.now).spare
        if back:
            wallets.transfer(visit.connection, (row.id, row.parent_id), back, visit.now, description="Swept back on archiving")
        change(visit, row.id, status="archived", archived_at=visit.now, auto_refill=False)
        audit.log(visit, "organization.archived", None, organizationId=row.id, reclaimedCredits=back, revokedApiKeys=revoked)
    at = row.archived_at or visit.now
    return organizations.ArchivedOrganization(
        id=row.id, status="archived", archived_at=at, reclaimed_credits=back, revoked_api_keys=revoked
    )


def _movable(visit: Visit, project_id: str) -> str:
    """The id of a project with nothing under way."""
    row, job = projects.own(visit, project_id), tables.jobs.c
    for one in visit.connection.execute(select(tables.jobs).where(job.project_id == row.id, job.canceled_at.is_(None))).all():
        if jobs.script_of(one).at(visit.now).status == "running":
            details: dict[str, JsonValue] = {"projectId": row.id, "jobId": one.id}
            raise errors.Conflict(f"project {row.id} has work under way", details=details)
    return str(row.id)


def migrate(visit: Visit, request: organizations.MigrateProjects) -> organizations.Migrated:
    """Move projects into new organizations, one for each name; all of them, or none.

    Raises:
        errors.NotFound: one of them is not the caller's.
        errors.Conflict: one has work under way.
    """
    named: dict[str, list[str]] = {}
    for project_id, name in request.mapping.items():
        named.setdefault(name, []).append(_movable(visit, project_id))
    made: list[organizations.MovedTo] = []
    for name, moved in named.items():
        new = _make(visit, name)
        for owned in (tables.projects.c.id, tables.jobs.c.project_id, webhooks.c.project_id):
            visit.connection.execute(update(owned.table).where(owned.in_(moved)).values(organization_id=new.id))
        made.append(organizations.MovedTo(id=new.id, name=name, project_ids=tuple(moved)))
        audit.log(visit, "organization.projects_migrated", None, organizationId=new.id, projectIds=[*moved])
    return organizations.Migrated(projects_moved=len(request.mapping), children_created=len(made), children=tuple(made))
