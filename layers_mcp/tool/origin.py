"""Whose text it is: brand context that was read from somewhere is marked wherever it is shown."""

from __future__ import annotations

import re

from layers_mcp.contract.jobs import Job
from layers_mcp.contract.projects import Project
from layers_mcp.tool.outcome import ReadFrom

__all__ = ["of_brand", "of_job", "of_project"]

_PULL = re.compile(r"https://github\.com/([A-Za-z0-9_.\-]{1,100}/[A-Za-z0-9_.\-]{1,100})/pull/\d{1,9}")
"""The pull request of an ingest names its repository; nothing but these letters comes through."""


def _pull(job: Job) -> str | None:
    found = _PULL.fullmatch(job.result.pr_url or "") if job.result else None
    return found[1] if found else None


def of_brand(*places: str) -> tuple[ReadFrom, ...]:
    """Parts of a result that are made from the brand context, where it is not known what that was read from."""
    return tuple(ReadFrom(at=place, kind="brand") for place in places)


def of_job(job: Job, *, name: str | None = None) -> tuple[ReadFrom, ...]:
    """The brand context of an ingest's result, and the names of files in its diffstat; `name`: what the caller knows it was read from."""
    if job.result is None or job.result.brand_context is None:
        return ()
    if job.kind == "project_ingest_website":
        return (ReadFrom(at="job.result.brandContext", kind="website", name=name),)
    if job.kind == "project_ingest_appstore":
        return (ReadFrom(at="job.result.brandContext", kind="appstore", name=name),)
    places = ("brandContext", *(("diffstat",) if job.result.diffstat else ()))
    return tuple(ReadFrom(at=f"job.result.{place}", kind="repository", name=name or _pull(job)) for place in places)


def of_project(project: Project, *others: str) -> tuple[ReadFrom, ...]:
    """The brand context of a project with an ingest, and `others` that are made from it (`influencers`).

    Layers shows the last ingest of each kind, so one that runs or failed may hide one that was completed: any counts.
    """
    state = project.ingest_state
    if state is None or project.brand_context is None:
        return ()
    places = ("project.brandContext", *others)
    found = [ReadFrom(at=place, kind="repository") for place in places if state.github]
    found += [ReadFrom(at=place, kind="website") for place in places if state.website]
    found += [ReadFrom(at=place, kind="appstore") for place in places if state.appstore]
    return tuple(found)
