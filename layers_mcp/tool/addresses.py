"""URLs among the arguments of a call: https, open to everybody, and of the public Internet."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from pydantic import JsonValue
from pydantic.alias_generators import to_camel

from layers_mcp.address import unfit
from layers_mcp.contract.errors import Invalid
from layers_mcp.tool.declaration import Arguments, Tool

__all__ = ["check", "given"]

_OF_PEOPLE = frozenset({"return_url"})
"""Pages that people come back to, by their own browsers: they may lie on the machine of who develops an app."""


def given(request: Arguments) -> Iterator[tuple[str, str]]:
    """The URLs of a call, each by the name of its argument."""
    for name in type(request).model_fields:
        value = getattr(request, name)
        if name.endswith("url") and isinstance(value, str):
            yield name, value


def check(declared: Tool[Any], request: Arguments, *, sites: Collection[str]) -> None:
    """Refuse a call with a URL that nobody should follow; `sites`: hosts that the sandbox answers for itself.

    Raises:
        Invalid: naming each.
    """
    said = [(to_camel(name), unfit(url, known=sites, loopback=name in _OF_PEOPLE)) for name, url in given(request)]
    issues: list[JsonValue] = [{"path": path, "message": words} for path, words in said if words is not None]
    if issues:
        named = "; ".join(f"{path} {words}" for path, words in said if words is not None)
        raise Invalid(f"{declared.name} got a URL that can't be used: {named}", details={"issues": issues})
