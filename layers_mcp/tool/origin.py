"""Whose text it is: brand context that was read from somewhere is marked wherever it is shown."""

from __future__ import annotations

import re

from pydantic import JsonValue

from layers_mcp.contract.jobs import Job
from layers_mcp.contract.projects import Project
from layers_mcp.tool.outcome import Kind, ReadFrom

__all__ = ["KINDS", "of_brand", "of_job", "of_project", "of_record"]

KINDS: dict[str, Kind] = {
    **dict.fromkeys(("brandVoice", "brief", "captionVariants", "captions", "cta", "hook"), "brand"),
    **dict.fromkeys(("hashtags",), "audience"),
    **dict.fromkeys(
        ("dispatchFailureReason", "entityName", "error", "externalUrl", "gave", "handle", "lastError", "rationale", "value"), "platform"
    ),
    **dict.fromkeys(("comment", "customerExternalId", "metadata", "name", "note", "ownerEmail", "reason", "subject"), "customer"),
}
"""Fields of records that hold text of strangers, by their names, and whose it is. `value`: of a fact that an explanation quotes.

Whether brand context was read somewhere is told by the ingests: what the partner wrote itself is no stranger's.
"""
_OF_ADS = frozenset({"adId", "adsetId", "campaignId", "adAccountId", "decisionId", "pendingId"})
"""What the platform's things are known by; their names are those of the ad account, whoever made them."""

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


def _texts(value: JsonValue) -> bool:
    """Whether there is a text in it."""
    if isinstance(value, dict):
        return any(_texts(entry) for entry in value.values())
    return any(_texts(entry) for entry in value) if isinstance(value, list) else isinstance(value, str) and value != ""


def _found(value: JsonValue, path: str, marked: set[str], found: dict[str, Kind]) -> None:
    if isinstance(value, list):
        for entry in value:
            _found(entry, path, marked, found)
    for name, entry in value.items() if isinstance(value, dict) else ():
        place = f"{path}.{name}" if path else name
        kind = "platform" if name in ("name", "reason") and isinstance(value, dict) and _OF_ADS & value.keys() else KINDS.get(name)
        if place in marked or place in found:
            continue
        if kind is not None and _texts(entry):
            found[place] = kind
        else:
            _found(entry, place, marked, found)


def of_record(record: JsonValue, known: tuple[ReadFrom, ...]) -> tuple[ReadFrom, ...]:
    """The parts of a record that strangers wrote: those that are `known`, and below nothing of them those that their names tell."""
    found: dict[str, Kind] = {}
    _found(record, "", {one.at for one in known}, found)
    return (*known, *(ReadFrom(at=place, kind=kind) for place, kind in found.items()))
