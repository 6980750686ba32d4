"""What events bring forward: of a day's loops that which can't wait, started as soon as Layers tells of its cause.

It only does sooner what the day's own run does anyway, under the same keys and after the same look-ups. So an event that comes twice, late,
out of order or never changes nothing of what comes out in the end.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from layers_mcp.clock import Clock
from layers_mcp.contract.scalars import full_project
from layers_mcp.loops.daily import SHORTS, Daily, daily_id, zone_named
from layers_mcp.store.rows import RunRow
from layers_mcp.store.store import Store

__all__ = ["EARLY", "Early"]

_POSTS, _REVIEWS = "publish_to_learn", "optimization"
EARLY: Final[Mapping[str, tuple[str, ...]]] = {
    "content.approved": (_POSTS,),
    "social_account.connected": (_POSTS, _REVIEWS),
    "social_account.needs_reauth": (_REVIEWS,),
    "social_account.revoked": (_REVIEWS,),
    "lease_request.assigned": (_REVIEWS,),
    "ads.decision": (_REVIEWS,),
    "ads.optimizer.run.completed": (_REVIEWS,),
    "approval.dispatched": (_REVIEWS,),
    "ads.creative.flagged": (_REVIEWS,),
}
"""The loops that each kind of event has look now.

Approved content is scheduled by the standing plan, and that of an account which works again; what the optimizer decided is surfaced, and
accounts that need a person are asked about. Other kinds have no deed that a day's run would do: who waits for them is woken, no more.
"""
_GATHERS: Final = {_POSTS: timedelta(seconds=2), _REVIEWS: timedelta(seconds=10)}
"""How long a start waits for what is told along with its event, so that a burst is looked at once; ours."""


@dataclass(frozen=True, kw_only=True)
class Early:
    """Starts loops early for one principal's customers. `projects`: the only ones to touch, None: all of the key's.

    A start is a row, which any worker takes on: who hears of events need not be who runs loops.
    """

    store: Store
    clock: Clock
    principal: str
    projects: Collection[str] | None = None

    def start(self, loops: Collection[str], project_id: str, cause: str) -> int:
        """Have some of a project's daily loops look soon; how many that started.

        `project_id`: whole; `cause`: what names the reason, the same at every repetition, at most 100 letters. Nothing starts for a project
        that is no customer's of ours, or is still being onboarded: then its own run does all that.
        """
        if self.projects is not None and project_id not in {full_project(one) for one in self.projects}:
            return 0
        known = self.store.customers.of_project(self.principal, project_id)
        if known is None or known.stage != "active":
            return 0
        now = self.clock.now()
        day = now.astimezone(zone_named(known.zone)).date()
        given = Daily(customer=known.external_id, project_id=project_id, day=day, early=True)
        rows = [
            RunRow(
                id=f"{daily_id(SHORTS[loop], self.principal, known.external_id, day)}:{cause}",
                loop=loop,
                owner=self.principal,
                given=given.model_dump_json(),
                state="sleeping",
                began_at=now,
                until=now + _GATHERS[loop],
                due_at=now + _GATHERS[loop],
                **given.whose()._asdict(),
            )
            for loop in loops
        ]
        return sum(self.store.runs.add_early(row) for row in rows)
