"""What halt cancels: posts that wait and jobs that run, as far as they are seen, and what became of each."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import NamedTuple

from pydantic import JsonValue

from layers_mcp.contract import jobs, publishing
from layers_mcp.contract.errors import LayersError, NotFound
from layers_mcp.contract.jobs import CancelJob, GetJob
from layers_mcp.contract.publishing import CancelPost, GetPost
from layers_mcp.loops.queued import waiting_posts
from layers_mcp.store.rows import Began
from layers_mcp.tool.call import Call

__all__ = ["CALLS", "SHOWN", "Canceled", "Going", "cancel", "going"]

CALLS = (publishing.LIST, publishing.GET, publishing.CANCEL, jobs.GET, jobs.CANCEL)
"""Every endpoint that canceling may touch."""
SHOWN = 100
"""So many ids of a kind are named; how many there are is always said. Ours."""
_PAGES = 1000
"""At most a hundred thousand waiting posts are read; ours. Layers lists the latest first, so the soonest are read last."""
_RECENT, _AT_ONCE = 200, 6
"""So many of the jobs that were begun last are looked at; ours."""
_REASON = "canceled with halt"


class Going(NamedTuple):
    """What waits and runs, by id, the posts soonest first; `unseen`: in words, what may do so beside it."""

    posts: list[str]
    jobs: list[str]
    unseen: str

    @property
    def words(self) -> str:
        """What would be canceled."""
        return f"cancel {len(self.posts)} waiting posts and {len(self.jobs)} running jobs ({self.unseen})"

    @property
    def facts(self) -> dict[str, JsonValue]:
        """The first of each kind, and how many more there are."""
        facts: dict[str, JsonValue] = {"waitingPosts": list(self.posts[:SHOWN]), "runningJobs": list(self.jobs[:SHOWN])}
        more = {"morePosts": len(self.posts) - SHOWN, "moreJobs": len(self.jobs) - SHOWN}
        return facts | {name: count for name, count in more.items() if count > 0}


class Canceled(NamedTuple):
    """What was canceled, what could not be, and what is not known; by id."""

    posts: tuple[str, ...]
    jobs: tuple[str, ...]
    left: tuple[str, ...]
    lost: tuple[str, ...]
    unseen: str

    @property
    def words(self) -> str:
        """How it came out, whole, in a few sentences."""
        words = f" Canceled: {len(self.posts)} posts, {len(self.jobs)} jobs ({self.unseen})."
        words += f" Of each kind the first {SHOWN} are named." if max(map(len, self.fields.values())) < max(map(len, self[:4])) else ""
        words += f" Not canceled: {len(self.left)}, see notCanceled." if self.left else ""
        return words + (f" Not known of {len(self.lost)}, see notKnown: a yes to the same call goes on." if self.lost else "")

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """The first of each kind, by the names of the record."""
        known = {"canceled_posts": self.posts, "canceled_jobs": self.jobs, "not_canceled": self.left, "not_known": self.lost}
        return {name: ids[:SHOWN] for name, ids in known.items()}


async def _running(begun: tuple[Began, ...], call: Call) -> list[str]:
    """Those of the jobs that still run, newest first."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def look(one: Began) -> str | None:
        async with gate:
            with suppress(NotFound):  # a job that is not there does not run
                job = await call.layers.send(jobs.GET, GetJob(job_id=one.id))
                return None if job.over else job.job_id
        return None

    return [known for known in await asyncio.gather(*(look(one) for one in begun)) if known is not None]


async def going(project_id: str, call: Call) -> Going:
    """What waits and runs for a project; the API lists no jobs, so these are the ones that calls through this store began, whoever's."""
    waiting = await waiting_posts(call.layers, project_id, pages=_PAGES)
    begun = call.switch.recent(project_id=project_id, kind="job", limit=_RECENT + 1)
    unseen = "of jobs, those that others than this server and those on its store began"
    unseen += f", or that are not among the {_RECENT} begun last," if len(begun) > _RECENT else ""
    unseen += " are not seen"
    unseen += "" if waiting.whole else f"; of posts, only the {len(waiting.posts)} latest were read"
    return Going([post.id for post in reversed(waiting.posts)], await _running(begun[:_RECENT], call), unseen)


async def _post_gone(post_id: str, call: Call) -> bool:
    """Whether a post whose cancellation was not answered shows as canceled."""
    try:
        seen = await call.layers.send(publishing.GET, GetPost(scheduled_post_id=post_id))
    except LayersError:
        return False
    if seen.status == "canceled":
        call.sent.seen(call.key_for(post_id))
    return seen.status == "canceled"


async def cancel(project_id: str, call: Call) -> Canceled:
    """Cancel what waits and runs, the soonest first; what can't be canceled any more is named."""
    posts, stopped, left, lost = list[str](), list[str](), list[str](), list[str]()
    found = await going(project_id, call)
    for post_id in found.posts:
        try:
            await call.layers.send(publishing.CANCEL, CancelPost(scheduled_post_id=post_id, reason=_REASON), key=call.key_for(post_id))
            posts.append(post_id)
        except LayersError as problem:
            gone = problem.unsure and await _post_gone(post_id, call)
            (posts if gone else lost if problem.unsure else left).append(post_id)
    for job_id in found.jobs:
        try:
            answer = await call.layers.send(jobs.CANCEL, CancelJob(job_id=job_id), key=call.key_for(job_id))
            (stopped if answer.accepted else left).append(job_id)
        except LayersError as problem:
            (lost if problem.unsure else left).append(job_id)
    return Canceled(tuple(posts), tuple(stopped), tuple(left), tuple(lost), found.unseen)
