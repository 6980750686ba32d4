"""The published catalog: `tools/list` as text made beforehand, so that listing tools imports none of them.

`catalog.json` is generated from the tools by `layers-mcp tools --write`; a test fails when it is behind.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from layers_mcp.server.pinning import unpinned

__all__ = ["ALIASES", "FILE", "READER", "Catalog", "UnknownTool", "control_tools", "read_catalog", "tools_of"]

FILE = "catalog.json"
READER = "read_resource"
"""The tool that reads any resource, and by itself those that no other tool shows; it says of no preset that it is shown."""
ALIASES = {"approve": "approve_content", "schedule": "schedule_content", "override": "override_creative"}
"""Unlisted names that the control tools answer to (design §4)."""


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """What a client is shown: instructions, tools and prompts, in MCP's own JSON.

    `unlisted`: names of tools that resources are read by although no model is told of them.
    """

    instructions: str
    tools: tuple[dict[str, Any], ...]
    prompts: tuple[dict[str, Any], ...] = ()
    unlisted: tuple[str, ...] = ()


class UnknownTool(ValueError):
    """A preset or tool that nobody knows; the message names the nearest one."""


@cache
def _read() -> dict[str, Any]:
    return json.loads(files("layers_mcp.server").joinpath(FILE).read_text(encoding="utf-8"))


def control_tools() -> tuple[str, ...]:
    """The names of all tools that take a yes, shown or not."""
    return tuple(one["name"] for one in _read()["tools"] if "confirm" in one["inputSchema"]["properties"])


def tools_of(wanted: Sequence[str], *, said: str) -> frozenset[str]:
    """The names of the tools that presets and single tools come to; `said`: where they were named.

    Raises:
        UnknownTool: a name nobody knows.
    """
    presets: dict[str, list[str]] = _read()["presets"]
    every = presets["all"]
    shown: set[str] = set()
    for name in wanted:
        if name not in presets and name not in every:
            near = difflib.get_close_matches(name, [*presets, *every], n=1, cutoff=0.0)[0]
            raise UnknownTool(f"{said}: there is no preset or tool {name}; the nearest is {near}")
        shown.update(presets.get(name, [name]))
    return frozenset(shown)


def read_catalog(
    wanted: Sequence[str] = ("start",), *, without: Sequence[str] = (), read_only: bool = False, pinned: bool = False
) -> Catalog:
    """The catalog with the tools of the presets and the single tools that `wanted` names, and with the words for them.

    `without`: presets and single tools that are left out whatever is wanted; `read_only`: so is each that changes anything; `pinned`:
    only one project may be touched, so that no tool asks for it.

    Raises:
        UnknownTool: a name nobody knows, or nothing is left: that stops the start.
    """
    raw = _read()
    left_out = tools_of(without, said="LAYERS_EXCLUDE_TOOLS")
    shown = tools_of(wanted, said="LAYERS_TOOLS") - left_out
    tools = [one for one in raw["tools"] if one["name"] in shown and (one["annotations"]["readOnlyHint"] or not read_only)]
    if not tools:
        raise UnknownTool("LAYERS_TOOLS: nothing is left of it after LAYERS_EXCLUDE_TOOLS and LAYERS_READ_ONLY")
    names = {one["name"] for one in tools}
    told = names - {READER}
    words = [text for part, text in raw["instructions"].items() if part not in raw["presets"] or told & set(raw["presets"][part])]
    shown_as = map(unpinned, tools) if pinned else tools
    unlisted = tuple({READER} - names - left_out)
    return Catalog(instructions=" ".join(words), tools=tuple(shown_as), prompts=tuple(raw["prompts"]), unlisted=unlisted)
