"""The contents of a clone's files, read one at a time, with an end to how many and how much."""

from __future__ import annotations

from pathlib import Path

from layers_mcp.sandbox.repository.git import Git

__all__ = ["Blobs"]

_READS_AT_MOST = 10_000
_BYTES_AT_MOST = 256 * 1024 * 1024
_KEPT_BYTES = 32 * 1024 * 1024
"""Bytes kept in memory to be read again."""


class Blobs:
    """Reads blobs; past a number of them, or of bytes, every other one counts as not there."""

    def __init__(self, git: Git, folder: Path) -> None:
        self._git = git
        self._folder = folder
        self._kept: dict[str, bytes] = {}
        self._kept_bytes = 0
        self._reads = 0
        self._bytes = 0

    def load(self, sha: str) -> bytes | None:
        """The bytes of a blob, or None when enough was read."""
        if sha in self._kept:
            return self._kept[sha]
        if self._reads >= _READS_AT_MOST or self._bytes >= _BYTES_AT_MOST:
            return None
        raw = self._git.run("cat-file", "blob", sha, folder=self._folder)
        self._reads += 1
        self._bytes += len(raw)
        if self._kept_bytes + len(raw) > _KEPT_BYTES:
            self._kept, self._kept_bytes = {}, 0
        self._kept[sha] = raw
        self._kept_bytes += len(raw)
        return raw
