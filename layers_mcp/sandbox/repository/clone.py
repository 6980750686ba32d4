"""A shallow bare clone of a repository, and the files of its base commit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.repository.blobs import Blobs
from layers_mcp.sandbox.repository.errand import Errand
from layers_mcp.sandbox.repository.git import Git, GitError
from layers_mcp.sandbox.repository.listing import listing
from layers_mcp.sandbox.repository.source import examine
from layers_mcp.sandbox.repository.tree import EDIT_AT_MOST, Tree

__all__ = ["Clone", "clone"]

_NOT_GIT = "the repository is not a git repository we can read; run git fsck in it and connect one that passes"
_NO_COMMIT = "the repository has no commit to read; commit the app to it first, or name a branch that has one"
_NOT_COPIED = (
    "the newest commit could not be copied: it is damaged, or larger than a reading may take; run git fsck, or connect a smaller one"
)
_NO_DEFAULT = "the repository has no default branch; name one"
_NO_BRANCH = "the repository has no such branch; name one that it has"
_NO_NAME = "the name of the default branch is no plain text; name another branch"
_NO_HEAD = "the branch to write has no valid name; start the ingest again, which makes another"
_SAME = "the branch to read is the branch to write; name another"


@dataclass(frozen=True)
class Clone:
    """The clone's folder, the base branch and its commit, and the files of that commit; `cut`: it has more than were listed."""

    folder: Path
    source: Path
    base: str
    commit: str
    tree: Tree
    cut: bool


def _far_commit(git: Git, source: Path, branch: str) -> str | None:
    """The commit of a branch in the source, or None when there is no such branch."""
    far = f"--upload-pack={git.other_side('upload-pack')}"
    listed = git.line("ls-remote", "--heads", far, "--", str(source), f"refs/heads/{branch}")
    exact = [line.split()[0] for line in listed.splitlines() if line.split()[1:] == [f"refs/heads/{branch}"]]
    return exact[0] if exact else None


def _check(errand: Errand, git: Git, source: Path) -> Trouble | None:
    """What is wrong with the errand before anything is copied."""
    trouble = examine(source, git)
    if trouble is not None:
        return trouble
    far = f"--upload-pack={git.other_side('upload-pack')}"
    if git.attempt("ls-remote", far, "--", str(source), "HEAD").returncode != 0:
        return Trouble(code="VALIDATION", message=_NOT_GIT, field="repoFullName")
    if git.attempt("check-ref-format", f"refs/heads/{errand.head}").returncode != 0:
        return Trouble(code="INTERNAL", message=_NO_HEAD, field="repoFullName")
    if errand.branch is not None:
        valid = git.attempt("check-ref-format", f"refs/heads/{errand.branch}").returncode == 0
        if not valid or _far_commit(git, source, errand.branch) is None:
            return Trouble(code="VALIDATION", message=_NO_BRANCH, field="branch")
    return None


def _copy(errand: Errand, git: Git, source: Path, folder: Path) -> None:
    """Fetch the newest commit of the base branch without history, tags, submodules, hooks, a work tree, or files too large to edit."""
    chosen = [f"--branch={errand.branch}"] if errand.branch is not None else []
    shallow = ("--depth=1", "--single-branch", "--no-tags", "--no-recurse-submodules", f"--filter=blob:limit={EDIT_AT_MOST + 1}")
    far = f"--upload-pack={git.other_side('upload-pack')}"
    plain = ("--bare", "--no-hardlinks", "--no-local", "--quiet", "--template=")
    git.run("clone", *plain, *shallow, far, *chosen, "--", str(source), str(folder))
    git.run("config", "--remove-section", "remote.origin", folder=folder)
    git.attempt("config", "--unset-all", "extensions.partialClone", folder=folder)


def _base(errand: Errand, git: Git, folder: Path) -> tuple[str, str] | Trouble:
    """The branch that was fetched and its commit."""
    named = git.attempt("symbolic-ref", "--short", "HEAD", folder=folder)
    found = git.attempt("rev-parse", "--verify", "--quiet", "HEAD^{commit}", folder=folder)
    if found.returncode != 0:
        return Trouble(code="SDK_PATCH_GENERATION_FAILED", message=_NO_COMMIT, field="branch")
    if named.returncode != 0:
        return Trouble(code="VALIDATION", message=_NO_DEFAULT, field="branch")
    base = named.stdout.decode("utf-8", errors="replace").strip()
    if not base.isprintable() or "\ufffd" in base:
        return Trouble(code="VALIDATION", message=_NO_NAME, field="branch")
    if base == errand.head:
        return Trouble(code="VALIDATION", message=_SAME, field="branch")
    return base, found.stdout.decode().strip()


def clone(errand: Errand, git: Git, folder: Path) -> Clone | Trouble:
    """Copy the newest commit of the base branch and list its files."""
    source = Path(errand.source)
    trouble = _check(errand, git, source)
    if trouble is not None:
        return trouble
    try:
        _copy(errand, git, source, folder)
    except GitError:
        return Trouble(code="VALIDATION", message=_NOT_COPIED, field="repoFullName")
    based = _base(errand, git, folder)
    if isinstance(based, Trouble):
        return based
    base, commit = based
    listed = listing(git, folder, commit)
    tree = Tree(listed.files, Blobs(git, folder).load, listed.taken)
    return Clone(folder=folder, source=source, base=base, commit=commit, tree=tree, cut=listed.cut)
