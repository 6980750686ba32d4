"""What is done about each kind of event: which waits look again, which bells are rung for runs, and which loops look before their hour.

Reactions assume no order and may happen again: whoever is woken reads at Layers how things stand, and decides by that. What the seed
asks of each event (seed 000, "Webhook events to subscribe to") is then the loops' and the tools' to do; `loops/early` has which.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from layers_mcp.contract.events import PING, Event
from layers_mcp.contract.scalars import full_project
from layers_mcp.loops.bells import of_project
from layers_mcp.loops.early import EARLY

__all__ = ["BY_PEOPLE", "REACTIONS", "Reaction", "Wakes", "reaction"]


class Reaction(NamedTuple):
    """What one event comes to.

    `things`: names of waits (`client/thing`), each with a bell of its own; `bells`: others (`loops/bells`); `consents_of`: a project whose
    open consents are looked at, "" for those of all. `early`: daily loops that look now, of `project_id`, because of the event `cause`.
    """

    things: tuple[str, ...] = ()
    bells: tuple[str, ...] = ()
    consents_of: str | None = None
    early: tuple[str, ...] = ()
    project_id: str = ""
    cause: str = ""


class Wakes(NamedTuple):
    """How a kind of event is read.

    `thing`: what kind of wait it ends, `field`: which of the event's fields names that one; `consent`: it ends one that it does not name.
    """

    thing: str | None = None
    field: str = ""
    consent: bool = False


_JOB, _POST = Wakes("job", "job_id"), Wakes("post", "scheduled_post_id")
REACTIONS: Final[dict[str, Wakes]] = {
    "job.completed": _JOB,
    "job.failed": _JOB,
    "job.canceled": _JOB,
    "content.generated": Wakes("container", "id"),
    "post.published": _POST,
    "post.failed": _POST,
    "post.canceled": _POST,
    "social_account.connected": Wakes(consent=True),
}
"""Kinds that end a wait."""
BY_PEOPLE: Final = frozenset(
    {
        "content.approved",
        "content.rejected",
        "lease_request.assigned",
        "lease_request.rejected",
        "project.ready",
        "social_account.connected",
        "social_account.needs_reauth",
        "social_account.revoked",
    }
)
"""Kinds that ring their project's bell, by which an onboarding waits for people: what they do. What posts and jobs do is no reason."""


def reaction(event: Event) -> Reaction | None:
    """What an event comes to; None for one that says nothing that is understood here: it is kept, and nobody is woken."""
    said = event.said()
    if said is None or event.type == PING:
        return None if said is None else Reaction()
    wakes = REACTIONS.get(event.type, Wakes())
    project = full_project(said.project_id) if said.project_id else None
    early = EARLY.get(event.type, ()) if project else ()
    return Reaction(
        things=(f"{wakes.thing} {getattr(said, wakes.field)}",) if wakes.thing else (),
        bells=(of_project(project),) if project and event.type in BY_PEOPLE else (),
        consents_of=(project or "") if wakes.consent else None,
        early=early,
        project_id=(project or "") if early else "",
        cause=event.id if early else "",
    )
