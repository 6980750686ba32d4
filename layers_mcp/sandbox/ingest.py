"""Reading a customer's repository: the job reveals at its end what a child process found and wrote."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from pydantic import JsonValue
from sqlalchemy import func, insert, select, update

from layers_mcp.contract import ingest
from layers_mcp.contract.jobs import Accepted, JobResult
from layers_mcp.contract.projects import BrandContext
from layers_mcp.sandbox import github, influencers, jobs, logos, projects, sdk_apps, tables
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.clockwork import Stage
from layers_mcp.sandbox.repository.errand import ASKED, Errand, Outcome, Push
from layers_mcp.sandbox.trade import Trade, leave, put_off
from layers_mcp.sandbox.visit import Ground, Visit

__all__ = ["GATE", "TRADE", "start_github"]

_TRADE = "repository"
GATE = "generating_sdk_patch"
"""The stage that needs what the child process brings."""
_PUSHES_IN = "opening_pr"
"""The stage from which on nothing is canceled any more."""
_LASTS_S = {"cloning": 20.0, "analyzing": 120.0, "generating_sdk_patch": 130.0, "opening_pr": 20.0, "finalizing": 40.0}
"""Seconds of each stage at job speed 1; 330 in all (seed 004, step 3: typically 3 to 8 minutes)."""
_TITLE = "chore: instrument with Layers SDK"
"""layers-api: POST …/ingest/github, `prTitle`."""
_FIRST_PULL = {github.SAMPLE: 142}
"""Seed 004, step 3, prints this number."""


def _stages(ground: Ground, *, opens_pr: bool) -> list[Stage]:
    lasts_s = dict(_LASTS_S)
    if not opens_pr:
        lasts_s["finalizing"] += lasts_s.pop("opening_pr")
    return [Stage(name, ground.lasts_s(lasts_s[name])) for name in ingest.STAGES if name in lasts_s]


def _errand(visit: Visit, request: ingest.IngestGithub, repository: github.Repository, job_id: str) -> Errand:
    sdk = request.sdk_config or ingest.SdkConfig()
    return Errand(
        full_name=repository.full_name,
        source=str(repository.source),
        branch=request.branch,
        platforms=sdk.include_platforms or request.platforms or (),
        app_name=sdk.app_name,
        app_id=sdk_apps.app_id_of(job_id),
        events=sdk.event_allowlist,
        head=f"layers/instrument-{job_id[-8:].lower()}",
        title=request.pr_title or _TITLE,
        body=request.pr_body or "",
        committed_at=visit.now,
        push=visit.ground.push and request.open_pr,
        patch_path=str(visit.ground.folder / "patches" / f"{job_id}.patch"),
    )


def start_github(visit: Visit, request: ingest.IngestGithub) -> Accepted:
    """Start an ingest (seed 004, step 3)."""
    project = projects.living(visit, request.project_id)
    repository = github.registered_repository(visit, request.repo_full_name, installation_id=request.installation_id)
    stages = _stages(visit.ground, opens_pr=request.open_pr)
    asked: dict[str, JsonValue] = request.model_dump(mode="json", by_alias=True, exclude_unset=True)
    job_id, script = jobs.start(visit, project.id, jobs.Plan("project_ingest_github", stages, GATE), asked)
    if script.gate is not None:
        leave(visit, _TRADE, job_id, _errand(visit, request, repository, job_id))
    return jobs.accepted(job_id, kind="project_ingest_github", stage=stages[0].name, project_id=project.id, started_at=visit.now)


def _pull_number(visit: Visit, full_name: str, job_id: str) -> int:
    row = tables.pulls.c
    last = visit.connection.execute(select(func.max(row.number)).where(row.repository == full_name.lower())).scalar()
    number = _FIRST_PULL.get(full_name.lower(), 1) if last is None else int(last) + 1
    visit.connection.execute(insert(tables.pulls).values(job_id=job_id, repository=full_name.lower(), number=number))
    return number


def _brand(outcome: Outcome, errand: Errand, job_id: str, folder: Path) -> BrandContext:
    known = {name: value for name, value in outcome.brand.model_dump().items() if name in BrandContext.model_fields}
    if errand.app_name is not None:
        known["app_name"] = errand.app_name
    if outcome.logo is not None:
        known["logo_url"] = logos.keep(folder, job_id, outcome.logo)
    return BrandContext(**known)


def _result(visit: Visit, row: Any, errand: Errand, outcome: Outcome, *, brand: BrandContext) -> JobResult:
    written = outcome.files_changed > 0
    made: dict[str, Any] = {"sdk_app_id": errand.app_id, "brand_context": brand, "platforms": outcome.instrumented}
    made |= {"commit": outcome.commit, "diffstat": outcome.diffstat, "pushed": outcome.pushed}
    if outcome.cut:
        made["read_in_part"] = True
    if written:
        made |= {"branch": outcome.head, "patch_path": outcome.patch_path}
    if written and row.request.get("openPR", True):
        number = _pull_number(visit, errand.full_name, row.id)
        made |= {"pr_url": f"https://github.com/{errand.full_name}/pull/{number}", "pr_number": number}
    return JobResult(**made)


def _state(visit: Visit, row: Any, errand: Errand, outcome: Outcome) -> None:
    """State all that the job made; it shows from the instant the job finishes on, nothing before."""
    finish = jobs.script_of(row).finishes_at or visit.now
    brand = _brand(outcome, errand, row.id, visit.ground.folder)
    made = _result(visit, row, errand, outcome, brand=brand).model_dump(mode="json", by_alias=True, exclude_unset=True)
    visit.connection.execute(update(tables.jobs).where(tables.jobs.c.id == row.id).values(result=made))
    found = {name: value for name, value in brand.model_dump(mode="json").items() if value}
    projects.remember(visit, row.project_id, found, at=finish, job_id=row.id)
    influencers.bear(visit, row.project_id, brand, job_id=row.id, ready_at=finish)
    identifiers = {name: getattr(outcome.brand, name) for name in ("bundle_id", "android_package", "web_domain")}
    app = sdk_apps.Found(brand.app_name or errand.full_name, outcome.instrumented[0], identifiers)
    sdk_apps.bear(visit, row.project_id, app, job_id=row.id, at=finish)


def _put_off(visit: Visit, row: Any, push: Push) -> None:
    """Let the branch be pushed when the job comes to the stage that refuses a cancel, and hold the job there."""
    gate = [name for name, _ in row.stages].index(_PUSHES_IN)
    held = jobs.changed(visit, row.id, push_gate=gate)
    put_off(visit, row.id, push, due_at=jobs.script_of(held).ends_at(gate - 1))


def _settle(visit: Visit, job_id: str, errand: Errand | Push, result: Outcome | Trouble) -> None:
    """State what a child process brought; a branch that is to be pushed is an errand of its own, and the outcome waits for it."""
    opened: dict[str, Any] = {"pushed_at" if isinstance(errand, Push) else "opened_at": visit.now}
    row = jobs.changed(visit, job_id, **opened)
    if isinstance(result, Trouble):
        jobs.fail(visit, job_id, result, stage=row.push_gate if isinstance(errand, Push) else row.gate)
    elif isinstance(errand, Push):
        _state(visit, row, errand.errand, result)
    elif errand.push and result.files_changed:
        _put_off(visit, row, Push(errand=errand, outcome=result))
    else:
        _state(visit, row, errand, result)


def _discard(folder: Path, job_id: str, _: Errand | Push) -> None:
    """Remove what was kept for a job that was canceled; nothing is left of it."""
    logos.discard(folder, job_id)
    for file in (folder / "patches").glob(f"{job_id}.*"):
        file.unlink(missing_ok=True)


def _make_room(errand: Errand, folder: Path) -> None:
    """The folder for the patch, and the sample when it is what is asked for and not there yet."""
    from layers_mcp.sandbox.repository import sample  # noqa: PLC0415  as below

    Path(errand.patch_path).parent.mkdir(parents=True, exist_ok=True)
    if Path(errand.source).is_relative_to(folder) and not Path(errand.source).exists():
        sample.make_sample(folder / "repositories")


async def _carry_out(errand: Errand | Push, folder: Path) -> Outcome | Trouble:
    from layers_mcp.sandbox.repository import child  # noqa: PLC0415  heavy, and needed only when a repository is read

    if isinstance(errand, Errand):
        await asyncio.to_thread(_make_room, errand, folder)
    return await child.run(errand)


TRADE = Trade(name=_TRADE, errands=ASKED, carry_out=_carry_out, settle=_settle, discard=_discard)
"""Reading repositories and pushing branches."""
