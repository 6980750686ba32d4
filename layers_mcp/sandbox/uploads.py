"""Uploads: a customer's own files become content as they are; it needs the same decision as what is generated."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Row, insert, select, update

from layers_mcp.contract import errors
from layers_mcp.contract import uploads as contract
from layers_mcp.contract.content import Container
from layers_mcp.sandbox import audit, awaiting, content, crowd, ids, jobs, projects, shelf, tables
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.clockwork import Stage
from layers_mcp.sandbox.listing_tables import uploads
from layers_mcp.sandbox.visit import Unprepared, Visit, invalid
from layers_mcp.sandbox.web import guard
from layers_mcp.sandbox.web.errand import MediaErrand, MediaFile, PostErrand, PostFiles
from layers_mcp.sandbox.web.media import ENDINGS, known_by_its_bytes
from layers_mcp.sandbox.web.sites import listed

__all__ = ["change", "finalize", "place_of", "reserve", "upload"]

_LIVES = timedelta(hours=1)
"""How long a place for a file is good; ours."""
_ROW = uploads.c


def place_of(folder: Path, project_id: str, token: str) -> Path:
    """Where a file lies that was sent and not made content of yet."""
    return folder / "sent" / project_id / token


def _captions(text: str) -> list[dict[str, str]]:
    return [{"platform": platform, "text": text} for platform in content.PLATFORMS]


def _begin(visit: Visit, project: Row[Any], types: Sequence[str], *, waits: bool) -> str:
    """A container that waits for its files, or has them; its job is only how it stands, and tells nobody anything."""
    plan = jobs.Plan("content_upload", [Stage(content.STAGES[0], 0.0)], content.STAGES[0] if waits else None)
    job_id, _ = jobs.start(visit, project.id, plan, {})
    awaiting.over(visit.connection, "job", job_id)
    form = "video_remix" if types[0].startswith("video/") else "slideshow_remix"
    row: dict[str, Any] = {"id": ids.mint("cnt"), "project_id": project.id, "job_id": job_id, "format": form, "hook": "", "brief": {}}
    row |= {"captions": [], "media": [], "approval": content.approval_of(visit, project), "created_at": visit.now}
    row |= crowd.born(visit, project.id, hook="", form=form, line=None)
    visit.connection.execute(insert(tables.containers).values(row))
    return str(row["id"])


def _keep(visit: Visit, container_id: str, files: Sequence[tuple[Path, str]], caption: str) -> list[dict[str, JsonValue]]:
    """Put the files, each with its type, into the container's folder; the assets as its row keeps them."""
    folder = shelf.media_folder(visit.ground.folder, container_id)
    folder.mkdir(parents=True, exist_ok=True)
    kept: list[dict[str, JsonValue]] = []
    for number, (file, mime) in enumerate(files, 1):
        kind, name = mime.partition("/")[0], f"upload_{number}.{ENDINGS[mime]}"
        size = file.stat().st_size
        os.replace(file, folder / name)  # noqa: PTH105  the same either way
        asset: dict[str, JsonValue] = {"id": ids.stamped("asset", visit.now), "kind": kind, "name": name, "mime": mime, "size": size}
        asset |= {"preview": name if kind == "image" else None, "width": None, "height": None, "duration_ms": None}
        kept.append(asset)
    mine = update(tables.containers).where(tables.containers.c.id == container_id)
    visit.connection.execute(mine.values(media=kept, captions=_captions(caption)))
    return kept


def _check_together(types: Sequence[str], field: str) -> None:
    """Refuse files that are no one post: more than one, and not all images."""
    for index, mime in enumerate(types):
        if len(types) > 1 and not mime.startswith("image/"):
            raise invalid(f"{field}.{index}", "is a video; a post is one video, one image, or 2 to 10 images")


def _errand(visit: Visit, request: contract.UploadContent) -> PostErrand:
    sites, folder = listed(visit.ground.sites), str(visit.ground.folder)
    for index, one in enumerate(request.media):
        try:
            guard.checked(guard.understood(one.url), sites, tls=True)
        except guard.Refused as refused:
            raise invalid(f"media.{index}.url", str(refused)) from None
    wanted = (MediaErrand(url=one.url, kind="post", folder=folder, stem=f"file_{n}", sites=sites) for n, one in enumerate(request.media))
    return PostErrand(files=tuple(wanted))


def _fetched(visit: Visit) -> tuple[MediaFile, ...]:
    came = visit.prepared
    if isinstance(came, Trouble) and came.code == "VALIDATION":
        raise invalid(came.field or "media", came.message)
    if not isinstance(came, PostFiles):
        raise errors.Unavailable("the files could not be fetched for a reason of ours; send the same call again")
    for index, one in enumerate(came.files):
        if one.size > contract.MOST_BYTES[one.mime.partition("/")[0]]:
            raise invalid(f"media.{index}.url", "leads to a file that is too large: a video has 100 MB at most, an image 30 MB")
    return came.files


