"""Which argument a refusal is about, where Layers only says that something is not there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from pydantic import JsonValue

from layers_mcp.contract.errors import LayersError, NotFound
from layers_mcp.tool.declaration import Arguments

__all__ = ["name_unknown"]

_LEADS_NOWHERE = "leads to nothing that this key can see"
_LACKS = "is there, and has none of what is asked for"
_LEAST_LETTERS = 3
"""Of an id that is looked for in a sentence; a shorter one may stand in it by chance."""


def _words(given: JsonValue, path: str) -> Iterator[tuple[str, str]]:
    """Every text among the arguments, with its path."""
    if isinstance(given, str):
        yield path, given
    elif isinstance(given, dict):
        for name, one in given.items():
            yield from _words(one, f"{path}.{name}" if path else name)
    elif isinstance(given, list):
        for place, one in enumerate(given):
            yield from _words(one, f"{path}.{place}")


def _is_id(path: str) -> bool:
    """Whether an argument of this path names a thing."""
    name = next((part for part in reversed(path.split(".")) if not part.isdigit()), "")
    return name.endswith(("Id", "Ids")) or name in ("id", "state")


def _told(ids: list[tuple[str, str]], words: str) -> list[str]:
    """The paths of those ids that stand in the words."""
    return [path for path, one in ids if len(one) >= _LEAST_LETTERS and one.rpartition("_")[2] in words]


def name_unknown(problem: LayersError, request: Arguments) -> None:
    """Let a refusal of something that is not there name the argument that leads to it, or else each that may.

    Layers names the id in its sentence at best (layers-api: operational/errors); what already names a field stays as it is.
    """
    if not isinstance(problem, NotFound) or problem.details.get("issues") or "liveOnly" in problem.details:
        return
    given = cast("JsonValue", request.model_dump(mode="json", by_alias=True, exclude_none=True))
    ids = [(path, one) for path, one in _words(given, "") if _is_id(path) and one]
    there, lacks, lacking = problem.message.partition(" has no ")
    named, words = _told(ids, lacking if lacks else there), _LEADS_NOWHERE
    if not named and lacks:  # what it is that has none is there
        named, words = _told(ids, there), _LACKS
    elif not named:
        named = [path for path, _ in ids]
    if named:
        problem.details["issues"] = [{"path": path, "message": words} for path in named]
