"""HTML that can't be broken out of: every string is cleaned and escaped on its way in; what is HTML already says so by its type."""

from __future__ import annotations

from html import escape

from layers_mcp.tool.words import visible

__all__ = ["Html", "joined", "tag"]

_VOID = frozenset({"img", "input", "link", "meta"})


class Html(str):
    """Text that is HTML already; only this room makes it."""

    __slots__ = ()


def _inner(words: str) -> str:
    return words if isinstance(words, Html) else escape(visible(words))


def joined(*parts: str) -> Html:
    """The parts one after the other; plain strings become text."""
    return Html("".join(_inner(part) for part in parts))


def tag(name: str, /, *inner: str, **attributes: str | bool) -> Html:
    """An element; `for_` and `aria_label` are written `for` and `aria-label`, an attribute that is True stands alone."""
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{_inner(str(value))}"')
        for key, value in attributes.items()
        if value is not False
    )
    return Html(f"<{name}{written}>" if name in _VOID else f"<{name}{written}>{joined(*inner)}</{name}>")
