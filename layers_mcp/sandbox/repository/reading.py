"""One errand carried out from clone to commit."""

from __future__ import annotations

from pathlib import Path

from layers_mcp.contract.scalars import Platform
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.repository.brand import read_brand
from layers_mcp.sandbox.repository.clone import Clone, clone
from layers_mcp.sandbox.repository.commit import Commit, keep, write
from layers_mcp.sandbox.repository.errand import Errand, Outcome
from layers_mcp.sandbox.repository.git import Git, GitError
from layers_mcp.sandbox.repository.instrument.apply import instrument
from layers_mcp.sandbox.repository.instrument.sdk import Sdk
from layers_mcp.sandbox.repository.logo import read_logo
from layers_mcp.sandbox.repository.platforms import App, choose, find_apps, minor
from layers_mcp.sandbox.repository.tree import Tree

__all__ = ["carry_out"]

_NO_PLATFORM = "no supported platform was found in the repository; name the ones it has in sdkConfig.includePlatforms"
_NOT_ASKED = "the repository has none of the platforms asked for; name the ones it has in sdkConfig.includePlatforms"
_NO_PLACE = "the platforms were found, but no place to start the SDK from; name the one with a plain entry in sdkConfig.includePlatforms"
_PLATFORMS = "sdkConfig.includePlatforms"
_UNREADABLE = "connect a repository that git fsck passes, or name a smaller branch"


def _own_part(tree: Tree, apps: tuple[App, ...]) -> Tree:
    """The tree without its examples and tests, unless they are all there is."""
    others = any(app.certain and not minor(app.manifest) for app in apps)
    return tree.only(lambda path: not minor(path) or path.lower().startswith("docs/")) if others else tree


def _outcome(errand: Errand, clone: Clone, apps: tuple[App, ...], carrying: tuple[Platform, ...]) -> Outcome:
    """What was read, with nothing written yet."""
    own = _own_part(clone.tree, apps)
    used = choose(apps, errand.platforms)
    found = choose(apps, ()) or used
    return Outcome(
        brand=read_brand(own, full_name=errand.full_name, app_name=errand.app_name),
        found=tuple(app.platform for app in found),
        instrumented=carrying,
        base=clone.base,
        base_commit=clone.commit,
        head=errand.head,
        commit=clone.commit,
        diffstat="",
        files_changed=0,
        insertions=0,
        deletions=0,
        patch_path=None,
        pushed=False,
        logo=read_logo(own),
        cut=clone.cut,
    )


def _with_commit(outcome: Outcome, errand: Errand, commit: Commit) -> Outcome:
    return outcome.model_copy(
        update={
            "commit": commit.id,
            "diffstat": commit.diffstat,
            "files_changed": commit.files_changed,
            "insertions": commit.insertions,
            "deletions": commit.deletions,
            "patch_path": errand.patch_path,
        }
    )


def _read(errand: Errand, git: Git, folder: Path) -> Outcome | Trouble:
    copied = clone(errand, git, folder / "clone.git")
    if isinstance(copied, Trouble):
        return copied
    apps = find_apps(copied.tree)
    used = choose(apps, errand.platforms)
    if not used:
        return Trouble(code="SDK_PATCH_GENERATION_FAILED", message=_NOT_ASKED if errand.platforms else _NO_PLATFORM, field=_PLATFORMS)
    tree, carrying = instrument(copied.tree, used, Sdk(errand.app_id, errand.events))
    if not carrying:
        return Trouble(code="SDK_PATCH_GENERATION_FAILED", message=_NO_PLACE, field=_PLATFORMS)
    outcome = _outcome(errand, copied, apps, carrying)
    if not tree.changes:
        return outcome
    commit = write(errand, git, copied, tree)
    if isinstance(commit, Trouble):
        return commit
    return keep(errand, git, copied, commit) or _with_commit(outcome, errand, commit)


def carry_out(errand: Errand, folder: Path) -> Outcome | Trouble:
    """Clone, read, instrument and commit in an empty `folder`, which the caller removes."""
    try:
        return _read(errand, Git(folder, date=errand.date()), folder)
    except GitError as failure:
        return Trouble(code="INTERNAL", message=f"the repository could not be read: {failure}; {_UNREADABLE}", field="repoFullName")
