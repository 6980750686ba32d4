"""Imports go down only, and heavy rooms stay shut."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = (
    "sqlalchemy",
    "alembic",
    "fastapi",
    "layers_mcp.sandbox",
    "layers_mcp.store",
    "layers_mcp.gate",
    "layers_mcp.loops",
    "layers_mcp.tools",
    "layers_mcp.contract",
    "typer",
    "dbos",
)


def test_imports_go_down_only():
    """Design §3: the floors, as import-linter reads them in pyproject.toml; a process of its own, because it sets up logging."""
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"

    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout


def test_only_the_child_that_draws_imports_what_it_draws_with():
    """Pillow and PyAV are 100 MB of memory that no answer needs."""
    program = "import sys, json, layers_mcp.sandbox.app, layers_mcp.server.calling; print(json.dumps(sorted(sys.modules)))"

    loaded = json.loads(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout)

    assert [name for name in loaded if name.startswith(("PIL", "av", "uharfbuzz", "budoux", "bidi"))] == []


def test_serving_imports_neither_sandbox_nor_database_nor_loops():
    """Design §10: `tools/list` over stdio loads nothing heavy."""
    program = "import sys, json, layers_mcp.commands.serve; print(json.dumps(sorted(sys.modules)))"

    loaded = json.loads(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout)

    assert [name for name in loaded if name.startswith(HEAVY)] == []


@pytest.mark.parametrize(
    "command", ["confirm", "doctor", "forgetting", "halting", "health", "onboarding", "runs", "trail", "webhooks", "worker"]
)
def test_a_command_that_speaks_no_mcp_does_not_import_the_sdk(command):
    """It takes 0.6 s and 20 MB, which a person at a terminal waits for, and each worker of a fleet holds."""
    program = f"import sys, layers_mcp.commands.{command}; sys.exit('mcp' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
