"""The switch and the memory of a call that may touch some projects only."""

from __future__ import annotations

from collections.abc import Collection

from layers_mcp.client.fence import Fence, outside
from layers_mcp.contract.errors import OutsideProjects
from layers_mcp.store.rows import WRITES, Began, ConfirmedBy, Halt, Kind, Link, Paused
from layers_mcp.tool.call import Switch

__all__ = ["FencedSwitch"]

_LOOKED_THROUGH = 500
"""Of what our calls began, so much is looked through for what may be shown; ours."""


class FencedSwitch:
    """The switch for those projects alone that `fence` holds."""

    def __init__(self, inner: Switch, fence: Fence) -> None:
        self._inner = inner
        self._fence = fence

    def check(self, project_id: str | None) -> None:
        """Let a project through.

        Raises:
            OutsideProjects: it is another, or None, which means all.
        """
        if project_id is None:
            issue = {"path": "projectId", "message": "is required, as this server may touch only some of the projects"}
            raise OutsideProjects("all projects are more than this server may touch", details={"issues": [dict(issue)]})
        if not self._fence.holds(project_id):
            raise outside("projectId")

    def hold(self, project_id: str | None, *, by: ConfirmedBy, what: str = WRITES) -> None:
        """Hold back.

        Raises:
            OutsideProjects: another project, or all of them.
        """
        self.check(project_id)
        self._inner.hold(project_id, by=by, what=what)

    def lift(self, project_id: str | None, *, by: ConfirmedBy, what: str = WRITES) -> bool:
        """Let go; False where a person holds back and `by` is none.

        Raises:
            OutsideProjects: another project, or all of them.
        """
        self.check(project_id)
        return self._inner.lift(project_id, by=by, what=what)

    def held(self, projects: Collection[str]) -> Halt | None:
        """Why a write that touches these projects is held back, or None."""
        return self._inner.held(projects)

    def halted(self) -> frozenset[str]:
        """The projects to which writes are held back, whichever they are: it only ever refuses more."""
        return self._inner.halted()

    def holds(self, project_id: str | None, *, what: str = WRITES) -> Halt | None:
        """The hold of exactly this name, or None.

        Raises:
            OutsideProjects: another project, or all of them.
        """
        self.check(project_id)
        return self._inner.holds(project_id, what=what)

    def pausing(self, row: Paused) -> None:
        """Remember that a campaign is paused by this switch, before it is.

        Raises:
            OutsideProjects: another project.
        """
        self.check(row.project_id)
        self._inner.pausing(row)

    def unpaused(self, project_id: str, campaign_id: str) -> None:
        """Forget that again: it runs, or never was paused.

        Raises:
            OutsideProjects: another project.
        """
        self.check(project_id)
        self._inner.unpaused(project_id, campaign_id)

    def paused(self, project_id: str) -> tuple[Paused, ...]:
        """The campaigns that this switch paused, oldest first.

        Raises:
            OutsideProjects: another project.
        """
        self.check(project_id)
        return self._inner.paused(project_id)

    def recent(self, *, project_id: str | None = None, kind: Kind | None = None, limit: int = 20) -> tuple[Began, ...]:
        """What calls began for the projects, newest first."""
        if project_id is not None:
            return self._inner.recent(project_id=project_id, kind=kind, limit=limit) if self._fence.holds(project_id) else ()
        found = self._inner.recent(kind=kind, limit=max(limit, _LOOKED_THROUGH))
        return tuple(one for one in found if self._fence.holds(one.project_id))[:limit]

    def trail(self, *, before: int | None = None, limit: int) -> tuple[Link, ...]:
        """What this principal called that names one of the projects, newest first."""
        kept: list[Link] = []
        while len(kept) < limit and (page := self._inner.trail(before=before, limit=_LOOKED_THROUGH)):
            kept += [one for one in page if self._fence.holds(one.entry.project_id)]
            before = page[-1].number
        return tuple(kept[:limit])
