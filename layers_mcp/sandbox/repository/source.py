"""What a repository's own folder may hold before git is let near it: nothing that leads out of it, nothing that blocks."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.repository.git import Git

__all__ = ["examine"]

_FILES_AT_MOST = 2_000_000
_SETTINGS_AT_MOST = 1024 * 1024
_PLAIN = "connect a plain copy made with git clone --no-local --mirror"
_MISSING = "the repository is not there or not readable; register the absolute path of a git repository"


def _trouble(what: str) -> Trouble:
    return Trouble(code="VALIDATION", message=f"{what}; {_PLAIN}", field="repoFullName")


def _git_folder(source: Path) -> Path:
    inner = source / ".git"
    return inner if inner.exists() or inner.is_symlink() else source


def _all(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Everything below a folder, links not followed."""
    waiting = [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as found:
            for entry in found:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)


def _entry_trouble(entry: os.DirEntry[str], root: Path) -> Trouble | None:
    if entry.is_symlink():
        inside = Path(entry.path).resolve().is_relative_to(root)
        return None if inside else _trouble("the repository's git folder has a link that leads out of it")
    if entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False):
        return None
    sort = entry.stat(follow_symlinks=False).st_mode
    return None if stat.S_ISSOCK(sort) else _trouble("the repository's git folder has a pipe or a device in it")


def _leads_out(folder: Path, git: Git) -> Trouble | None:
    if any((folder / "objects" / "info" / name).exists() for name in ("alternates", "http-alternates")):
        return _trouble("the repository borrows objects from another one")
    if (folder / "commondir").exists():
        return _trouble("the repository is a work tree of another one")
    for name in ("config", "config.worktree"):
        settings = folder / name
        if not settings.is_file():
            continue
        if settings.stat().st_size > _SETTINGS_AT_MOST:
            return _trouble("the repository's git configuration is too large")
        listed = git.attempt("config", "--no-includes", "--file", str(settings), "--name-only", "--get-regexp", r"^include(if)?\.")
        if listed.returncode not in {0, 1}:
            return _trouble("the repository's git configuration is not one we can read")
        if listed.stdout:
            return _trouble("the repository's git configuration includes another file")
    return None


def examine(source: Path, git: Git) -> Trouble | None:
    """What keeps us from reading this folder as a repository, found without git reading it."""
    if not source.is_absolute() or not source.is_dir():
        return Trouble(code="VALIDATION", message=_MISSING, field="repoFullName")
    folder = _git_folder(source)
    if not folder.resolve().is_relative_to(source.resolve()) or not folder.is_dir():
        return _trouble("the repository keeps its git folder elsewhere")
    root = folder.resolve()
    try:
        for count, entry in enumerate(_all(folder)):
            if count >= _FILES_AT_MOST:
                return _trouble("the repository's git folder has too many files in it")
            if (trouble := _entry_trouble(entry, root)) is not None:
                return trouble
    except OSError:
        return Trouble(code="VALIDATION", message=_MISSING, field="repoFullName")
    return _leads_out(folder, git)
