"""What a key may do, as the API said last: kept, so that the next process lists the tools it can use without asking first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydantic import JsonValue, SecretStr

__all__ = ["Granted", "unusable"]

_FILE: Final = "scopes.json"
_LETTERS: Final = 16
"""Of the digest that a key is known by in the file: enough to tell keys apart, too few to find one by."""
_MOST_KEYS: Final = 100


class Granted:
    """The scopes of one key, in a file of the state folder."""

    def __init__(self, folder: Path, key: SecretStr) -> None:
        self._path = folder / _FILE
        self._name = hashlib.sha256(b"scopes of " + key.get_secret_value().strip().encode()).hexdigest()[:_LETTERS]

    def _all(self) -> dict[str, JsonValue]:
        try:
            kept: JsonValue = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # none yet, or half a file: it is learned anew
            return {}
        return kept if isinstance(kept, dict) else {}

    def kept(self) -> tuple[str, ...] | None:
        """The scopes as they were told last; None: never."""
        found = self._all().get(self._name)
        return tuple(map(str, found)) if isinstance(found, list) else None

    def keep(self, scopes: Sequence[str]) -> None:
        """Keep what the API says now; where the folder can't be written, nothing is."""
        if self.kept() == tuple(scopes):
            return
        others = [(name, found) for name, found in self._all().items() if name != self._name][-_MOST_KEYS:]
        try:
            half = self._path.with_suffix(".new")
            half.write_text(json.dumps({**dict(others), self._name: list(scopes)}), encoding="utf-8")
            half.replace(self._path)
        except OSError:
            return


def unusable(needs: Mapping[str, Sequence[str]], scopes: Collection[str] | None) -> frozenset[str]:
    """The names of tools that a key can't use at all. `needs`: for each, the scopes of which it takes at least one; none: it takes none.

    `*` is taken for every scope, also for those that are granted by name only: no tool needs one of these. Where no scope of the key is
    one that we know, the API calls them by other names by now, and nothing is hidden.
    """
    known = {scope for any_of in needs.values() for scope in any_of}
    if scopes is None or "*" in scopes or known.isdisjoint(scopes):
        return frozenset()
    return frozenset(name for name, any_of in needs.items() if any_of and set(any_of).isdisjoint(scopes))
