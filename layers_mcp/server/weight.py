"""What it costs to show a catalog: the tokens of what a client tells its model before anybody has asked anything."""

from __future__ import annotations

import json
from importlib import import_module
from typing import NamedTuple

from layers_mcp.server.catalog import Catalog
from layers_mcp.server.schema import Schema

__all__ = ["Weight", "tokens", "weigh"]


class Weight(NamedTuple):
    """`tools`: how many are shown; `definitions`, `instructions`: their tokens."""

    tools: int
    definitions: int
    instructions: int


def tokens(text: str) -> int:
    """The tokens of a text by o200k_base, which OpenAI has published; models of others come near it.

    Raises:
        ModuleNotFoundError: the extra `tokens` is not installed.
    """
    counting = import_module("bpe_openai")  # for developers, in an extra, and without types

    return len(counting.get_encoding("o200k_base").encode(text))


def _shown(tool: Schema) -> str:
    """What reaches a model of a tool: hosts keep output schemas and hints to themselves."""
    return json.dumps([tool["name"], tool["description"], tool["inputSchema"]], ensure_ascii=False, separators=(",", ":"))


def weigh(catalog: Catalog) -> Weight:
    """What a catalog weighs.

    Raises:
        ModuleNotFoundError: as `tokens`.
    """
    return Weight(len(catalog.tools), sum(tokens(_shown(one)) for one in catalog.tools), tokens(catalog.instructions))
