"""Formats of content: what `auto` means, and what can be made on this machine."""

from __future__ import annotations

from layers_mcp.contract.scalars import ContentFormat
from layers_mcp.sandbox.media import extra
from layers_mcp.sandbox.visit import invalid

__all__ = ["chosen", "possible"]

_WITHOUT = "needs the extra layers-mcp[video], which makes videos; install it, or ask for slideshow_remix or auto"


def possible(wanted: ContentFormat) -> bool:
    """Whether content of a format can be made here: videos need the `video` extra."""
    return wanted in ("slideshow_remix", "auto") or extra.available()


def chosen(wanted: ContentFormat) -> ContentFormat:
    """The format that is made; `auto` is a video where that is possible, else a slideshow.

    Raises:
        errors.Invalid: it can't be made here.
    """
    if wanted == "auto":
        return "video_remix" if possible("video_remix") else "slideshow_remix"
    if not possible(wanted):
        raise invalid("format", _WITHOUT)
    return wanted
