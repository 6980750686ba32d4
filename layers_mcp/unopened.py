"""What a database server that can't be used is told by, on its way to whoever started the command."""

from __future__ import annotations

__all__ = ["Unopened"]


class Unopened(Exception):
    """The database server can't be used, and why; of its URL nothing is said, as a part of it may be a password."""
