"""System git, kept from running or reading anything but what it is told."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

__all__ = ["Git", "GitError"]

_SETTINGS = """\
[core]
    hooksPath = /dev/null
    fsmonitor = false
    symlinks = false
    bigFileThreshold = 8m
    packedGitWindowSize = 16m
    packedGitLimit = 64m
    deltaBaseCacheLimit = 16m
    alternateRefsCommand = true
    attributesFile = /dev/null
[protocol]
    allow = never
[protocol "file"]
    allow = always
[safe]
    directory = *
[filter "lfs"]
    smudge = cat
    process =
    required = false
[pack]
    threads = 1
    windowMemory = 64m
[gc]
    auto = 0
[maintenance]
    auto = false
[receive]
    autogc = false
[commit]
    gpgSign = false
[submodule]
    recurse = false
[init]
    defaultBranch = main
[advice]
    detachedHead = false
"""
_OTHER_SIDE = (
    *("core.hooksPath=/dev/null", "core.alternateRefsCommand=true", "core.fsmonitor=false", "receive.autogc=false", "gc.auto=0"),
    *("uploadpack.allowFilter=true", "core.bigFileThreshold=8m", "core.packedGitWindowSize=16m", "core.packedGitLimit=64m"),
    *("core.deltaBaseCacheLimit=16m", "pack.threads=1", "pack.windowMemory=32m", "pack.deltaCacheSize=16m", "pack.window=0"),
    *("pack.useBitmaps=false", "core.multiPackIndex=false", "core.commitGraph=false"),
)
"""What goes before the far repository's own configuration."""
_AT_MOST_S = 600.0


class GitError(Exception):
    """A git command that ended badly; says which one, never what it printed."""


class Git:
    """Runs git with a configuration of its own, written into `home`, and nothing of the machine's or the user's."""

    def __init__(self, home: Path, *, date: str = "0 +0000") -> None:
        self._home = home
        settings = home / "gitconfig"
        settings.write_text(_SETTINGS, encoding="utf-8")
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(home),
            "TMPDIR": str(home),
            "LANG": "C",
            "LC_ALL": "C",
            "TZ": "UTC",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": str(settings),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_INDEX_FILE": str(home / "index"),
            "GIT_AUTHOR_NAME": "Layers",
            "GIT_AUTHOR_EMAIL": "sdk@layers.com",
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_NAME": "Layers",
            "GIT_COMMITTER_EMAIL": "sdk@layers.com",
            "GIT_COMMITTER_DATE": date,
        }

    def other_side(self, service: str) -> str:
        """The command for the far end of a transfer, with the far repository's own hooks and commands off."""
        return " ".join(["git", *(f"-c {setting}" for setting in _OTHER_SIDE), service])

    def attempt(self, *arguments: str, folder: Path | None = None, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run one git command and hand back how it ended."""
        return subprocess.run(
            ["git", *arguments],
            cwd=folder or self._home,
            env=self._environment,
            input=stdin,
            capture_output=True,
            check=False,
            timeout=_AT_MOST_S,
        )

    def run(self, *arguments: str, folder: Path | None = None, stdin: bytes = b"") -> bytes:
        """Run one git command and hand back what it printed.

        Raises:
            GitError: when it ends with a status other than 0.
        """
        ended = self.attempt(*arguments, folder=folder, stdin=stdin)
        if ended.returncode != 0:
            message = f"git {arguments[0]} ended with status {ended.returncode}"
            raise GitError(message)
        return ended.stdout

    def line(self, *arguments: str, folder: Path | None = None, stdin: bytes = b"") -> str:
        """The same, as text without the last newline."""
        return self.run(*arguments, folder=folder, stdin=stdin).decode("utf-8", errors="replace").strip()
