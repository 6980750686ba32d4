"""Ids as Layers prints them: a prefix with a UUID, or with a ULID (layers-api: concepts, "Identifiers")."""

from __future__ import annotations

import re
import secrets
import uuid
from datetime import datetime

__all__ = ["derived", "full", "mint", "stamped", "ulid"]

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BARE = re.compile(r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$")
_ULID_LETTERS = 26
_RANDOM_BITS = 80
_ROOM = uuid.UUID("6a1f6f0e-7d0c-5c3b-9d5f-1d0c9a5e4b10")
"""The namespace of ids that are derived from others."""


def ulid(at: datetime) -> str:
    """A ULID of the instant `at`: 26 letters, later ones sort after earlier ones."""
    number = int(at.timestamp() * 1000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    return "".join(_CROCKFORD[number >> 5 * place & 31] for place in reversed(range(_ULID_LETTERS)))


def mint(prefix: str) -> str:
    """A new id: `prj_<uuid>`."""
    return f"{prefix}_{uuid.uuid4()}"


def stamped(prefix: str, at: datetime) -> str:
    """A new id that sorts by time: `job_<ULID>`."""
    return f"{prefix}_{ulid(at)}"


def derived(prefix: str, *of: str) -> str:
    """The id that belongs to other things: the same for the same."""
    return f"{prefix}_{uuid.uuid5(_ROOM, '/'.join(of))}"


def full(prefix: str, given: str) -> str:
    """`given` with its prefix: a bare UUID is accepted wherever a prefixed id is (seed 004 prints both)."""
    return f"{prefix}_{given.lower()}" if _BARE.match(given) else given
