"""A changed tree as a commit on a branch of its own, kept as a patch and, to be pushed later, as a bundle."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.repository.clone import Clone
from layers_mcp.sandbox.repository.errand import Errand
from layers_mcp.sandbox.repository.git import Git
from layers_mcp.sandbox.repository.graft import Change, graft
from layers_mcp.sandbox.repository.tree import Tree

__all__ = ["Commit", "keep", "write"]

_IN_THE_WAY = "the repository has something that cannot be read where a file of the SDK goes; move its links named like ours"
_NOT_KEPT = "the patch could not be kept in the sandbox's folder; make room or let it be written to, and start the ingest again"
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


def write(errand: Errand, git: Git, clone: Clone, tree: Tree) -> Commit | Trouble:
    """Commit the changes on top of the base, dated by the errand, without hooks, signature or work tree; Trouble when there is no place."""
    folder = clone.folder
    changes: dict[str, Change] = {}
    for path, text in tree.changes.items():
        sha = git.line("hash-object", "-w", "--stdin", folder=folder, stdin=text.encode("utf-8"))
        changes[path] = Change(sha, clone.tree.entries[path].mode if path in clone.tree.entries else None)
    written = graft(git, folder, clone.commit, changes)
    if written is None:
        return Trouble(code="SDK_PATCH_GENERATION_FAILED", message=_IN_THE_WAY, field="repoFullName")
    made = git.line("commit-tree", written, "-p", clone.commit, folder=folder, stdin=_message(errand))
    git.run("update-ref", f"refs/heads/{errand.head}", made, folder=folder)
    stat = git.run("diff", "--stat", "--no-ext-diff", "--no-textconv", clone.commit, made, folder=folder).decode("utf-8", errors="replace")
    counted = git.line("diff", "--numstat", "--no-renames", "--no-ext-diff", "--no-textconv", clone.commit, made, folder=folder)
    rows = [line.split("\t") for line in counted.splitlines()]
    added, removed = (sum(int(row[column]) for row in rows if row[column].isdigit()) for column in (0, 1))
    return Commit(id=made, diffstat=stat.rstrip("\n"), files_changed=len(rows), insertions=added, deletions=removed)


def _patch(git: Git, clone: Clone, commit: Commit) -> bytes:
    span = f"{clone.commit}..{commit.id}"
    plain = ("--stdout", "--no-signature", "--no-ext-diff", "--no-textconv", "--binary")
    return git.run("format-patch", *plain, span, folder=clone.folder)


def _bundle(errand: Errand, git: Git, clone: Clone) -> bytes:
    """The commit itself, without what the repository has already."""
    return git.run("bundle", "create", "--quiet", "-", f"^{clone.commit}", f"refs/heads/{errand.head}", folder=clone.folder)


def _put(content: bytes, place: str) -> None:
    """Write a file, all of it or none."""
    half = Path(f"{place}.half")
    half.write_bytes(content)
    half.replace(place)


def keep(errand: Errand, git: Git, clone: Clone, commit: Commit) -> Trouble | None:
    """Keep the patch in a file, and the commit beside it when it is to be pushed."""
    try:
        _put(_patch(git, clone, commit), errand.patch_path)
        if errand.push:
            _put(_bundle(errand, git, clone), errand.bundle_path)
    except OSError:
        return Trouble(code="INTERNAL", message=_NOT_KEPT, field="repoFullName")
    return None
