"""A client that has seen the tools meets a server that is ready; one that has not pays for nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, json, sys
import layers_mcp.commands.serve
from pathlib import Path
from layers_mcp.app import App
from layers_mcp.clock import WallClock
from layers_mcp.settings import Settings
from layers_mcp.warming import ROOMS, SANDBOX, warmed

async def tell(done, stage): ...

async def main():
    app = App(Settings(state_dir=Path(sys.argv[1])), WallClock())
    async with app.serving(), warmed(sandbox=True) as listed:
        if sys.argv[2] == "listed":
            listed()
            while SANDBOX[-1] not in sys.modules:
                await asyncio.sleep(0.01)
        else:
            await asyncio.sleep(0.2)
        before = set(sys.modules)
        await app.answer("get_project", {}, tell)
        print(json.dumps(sorted(set(sys.modules) - before)))

asyncio.run(main())
"""


@pytest.fixture
def imported_by_a_first_call(tmp_path):
    """The modules that the first call of a server imports, after the tools were `listed`, or without that."""

    def call(seen: str) -> list[str]:
        command = [sys.executable, "-c", PROGRAM, str(tmp_path), seen]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
        return json.loads(ended.stdout)

    return call


def test_a_first_call_after_the_tools_were_listed_has_next_to_nothing_to_import(imported_by_a_first_call):
    """Issue 9: the first call is answered in under 0.2 s with a key, and in under 1.5 s with the sandbox; imports were most of it."""
    late = imported_by_a_first_call("listed")

    assert len(late) < 60, late
    assert not [name for name in late if name.split(".")[0] in ("fastapi", "pydantic", "jsonschema", "PIL", "alembic")]


def test_nothing_is_imported_for_a_client_that_does_not_ask_for_the_tools(imported_by_a_first_call):
    """The memory of a server that nobody uses is that of the SDK."""
    assert {"sqlalchemy", "fastapi", "layers_mcp.tools.catalog"} <= set(imported_by_a_first_call("not yet"))
