"""A shallow bare clone of a repository, and the files of its base commit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from layers_mcp.sandbox.repository.errand import Errand, Trouble
from layers_mcp.sandbox.repository.git import Git
from layers_mcp.sandbox.repository.tree import Tree, entries_of

__all__ = ["Clone", "clone"]

_KEPT = 256
"""Files kept in memory at a time."""


@dataclass(frozen=True)
class Clone:
    """The clone's folder, the base branch and its commit, and the files of that commit."""

    folder: Path
    source: Path
    base: str
    commit: str
    tree: Tree


def _far_commit(git: Git, source: Path, branch: str) -> str | None:
    """The commit of a branch in the source, or None when there is no such branch."""
    far = f"--upload-pack={git.other_side('upload-pack')}"
    listed = git.line("ls-remote", "--heads", far, "--", str(source), f"refs/heads/{branch}")
    exact = [line.split()[0] for line in listed.splitlines() if line.split()[1:] == [f"refs/heads/{branch}"]]
    return exact[0] if exact else None


def _check(errand: Errand, git: Git, source: Path) -> Trouble | None:
    """What is wrong with the errand before anything is copied."""
    if not source.is_absolute() or not source.is_dir():
        return Trouble(code="VALIDATION", message="the repository is not there or not readable", field="repoFullName")
    far = f"--upload-pack={git.other_side('upload-pack')}"
    if git.attempt("ls-remote", "--heads", far, "--", str(source)).returncode != 0:
        return Trouble(code="VALIDATION", message="the repository is not a git repository we can read", field="repoFullName")
    if git.attempt("check-ref-format", f"refs/heads/{errand.head}").returncode != 0:
        return Trouble(code="INTERNAL", message="the branch to write has no valid name", field="head")
    if errand.branch is not None:
        valid = git.attempt("check-ref-format", f"refs/heads/{errand.branch}").returncode == 0
        if not valid or _far_commit(git, source, errand.branch) is None:
            return Trouble(code="VALIDATION", message="the repository has no such branch", field="branch")
    return None


def clone(errand: Errand, git: Git, folder: Path) -> Clone | Trouble:
    """Copy the newest commit of the base branch, without history, tags, submodules, hooks or a work tree."""
    source = Path(errand.source)
    trouble = _check(errand, git, source)
    if trouble is not None:
        return trouble
    chosen = [f"--branch={errand.branch}"] if errand.branch is not None else []
    git.run(
        *(
            "clone",
            "--bare",
            "--no-hardlinks",
            "--no-local",
            "--depth=1",
            "--single-branch",
            "--no-tags",
            "--no-recurse-submodules",
            "--quiet",
        ),
        *("--template=", f"--upload-pack={git.other_side('upload-pack')}", *chosen, "--", str(source), str(folder)),
    )
    named = git.attempt("symbolic-ref", "--short", "HEAD", folder=folder)
    found = git.attempt("rev-parse", "--verify", "--quiet", "HEAD^{commit}", folder=folder)
    if found.returncode != 0:
        return Trouble(code="SDK_PATCH_GENERATION_FAILED", message="the repository has no commit to read")
    if named.returncode != 0:
        return Trouble(code="VALIDATION", message="the repository has no default branch; name one", field="branch")
    base, commit = named.stdout.decode().strip(), found.stdout.decode().strip()
    if base == errand.head:
        return Trouble(code="VALIDATION", message="the branch to read is the branch to write; name another", field="branch")

    @lru_cache(maxsize=_KEPT)
    def load(sha: str) -> bytes:
        return git.run("cat-file", "blob", sha, folder=folder)

    entries, taken = entries_of(git.run("ls-tree", "-r", "-l", "-z", commit, folder=folder))
    return Clone(folder=folder, source=source, base=base, commit=commit, tree=Tree(entries, load, taken))
