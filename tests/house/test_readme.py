"""The README's tables are made from the code; run this file as a program to make them anew."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import typer
from pydantic_core import PydanticUndefined

from layers_mcp.commands import cli
from layers_mcp.contract.table import TABLE
from layers_mcp.listening import Listening
from layers_mcp.prompts import read_prompts
from layers_mcp.server.catalog import read_catalog
from layers_mcp.server.presets import PRESETS
from layers_mcp.server.weight import weigh
from layers_mcp.settings import PREFIX, Settings
from layers_mcp.tool.declaration import Tool
from layers_mcp.tool.sending import short_name
from layers_mcp.tools.catalog import ENDPOINTS, TOOLS

README = Path(__file__).parents[2] / "README.md"
OFFICIAL = Path(__file__).parent / "official.txt"


def _effect(one: Tool[Any]) -> str:
    if one.asks_always:
        return "control"
    return f"{one.effect.value}; control over a budget" if one.ask else one.effect.value


def tools_table() -> str:
    """A row for each tool: name, what it does to the world, what it says of itself."""
    preset = {name: preset for preset, names in reversed(PRESETS.items()) for name in names}
    rows = [f"| `{one.name}` | {preset[one.name]} | {_effect(one)} | {one.description} |" for one in TOOLS]
    return "\n".join(["| Tool | Preset | Effect | Does |", "|---|---|---|---|", *rows])


def presets_table() -> str:
    """A row for each preset: its tools, and the tokens of them and of the words before them."""
    rows = [f"| `{name}` | {' | '.join(f'{number:,}' for number in weigh(read_catalog((name,))))} |" for name in PRESETS]
    return "\n".join(["| Preset | Tools | Tokens of tools | Of instructions |", "|---|---|---|---|", *rows])


def prompts_table() -> str:
    """A row for each prompt: name, what it takes (optional in brackets), what it says of itself."""
    rows = [
        f"| `{one.name}` | {', '.join(name if argument.required else f'[{name}]' for name, argument in one.arguments.items())} "
        f"| {one.description} |"
        for one in read_prompts()
    ]
    return "\n".join(["| Prompt | Takes | Does |", "|---|---|---|", *rows])


def official() -> list[tuple[str, str, str | None, bool]]:
    """For each tool of the retired official server: its name, its endpoint, our tool for that, whether `call` has the endpoint as it is."""
    reached = {short_name(row.name) for row in ENDPOINTS}
    found = []
    for line in OFFICIAL.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            theirs, method, path, *ours = line.split()
            found.append((theirs, f"{method} {path}", ours[0] if ours else None, short_name(f"{method} {path}") in reached))
    return found


def official_table() -> str:
    """A row for each tool of the official server: what does it here."""
    rows = []
    for theirs, endpoint, ours, called in official():
        ways = [f"`{ours}`"] if ours else []
        ways += [f"`call` with `{endpoint}`"] if called else []
        rows.append(f"| `{theirs}` | {', or '.join(ways) or 'not yet'} |")
    return "\n".join(["| There | Here |", "|---|---|", *rows])


def _default(name: str) -> str:
    field = Settings.model_fields[name]
    if field.default is PydanticUndefined:
        return "the user's state folder"
    shown = ",".join(field.default) if isinstance(field.default, tuple) else field.default
    return "" if shown in (None, "") else f"`{shown}`"


def settings_table() -> str:
    """A row for each setting: name, default, meaning; those about serving over HTTP last."""
    named = sorted(Settings.model_fields, key=lambda name: name in Listening.model_fields)
    rows = [f"| `{PREFIX}{name.upper()}` | {_default(name)} | {Settings.model_fields[name].description} |" for name in named]
    return "\n".join(["| Setting | Default | Meaning |", "|---|---|---|", *rows])


def commands_table() -> str:
    """A row for each command: how it is called, what it says of itself."""
    top = typer.main.get_command(cli.app())
    rows = [f"| `layers-mcp {name}` | {one.get_short_help_str(200)} |" for name, one in sorted(top.commands.items())]
    return "\n".join(["| Command | Does |", "|---|---|", *rows])


def renewed(text: str) -> str:
    """The README with its tables made from the code."""
    tables = {
        "tools": tools_table(),
        "presets": presets_table(),
        "commands": commands_table(),
        "prompts": prompts_table(),
        "settings": settings_table(),
        "official": official_table(),
    }
    for name, table in tables.items():
        text = re.sub(
            rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", lambda found, table=table: f"{found[1]}{table}\n{found[2]}", text, flags=re.DOTALL
        )
    return text


def test_the_tables_are_made_from_the_code():
    """house-style 23: run `python tests/house/test_readme.py` after changing a tool, a command, a prompt or a setting."""
    text = README.read_text(encoding="utf-8")

    assert text == renewed(text)


def test_every_tool_of_the_official_server_has_its_place_here():
    """Issue 8: a table maps the 52 tools; ours covers the endpoint, or the endpoint is called as it is."""
    covers = {one.name: {short_name(row.name) for row in one.calls} for one in TOOLS}
    known = {short_name(row.name) for row in TABLE}

    assert len(official()) == 52
    for theirs, endpoint, ours, called in official():
        assert called or ours is not None or short_name(endpoint) not in known, theirs
        assert ours is None or called or short_name(endpoint) in covers[ours], theirs


def test_the_readme_says_once_why_httpx_is_httpx2():
    """The project's card names httpx; the README says why it is its continuation."""
    text = " ".join(README.read_text(encoding="utf-8").split())

    assert text.count("`httpx2`, because") == 1


def test_two_commands_do_all_the_set_up():
    """The README marks the commands that CI and the reader run; each is one line."""
    program = README.parent / "tests" / "house" / "commands.py"

    for name in ("demo", "test", "attach"):
        printed = subprocess.run([sys.executable, str(program), name], capture_output=True, check=True, text=True).stdout
        assert len(printed.strip().splitlines()) == 1


if __name__ == "__main__":
    README.write_text(renewed(README.read_text(encoding="utf-8")), encoding="utf-8")
