"""The files of one commit, read from git's object store: no checkout, no symlinks, nothing outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import PurePosixPath

from layers_mcp.sandbox.repository.listing import Entry

__all__ = ["EDIT_AT_MOST", "Tree", "folder_of", "join", "name_of"]

READ_AT_MOST = 1024 * 1024
"""Bytes of a file that is read for what it says."""
EDIT_AT_MOST = 8 * 1024 * 1024
"""Bytes of a file that is edited; project files of large apps are some megabytes."""


def name_of(path: str) -> str:
    """The last segment of a path."""
    return path.rpartition("/")[2]


def folder_of(path: str) -> str:
    """The folder of a path, `` for the root."""
    return path.rpartition("/")[0]


def join(folder: str, *parts: str) -> str:
    """A path below `folder`, which may be `` for the root."""
    return str(PurePosixPath(folder, *parts))


@dataclass(frozen=True)
class Tree:
    """Files of a commit and the changes laid over them; shallow paths stand first. A change gives a new tree.

    `taken` are paths of the commit that are neither read nor written.
    """

    entries: Mapping[str, Entry]
    load: Callable[[str], bytes | None]
    taken: frozenset[str] = frozenset()
    changes: Mapping[str, str] = field(default_factory=dict[str, str])

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Every path, files written here included."""
        fresh = [path for path in self.changes if path not in self.entries]
        return tuple(sorted([*self.entries, *fresh], key=lambda path: (path.count("/"), path)))

    @cached_property
    def _names(self) -> Mapping[str, tuple[str, ...]]:
        grouped: dict[str, list[str]] = {}
        for path in self.paths:
            grouped.setdefault(name_of(path).lower(), []).append(path)
        return {name: tuple(paths) for name, paths in grouped.items()}

    def has(self, path: str) -> bool:
        """Whether the path is taken, if only by something that is not read."""
        return path in self.changes or path in self.entries or path in self.taken

    def named(self, *names: str) -> tuple[str, ...]:
        """Paths whose last segment is one of `names`, in any case, shallow ones first."""
        found = [path for name in names for path in self._names.get(name.lower(), ())]
        return tuple(sorted(found, key=lambda path: (path.count("/"), path)))

    def ending(self, *endings: str) -> tuple[str, ...]:
        """Paths that end so."""
        return tuple(path for path in self.paths if path.endswith(endings))

    def below(self, folder: str) -> tuple[str, ...]:
        """Paths in `folder` or deeper; `` is the root."""
        return tuple(path for path in self.paths if not folder or path.startswith(f"{folder}/"))

    def first(self, candidates: Iterable[str]) -> str | None:
        """The first of the candidates that is there."""
        return next((path for path in candidates if self.has(path)), None)

    def blob(self, path: str, at_most: int = READ_AT_MOST) -> bytes | None:
        """The bytes of a file, or None when it is not there, larger than `at_most`, or enough was read."""
        entry = self.entries.get(path)
        if entry is None or entry.size > at_most:
            return None
        return self.load(entry.sha)

    def read(self, path: str) -> str | None:
        """The text of a file for what it says; bytes that are not UTF-8 are replaced."""
        if path in self.changes:
            return self.changes[path]
        raw = self.blob(path)
        return None if raw is None else raw.decode("utf-8", errors="replace").removeprefix("\ufeff")

    def source(self, path: str) -> str | None:
        """The exact text of a file to edit it, or None when it is not there, too large or not UTF-8."""
        if path in self.changes:
            return self.changes[path]
        raw = self.blob(path, EDIT_AT_MOST)
        try:
            return None if raw is None else raw.decode("utf-8")
        except UnicodeDecodeError:
            return None

    def put(self, path: str, text: str) -> Tree:
        """The tree with this text at this path."""
        return self if self.source(path) == text else replace(self, changes={**self.changes, path: text})

    def only(self, keep: Callable[[str], bool]) -> Tree:
        """The tree without the files that `keep` turns down."""
        return replace(self, entries={path: entry for path, entry in self.entries.items() if keep(path)})
