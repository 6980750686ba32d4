"""The sample repository `quinns-coffee/quinns-app` (seed 004): a small iOS and web app, made as a real git repository on first use."""

from __future__ import annotations

import shutil
import tempfile
from importlib import resources
from pathlib import Path

from layers_mcp.sandbox.repository.git import Git

__all__ = ["FULL_NAME", "make_sample"]

FULL_NAME = "quinns-coffee/quinns-app"
_DATE = "1776300000 +0000"
_TITLE = b"Skip the line\n"


def _build(folder: Path, home: Path) -> None:
    """A repository with one commit on `main`, dated so that it is the same everywhere."""
    with resources.as_file(resources.files("layers_mcp.sandbox.repository") / "sample") as files:
        shutil.copytree(files, folder, ignore=shutil.ignore_patterns("__pycache__"), copy_function=shutil.copyfile)
    git = Git(home, date=_DATE)
    git.run("init", "--quiet", "--template=", "--initial-branch=main", ".", folder=folder)
    git.run("add", "--all", folder=folder)
    tree = git.line("write-tree", folder=folder)
    commit = git.line("commit-tree", tree, folder=folder, stdin=_TITLE)
    git.run("update-ref", "refs/heads/main", commit, folder=folder)
    shutil.copyfile(home / "index", folder / ".git" / "index")


def make_sample(folder: Path) -> Path:
    """The sample's work tree below `folder`, made in one step when it is not there yet."""
    place = folder / FULL_NAME
    if place.is_dir():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".sample-", dir=place.parent, ignore_cleanup_errors=True) as half:
        home, made = Path(half, "home"), Path(half, "made")
        home.mkdir()
        _build(made, home)
        try:
            made.rename(place)
        except OSError:
            if not place.is_dir():
                raise
    return place
