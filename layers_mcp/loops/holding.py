"""What keeps loops from running: writes that are halted, and loops that are paused, of one project or of all; and the words for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

from layers_mcp.contract.scalars import any_project, wire_time
from layers_mcp.store.rows import EVERY, LOOPS, WRITES, Halt

__all__ = ["NAMES", "Loop", "holding", "name_of", "pauses_at", "way_out", "words"]

Loop = Literal["onboarding", "publish_to_learn", "optimization"]
"""The loops that can be paused one by one."""
NAMES: Final[tuple[Loop, ...]] = get_args(Loop)


def holding(held: Sequence[Halt], loop: str, project_id: str | None) -> Halt | None:
    """What of all that is held keeps a loop from running for a project, or with None for any; the first, or None."""
    places = {EVERY} if project_id is None else {EVERY, any_project(project_id)}
    return next((one for one in held if one.project_id in places and one.what in (WRITES, LOOPS, loop)), None)


def pauses_at(held: Sequence[Halt], loop: str | None, project_id: str | None) -> tuple[Halt, ...]:
    """The pauses that were made for just this project, or with None for all: of this loop, or with None of whatever loops."""
    place, whats = EVERY if project_id is None else any_project(project_id), (LOOPS, *NAMES) if loop is None else (loop,)
    return tuple(one for one in held if one.project_id == place and one.what in whats)


def name_of(project_id: str | None, what: str) -> str:
    """What a preview calls a pause, such as `all:loops` or `prj_1:optimization`."""
    return f"{'all' if project_id in (None, EVERY) else project_id}:{what}"


def words(held: Halt) -> str:
    """What is held, of whom, by whom and since when."""
    what = {WRITES: "writes", LOOPS: "all loops"}.get(held.what, held.what)
    whose = "all projects" if held.project_id == EVERY else f"project {held.project_id}"
    stands = "are halted" if held.what == WRITES else "are paused" if held.what == LOOPS else "is paused"
    _, named, client = held.principal.partition("/")
    who = f"{'a person' if held.by == 'person' else 'an assistant'}{f' ({client})' if named else ''}"
    return f"{what} of {whose} {stands} by {who} since {wire_time(held.at)}"


def way_out(held: Halt) -> str:
    """The call that lets it go on; a person's hold takes a person's yes there."""
    if held.what == WRITES:
        return "halt with resume=true lets writes through again"
    return "resume_loops lets it run again"
