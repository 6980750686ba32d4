"""The second errand: what was committed and kept is brought to the repository it was read from."""

from __future__ import annotations

from pathlib import Path

from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.repository.errand import Outcome, Push
from layers_mcp.sandbox.repository.git import Git, GitError
from layers_mcp.sandbox.repository.source import examine

__all__ = ["push"]


def _fetched(asked: Push, git: Git, folder: Path) -> Trouble | None:
    """The base from the repository and the commit from its bundle, in an empty bare repository in `folder`."""
    far, source = git.other_side("upload-pack"), asked.errand.source
    git.run("init", "--bare", "--quiet", "--template=", str(folder))
    base = ("--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", f"--upload-pack={far}", "--", source, asked.outcome.base_commit)
    if git.attempt("fetch", *base, folder=folder).returncode != 0:
        return Trouble(code="PLATFORM_ERROR", message="the repository no longer has the commit that was read")
    git.run("bundle", "unbundle", asked.errand.bundle_path, folder=folder)
    return None


def _pushed(asked: Push, git: Git, folder: Path) -> Outcome | Trouble:
    """Push the new branch to the source, never over another one; its work tree and its hooks stay untouched."""
    far, source, commit = f"refs/heads/{asked.errand.head}", asked.errand.source, asked.outcome.commit
    if examine(Path(source), git) is not None:
        return Trouble(code="PLATFORM_ERROR", message="the repository is gone, or is no longer one we can read")
    done = asked.outcome.model_copy(update={"pushed": True})
    listed = git.attempt("ls-remote", "--heads", f"--upload-pack={git.other_side('upload-pack')}", "--", source, far)
    if listed.stdout.decode(errors="replace").split()[:1] == [commit]:
        return done
    if listed.stdout:
        return Trouble(code="PLATFORM_ERROR", message="the repository already has a branch of that name with other commits", field="head")
    trouble = _fetched(asked, git, folder)
    if trouble is not None:
        return trouble
    sent = git.attempt(
        *("push", "--quiet", "--no-verify", "--no-signed", "--recurse-submodules=no", f"--force-with-lease={far}:"),
        *(f"--receive-pack={git.other_side('receive-pack')}", "--", source, f"{commit}:{far}"),
        folder=folder,
    )
    return done if sent.returncode == 0 else Trouble(code="PLATFORM_ERROR", message="the repository did not take the branch")


def push(asked: Push, folder: Path) -> Outcome | Trouble:
    """Push the kept commit by way of an empty `folder`, which the caller removes; a branch that is there already is no trouble."""
    try:
        return _pushed(asked, Git(folder, date=asked.errand.date()), folder / "push.git")
    except GitError as failure:
        return Trouble(code="INTERNAL", message=f"the branch could not be pushed: {failure}")
