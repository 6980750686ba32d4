"""Jobs: every long operation is a row with a script; what it shows follows from the script and the time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import JsonValue
from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from layers_mcp.contract import errors, jobs
from layers_mcp.contract.endpoint import Reply
from layers_mcp.sandbox import account, audit, awaiting, ids, shelf, tables
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.clockwork import Script, Seen, Stage
from layers_mcp.sandbox.visit import Answer, Visit

__all__ = ["Plan", "accepted", "assets_of", "cancel", "changed", "fail", "get", "look_later", "script_of", "see", "start", "stop"]

_UNSTOPPABLE = ("opening_pr", "finalizing")
"""Stages whose effects can't be taken back (layers-api: concepts/jobs names the first)."""
_FACTS = (tables.brand_facts, tables.influencers, tables.pulls, tables.sdk_apps, tables.keywords, tables.scrapes)
"""What a job will have made when it completes."""
_OWN = select(tables.jobs).where(tables.jobs.c.id == bindparam("job"), tables.jobs.c.organization_id == bindparam("mine"))
_CONTAINERS = select(tables.containers.c.id).where(tables.containers.c.job_id == bindparam("job")).order_by(tables.containers.c.seq)
_MESSAGES = {
    "SDK_PATCH_GENERATION_FAILED": "no supported platform was found in the repository; no pull request was opened",
    "SCRAPE_FAILED": "the page could not be read; check the address or id that was given, and start the ingest again",
    "INTERNAL": "the work failed for a reason of ours",
}


class Plan(NamedTuple):
    """What kind of job, through which stages; `gate`: the stage that waits for real work."""

    kind: str
    stages: Sequence[Stage]
    gate: str | None = None


def script_of(row: Row[Any]) -> Script:
    """The script of a job's row."""
    return Script(
        stages=[Stage(*stage) for stage in row.stages],
        started_at=row.started_at,
        gate=row.gate,
        opened_at=row.opened_at,
        push_gate=row.push_gate,
        pushed_at=row.pushed_at,
        fails_in=row.fails_in,
        canceled_at=row.canceled_at,
    )


def _await_end(connection: Connection, job_id: str, project_id: str, script: Script) -> None:
    """Let the end of a job be told when it comes."""
    ends = [at for at in (script.finishes_at, script.canceled_at) if at is not None]
    awaiting.expect(connection, "job", job_id, project_id=project_id, due_at=min(ends, default=None))


def look_later(visit: Visit, row: Row[Any]) -> None:
    """Let the end of a job that has not ended when it was thought to be told when it comes."""
    _await_end(visit.connection, row.id, row.project_id, script_of(row))


def start(visit: Visit, project_id: str, plan: Plan, request: dict[str, JsonValue]) -> tuple[str, Script]:
    """A new job: its id and its script; `request` is kept with it.

    A request with scripted trouble makes a job that fails at the end of its gate, or of its last stage but one, and needs no work.
    """
    names = [stage.name for stage in plan.stages]
    fails_in = None if visit.trouble is None else names.index(plan.gate) if plan.gate else max(len(names) - 2, 0)
    gate = names.index(plan.gate) if plan.gate is not None and visit.trouble is None else None
    problem = None if visit.trouble is None else {"code": visit.trouble, "message": _MESSAGES.get(visit.trouble, "scripted trouble")}
    job_id = ids.stamped("job", visit.now)
    visit.connection.execute(
        insert(tables.jobs).values(
            id=job_id,
            organization_id=visit.key.organization_id,
            project_id=project_id,
            kind=plan.kind,
            stages=[list(stage) for stage in plan.stages],
            started_at=visit.now,
            gate=gate,
            fails_in=fails_in,
            problem=problem,
            request=request,
        )
    )
    script = Script(stages=plan.stages, started_at=visit.now, gate=gate, fails_in=fails_in)
    _await_end(visit.connection, job_id, project_id, script)
    return job_id, script


def changed(visit: Visit, job_id: str, **changes: Any) -> Row[Any]:
    """The job's row, with these columns changed."""
    job = tables.jobs.c.id == job_id
    if changes:
        visit.connection.execute(update(tables.jobs).where(job).values(changes))
    row = visit.connection.execute(select(tables.jobs).where(job)).one()
    if changes:
        _await_end(visit.connection, job_id, row.project_id, script_of(row))
    return row


def fail(visit: Visit, job_id: str, trouble: Trouble, *, stage: int) -> Row[Any]:
    """Let a job fail at the end of the stage with this index; its row."""
    details = {"issues": [{"path": trouble.field, "message": trouble.message}]} if trouble.field else {}
    problem = {"code": trouble.code, "message": trouble.message, "details": details}
    return changed(visit, job_id, fails_in=stage, problem=problem)


def accepted(job_id: str, **pointers: Any) -> jobs.Accepted:
    """The 202 of a job that was just started (seed 004, step 3)."""
    return jobs.Accepted(job_id=job_id, status="running", location_url=f"/v1/jobs/{job_id}", **pointers)


