"""What the first call needs is imported while nobody asks for anything, once a client has seen the tools."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Final

__all__ = ["ROOMS", "SANDBOX", "warmed"]

ROOMS: Final = (
    "pydantic", "sqlalchemy", "sqlalchemy.dialects.sqlite", "jsonschema", "structlog",
    "layers_mcp.contract.table", "layers_mcp.client.layers", "layers_mcp.client.desk", "layers_mcp.store.store", "layers_mcp.gate.gate",
    "layers_mcp.loops.office", "layers_mcp.tool.perform", "layers_mcp.server.calling",
)  # fmt: skip
SANDBOX: Final = ("fastapi", "layers_mcp.sandbox.tables", "layers_mcp.sandbox.world", "layers_mcp.sandbox.app", "layers_mcp.sandbox.site")
_PAUSE_S: Final = 0.01
"""Between two imports whoever asks meanwhile is answered; the longest single one takes about 0.3 s."""


@asynccontextmanager
async def warmed(*, sandbox: bool) -> AsyncGenerator[Callable[[], None]]:
    """Gives what is to be called when the tools were listed; from then on all that the first call needs is imported, one after another.

    In this thread, as two threads that import parts of one package can see each other's halves. A client that only lists the tools and
    leaves waits for none of it, and neither does the first call for more than the import that is under way.
    """
    listed = asyncio.Event()

    async def work() -> None:
        await listed.wait()
        for room in (*ROOMS, *(SANDBOX if sandbox else ())):
            await asyncio.sleep(_PAUSE_S)
            import_module(room)

    working = asyncio.create_task(work())
    try:
        yield listed.set
    finally:
        working.cancel()
        await asyncio.wait([working])
