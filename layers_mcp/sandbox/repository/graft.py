"""Changed files put into the trees of a commit; only the folders on the way to them are read and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from layers_mcp.sandbox.repository.git import Git
from layers_mcp.sandbox.repository.listing import Row, rows

__all__ = ["Change", "graft"]

_FOLDER = b"40000"


@dataclass(frozen=True, slots=True)
class Change:
    """A file to put at a path; `mode` is None for one that is not there yet."""

    sha: str
    mode: str | None


def _order(mode: bytes, name: bytes) -> bytes:
    """What git sorts a tree by: a folder as if its name ended in a slash."""
    return name + b"/" if mode == _FOLDER else name


def _put(raw: bytes, name: bytes, *, mode: bytes, sha: str) -> bytes:
    """A tree object with this row, in its place or in the place of the one of that name."""
    place, end = len(raw), len(raw)
    for row in rows(raw, len(sha) // 2):
        if row.name == name:
            place, end = row.start, row.end
            break
        if place == len(raw) and _order(row.mode, row.name) > _order(mode, name):
            place = end = row.start
    return b"".join((raw[:place], mode, b" ", name, b"\0", bytes.fromhex(sha), raw[end:]))


def _named(raw: bytes, name: bytes, width: int) -> Row | None:
    return next((row for row in rows(raw, width) if row.name == name), None)


def _into(git: Git, folder: Path, tree: str | None, changes: Mapping[tuple[str, ...], Change]) -> str | None:
    raw = git.run("cat-file", "tree", tree, folder=folder) if tree else b""
    width = len(next(iter(changes.values())).sha) // 2
    groups: dict[str, dict[tuple[str, ...], Change]] = {}
    for parts, change in changes.items():
        groups.setdefault(parts[0], {})[parts[1:]] = change
    for first, group in groups.items():
        name = first.encode()
        there = _named(raw, name, width)
        if (own := group.get(())) is not None:
            if (there is None) != (own.mode is None) or len(group) > 1:
                return None
            raw = _put(raw, name, mode=(own.mode or "100644").encode(), sha=own.sha)
            continue
        if there is not None and there.mode != _FOLDER:
            return None
        inner = _into(git, folder, there.sha if there else None, group)
        if inner is None:
            return None
        raw = _put(raw, name, mode=_FOLDER, sha=inner)
    return git.line("hash-object", "-t", "tree", "-w", "--stdin", folder=folder, stdin=raw)


def graft(git: Git, folder: Path, commit: str, changes: Mapping[str, Change]) -> str | None:
    """The tree of a commit with the changes in, or None when something that was not read stands where a file is to go."""
    tree = git.line("rev-parse", f"{commit}^{{tree}}", folder=folder)
    return _into(git, folder, tree, {tuple(path.split("/")): change for path, change in sorted(changes.items())})
