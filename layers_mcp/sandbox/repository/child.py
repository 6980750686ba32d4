"""Runs one errand in a child process of its own, with limits, and always comes back with an answer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from pydantic import ValidationError

import layers_mcp
from layers_mcp.sandbox.repository.errand import Answer, Errand, Outcome, Push, Trouble

__all__ = ["run"]

_COMMAND = (sys.executable, "-P", "-s", "-m", "layers_mcp.sandbox.repository")
_SMALLER = "connect a smaller repository, or name a branch with only the app in it"
_ANSWER_AT_MOST = 4 * 1024 * 1024


def _environment(folder: str) -> dict[str, str]:
    """Nothing of ours but the way to git and to our own code."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": folder,
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(layers_mcp.__file__ or ".").resolve().parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MALLOC_ARENA_MAX": "2",
    }


def _kill(process: asyncio.subprocess.Process) -> None:
    """End the child and all it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


async def _talk(process: asyncio.subprocess.Process, errand: Errand | Push) -> bytes:
    """Hand the errand over and take what the child prints, up to a bound."""
    if process.stdin is None or process.stdout is None:  # pragma: no cover - both are pipes
        return b""
    process.stdin.write(errand.model_dump_json().encode())
    with contextlib.suppress(ConnectionError):
        await process.stdin.drain()
    process.stdin.close()
    printed = bytearray()
    while len(printed) <= _ANSWER_AT_MOST and (piece := await process.stdout.read(65536)):
        printed += piece
    if len(printed) > _ANSWER_AT_MOST:
        _kill(process)
    await process.wait()
    return bytes(printed)


def _understand(printed: bytes, status: int | None) -> Outcome | Trouble:
    """The child's answer, or why there is none."""
    try:
        return Answer.model_validate_json(printed).result
    except ValidationError:
        why = f"ended by signal {-status}" if status is not None and status < 0 else f"ended with status {status} and no answer"
        return Trouble(code="INTERNAL", message=f"the reading of the repository {why}; {_SMALLER}", field="repoFullName")


async def run(errand: Errand | Push, *, at_most_s: float = 120.0, at_most_bytes: int = 512 * 1024 * 1024) -> Outcome | Trouble:
    """Carry out an errand in a child with at most so much wall time, and so much memory (and bytes a file) for each process.

    The child and all it started are gone, and so is its folder, when this returns or is cancelled.
    """
    folder = tempfile.mkdtemp(prefix="layers-ingest-")
    process: asyncio.subprocess.Process | None = None
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
        async with asyncio.timeout(at_most_s):
            printed = await _talk(process, errand)
        return _understand(printed, process.returncode)
    except TimeoutError:
        return Trouble(
            code="INTERNAL",
            message=f"the reading of the repository took longer than {at_most_s:g} seconds; {_SMALLER}",
            field="repoFullName",
        )
    except OSError:
        return Trouble(code="INTERNAL", message="the reading of the repository could not be started")
    finally:
        if process is not None:
            _kill(process)
            await asyncio.shield(process.wait())
        shutil.rmtree(folder, ignore_errors=True)
