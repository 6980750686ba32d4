"""The published catalog: `tools/list` as text made beforehand, so that listing tools imports none of them.

`catalog.json` is generated from the tools by `layers-mcp tools --write`; a test fails when it is behind.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

__all__ = ["ALIASES", "FILE", "Catalog", "read_catalog"]

FILE = "catalog.json"
ALIASES = {"approve": "approve_content", "schedule": "schedule_content"}
"""Unlisted names that the control tools answer to (design §4)."""


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """What a client is shown: instructions, tools and prompts, in MCP's own JSON."""

    instructions: str
    tools: tuple[dict[str, Any], ...]
    prompts: tuple[dict[str, Any], ...] = ()


def read_catalog() -> Catalog:
    """The catalog as it was generated."""
    raw = json.loads(files("layers_mcp.server").joinpath(FILE).read_text(encoding="utf-8"))
    return Catalog(instructions=raw["instructions"], tools=tuple(raw["tools"]), prompts=tuple(raw["prompts"]))