def _own(visit: Visit, job_id: str) -> Row[Any]:
    found = visit.connection.execute(_OWN, {"mine": visit.key.organization_id, "job": job_id}).first()
    if found is None:
        raise errors.NotFound(f"there is no job {job_id}")
    return found


def _hand_over(visit: Visit, job_id: str) -> None:
    """Give the influencer that a canceled ingest would have made to the project's next ingest, if that one's work is done too."""
    row, job = tables.influencers.c, tables.jobs.c
    by_ingest = job.kind.startswith("project_ingest", autoescape=True)
    query = select(tables.influencers).join(tables.jobs, job.id == row.job_id).where(row.job_id == job_id, by_ingest)
    made = visit.connection.execute(query).first()
    if made is None:
        return
    done = select(tables.jobs).where(job.project_id == made.project_id, job.result.is_not(None), job.canceled_at.is_(None), by_ingest)
    heir = visit.connection.execute(done.order_by(job.seq)).first()
    if heir is not None:
        ready_at = script_of(heir).finishes_at or visit.now
        changes = {"job_id": heir.id, "ready_at": ready_at, "born_at": ready_at - (made.ready_at - made.born_at)}
        visit.connection.execute(update(tables.influencers).where(row.id == made.id).values(changes))


def stop(visit: Visit, job_id: str, at: datetime) -> None:
    """Cancel a job at the instant `at`: it makes nothing, costs nothing, and its work is dropped."""
    changed(visit, job_id, canceled_at=at)
    _hand_over(visit, job_id)
    for table in _FACTS:
        visit.connection.execute(delete(table).where(table.c.job_id == job_id))
    visit.connection.execute(update(tables.work).where(tables.work.c.job_id == job_id).values(state="dropped"))
    account.release(visit, job_id, at)


def assets_of(visit: Visit, job_id: str) -> dict[str, tuple[jobs.ResultAsset, ...]]:
    """The media of each container that a completed generation filled."""
    row = tables.containers.c
    made = visit.connection.execute(select(row.id, row.media).where(row.job_id == job_id).order_by(row.seq))
    return {one.id: tuple(jobs.ResultAsset(**shelf.shown(visit.ground, one.id, asset)) for asset in one.media) for one in made}


def _content_result(visit: Visit, job_id: str, container_ids: Sequence[str]) -> jobs.JobResult:
    assets = tuple(asset for media in assets_of(visit, job_id).values() for asset in media)
    return jobs.JobResult(container_id=container_ids[0], container_ids=tuple(container_ids), assets=assets)


def _result(visit: Visit, row: Row[Any], container_ids: Sequence[str]) -> jobs.JobResult:
    if container_ids:
        return _content_result(visit, row.id, container_ids)
    result = jobs.JobResult.model_validate(row.result or {})
    brand = result.brand_context
    if brand is None or brand.logo_url is None:
        return result
    url = shelf.address(visit.ground, brand.logo_url)
    return result.model_copy(update={"brand_context": brand.model_copy(update={"logo_url": url})})


def see(visit: Visit, row: Row[Any], seen: Seen) -> jobs.Job:
    """The job of a row as it is seen."""
    container_ids = tuple(visit.connection.execute(_CONTAINERS, {"job": row.id}).scalars())
    shown: dict[str, Any] = {"job_id": row.id, "kind": row.kind, "status": seen.status, "stage": seen.stage, "progress": seen.progress}
    shown |= {"project_id": row.project_id, "started_at": row.started_at}
    if container_ids:
        shown |= {"container_id": container_ids[0], "container_ids": container_ids}
    if seen.finished_at is not None:
        shown["finished_at"] = seen.finished_at
    if seen.status == "completed":
        shown["result"] = _result(visit, row, container_ids)
    if seen.status == "failed":
        shown["error"] = jobs.JobProblem(**row.problem)
    return jobs.Job(**shown)


def get(visit: Visit, request: jobs.GetJob) -> jobs.Job:
    """A job as it stands."""
    row = _own(visit, request.job_id)
    return see(visit, row, script_of(row).at(visit.now))


def cancel(visit: Visit, request: jobs.CancelJob) -> Reply | Answer:
    """Take a cancel, which works at the next stage boundary; 200 when there is nothing to cancel any more."""
    row = _own(visit, request.job_id)
    script = script_of(row)
    seen = script.at(visit.now)
    if seen.status != "running":
        reason = f"ALREADY_{seen.status.upper()}"
        return Answer(reply=jobs.CancelAnswer(job_id=row.id, accepted=False, reason=reason), status=200)
    if row.canceled_at is None:
        if seen.stage in _UNSTOPPABLE:
            details: dict[str, JsonValue] = {"subcode": "JOB_CANCEL_UNAVAILABLE", "jobId": row.id, "stage": seen.stage}
            raise errors.Conflict(f"stage {seen.stage} can't be canceled", details=details)
        stop(visit, row.id, script.stage_end(visit.now))
        audit.log(visit, "job.cancelled", row.project_id, jobId=row.id)
    return jobs.CancelAnswer(job_id=row.id, accepted=True)
