"""Draws one errand in a child process of its own, with limits, and always comes back with an answer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from pathlib import Path

from pydantic import ValidationError

import layers_mcp
from layers_mcp.sandbox.media.errand import Answer, Errand, Outcome, Trouble

__all__ = ["run"]

_COMMAND = (sys.executable, "-P", "-s", "-m", "layers_mcp.sandbox.media")


def _environment(folder: str) -> dict[str, str]:
    """Nothing of ours but the way to our own code."""
    return {
        "PATH": os.defpath,
        "HOME": folder,
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(layers_mcp.__file__ or ".").resolve().parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MALLOC_ARENA_MAX": "2",
    }


def _understand(printed: bytes, status: int | None) -> Outcome | Trouble:
    try:
        return Answer.model_validate_json(printed).result
    except ValidationError:
        return Trouble(code="INTERNAL", message=f"the drawing ended with status {status} and no answer")


async def run(errand: Errand, *, at_most_s: float = 60.0, at_most_bytes: int = 512 * 1024 * 1024) -> Outcome | Trouble:
    """Carry out an errand in a child with at most so much wall time and address space; the child is gone when this returns."""
    with tempfile.TemporaryDirectory(prefix="layers-media-", ignore_cleanup_errors=True) as folder:
        try:
            process = await asyncio.create_subprocess_exec(
                *_COMMAND,
                *(str(at_most_s), str(at_most_bytes)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=folder,
                env=_environment(folder),
                start_new_session=True,
            )
        except OSError:
            return Trouble(code="INTERNAL", message="the drawing could not be started")
        try:
            async with asyncio.timeout(at_most_s):
                printed, _ = await process.communicate(errand.model_dump_json(by_alias=True).encode())
            return _understand(printed, process.returncode)
        except TimeoutError:
            return Trouble(code="INTERNAL", message=f"the drawing took longer than {at_most_s:g} seconds")
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.shield(process.wait())
