"""Pictures of containers: drawn once by a child process, written beside the state, revealed when the generation ends."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter
from sqlalchemy import update

from layers_mcp.sandbox import account, ids, jobs, shelf, tables
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.media import child
from layers_mcp.sandbox.media.brief import SlideBrief
from layers_mcp.sandbox.media.errand import Errand, MediaFile, Outcome, Piece
from layers_mcp.sandbox.trade import Trade, leave
from layers_mcp.sandbox.visit import Visit

__all__ = ["GATE", "TRADE", "Said", "begin", "container_id"]

_TRADE = "media"
GATE = "generating_visuals"
"""The stage that needs the files."""


class Said(NamedTuple):
    """What the slides say, all variants the same, and where the caller can mend it: `paths` by the names of `media.drawing`'s fields."""

    brief: SlideBrief
    paths: Mapping[str, str]
    logo: Path | None

    def starting(self, variant: int) -> Self:
        """The same words, the first container in the colours of this variant."""
        return self._replace(brief=self.brief.model_copy(update={"variant": variant}))


class Order(BaseModel):
    """The errand of a job, with what it takes to name the field that was at fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    errand: Errand
    paths: dict[str, str]


def container_id(job_id: str, variant: int) -> str:
    """The container of a job's variant, where its caller did not name it."""
    return ids.derived("cnt", job_id, str(variant))


def begin(visit: Visit, job_id: str, container_ids: Sequence[str], said: Said, *, as_video: bool) -> None:
    """Leave the drawing of a job's containers to the worker; each variant has its own colours."""
    folder = visit.ground.folder
    pieces = tuple(
        Piece(brief=said.brief.model_copy(update={"variant": variant}), folder=str(shelf.media_folder(folder, one)))
        for variant, one in enumerate(container_ids, said.brief.variant)
    )
    logo = str(said.logo) if said.logo else None
    leave(visit, _TRADE, job_id, Order(errand=Errand(pieces=pieces, logo_path=logo, video=as_video), paths=dict(said.paths)))


def _kept(visit: Visit, files: Sequence[MediaFile]) -> list[dict[str, JsonValue]]:
    """A container's assets as its row keeps them; every one is previewed by the same picture."""
    small = next(file.name for file in files if file.kind == "preview")
    return [
        {"id": ids.stamped("asset", visit.now), **file.model_dump(mode="json"), "preview": small}
        for file in files
        if file.kind != "preview"
    ]


def _fail(visit: Visit, row: Any, trouble: Trouble, paths: Mapping[str, str]) -> None:
    """Let the job fail at its gate, and name the field that can mend it."""
    path = paths.get(trouble.field, trouble.field) if trouble.field else None
    message = f"{path}: {trouble.message}" if path else trouble.message
    problem = {
        "code": trouble.code,
        "message": message,
        "details": {"issues": [{"path": path, "message": trouble.message}]} if path else {},
    }
    jobs.changed(visit, row.id, fails_in=row.gate, problem=problem)


def _settle(visit: Visit, job_id: str, order: Order, result: Outcome | Trouble) -> None:
    """State what was drawn; it shows when the job ends, and the credits are charged then, or come back."""
    row = jobs.changed(visit, job_id, opened_at=visit.now)
    if isinstance(result, Trouble):
        _fail(visit, row, result, order.paths)
        _discard(visit.ground.folder, job_id, order)
    else:
        for piece, files in zip(order.errand.pieces, result.pieces, strict=True):
            mine = tables.containers.c.id == Path(piece.folder).name
            visit.connection.execute(update(tables.containers).where(mine).values(media=_kept(visit, files)))
    account.settle(visit, job_id, jobs.script_of(jobs.changed(visit, job_id)).finishes_at or visit.now, charged=isinstance(result, Outcome))


def _discard(folder: Path, job_id: str, order: Order) -> None:
    """Remove the files of a job that made nothing."""
    del job_id
    for piece in order.errand.pieces:
        shutil.rmtree(shelf.media_folder(folder, Path(piece.folder).name), ignore_errors=True)


def _make_room(errand: Errand) -> None:
    """An empty folder for each piece, without what a child that was killed left in it."""
    for piece in errand.pieces:
        shutil.rmtree(piece.folder, ignore_errors=True)
        Path(piece.folder).mkdir(parents=True, exist_ok=True)


async def _carry_out(order: Order, folder: Path) -> Outcome | Trouble:
    del folder
    await asyncio.to_thread(_make_room, order.errand)
    return await child.run(order.errand)


TRADE = Trade(name=_TRADE, errands=TypeAdapter(Order), carry_out=_carry_out, settle=_settle, discard=_discard)
"""Drawing what a generation makes."""