def upload(visit: Visit, request: contract.UploadContent) -> Container:
    """Fetch the files and make them content at once; the fetching is done before the transaction (layers-api: POST …/content/upload)."""
    project = projects.living(visit, request.project_id)
    if visit.prepared is None:
        raise Unprepared(_errand(visit, request))
    files = _fetched(visit)
    types = [one.mime for one in files]
    _check_together(types, "media")
    container_id = _begin(visit, project, types, waits=False)
    _keep(visit, container_id, [(Path(one.name), one.mime) for one in files], request.caption)
    audit.log(visit, "content.uploaded", project.id, containerId=container_id, files=len(files))
    return content.see(visit, *content.own(visit, container_id))


def reserve(visit: Visit, request: contract.ReserveUploads) -> contract.ReservedUploads:
    """Reserve a container for each file, or one for all, and a place to send each file to."""
    project, types = projects.living(visit, request.project_id), [one.content_type for one in request.files]
    for index, one in enumerate(request.files):
        if one.size_bytes > contract.MOST_BYTES[one.content_type.partition("/")[0]]:
            raise invalid(f"files.{index}.sizeBytes", "is too large: a video has 100 MB at most, an image 30 MB")
        if request.grouping == "slideshow" and not one.content_type.startswith("image/"):
            raise invalid(f"files.{index}.contentType", "is a video; a slideshow is made of images")
    whole = request.grouping == "slideshow"
    made = [_begin(visit, project, types, waits=True)] if whole else [_begin(visit, project, [one], waits=True) for one in types]
    reserved: list[contract.ReservedFile] = []
    for index, one in enumerate(request.files):
        token, container_id = secrets.token_urlsafe(24), made[0 if whole else index]
        row = {"token": token, "project_id": project.id, "container_id": container_id, "mime": one.content_type, "size": one.size_bytes}
        visit.connection.execute(insert(uploads).values(row | {"expires_at": visit.now + _LIVES}))
        known: dict[str, Any] = {"container_id": container_id, "filename": one.filename, "content_type": one.content_type}
        url = f"{visit.ground.site_url}/uploads/{token}"
        reserved.append(contract.ReservedFile(upload_url=url, expires_at=visit.now + _LIVES, **known))
    return contract.ReservedUploads(container_ids=tuple(made), uploads=tuple(reserved))


def _own(visit: Visit, container_id: str) -> tuple[Row[Any], Any]:
    row, seen = content.own(visit, container_id)
    if row.job_kind != content.UPLOADED:
        raise errors.Conflict(f"content {row.id} was generated", details={"containerId": row.id, "creativeType": "generated"})
    return row, seen


def _sent(visit: Visit, row: Row[Any]) -> list[tuple[Path, str]]:
    """The files that were sent for a container.

    Raises:
        errors.Invalid: one is not there, or is not what was declared; `details.issues[]` names each.
    """
    files = visit.connection.execute(select(uploads).where(_ROW.container_id == row.id).order_by(_ROW.seq)).all()
    issues: list[JsonValue] = []
    found: list[tuple[Path, str]] = []
    for index, one in enumerate(files):
        place = place_of(visit.ground.folder, one.project_id, one.token)
        if not place.is_file():
            issues.append({"path": f"files.{index}", "message": "was not sent; PUT it to its uploadUrl"})
        elif place.stat().st_size != one.size or known_by_its_bytes(place) != one.mime:
            issues.append({"path": f"files.{index}", "message": "is not of the size and type that were declared"})
        found.append((place, one.mime))
    if issues:
        raise errors.Invalid("not all files are there as they were declared", details={"issues": issues})
    return found


def finalize(visit: Visit, request: contract.FinalizeUpload) -> Container:
    """Make content of the files that were sent; a repeat changes nothing (layers-api: finalize-upload)."""
    row, seen = _own(visit, request.container_id)
    if seen.status == "completed":
        return content.see(visit, row, seen)
    projects.living(visit, row.project_id)
    if seen.status != "running":
        raise errors.Conflict(f"content {row.id} is {seen.status}", details={"containerId": row.id, "status": seen.status})
    kept = _keep(visit, row.id, _sent(visit, row), request.caption)
    jobs.changed(visit, row.job_id, opened_at=visit.now)
    awaiting.over(visit.connection, "job", row.job_id)
    audit.log(visit, "content.uploaded", row.project_id, containerId=row.id, files=len(kept))
    return content.see(visit, *content.own(visit, row.id))


def change(visit: Visit, request: contract.UpdateContent) -> Container:
    """Give an upload another caption, which needs a new decision; the same caption changes nothing (layers-api: PATCH content)."""
    row, seen = _own(visit, request.container_id)
    project = projects.living(visit, row.project_id)
    if seen.status != "completed":
        status = content.status_of(seen)
        raise errors.Conflict(f"content {row.id} is {status}", details={"containerId": row.id, "status": status})
    captions = _captions(request.caption)
    if captions != row.captions:
        new = {"captions": captions, **content.undecided(visit, project, row)}
        visit.connection.execute(update(tables.containers).where(tables.containers.c.id == row.id).values(new))
        audit.log(visit, "content.updated", row.project_id, containerId=row.id, approvalBefore=row.approval)
    return content.see(visit, *content.own(visit, row.id))
