"""When a customer's project is ready: what onboarding waits for is there (`drift`, "project.ready")."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from layers_mcp.contract.events import ProjectReady
from layers_mcp.sandbox import awaiting, jobs, tables, telling

__all__ = ["look"]


def _done(connection: Connection, project_id: str, at: datetime) -> bool:
    """Whether an account is connected, an ingest and a generation are completed, all by `at`."""
    account, job = tables.accounts.c, tables.jobs.c
    connected = select(account.seq).where(account.project_id == project_id, account.connected_at <= at)
    if connection.execute(connected).first() is None:
        return False
    mine = connection.execute(select(tables.jobs).where(job.project_id == project_id))
    kinds = {one.kind for one in mine if jobs.script_of(one).at(at).status == "completed"}
    return "content_generate" in kinds and any(kind.startswith("project_ingest_") for kind in kinds)


def look(connection: Connection, project_id: str, at: datetime) -> None:
    """Tell, once in a project's life, that it is ready, if it is since `at`."""
    if not awaiting.expects(connection, "project", project_id) or not _done(connection, project_id, at):
        return
    awaiting.over(connection, "project", project_id)
    external = connection.execute(select(tables.projects.c.external_id).where(tables.projects.c.id == project_id)).scalar_one()
    ready = ProjectReady(project_id=project_id, customer_external_id=external, ready_at=at)
    telling.tell(connection, "project.ready", ready, project_id=project_id, at=at)
