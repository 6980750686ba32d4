"""What can be waited for: a job, a post, a consent, a container; how each is looked at, and what it shows when it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from layers_mcp.contract import content, jobs, publishing, social
from layers_mcp.contract.content import ContentProgress
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.jobs import Job
from layers_mcp.contract.publishing import ScheduledPost
from layers_mcp.contract.social import OauthStatus

__all__ = ["Progress", "Report", "Sign", "Thing", "consent", "container", "job", "post"]

R = TypeVar("R", bound=Reply)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far something is: `done` 0 to 1, `stage` in words."""

    done: float
    stage: str


Report = Callable[[Progress], Awaitable[None]]
"""What a wait tells of its progress to; it only ever hears rising numbers."""


class Sign(NamedTuple):
    """What a look shows that says when to look next.

    `kind`: whose durations it shares; `began_at`: when that duration began, on the API's clock; `lasted_s`: the whole of it, once over;
    `done`: its own word on how far it is, 0 when it gives none.
    """

    over: bool
    kind: str | None
    done: float = 0.0
    began_at: datetime | None = None
    lasted_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Thing(Generic[R]):
    """One thing to wait for.

    `name`: the same for everybody who waits for it; `endpoint`, `request`: how it is looked at; `progress`: how this waiter says
    how far it is.
    """

    name: str
    endpoint: Endpoint[Any, R]
    request: Request
    sign: Callable[[R], Sign]
    progress: Callable[[R], Progress]


def _seconds(since: datetime | None, until: datetime | None) -> float | None:
    return None if since is None or until is None else (until - since).total_seconds()


def _of_job(seen: Job) -> Progress:
    return Progress(done=seen.progress, stage=(seen.status if seen.over else seen.stage or seen.status).replace("_", " "))


def _job_sign(seen: Job) -> Sign:
    return Sign(seen.over, seen.kind, seen.progress, seen.started_at, _seconds(seen.started_at, seen.finished_at))


def job(job_id: str, progress: Callable[[Job], Progress] = _of_job) -> Thing[Job]:
    """A job, until it is over."""
    asked = jobs.GetJob(job_id=job_id)
    return Thing(
        name=f"job {job_id}",
        endpoint=jobs.GET,
        request=asked,
        sign=_job_sign,
        progress=progress,
    )


def post(post_id: str, progress: Callable[[ScheduledPost], Progress]) -> Thing[ScheduledPost]:
    """A scheduled post, until it is published, failed or canceled; its time begins when it is due."""
    asked = publishing.GetPost(scheduled_post_id=post_id)

    def sign(seen: ScheduledPost) -> Sign:
        return Sign(seen.over, "post", began_at=seen.scheduled_for, lasted_s=_seconds(seen.scheduled_for, seen.published_at))

    return Thing(
        name=f"post {post_id}",
        endpoint=publishing.GET,
        request=asked,
        sign=sign,
        progress=progress,
    )


def consent(state: str, progress: Callable[[OauthStatus], Progress]) -> Thing[OauthStatus]:
    """A consent, until a person gives or refuses it, or it expires."""
    asked = social.GetOauthStatus(state=state)
    return Thing(
        name=f"consent {state}",
        endpoint=social.OAUTH_STATUS,
        request=asked,
        sign=lambda seen: Sign(seen.status != "pending", "consent"),
        progress=progress,
    )


def container(container_id: str, progress: Callable[[ContentProgress], Progress]) -> Thing[ContentProgress]:
    """A container, until it is generated or has failed."""
    asked = content.GetProgress(container_id=container_id)

    def sign(seen: ContentProgress) -> Sign:
        return Sign(seen.status not in ("queued", "generating"), "content_generate", progress(seen).done)

    return Thing(
        name=f"container {container_id}",
        endpoint=content.PROGRESS,
        request=asked,
        sign=sign,
        progress=progress,
    )
