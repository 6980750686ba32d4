"""Posts of a project that wait or go out, as far as they were looked through."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import NamedTuple

from layers_mcp.contract import publishing
from layers_mcp.contract.publishing import ScheduledPost
from layers_mcp.contract.scalars import wire_time
from layers_mcp.tool.call import Call
from layers_mcp.tool.paging import Page

__all__ = ["Waiting", "waiting_posts"]

_PAGE, _PAGES = 100, 25
"""At most 2,500 waiting posts of a project are looked through for a double; ours."""


class Waiting(NamedTuple):
    """Posts of a project that wait or go out; `whole`: these are all of them."""

    posts: list[ScheduledPost]
    whole: bool

    def here(self, container_id: str, account_id: str) -> str:
        """What of a content is queued on an account: a second post of the same is seldom meant."""
        same = [one for one in self.posts if (one.container_id, one.social_account_id) == (container_id, account_id)]
        found = [f"{one.id} for {wire_time(one.scheduled_for)}" for one in same if one.scheduled_for is not None]
        if found:
            return f"already queued here: {', '.join(found)}"
        return "not queued here yet" if self.whole else f"not queued here by the {len(self.posts)} latest waiting posts; there are more"


async def waiting_posts(project_id: str, call: Call, *, pages: int = _PAGES) -> Waiting:
    """The posts of a project that wait or go out, latest time first; `pages`: at most so many hundred."""

    def ask(cursor: str | None) -> Awaitable[Page[ScheduledPost]]:
        wanted = {"project_id": project_id, "status": ["queued", "publishing"], "limit": _PAGE} | ({"cursor": cursor} if cursor else {})
        return call.layers.send(publishing.LIST, publishing.ListPosts.model_validate(wanted))

    found: list[ScheduledPost] = []
    cursor: str | None = None
    for _ in range(pages):
        page = await ask(cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    return Waiting(found, whole=cursor is None)
