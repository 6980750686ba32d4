"""Runs one errand in a child process of its own, with limits, and always comes back with an answer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

import layers_mcp
from layers_mcp.sandbox.child.trouble import Answer, Trouble, Workshop

__all__ = ["Limits", "run"]

O = TypeVar("O", bound=BaseModel)  # noqa: E741  an outcome

_PYTHON = (sys.executable, "-P", "-s", "-m")
_OUT_OF_TIME = frozenset({signal.SIGALRM, signal.SIGXCPU})
"""What ends a child that used up what `limits` gave it."""
_ANSWER_AT_MOST = 4 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one child may use: wall seconds in all, and for each of its processes address space and bytes a file."""

    at_most_s: float = 120.0
    at_most_bytes: int = 512 * 1024 * 1024


def _environment(folder: str) -> dict[str, str]:
    """Nothing of ours but the way to programs and to our own code."""
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
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


async def _talk(process: asyncio.subprocess.Process, errand: BaseModel) -> bytes:
    """Hand the errand over and take what the child prints, up to a bound."""
    if process.stdin is None or process.stdout is None:  # pragma: no cover - both are pipes
        return b""
    process.stdin.write(errand.model_dump_json(by_alias=True).encode())
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


def _understand(workshop: Workshop[O], printed: bytes, status: int | None) -> O | Trouble:
    """The child's answer, or why there is none."""
    try:
        return Answer[workshop.outcome].model_validate_json(printed).result
    except ValidationError:
        ended = -status if status is not None and status < 0 else None
        why = f"ended with status {status} and no answer" if ended is None else f"ended by signal {ended}"
        return workshop.trouble(why, final=ended in _OUT_OF_TIME)


async def run(workshop: Workshop[O], errand: BaseModel, limits: Limits) -> O | Trouble:
    """Carry out an errand in a child.

    The child and all it started are gone, and so is its folder, when this returns or is cancelled.
    """
    folder = tempfile.mkdtemp(prefix="layers-work-")
    process: asyncio.subprocess.Process | None = None
    try:
        process = await asyncio.create_subprocess_exec(
            *_PYTHON,
            workshop.module,
            *(str(limits.at_most_s), str(limits.at_most_bytes)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=folder,
            env=_environment(folder),
            start_new_session=True,
        )
        async with asyncio.timeout(limits.at_most_s):
            printed = await _talk(process, errand)
        return _understand(workshop, printed, process.returncode)
    except TimeoutError:
        return workshop.trouble(f"took longer than {limits.at_most_s:g} seconds", final=True)
    except OSError:
        return Trouble(code="INTERNAL", message=f"{workshop.doing} could not be started")
    finally:
        if process is not None:
            _kill(process)
            await asyncio.shield(process.wait())
        shutil.rmtree(folder, ignore_errors=True)
