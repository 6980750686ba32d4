"""Runs of the optimizer that were asked for, and what each decided."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Row, Select, insert, select

from layers_mcp.contract import ads_optimizer, errors
from layers_mcp.sandbox import audit, ids, jobs, projects
from layers_mcp.sandbox import tables as world
from layers_mcp.sandbox.ads import deciding, pending, tables
from layers_mcp.sandbox.ads.authority import STOPPED
from layers_mcp.sandbox.clockwork import Stage, whole_ms
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = ["get", "start"]

RUN_S = (60.0, 480.0, 60.0)
"""Seconds of the stages of a run at job speed 1: ten minutes in all (layers-api: ads/optimizer/run, "5-15 min")."""
_STAGES = ("collecting", "deciding", "finalizing")
_DECIDED: Select[Any] = select(
    tables.decisions, tables.pending.c.status.label("asked"), tables.pending.c.expires_at.label("asked_until")
).outerjoin(tables.pending, tables.pending.c.decision_id == tables.decisions.c.id)


def start(visit: Visit, request: ads_optimizer.StartRun) -> ads_optimizer.RunStarted:
    """Start a run; it looks and decides when its job ends.

    Raises:
        errors.NotFound: the layer is not one of this project.
        errors.AuthorityDenied: the customer stopped the layer, and it is no dry run.
    """
    project, row = projects.living(visit, request.project_id), tables.layers.c
    layer_id = ids.full("lyr", request.layer_id)
    layer = visit.connection.execute(select(tables.layers).where(row.id == layer_id, row.project_id == project.id)).first()
    if layer is None:
        raise errors.NotFound(f"there is no ad layer {request.layer_id} in project {project.id}")
    if layer.platform != request.platform:
        raise invalid("platform", f"the layer is one of {layer.platform}")
    if layer.kill_switch and not request.dry_run:
        raise errors.AuthorityDenied(STOPPED, details={"reason": "layer_kill_switch"})
    stages = [Stage(name, visit.ground.lasts_s(lasts)) for name, lasts in zip(_STAGES, RUN_S, strict=True)]
    asked: dict[str, JsonValue] = request.model_dump(mode="json", by_alias=True, exclude_unset=True)
    job_id, script = jobs.start(visit, project.id, jobs.Plan(ads_optimizer.KIND, stages), asked)
    run_id = ids.mint("run")
    due = script.finishes_at or whole_ms(visit.now + timedelta(seconds=sum(RUN_S)))
    new = {"id": run_id, "project_id": project.id, "layer_id": layer.id, "job_id": job_id, "trigger": "partner", "dry_run": request.dry_run}
    visit.connection.execute(insert(tables.runs).values(new | {"started_at": visit.now, "due_at": due}))
    made = world.jobs.update().where(world.jobs.c.id == job_id).values(result={"runId": run_id})
    visit.connection.execute(made)
    data: dict[str, JsonValue] = {"runId": run_id, "layerId": layer.id, "dryRun": request.dry_run, "actor_type": "partner"}
    audit.log(visit, "ads.optimizer.run.started", project.id, **data)
    return ads_optimizer.RunStarted(
        job_id=job_id, run_id=run_id, kind=ads_optimizer.KIND, status="running", location_url=f"/v1/jobs/{job_id}"
    )


def _outcome(one: Row[Any], now: datetime) -> str:
    """What became of a decision: of one that was asked about, what its question shows now."""
    return one.outcome if one.asked is None else pending.shown(one.asked, one.asked_until, now)


def _currency(visit: Visit, layer_id: str) -> str | None:
    """The currency of a layer's money; None when its accounts are paid in several, or it has none."""
    row = tables.accounts.c
    found = set(visit.connection.execute(select(row.currency).where(row.layer_id == layer_id, row.connected_at <= visit.now)).scalars())
    return found.pop() if len(found) == 1 else None


def get(visit: Visit, request: ads_optimizer.GetRun) -> ads_optimizer.Run:
    """A run with its decisions, once it is done."""
    project, row = projects.own(visit, request.project_id), tables.runs.c
    run_id = ids.full("run", request.run_id)
    found = visit.connection.execute(select(tables.runs).where(row.id == run_id, row.project_id == project.id)).first()
    if found is None:
        raise errors.NotFound(f"there is no optimizer run {request.run_id} in project {project.id}")
    layer = visit.connection.execute(select(tables.layers).where(tables.layers.c.id == found.layer_id)).one()
    rows = list(visit.connection.execute(_DECIDED.where(tables.decisions.c.run_id == found.id).order_by(tables.decisions.c.seq)))
    names = deciding.names_of(visit.connection, rows)
    status = "completed" if found.done_at is not None else "running"
    if found.job_id is not None and status == "running":
        job = visit.connection.execute(select(world.jobs).where(world.jobs.c.id == found.job_id)).one()
        status = jobs.script_of(job).at(visit.now).status
    return ads_optimizer.Run(
        run_id=found.id,
        status=status,
        job_id=found.job_id,
        layer_id=found.layer_id,
        platform=layer.platform,
        dry_run=found.dry_run,
        currency=_currency(visit, layer.id),
        trigger=found.trigger,
        started_at=found.started_at,
        completed_at=found.done_at,
        summary=found.summary or {},
        decisions=tuple(deciding.see(one, names, _outcome(one, visit.now)) for one in rows),
    )
