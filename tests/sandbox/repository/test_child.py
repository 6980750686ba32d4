"""The child process: limits, ends, and the real thing from clone to commit."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from pathlib import Path

import pytest

from layers_mcp.sandbox.child.running import Limits
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.repository.child import run
from layers_mcp.sandbox.repository.errand import Outcome, Push

pytestmark = pytest.mark.anyio


@pytest.fixture
def rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders of this test are made."""
    folder = tmp_path / "rooms"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def _ours(rooms: Path) -> list[int]:
    """Processes that work in one of the rooms."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str((entry / "cwd").readlink()).startswith(str(rooms)):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


async def _started(rooms: Path) -> int:
    """The child, as soon as there is one."""
    async with asyncio.timeout(10):
        while True:
            if processes := _ours(rooms):
                return processes[0]
            await asyncio.sleep(0)


@pytest.mark.parametrize("name", ["react-native", "expo", "flutter", "android", "next", "vite", "html"])
async def test_every_stack_comes_through_the_child(shelf, stacks, rooms, name) -> None:
    """The limits leave room for git and for reading."""
    outcome = await run(shelf.errand(shelf.make(stacks[name])))

    assert isinstance(outcome, Outcome), outcome
    assert outcome.files_changed >= 2
    assert list(rooms.iterdir()) == []


async def test_the_same_errand_gives_the_same_commit_and_patch(shelf, stacks) -> None:
    """Dates, ids and order are the errand's, not the moment's."""
    source = shelf.make(stacks["expo"])

    first = await run(shelf.errand(source))
    patch = (shelf.folder / "layers.patch").read_bytes()
    second = await run(shelf.errand(source))

    assert first == second
    assert (shelf.folder / "layers.patch").read_bytes() == patch
    assert b"From: Layers <sdk@layers.com>" in patch


async def test_a_pushed_branch_is_there_and_nothing_else_moved(shelf, stacks) -> None:
    """The work tree, the index and the current branch of a checkout stay as they are."""
    source = shelf.make(stacks["vite"])
    (source / "unsaved.txt").write_text("mine")
    before = shelf.git(source, "status", "--porcelain=v2", "--branch")

    errand = shelf.errand(source, push=True)
    read = await run(errand)
    branches = shelf.git(source, "branch", "--list", "layers/*")
    outcome = await run(Push(errand=errand, outcome=read))
    again = await run(Push(errand=errand, outcome=outcome))

    assert isinstance(outcome, Outcome)
    assert (read.pushed, outcome.pushed, branches) == (False, True, "")
    assert shelf.git(source, "rev-parse", outcome.head) == outcome.commit
    assert shelf.git(source, "log", "-1", "--format=%an %ae %ad %s", "--date=iso", outcome.head) == (
        "Layers sdk@layers.com 2026-04-18 17:23:01 +0000 Add the Layers SDK"
    )
    assert shelf.git(source, "diff", "--stat", f"main..{outcome.head}") == outcome.diffstat.strip()
    assert shelf.git(source, "status", "--porcelain=v2", "--branch") == before
    assert again == outcome


async def test_a_bare_repository_is_as_good(shelf, stacks) -> None:
    """What a Git server keeps."""
    bare = shelf.folder / "bare.git"
    shelf.git(shelf.folder, "clone", "--quiet", "--bare", str(shelf.make(stacks["html"])), str(bare))

    errand = shelf.errand(bare, push=True)
    outcome = await run(Push(errand=errand, outcome=await run(errand)))

    assert isinstance(outcome, Outcome)
    assert shelf.git(bare, "rev-parse", outcome.head) == outcome.commit


async def test_too_little_time_ends_the_child_and_leaves_nothing(shelf, stacks, rooms) -> None:
    """The whole process group goes, and its folder."""
    trouble = await run(shelf.errand(shelf.make(stacks["vite"])), Limits(at_most_s=0.05))

    assert isinstance(trouble, Trouble)
    assert (trouble.code, "0.05 seconds" in trouble.message) == ("INTERNAL", True)
    assert _ours(rooms) == []
    assert list(rooms.iterdir()) == []


async def test_too_little_memory_ends_in_trouble_not_in_a_crash(shelf, stacks, rooms) -> None:
    """The parent outlives a child that cannot go on."""
    trouble = await run(shelf.errand(shelf.make(stacks["vite"])), Limits(at_most_bytes=8 * 1024 * 1024))

    assert isinstance(trouble, Trouble)
    assert trouble.code == "INTERNAL"
    assert list(rooms.iterdir()) == []


async def test_a_child_that_is_killed_is_trouble(shelf, stacks, rooms) -> None:
    """As by the kernel when memory is short."""
    reading = asyncio.create_task(run(shelf.errand(shelf.make(stacks["vite"]))))
    os.kill(await _started(rooms), signal.SIGKILL)

    trouble = await reading

    assert isinstance(trouble, Trouble)
    assert trouble.message.startswith("the reading of the repository ended by signal 9; ")
    assert trouble.field == "repoFullName"
    assert list(rooms.iterdir()) == []


async def test_a_cancelled_reading_leaves_nothing(shelf, stacks, rooms) -> None:
    """Cancel means gone."""
    reading = asyncio.create_task(run(shelf.errand(shelf.make(stacks["vite"]))))
    await _started(rooms)

    reading.cancel()

    with pytest.raises(asyncio.CancelledError):
        await reading
    assert _ours(rooms) == []
    assert list(rooms.iterdir()) == []


async def test_a_child_that_prints_what_we_do_not_know_is_trouble(shelf, stacks, rooms, monkeypatch) -> None:
    """Garbage, silence and endless talk are not an outcome."""
    errand = shelf.errand(shelf.make(stacks["vite"]))

    for command in (["echo", "no json"], ["true"], ["yes"]):
        monkeypatch.setattr("layers_mcp.sandbox.child.running._PYTHON", tuple(command))
        trouble = await run(errand)

        assert isinstance(trouble, Trouble), command
        assert trouble.code == "INTERNAL"

    monkeypatch.setattr("layers_mcp.sandbox.child.running._PYTHON", ("/nowhere/python",))
    assert (await run(errand)).code == "INTERNAL"
    assert list(rooms.iterdir()) == []
