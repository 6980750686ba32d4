"""The switch and the memory of a call that may touch some projects only."""

from __future__ import annotations

from collections.abc import Collection

from layers_mcp.client.fence import Fence, outside
from layers_mcp.contract.errors import OutsideProjects
from layers_mcp.store.rows import Began, Halt
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

    def hold(self, project_id: str | None) -> None:
        """Hold back.

        Raises:
            OutsideProjects: another project, or all of them.
        """
        self.check(project_id)
        self._inner.hold(project_id)

    def lift(self, project_id: str | None) -> None:
        """Let go.

        Raises:
            OutsideProjects: another project, or all of them.
        """
        self.check(project_id)
        self._inner.lift(project_id)

    def held(self, projects: Collection[str]) -> Halt | None:
        """Why a write that touches these projects is held back, or None."""
        return self._inner.held(projects)

    def recent(self, *, project_id: str | None = None, limit: int = 20) -> tuple[Began, ...]:
        """What this principal's calls began for the projects, newest first."""
        if project_id is not None:
            return self._inner.recent(project_id=project_id, limit=limit) if self._fence.holds(project_id) else ()
        found = self._inner.recent(limit=max(limit, _LOOKED_THROUGH))
        return tuple(one for one in found if self._fence.holds(one.project_id))[:limit]
