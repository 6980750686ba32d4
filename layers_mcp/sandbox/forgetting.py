"""One customer forgotten: rows with their texts, and files, are gone; what is left is an archived project without a word in it.

Kept are the credits that were charged, jobs without what was asked and made, and the log without its data: ids, kinds and times.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, Table, case, delete, func, null, select, update

from layers_mcp.database import open_engine, reading, writing
from layers_mcp.database.scrubbing import scrub
from layers_mcp.sandbox import growth, jobs, logos, shelf, tables
from layers_mcp.sandbox.ads import tables as paid
from layers_mcp.sandbox.clockwork import now_ms, world_now
from layers_mcp.sandbox.trades import TRADES
from layers_mcp.sandbox.visit import Ground, Key, Visit

__all__ = ["EMPTIED", "GONE", "LEFT", "NAME", "Forgotten", "forget"]

NAME = "Forgotten"
"""What the project is called from then on."""
_LEASE_S = 10.0
"""Seconds in which whoever does work for the project lets go of it: a lease, and a renewal (work)."""
_ID = re.compile(r"[a-z]+_[0-9A-Za-z-]{20,}")
_OF_PROJECT = (
    tables.uploads, tables.engagements, tables.deliveries, tables.events, tables.webhooks, tables.awaited, tables.posts,
    tables.recommendations, tables.overrides, tables.app_media, tables.keywords, tables.brand_facts, tables.app_events,
    tables.sdk_apps, tables.oauth_states, paid.pending, paid.decisions, paid.runs,
)  # fmt: skip
_LATER = (
    paid.campaigns, paid.consents, paid.accounts, paid.layers, paid.creatives, tables.containers, tables.influencers, tables.accounts,
    tables.lease_requests,
)  # fmt: skip
_OF_JOBS = (tables.work, tables.pulls, tables.scrapes)
GONE = (*_OF_JOBS, *_OF_PROJECT, paid.stretches, paid.ads, paid.adsets, *_LATER, tables.replies)
"""Tables whose rows of a project are deleted; of kept replies those that name anything of it."""
EMPTIED = (tables.jobs, tables.audit, tables.projects)
"""Tables whose rows stay without their texts."""
LEFT = (
    tables.world, tables.organizations, tables.keys, tables.installations, tables.install_states, tables.ledger, tables.buckets,
    tables.faults, tables.children, tables.transfers,
)  # fmt: skip
"""Tables that hold nothing of one project but credits."""


class Forgotten(NamedTuple):
    """What was removed, by kind, and whether the files of the database are clean of it."""

    counts: dict[str, int]
    files: int
    clean: bool


def _mine(table: Table, project_id: str) -> ColumnElement[bool]:
    """The rows of a project."""
    if "project_id" in table.c:
        return table.c.project_id == project_id
    if "job_id" in table.c:
        return table.c.job_id.in_(select(tables.jobs.c.id).where(tables.jobs.c.project_id == project_id))
    campaigns = select(paid.campaigns.c.id).where(paid.campaigns.c.project_id == project_id)
    if "campaign_id" in table.c:
        return table.c.campaign_id.in_(campaigns)
    return table.c.ad_id.in_(select(paid.ads.c.id).where(paid.ads.c.project_id == project_id))


def _ids(connection: Connection, project_id: str) -> set[str]:
    """Every id that stands for something of the project."""
    found = {project_id}
    for table in (*GONE[:-1], tables.jobs):
        if "id" in table.c:
            found |= set(connection.execute(select(table.c.id).where(_mine(table, project_id))).scalars())
    return found


def _stop(connection: Connection, project_id: str, ground: Ground, wall_now: datetime) -> None:
    """Archive the project and end its jobs, so that nobody begins or finishes anything for it from here on."""
    row, now = tables.jobs.c, world_now(connection, wall_now)
    owner = connection.execute(select(tables.projects.c.organization_id).where(tables.projects.c.id == project_id)).scalar_one()
    key = Key(id="", organization_id=owner, scopes=(), tier="internal", return_hosts=())
    visit = Visit(connection=connection, now=now, key=key, ground=ground)
    for job in connection.execute(select(tables.jobs).where(row.project_id == project_id, row.canceled_at.is_(None))).all():
        if jobs.script_of(job).at(now).status == "running":
            jobs.stop(visit, job.id, now)
    connection.execute(update(tables.projects).where(tables.projects.c.id == project_id).values(status="archived"))


def _held(engine: Engine, project_id: str) -> bool:
    """Whether somebody still does work for the project."""
    alive = tables.work.c.lease_until_ms >= now_ms()
    with reading(engine) as connection:
        held = select(func.count()).select_from(tables.work).where(_mine(tables.work, project_id), alive)
        return bool(connection.execute(held).scalar_one())


def _places(connection: Connection, folder: Path, project_id: str) -> Iterator[Path]:
    """Folders of media that belong to the project."""
    yield folder / "media" / "app" / project_id
    yield folder / "sent" / project_id
    for container in connection.execute(select(tables.containers.c.id).where(tables.containers.c.project_id == project_id)).scalars():
        yield shelf.media_folder(folder, container)


def _files(folder: Path) -> int:
    return sum(place.is_file() for below in ("media", "sent", "logos", "patches") for place in (folder / below).rglob("*"))


def _remove_files(connection: Connection, folder: Path, project_id: str) -> int:
    """Remove the project's media, logos, patches, and what unfinished work left; how many files there were."""
    before = _files(folder)
    for row in connection.execute(select(tables.work).where(_mine(tables.work, project_id))).all():
        trade = TRADES[row.trade]
        trade.discard(folder, row.job_id, trade.errands.validate_python(row.errand))
    for job_id in connection.execute(select(tables.jobs.c.id).where(tables.jobs.c.project_id == project_id)).scalars():
        logos.discard(folder, job_id)
        for file in (folder / "patches").glob(f"{job_id}.*"):
            file.unlink(missing_ok=True)
    for place in _places(connection, folder, project_id):
        shutil.rmtree(place, ignore_errors=True)
    return max(before - _files(folder), 0)


