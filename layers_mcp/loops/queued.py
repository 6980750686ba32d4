"""Posts of a project that wait, go out or are out, as far as they were looked through."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from layers_mcp.client.pages import asking, through
from layers_mcp.client.partner import Partner
from layers_mcp.contract import publishing
from layers_mcp.contract.content import Container
from layers_mcp.contract.publishing import Schedule, ScheduleContent, ScheduledPost
from layers_mcp.contract.scalars import PostStatus, wire_time

__all__ = ["Waiting", "posts_of", "posts_since", "queued_as", "waiting_posts"]

_WAITS = ("queued", "publishing")
_PAGE, _PAGES = 100, 25
"""At most 2,500 waiting posts of a project are looked through for a double; ours."""


class Waiting(NamedTuple):
    """Posts of a project that wait or go out, or are out where those were looked for too; `whole`: these are all of them."""

    posts: list[ScheduledPost]
    whole: bool

    def same(self, container_id: str, account_id: str) -> list[ScheduledPost]:
        """The posts of a content on an account."""
        return [one for one in self.posts if (one.container_id, one.social_account_id) == (container_id, account_id)]

    def here(self, container_id: str, account_id: str) -> str:
        """What of a content is queued or out on an account, in words: a second post of the same is seldom meant."""
        same = self.same(container_id, account_id)

        def said(posts: Iterable[ScheduledPost]) -> str:
            return ", ".join(f"{one.id} for {wire_time(one.scheduled_for)}" for one in posts if one.scheduled_for is not None)

        out, waits = said(one for one in same if one.status == "published"), said(one for one in same if one.status != "published")
        if out or waits:
            return "; ".join(f"already {word} here: {found}" for word, found in (("published", out), ("queued", waits)) if found)
        return "not queued here yet" if self.whole else f"not queued here by the {len(self.posts)} latest posts; there are more"


async def _looked(layers: Partner, pages: int, **wanted: object) -> Waiting:
    read = [page async for page in through(asking(layers, publishing.LIST, limit=_PAGE, **wanted), pages=pages)]
    return Waiting([post for page in read for post in page.items], whole=read[-1].next_cursor is None)


async def waiting_posts(layers: Partner, project_id: str, *, pages: int | None = None) -> Waiting:
    """The posts of a project that wait or go out, latest time first; `pages`: at most so many hundred, 25 when None."""
    return await _looked(layers, _PAGES if pages is None else pages, project_id=project_id, status=_WAITS)


async def posts_since(layers: Partner, post: Container) -> Waiting:
    """The posts of a content's project since it was made, by which a second one of it is found: also those that are out."""
    return await _looked(layers, _PAGES, project_id=post.project_id, status=(*_WAITS, "published"), since=post.created_at)


async def posts_of(layers: Partner, post: Container, *, status: PostStatus | None, account_id: str | None) -> Waiting:
    """The posts of one content in a state and on an account, or in all and on all, latest time first."""
    wanted = {"status": None if status is None else (status,), "social_account_id": account_id}
    found = await _looked(layers, _PAGES, project_id=post.project_id, since=post.created_at, **wanted)
    return found._replace(posts=[one for one in found.posts if one.container_id == post.id])


async def queued_as(layers: Partner, wanted: ScheduleContent, post: Container, *, since: datetime | None = None) -> Schedule | None:
    """The schedule that was wanted for `post`, when one on each account waits at its time; `since`: none that was made before.

    Raises:
        LayersError: it can't be read now.
    """
    there = {
        one.social_account_id: one.id
        for one in (await waiting_posts(layers, post.project_id or "")).posts
        if (one.container_id, one.scheduled_for) == (post.id, wanted.scheduled_for)
        and (since is None or one.created_at is None or one.created_at >= since)
    }
    ids = [there.get(target.social_account_id) for target in wanted.targets]
    if None in ids:
        return None
    return Schedule(scheduled_post_ids=tuple(one for one in ids if one), scheduled_for=wanted.scheduled_for, gate_status="queued")
