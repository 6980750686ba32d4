"""App media: files of a customer's own, fetched once and served from here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import Row, insert, select, update

from layers_mcp.contract import app_media, errors
from layers_mcp.sandbox import audit, ids, projects, tables
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.pages import Keys, Window, page
from layers_mcp.sandbox.visit import Ground, Unprepared, Visit, invalid
from layers_mcp.sandbox.web import guard
from layers_mcp.sandbox.web.errand import MediaErrand, MediaFile
from layers_mcp.sandbox.web.media import KINDS
from layers_mcp.sandbox.web.sites import listed

__all__ = ["add", "listing", "logo", "remove"]

_BELOW = "app"
"""The folder of app media in the folder of all media."""


def _place(ground: Ground, row: Row[Any]) -> Path:
    return ground.folder / "media" / _BELOW / row.project_id / row.file


def _see(visit: Visit, row: Row[Any]) -> app_media.AppMedia:
    return app_media.AppMedia(
        id=row.id,
        project_id=row.project_id,
        kind=row.kind,
        role=KINDS[row.kind].role,
        url=f"{visit.ground.site_url}/media/{_BELOW}/{row.project_id}/{row.file}",
        content_type=row.mime,
        size_bytes=row.size,
        created_at=row.created_at,
    )


def _drop(visit: Visit, row: Row[Any]) -> None:
    """Take a file out of lists, generation and the site."""
    visit.connection.execute(update(tables.app_media).where(tables.app_media.c.id == row.id).values(deleted_at=visit.now))
    _place(visit.ground, row).unlink(missing_ok=True)


def _errand(visit: Visit, request: app_media.AddAppMedia) -> MediaErrand:
    sites = listed(visit.ground.sites)
    try:
        guard.checked(guard.understood(request.url), sites, tls=True)
    except guard.Refused as refused:
        raise invalid("url", str(refused)) from None
    return MediaErrand(url=request.url, kind=request.kind, folder=str(visit.ground.folder), stem=ids.mint("med"), sites=sites)


def _kept(visit: Visit, project_id: str, kind: app_media.MediaKind, fetched: MediaFile) -> Row[Any]:
    """The row of a fetched file, which is in its place from here on; the one it replaces is gone."""
    row = tables.app_media.c
    old = select(tables.app_media).where(row.project_id == project_id, row.kind == kind, row.deleted_at.is_(None))
    replaced = visit.connection.execute(old).all()
    new: dict[str, Any] = {"id": Path(fetched.name).stem, "project_id": project_id, "kind": kind, "file": Path(fetched.name).name}
    new |= {"mime": fetched.mime, "size": fetched.size, "created_at": visit.now}
    visit.connection.execute(insert(tables.app_media).values(new))
    made = visit.connection.execute(select(tables.app_media).where(row.id == new["id"])).one()
    place = _place(visit.ground, made)
    place.parent.mkdir(parents=True, exist_ok=True)
    os.replace(fetched.name, place)  # noqa: PTH105  the same either way
    for one in replaced if KINDS[kind].replaces else ():
        _drop(visit, one)
    return made


def add(visit: Visit, request: app_media.AddAppMedia) -> app_media.AppMedia:
    """Fetch a file and keep it; the fetching is done before the transaction that keeps it (layers-api: POST …/app-media)."""
    project = projects.living(visit, request.project_id)
    if visit.prepared is None:
        raise Unprepared(_errand(visit, request))
    fetched = visit.prepared
    if isinstance(fetched, Trouble) and fetched.code == "VALIDATION":
        raise invalid("url", fetched.message)
    if not isinstance(fetched, MediaFile):
        raise errors.Unavailable("the file could not be fetched for a reason of ours; send the same call again")
    return _see(visit, _kept(visit, project.id, request.kind, fetched))


def listing(visit: Visit, request: app_media.ListAppMedia) -> app_media.AppMediaPage:
    """A page of a project's app media, newest first."""
    row = tables.app_media.c
    project = projects.own(visit, request.project_id)
    query = select(tables.app_media).where(row.project_id == project.id, row.deleted_at.is_(None))
    if request.kind is not None:
        query = query.where(row.kind == request.kind)
    keys = Keys("app-media", row.created_at, row.seq)
    items, cursor = page(visit.connection, query, keys, Window(request.cursor, request.limit), see=lambda found: _see(visit, found))
    return app_media.AppMediaPage(items=items, next_cursor=cursor)


def remove(visit: Visit, request: app_media.RemoveAppMedia) -> app_media.RemovedAppMedia:
    """Remove a file; one that is gone is not found."""
    row = tables.app_media.c
    project = projects.own(visit, request.project_id)
    mine = (row.id == ids.full("med", request.media_id.lower()), row.project_id == project.id, row.deleted_at.is_(None))
    found = visit.connection.execute(select(tables.app_media).where(*mine)).first()
    if found is None:
        raise errors.NotFound(f"there is no app media {request.media_id} in this project")
    _drop(visit, found)
    audit.log(visit, "app_media.removed", project.id, mediaId=found.id)
    return app_media.RemovedAppMedia(id=found.id, deleted=True)


def logo(visit: Visit, project_id: str) -> Path | None:
    """Where a project's current logo lies, None when it has none."""
    row = tables.app_media.c
    query = select(tables.app_media).where(row.project_id == project_id, row.kind == "logo", row.deleted_at.is_(None))
    found = visit.connection.execute(query.order_by(row.seq.desc())).first()
    return None if found is None else _place(visit.ground, found)
