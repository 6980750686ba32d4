"""Scheduling by a standing plan: the only way in which a loop lets something out, and what it makes sure of each time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from layers_mcp.client.pages import asking, every
from layers_mcp.contract import content, publishing, social
from layers_mcp.contract.content import Container, GetContent
from layers_mcp.contract.errors import BY_CODE, ContentRejected, IdempotencyConflict
from layers_mcp.contract.publishing import ScheduleContent, ScheduledPost, Target
from layers_mcp.contract.scalars import Utc, full_project
from layers_mcp.contract.social import ListAccounts
from layers_mcp.loops.hands import Hands
from layers_mcp.loops.slots import Taken, openings
from layers_mcp.store.asked import Plan

__all__ = ["Placed", "place", "plan_of"]

_STANDS: Final = ("queued", "publishing", "published", "draft")
"""A post that stands on an account, and takes its place in the plan."""
_PAGE, _PAGES = 100, 25
"""At most 2,500 posts of a project are looked through; where there are more, nothing is put to them. Ours."""
_DAYS: Final = timedelta(days=2)
"""What went out so late may count against a local day that is not over."""

_TURN: Final = timedelta(minutes=10)
"""How long one run may take over an opening before others count it as dead; ours, beyond what its requests wait for their turn."""

Why = Literal["", "no_plan", "not_ready", "no_account", "no_opening", "queued_before", "taken_back", "in_doubt"]


class Placed(BaseModel):
    """Where a content went: the posts and their instant, or `why` it went nowhere.

    `taken_back`: it had posts, and a person canceled them, or they failed: what becomes of it is a person's business. `in_doubt`: whether
    it stands there can't be told now, as Layers has its key on record for another time, or there are too many posts to look through.
    """

    scheduled_post_ids: tuple[str, ...] = ()
    at: Utc | None = None
    why: Why = ""


def plan_of(hands: Hands, project_id: str) -> Plan | None:
    """The plan of a project that stands today, by the API's time in the plan's zone."""
    plan = hands.house.store.plans.of(hands.owner, full_project(project_id))
    return plan if plan is not None and plan.stands_on(hands.now().astimezone(ZoneInfo(plan.zone)).date()) else None


async def _posts(hands: Hands, project_id: str, since: datetime) -> list[ScheduledPost]:
    """The posts of a project since then, those that wait first."""
    return await every(asking(hands, publishing.LIST, project_id=project_id, since=since, limit=_PAGE), pages=_PAGES)


async def _connected(hands: Hands, plan: Plan) -> Plan:
    """The plan with those of its accounts that posts can go out on now."""
    page = await hands.send(social.ACCOUNTS, ListAccounts(project_id=plan.project_id, limit=200))
    there = {one.social_account_id for one in page.items if one.status == "connected"}
    return plan.model_copy(update={"accounts": tuple(one for one in plan.accounts if one in there)})


def _taken(posts: Sequence[ScheduledPost]) -> list[Taken]:
    return [
        Taken(one.social_account_id, at)
        for one in posts
        if one.status in _STANDS and one.social_account_id is not None and (at := one.scheduled_for or one.published_at) is not None
    ]


def _ready(post: Container) -> bool:
    """Whether a person, or the project's own policy, let it through; asked anew each time, as that may be taken back."""
    if post.approval_status == "rejected":
        raise ContentRejected(f"content {post.id} was rejected", details={"containerId": post.id})
    return post.status == "completed" and post.approval_status in ("approved", "not_required")


def _before(posts: Sequence[ScheduledPost], container_id: str) -> Placed | None:
    """What came of a content that was posted before, or may have been; None where it never was."""
    had = [one for one in posts if one.container_id == container_id]
    standing = [one for one in had if one.status in _STANDS]
    if standing:
        return Placed(scheduled_post_ids=tuple(one.id for one in standing), at=standing[0].scheduled_for, why="queued_before")
    if had:
        return Placed(why="taken_back")
    return Placed(why="in_doubt") if len(posts) >= _PAGE * _PAGES else None


@contextmanager
def _alone(hands: Hands, project_id: str, run_id: str) -> Generator[Callable[[], None]]:
    """Let nobody else put anything into this project's plan meanwhile: two who look at once would both take its last opening.

    Gives what makes sure that it still is so. A run that another worker takes over goes on at once.

    Raises:
        TransientError: another run is at it.
    """
    turns, name = hands.house.store.watches(hands.owner), f"plan {project_id}"

    def sure() -> None:
        now = hands.clock.now()
        if turns.claim(name, run_id, now=now, until=now + _TURN).holder != run_id:
            raise BY_CODE["UNAVAILABLE"](f"another run puts content into the plan of project {project_id}")

    sure()
    try:
        yield sure
    finally:
        turns.release(name, run_id, now=hands.clock.now())


async def _placed(hands: Hands, plan: Plan, container_id: str, *, key: str, sure: Callable[[], None]) -> Placed:
    project_id = plan.project_id
    post = await hands.send(content.GET, GetContent(container_id=container_id))
    if full_project(post.project_id or "") != plan.project_id or not _ready(post):
        return Placed(why="not_ready")
    posts = await _posts(hands, project_id, min(post.created_at or hands.now(), hands.now() - _DAYS))
    if (before := _before(posts, container_id)) is not None:
        return before
    usable = await _connected(hands, plan)
    if not usable.accounts:
        return Placed(why="no_account")
    opening = next(openings(usable, _taken(posts), hands.now()), None)
    if opening is None:
        return Placed(why="no_opening")
    targets = tuple(Target(social_account_id=one) for one in opening.accounts)
    wanted = ScheduleContent(container_id=post.id, targets=targets, scheduled_for=opening.at)
    sure()
    try:
        made = await hands.schedule(wanted, plan, key=key)
    except IdempotencyConflict:  # an attempt whose end nobody heard went out for another opening; it shows, or the key runs out
        return Placed(why="in_doubt")
    return Placed(scheduled_post_ids=made.scheduled_post_ids, at=made.scheduled_for)


async def place(hands: Hands, project_id: str, container_id: str, *, key: str, run_id: str) -> Placed:
    """Put an approved content into the next opening of the project's plan; a repeat finds what it put there before.

    `key`: what it is sent under; `run_id`: the run that wants it. Everything is looked up in the call that schedules: the plan, the
    approval, the accounts, and what stands there already. One run of a project does that at a time.

    Raises:
        ContentRejected: a person turned it down.
        TransientError: another run is at it.
        PolicyForbids, Halted, LayersError: as `Hands.send`.
    """
    plan = plan_of(hands, project_id)
    if plan is None:
        return Placed(why="no_plan")
    with _alone(hands, plan.project_id, run_id) as sure:
        return await _placed(hands, plan, container_id, key=key, sure=sure)
