"""Whether the `video` extra is installed; asked where nothing is drawn."""

from __future__ import annotations

from importlib.util import find_spec

__all__ = ["available"]


def available() -> bool:
    """Whether a video can be made here."""
    return find_spec("av") is not None
