"""Real work that an answer itself needs: done between two transactions, by a child process, in a folder that is gone afterwards."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import BaseModel

from layers_mcp.contract import app_media, uploads
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.web.errand import MediaErrand, MediaFile, PostErrand, PostFiles

__all__ = ["prepared"]

Prepare = Callable[[BaseModel, Path], Awaitable[BaseModel]]


async def _fetch(errand: BaseModel, folder: Path) -> BaseModel:
    """Fetch a file into the folder; its name comes back as its path."""
    from layers_mcp.sandbox.web import child  # noqa: PLC0415  needed only when something is fetched

    asked = MediaErrand.model_validate(errand.model_dump() | {"folder": str(folder)})
    result = await child.fetch(asked)
    return result.model_copy(update={"name": str(folder / result.name)}) if isinstance(result, MediaFile) else result


async def _fetch_all(errand: BaseModel, folder: Path) -> BaseModel:
    """Fetch the files of a post at the same time; all of them, or the first one's trouble under its own field."""
    wanted = PostErrand.model_validate(errand.model_dump()).files
    came = await asyncio.gather(*(_fetch(one, folder) for one in wanted))
    for index, one in enumerate(came):
        if isinstance(one, Trouble):
            return one.model_copy(update={"field": f"media.{index}.url"})
    return PostFiles(files=tuple(one for one in came if isinstance(one, MediaFile)))


_PREPARATIONS: dict[str, Prepare] = {app_media.ADD.name: _fetch, uploads.UPLOAD.name: _fetch_all}
"""How an endpoint's errand is carried out, by the endpoint's name."""


@asynccontextmanager
async def prepared(endpoint: str, errand: BaseModel, folder: Path) -> AsyncGenerator[BaseModel]:
    """What came of an endpoint's errand. Files that nobody took out of its folder, on the disk of the world's `folder`, are removed."""
    place = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=".incoming-", dir=folder))
    try:
        yield await _PREPARATIONS[endpoint](errand, place)
    finally:
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)
