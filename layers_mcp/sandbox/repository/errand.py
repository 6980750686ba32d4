"""What one reading of a repository is asked to do, and what comes back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, TypeAdapter

from layers_mcp.contract.scalars import Platform
from layers_mcp.sandbox.child.trouble import Workshop

__all__ = ["ASKED", "WORKSHOP", "Brand", "Errand", "LogoFile", "Outcome", "Push"]

_Line = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Errand(_Frozen):
    """One repository, read once; the same errand gives the same commit.

    `platforms` empty means every platform found. `events` is the allowlist of event names. `committed_at` dates the commit, for
    author and committer. `patch_path` is where the patch is kept; with `push` the commit is kept beside it, to be pushed later.
    """

    full_name: _Line
    source: _Line
    branch: _Line | None = None
    platforms: tuple[Platform, ...] = ()
    app_name: str | None = None
    app_id: _Line
    events: tuple[str, ...] = ()
    head: _Line
    title: _Line
    body: Annotated[str, StringConstraints(max_length=20_000)] = ""
    committed_at: AwareDatetime
    push: bool
    patch_path: _Line

    @property
    def bundle_path(self) -> str:
        """Where the commit is kept until it is pushed."""
        return f"{self.patch_path}.bundle"

    def date(self) -> str:
        """The commit's date as git takes it."""
        moment: datetime = self.committed_at
        return f"{int(moment.timestamp())} +0000"


class Brand(_Frozen):
    """What a repository says about its app; None where it says nothing. A source of brand context gives a partial one."""

    app_name: str | None = None
    app_description: str | None = None
    tagline: str | None = None
    audience: str | None = None
    icp: str | None = None
    brand_voice: str | None = None
    keywords: tuple[str, ...] = ()
    primary_language: str | None = None
    bundle_id: str | None = None
    android_package: str | None = None
    web_domain: str | None = None


class LogoFile(_Frozen):
    """An image of the repository that stands for the app; `content` is base64, at most 200 KB of it."""

    path: str
    media_type: Literal["image/png", "image/jpeg", "image/webp", "image/svg+xml"]
    content: str


class Outcome(_Frozen):
    """What was read and written.

    `found`: the stacks of the repository. `instrumented`: those that carry the SDK at `commit`. When they all did before, nothing is
    written: `commit` is the base commit, `files_changed` is 0, and there is neither a branch nor a patch. `cut`: the repository has more
    files than are listed, and those beyond were neither read nor written.
    """

    brand: Brand
    found: tuple[Platform, ...]
    instrumented: tuple[Platform, ...]
    base: str
    base_commit: str
    head: str
    commit: str
    diffstat: str
    files_changed: int
    insertions: int
    deletions: int
    patch_path: str | None
    pushed: bool
    logo: LogoFile | None
    cut: bool = False


class Push(_Frozen):
    """The second errand: bring what the first one committed and kept to the repository; doing it again changes nothing."""

    errand: Errand
    outcome: Outcome


ASKED: TypeAdapter[Errand | Push] = TypeAdapter(Errand | Push)
"""What a child may be asked to do."""

WORKSHOP = Workshop(
    module="layers_mcp.sandbox.repository",
    outcome=Outcome,
    doing="the reading of the repository",
    advice="connect a smaller repository, or name a branch with only the app in it",
    field="repoFullName",
)
"""How it is done."""
