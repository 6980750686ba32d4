"""A changed tree as a commit on a branch of its own, kept as a patch or pushed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from layers_mcp.sandbox.repository.clone import Clone
from layers_mcp.sandbox.repository.errand import Errand, Trouble
from layers_mcp.sandbox.repository.git import Git
from layers_mcp.sandbox.repository.tree import Tree

__all__ = ["Commit", "deliver", "write"]

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit and what it changes, counted by git."""

    id: str
    diffstat: str
    files_changed: int
    insertions: int
    deletions: int


def _message(errand: Errand) -> bytes:
    title = " ".join(_UNSEEN.sub("", errand.title).split())
    body = _UNSEEN.sub("", errand.body.replace("\r\n", "\n")).strip()
    return (f"{title}\n\n{body}\n" if body else f"{title}\n").encode("utf-8", errors="replace")


def write(errand: Errand, git: Git, clone: Clone, tree: Tree) -> Commit:
    """Commit the changes on top of the base, dated by the errand, without hooks, signature or work tree."""
    folder = clone.folder
    git.run("read-tree", clone.commit, folder=folder)
    for path, text in sorted(tree.changes.items()):
        sha = git.line("hash-object", "-w", "--stdin", folder=folder, stdin=text.encode("utf-8"))
        mode = clone.tree.entries[path].mode if path in clone.tree.entries else "100644"
        git.run("update-index", "--add", "--cacheinfo", f"{mode},{sha},{path}", folder=folder)
    written = git.line("write-tree", folder=folder)
    made = git.line("commit-tree", written, "-p", clone.commit, folder=folder, stdin=_message(errand))
    git.run("update-ref", f"refs/heads/{errand.head}", made, folder=folder)
    stat = git.run("diff", "--stat", "--no-ext-diff", "--no-textconv", clone.commit, made, folder=folder).decode("utf-8", errors="replace")
    counted = git.line("diff", "--numstat", "--no-renames", "--no-ext-diff", "--no-textconv", clone.commit, made, folder=folder)
    rows = [line.split("\t") for line in counted.splitlines()]
    added, removed = (sum(int(row[column]) for row in rows if row[column].isdigit()) for column in (0, 1))
    return Commit(id=made, diffstat=stat.rstrip("\n"), files_changed=len(rows), insertions=added, deletions=removed)


def _push(errand: Errand, git: Git, clone: Clone, commit: Commit) -> Trouble | None:
    """Push the new branch to the source, never over another one; its work tree and its hooks stay untouched."""
    far = f"refs/heads/{errand.head}"
    listed = git.line("ls-remote", "--heads", f"--upload-pack={git.other_side('upload-pack')}", "--", str(clone.source), far)
    if listed.split()[:1] == [commit.id]:
        return None
    taken = Trouble(code="PLATFORM_ERROR", message="the repository already has a branch of that name with other commits", field="head")
    if listed:
        return taken
    pushed = git.attempt(
        *("push", "--quiet", "--no-verify", "--no-signed", "--recurse-submodules=no", f"--force-with-lease={far}:"),
        *(f"--receive-pack={git.other_side('receive-pack')}", "--", str(clone.source), f"{commit.id}:{far}"),
        folder=clone.folder,
    )
    return None if pushed.returncode == 0 else Trouble(code="PLATFORM_ERROR", message="the repository did not take the branch")


def _keep(errand: Errand, git: Git, clone: Clone, commit: Commit) -> Trouble | None:
    """Keep the patch in a file, all of it or none."""
    patch = git.run(
        "format-patch",
        "--stdout",
        "--no-signature",
        "--no-ext-diff",
        "--no-textconv",
        "--binary",
        f"{clone.commit}..{commit.id}",
        folder=clone.folder,
    )
    target = Path(errand.patch_path)
    half = target.with_name(f"{target.name}.half")
    try:
        half.write_bytes(patch)
        half.replace(target)
    except OSError:
        return Trouble(code="INTERNAL", message="the patch could not be kept where it was asked for")
    return None


def deliver(errand: Errand, git: Git, clone: Clone, commit: Commit) -> Trouble | None:
    """Push the commit or keep its patch, as the errand says."""
    return (_push if errand.push else _keep)(errand, git, clone, commit)
