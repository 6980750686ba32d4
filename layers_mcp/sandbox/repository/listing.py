"""The files of one commit, listed shallow ones first and with an end, however many a stranger's trees pretend to hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from layers_mcp.sandbox.clean import words
from layers_mcp.sandbox.repository.git import Git

__all__ = ["Entry", "Listing", "Row", "listing", "rows"]

FILES_AT_MOST = 50_000
FOLDERS_AT_MOST = 20_000
DEPTH_AT_MOST = 40
_TREES_AT_MOST = 64 * 1024 * 1024
"""Bytes of tree objects that are read."""
_ROWS_AT_MOST = 200_000
"""Rows of tree objects that are looked at, one again for each path that leads to it; more than all that is listed could have."""
_PATH_AT_MOST = 1000
SKIPPED = words(
    ".git node_modules bower_components Pods Carthage build dist out vendor DerivedData .next .nuxt .svelte-kit .output .dart_tool",
    ".gradle .build .expo .venv venv __pycache__ coverage .yarn .pnpm-store third_party thirdparty",
)
"""Folders nobody writes by hand."""
_NO_NAME = re.compile(r"\.{0,2}|(?:\.git|git~\d+)[ .]*(?::.*)?|.*[\\/].*", re.IGNORECASE | re.DOTALL)
"""Names that a checkout could take for its own folder, for git's, or for one outside."""
_FOLDER = b"40000"
_FILES = {b"100644", b"100755"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A regular file: its object id, git's mode and its bytes."""

    sha: str
    mode: str
    size: int


@dataclass(frozen=True, slots=True)
class Listing:
    """Files by path, the paths of what is left out, and whether there was more than is listed."""

    files: dict[str, Entry]
    taken: frozenset[str]
    cut: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One name in a tree object, and where its row stands there."""

    mode: bytes
    name: bytes
    sha: str
    start: int
    end: int


def rows(raw: bytes, width: int) -> Iterator[Row]:
    """The rows of a tree object; `width` is the bytes of an object id.

    Raises:
        ValueError: when it is not one.
    """
    start = 0
    while start < len(raw):
        name_end = raw.index(b"\0", start)
        mode, _, name = raw[start:name_end].partition(b" ")
        end = name_end + 1 + width
        yield Row(mode, name, raw[name_end + 1 : end].hex(), start, end)
        start = end


def _name(raw: bytes) -> str | None:
    """A name as text, or None when it is no plain one."""
    name = raw.decode("utf-8", errors="replace")
    return None if "\ufffd" in name or not name.isprintable() or _NO_NAME.fullmatch(name) else name


def _checked(git: Git, folder: Path, shas: list[str]) -> dict[str, tuple[str, int]]:
    """Kind and bytes of objects; those that were too large to fetch are not in it."""
    asked = "".join(f"{sha}\n" for sha in dict.fromkeys(shas)).encode()
    printed = git.run("cat-file", "--batch-check", folder=folder, stdin=asked)
    told = (line.split() for line in printed.decode().splitlines())
    return {line[0]: (line[1], int(line[2])) for line in told if len(line) == 3}


class _Walk:
    """Goes through the trees of a commit level by level."""

    def __init__(self, git: Git, folder: Path, width: int) -> None:
        self._git = git
        self._folder = folder
        self._width = width
        self._left = _TREES_AT_MOST
        self._folders = FOLDERS_AT_MOST
        self._rows = _ROWS_AT_MOST
        self.files: dict[str, tuple[str, str]] = {}
        self.others: set[str] = set()
        self.cut = False

    def _trees(self, shas: list[str]) -> Mapping[str, bytes]:
        """The tree objects that are no more than may still be read."""
        kept: list[str] = []
        for sha, (kind, size) in _checked(self._git, self._folder, shas).items():
            if kind == "tree" and size <= self._left:
                self._left -= size
                kept.append(sha)
            else:
                self.cut = True
        raw = self._git.run("cat-file", "--batch", folder=self._folder, stdin="".join(f"{sha}\n" for sha in kept).encode())
        found: dict[str, bytes] = {}
        place = 0
        while place < len(raw):
            line = raw.index(b"\n", place)
            sha, _, size = raw[place:line].split()
            place = line + 1 + int(size) + 1
            found[sha.decode()] = raw[line + 1 : place - 1]
        return found

    def level(self, folders: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Take in these folders, each a path and a tree, and hand back those in them."""
        inner: list[tuple[str, str]] = []
        trees = self._trees([sha for _, sha in folders])
        for path, sha in folders:
            for row in rows(trees.get(sha, b""), self._width):
                self._rows -= 1
                if self._rows < 0 or len(self.files) >= FILES_AT_MOST or len(self.others) >= FILES_AT_MOST:
                    self.cut = True
                    return []
                name = _name(row.name)
                whole = f"{path}{row.name.decode('utf-8', errors='replace')}"
                if name is None or len(whole) > _PATH_AT_MOST or (row.mode == _FOLDER and name in SKIPPED):
                    self.others.add(whole[:_PATH_AT_MOST])
                elif row.mode == _FOLDER:
                    if len(inner) >= self._folders:
                        self.cut = True
                        return []
                    inner.append((f"{whole}/", row.sha))
                elif row.mode in _FILES:
                    self.files[whole] = (row.sha, row.mode.decode())
                else:
                    self.others.add(whole)
        self._folders -= len(inner)
        return sorted(inner)


def listing(git: Git, folder: Path, commit: str) -> Listing:
    """Regular files of a commit, shallow ones first.

    Left out are symlinks, submodules, generated folders, names that are no plain text, and files that were too large to fetch. Past a
    number of files, folders or levels nothing is listed, and the listing is `cut`.
    """
    walk = _Walk(git, folder, len(commit) // 2)
    folders = [("", git.line("rev-parse", f"{commit}^{{tree}}", folder=folder))]
    for _ in range(DEPTH_AT_MOST):
        folders = walk.level(folders) if folders else []
    about = _checked(git, folder, [sha for sha, _ in walk.files.values()])
    found = {
        path: Entry(sha=sha, mode=mode, size=about[sha][1])
        for path, (sha, mode) in sorted(walk.files.items(), key=lambda item: (item[0].count("/"), item[0]))
        if about.get(sha, ("", 0))[0] == "blob"
    }
    taken = frozenset(walk.others.union(path for path in walk.files if path not in found))
    return Listing(found, taken, cut=walk.cut or bool(folders))
