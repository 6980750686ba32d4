"""The published catalog: `tools/list` as text made beforehand, so that listing tools imports none of them.

`catalog.json` is generated from the tools by `layers-mcp tools --write`; a test fails when it is behind.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from layers_mcp.server.granted import unusable
from layers_mcp.server.pinning import unpinned

if TYPE_CHECKING:
    from layers_mcp.server.caller import Caller

__all__ = ["ALIASES", "CALL", "FILE", "READER", "SEARCH", "Catalog", "UnknownTool", "control_tools", "read_catalog", "tools_of"]

FILE = "catalog.json"
READER = "read_resource"
"""The tool that reads any resource, and by itself those that no other tool shows; it says of no preset that it is shown."""
ALIASES = {"approve": "approve_content", "schedule": "schedule_content", "override": "override_creative"}
"""Unlisted names that the control tools answer to (design §4)."""
SEARCH = "search"
"""The preset that stands for everything: whoever may use it may call all that this server can."""
CALL = "call"
"""The tool of it that calls any other."""
_HINTS = {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True}
"""Of every tool where nothing may be changed, also of the one that calls others."""
_FIELD = re.compile(r"\{\w*\}")


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """What a client is shown: instructions, tools and prompts, in MCP's own JSON.

    `tools`: all that can be called by name; `hidden`: those of them that are not listed, as the key lacks what they need: the API would
    refuse them, by the scope's name. `unlisted`: names of tools that resources are read by although no model is told of them.
    `reach`: the names of all that `call` can call, shown or not, where it is shown itself.
    """

    instructions: str
    tools: tuple[dict[str, Any], ...]
    prompts: tuple[dict[str, Any], ...] = ()
    unlisted: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()
    reach: frozenset[str] = frozenset()

    @property
    def callable(self) -> frozenset[str]:
        """The names of all that can be called, one way or the other."""
        return self.reach.union(one["name"] for one in self.tools)

    def offered(self, caller: Caller | None) -> tuple[list[str], frozenset[str]]:
        """The names of what a caller is shown, and of what `call` can call for them."""
        every = [*(one["name"] for one in self.tools), *self.unlisted]
        shown = [one for one in every if caller is None or caller.tools is None or one in caller.tools]
        reach = self.reach if caller is None or caller.reach is None else self.reach & caller.reach
        return shown, reach if CALL in shown else frozenset()


class UnknownTool(ValueError):
    """A preset or tool that nobody knows; the message names the nearest one."""


@cache
def _read() -> dict[str, Any]:
    return json.loads(files("layers_mcp.server").joinpath(FILE).read_text(encoding="utf-8"))


def control_tools() -> tuple[str, ...]:
    """The names of all tools that take a yes, shown or not."""
    return tuple(one["name"] for one in _read()["tools"] if "confirm" in one["inputSchema"]["properties"])


def tools_of(wanted: Sequence[str], *, said: str) -> frozenset[str]:
    """The names of the tools that presets and single tools come to, and of single endpoints; `said`: where they were named.

    Raises:
        UnknownTool: a name nobody knows.
    """
    presets: dict[str, list[str]] = _read()["presets"]
    every = [*presets["all"], *_read()["endpoints"]]
    shown: set[str] = set()
    for name in (_FIELD.sub("{}", one) for one in wanted):
        if name not in presets and name not in every:
            near = difflib.get_close_matches(name, [*presets, *every], n=1, cutoff=0.0)[0]
            raise UnknownTool(f"{said}: there is no preset or tool {name}; the nearest is {near}")
        shown.update(presets.get(name, [name]))
    return frozenset(shown)


def _reads(tool: dict[str, Any]) -> bool:
    """Whether a tool stays where nothing may be changed: it only reads, or only calls what does."""
    return tool["annotations"]["readOnlyHint"] or tool["name"] == CALL


def _reach(*, read_only: bool) -> frozenset[str]:
    """Everything that `call` can call: every tool but the preset's own, and every endpoint that none covers."""
    raw = _read()
    tools = {one["name"] for one in raw["tools"] if one["annotations"]["readOnlyHint"] or not read_only}
    endpoints = {name for name in raw["endpoints"] if name.startswith("GET ") or not read_only}
    return frozenset(tools | endpoints) - set(raw["presets"][SEARCH])


def read_catalog(
    wanted: Sequence[str] = ("start",),
    *,
    without: Sequence[str] = (),
    read_only: bool = False,
    pinned: bool = False,
    scopes: Collection[str] | None = None,
) -> Catalog:
    """The catalog with the tools of the presets and the single tools that `wanted` names, and with the words for them.

    `without`: presets and single tools that are left out whatever is wanted; `read_only`: so is each that changes anything; `pinned`:
    only one project may be touched, so that no tool asks for it; `scopes`: what the key may do, None: that is not known.

    Raises:
        UnknownTool: a name nobody knows, or nothing is left: that stops the start.
    """
    raw, out = _read(), tools_of(without, said="LAYERS_EXCLUDE_TOOLS")
    shown = tools_of(wanted, said="LAYERS_TOOLS") - out
    tools = [one for one in raw["tools"] if one["name"] in shown and (not read_only or _reads(one))]
    if read_only:
        tools = [one | {"annotations": one["annotations"] | _HINTS} for one in tools]
    if not tools:
        raise UnknownTool("LAYERS_TOOLS: nothing is left of it after LAYERS_EXCLUDE_TOOLS and LAYERS_READ_ONLY")
    names = {one["name"] for one in tools}
    told = names - {READER}
    words = [text for part, text in raw["instructions"].items() if part not in raw["presets"] or told & set(raw["presets"][part])]
    shown_as = map(unpinned, tools) if pinned else tools
    unlisted = tuple({READER} - names - out)
    reach = _reach(read_only=read_only) - out if CALL in names else frozenset[str]()
    return Catalog(
        instructions=" ".join(words),
        tools=tuple(shown_as),
        prompts=tuple(raw["prompts"]),
        unlisted=unlisted,
        hidden=unusable(raw["needs"], scopes),
        reach=reach,
    )