def _remove_rows(connection: Connection, project_id: str) -> dict[str, int]:
    """Delete and empty the project's rows; how many there were, by table."""
    mine, counts = _ids(connection, project_id), dict[str, int]()
    replies = connection.execute(select(tables.replies.c.seq, tables.replies.c.body)).all()
    named = [one.seq for one in replies if mine & set(_ID.findall(one.body))]
    counts["replies"] = connection.execute(delete(tables.replies).where(tables.replies.c.seq.in_(named))).rowcount
    for table in GONE[:-1]:
        counts[table.name] = connection.execute(delete(table).where(_mine(table, project_id))).rowcount
    job, log, project = tables.jobs.c, tables.audit.c, tables.projects.c
    said = (job.project_id == project_id) & ((job.request != {}) | job.result.is_not(None))
    counts["jobs"] = connection.execute(update(tables.jobs).where(said).values(request={}, result=null())).rowcount
    problem = {"code": "INTERNAL", "message": "its project was forgotten"}
    connection.execute(update(tables.jobs).where(job.project_id == project_id, job.problem.is_not(None)).values(problem=problem))
    counts["audit"] = connection.execute(update(tables.audit).where(log.project_id == project_id, log.data != {}).values(data={})).rowcount
    demo = case((project.external_id == growth.EXTERNAL_ID, project.external_id), else_=None)  # else it would be made anew
    empty = {"name": NAME, "external_id": demo, "owner_email": None, "metadata": None, "status": "archived"}
    known = (project.id == project_id) & (project.name != NAME)
    counts["projects"] = connection.execute(update(tables.projects).where(known).values(empty)).rowcount
    return {name: count for name, count in counts.items() if count}


def forget(folder: Path, project_id: str, *, wall_now: datetime) -> Forgotten | None:
    """Take all that a customer brought, and all that was made for them, out of the world in `folder`; servers may run on it.

    `project_id`: whole and in lower case. None when there is no world, or no such project in it. Doing it again finds nothing more.

    Raises:
        TimeoutError: work for the project goes on elsewhere and was not let go of; do it again.
    """
    if not (folder / "sandbox.db").exists():
        return None
    engine = open_engine(folder / "sandbox.db", tables.TABLES, versions=tables.VERSIONS, head=tables.HEAD)
    try:
        ground = Ground(folder=folder, job_speed=1.0, repositories=(), push=False)
        with writing(engine) as connection:
            if connection.execute(select(tables.projects.c.id).where(tables.projects.c.id == project_id)).first() is None:
                return None
            _stop(connection, project_id, ground, wall_now)
        until_s = time.monotonic() + _LEASE_S
        while _held(engine, project_id):
            if time.monotonic() > until_s:
                raise TimeoutError("work for this project goes on in another process")
            time.sleep(0.1)
        with writing(engine) as connection:
            files = _remove_files(connection, folder, project_id)
            counts = _remove_rows(connection, project_id)
        return Forgotten(counts, files, scrub(engine))
    finally:
        engine.dispose()
