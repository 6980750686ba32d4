"""The second errand: what was committed and kept is brought to the repository it was read from."""

from __future__ import annotations

from pathlib import Path

from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.repository.errand import Outcome, Push
from layers_mcp.sandbox.repository.git import Git, GitError
from layers_mcp.sandbox.repository.source import examine
from layers_mcp.sandbox.repository.tree import EDIT_AT_MOST

__all__ = ["push"]


_AGAIN = "start the ingest again"
_GONE = "the repository is gone, or is no longer one we can read; put it back in its place, and start the ingest again"
_NO_BASE = f"the repository no longer has the commit that was read; {_AGAIN}, which reads the newest one"
_TAKEN = "the repository already has a branch of that name with other commits; delete or rename that branch, and start the ingest again"
_NOT_TAKEN = (
    "the repository did not take the branch; let whoever runs the sandbox write to it, or set no sandbox push and apply the kept patch,"
    " and start the ingest again"
)
_WHOLE = f"blob:limit={EDIT_AT_MOST + 1}"
"""Files that are larger were not read, and are not needed to push."""


def _trouble(message: str) -> Trouble:
    return Trouble(code="PLATFORM_ERROR", message=message, field="repoFullName")


def _fetched(asked: Push, git: Git, folder: Path) -> Trouble | None:
    """The base from the repository, without files that are too large, and the commit from its bundle, in an empty bare `folder`."""
    far = git.other_side("upload-pack")
    git.run("init", "--bare", "--quiet", "--template=", str(folder))
    # Only a remote with a name may leave files out, and only for this one command: nothing is fetched later to fill the gaps.
    named = (f"remote.origin.url={asked.errand.source}", "remote.origin.promisor=true", f"remote.origin.partialCloneFilter={_WHOLE}")
    settings = [word for setting in named for word in ("-c", setting)]
    shallow = ("--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", f"--filter={_WHOLE}", f"--upload-pack={far}")
    if git.attempt(*settings, "fetch", *shallow, "origin", asked.outcome.base_commit, folder=folder).returncode != 0:
        return _trouble(_NO_BASE)
    git.run("bundle", "unbundle", asked.errand.bundle_path, folder=folder)
    return None


def _pushed(asked: Push, git: Git, folder: Path) -> Outcome | Trouble:
    """Push the new branch to the source, never over another one; its work tree and its hooks stay untouched."""
    far, source, commit = f"refs/heads/{asked.errand.head}", asked.errand.source, asked.outcome.commit
    if examine(Path(source), git) is not None:
        return _trouble(_GONE)
    done = asked.outcome.model_copy(update={"pushed": True})
    listed = git.attempt("ls-remote", "--heads", f"--upload-pack={git.other_side('upload-pack')}", "--", source, far)
    if listed.stdout.decode(errors="replace").split()[:1] == [commit]:
        return done
    if listed.stdout:
        return _trouble(_TAKEN)
    trouble = _fetched(asked, git, folder)
    if trouble is not None:
        return trouble
    sent = git.attempt(
        *("push", "--quiet", "--no-verify", "--no-signed", "--recurse-submodules=no", f"--force-with-lease={far}:"),
        *(f"--receive-pack={git.other_side('receive-pack')}", "--", source, f"{commit}:{far}"),
        folder=folder,
    )
    return done if sent.returncode == 0 else _trouble(_NOT_TAKEN)


def push(asked: Push, folder: Path) -> Outcome | Trouble:
    """Push the kept commit by way of an empty `folder`, which the caller removes; a branch that is there already is no trouble."""
    try:
        return _pushed(asked, Git(folder, date=asked.errand.date()), folder / "push.git")
    except GitError as failure:
        return Trouble(code="INTERNAL", message=f"the branch could not be pushed: {failure}; {_AGAIN}", field="repoFullName")
