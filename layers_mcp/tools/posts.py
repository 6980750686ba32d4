"""Posts: what is queued, goes out or is out on the accounts of a project; one of them moved to another time, or canceled."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field, JsonValue

from layers_mcp.clock import zone_of
from layers_mcp.contract import content, projects, publishing, social
from layers_mcp.contract.content import Container, GetContent
from layers_mcp.contract.errors import Conflict, Invalid, LayersError
from layers_mcp.contract.projects import GetProject, Project
from layers_mcp.contract.publishing import CancelPost, GetPost, ListPosts, PostProblem, ReschedulePost, ScheduledPost, ScheduledPostPage
from layers_mcp.contract.scalars import Id, PostStatus, PublishMode, SocialPlatform, Utc, wire_time
from layers_mcp.contract.social import ListAccounts
from layers_mcp.loops.queued import posts_of
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Arguments, Control, Effect, Look, tool
from layers_mcp.tool.moment import When, clock_words, moment_of, too_late
from layers_mcp.tool.outcome import Next, Outcome, Shown, ShownItem, View
from layers_mcp.tool.paging import Cursor, leaf
from layers_mcp.tool.pictures import looks, pictured
from layers_mcp.tool.words import hidden

__all__ = ["cancel_post", "list_posts", "reschedule_post"]


class ListPostsArguments(Arguments):
    """Arguments of list_posts."""

    project_id: Id | None = Field(default=None, description="The project.")
    container_id: Id | None = Field(default=None, description="Instead: only this content's posts.")
    status: PostStatus | None = Field(default=None, description="In this state.")
    social_account_id: Id | None = Field(default=None, description="On this account.")
    since: When | None = Field(default=None, description="Scheduled for then or later; as scheduledFor.")
    until: When | None = Field(default=None, description="Scheduled for then or before.")
    limit: int = Field(default=25, ge=1, le=100, description="Most to return.")
    cursor: Cursor | None = Field(default=None, description="nextCursor of the page before.")


class _Span(NamedTuple):
    """From when to when, both included; None: from or to wherever."""

    since: datetime | None
    until: datetime | None

    def has(self, at: datetime | None) -> bool:
        """Whether a time lies in it."""
        return at is None or ((self.since is None or at >= self.since) and (self.until is None or at <= self.until))


class PostRow(View):
    """A post on one account."""

    id: str
    status: PostStatus
    scheduled_for: Utc | None = None
    container_id: str | None = None
    social_account_id: str | None = None
    platform: SocialPlatform | None = None
    mode: PublishMode | None = None
    published_at: Utc | None = None
    external_url: str | None = None
    canceled_at: Utc | None = None
    last_error: PostProblem | None = None


class PostsView(View):
    """A page of posts, latest time first."""

    items: tuple[PostRow, ...]
    returned: int
    has_more: bool
    next_cursor: str | None = None


def _moment(path: str, given: str | None) -> datetime | None:
    return None if given is None else moment_of(path, given)


def _row(post: ScheduledPost) -> PostRow:
    return PostRow.model_validate(post.model_dump(include=set(PostRow.model_fields)))


async def _of_content(container_id: str, request: ListPostsArguments, span: _Span, call: Call) -> tuple[list[ScheduledPost], bool]:
    """The posts of one content that are asked for, and whether there may be more."""
    container = await call.layers.send(content.GET, GetContent(container_id=container_id))
    found = await posts_of(call.layers, container, status=request.status, account_id=request.social_account_id)
    wanted = [one for one in found.posts if span.has(one.scheduled_for)]
    return wanted[: request.limit], not found.whole or len(wanted) > request.limit


async def _of_project(project_id: str, request: ListPostsArguments, span: _Span, call: Call) -> ScheduledPostPage:
    """A page of a project's posts."""
    wanted = request.model_dump(include={"social_account_id", "limit", "cursor"}, exclude_none=True) | {"project_id": project_id}
    wanted |= {name: at for name, at in span._asdict().items() if at is not None}
    wanted |= {} if request.status is None else {"status": (request.status,)}
    return await call.layers.send(publishing.LIST, ListPosts.model_validate(wanted))


@tool(calls=(publishing.LIST, content.GET), effect=Effect.READS)
async def list_posts(request: ListPostsArguments, call: Call) -> Outcome[PostsView]:
    """List the scheduled posts of a project, or of one content: queued, going out, out or failed on which account, latest time first."""
    span = _Span(_moment("since", request.since), _moment("until", request.until))
    cursor, more = None, False
    if request.container_id is not None:
        found, more = await _of_content(request.container_id, request, span, call)
    elif request.project_id is None:
        issue: JsonValue = {"path": "projectId", "message": "give projectId, or containerId for one content's posts"}
        raise Invalid("list_posts needs projectId or containerId", details={"issues": [issue]})
    else:
        page = await _of_project(request.project_id, request, span, call)
        found, cursor = list(page.items), page.next_cursor
    shown = leaf("list_posts", request, [_row(one) for one in found], cursor, what="posts")
    view = PostsView(items=shown.items, returned=len(shown.items), has_more=shown.has_more or more, next_cursor=shown.next_cursor)
    return Outcome(say=shown.say, result=view, next=shown.next)


class _Standing(NamedTuple):
    """A post as it stands, what it shows, and where."""

    post: ScheduledPost
    container: Container
    project: Project
    handle: str

    @property
    def zone(self) -> ZoneInfo | None:
        """The zone that its times are told in."""
        return zone_of(self.project.timezone)

    @property
    def name(self) -> str:
        """What our own words call it: nobody else's stand in a question."""
        return f"post {self.post.id} on {self.post.platform or self.post.social_account_id}"

    @property
    def when(self) -> str:
        """Its time, for a person."""
        return "no time" if self.post.scheduled_for is None else clock_words(self.post.scheduled_for, self.zone)

    def item(self, after: str) -> ShownItem:
        """What a person sees of it."""
        hook, caption = self.container.hook, self.post.caption
        facts: dict[str, JsonValue] = {
            "platform": self.post.platform,
            "account": self.handle,
            "mode": self.post.mode,
            "hook": hook,
            "caption": caption if caption is not None else "as it was queued; Layers does not tell it",
            "hiddenCharacters": hidden(hook) + hidden(caption),
            "media": [asset.url for asset in self.container.media_assets],
        }
        return ShownItem(id=self.post.id, before=f"{self.post.status} for {self.when}", after=after, facts=facts)

    def shown(self, question: str, after: str, call: Call, *, due_at: datetime | None = None) -> Shown:
        """The preview, with the media."""
        return Shown(
            question=question,
            items=(self.item(after),),
            digest_over={"media": [asset.id for asset in self.container.media_assets]},
            unbound=frozenset({"media"}),
            projects=frozenset({self.project.id}),
            pictures=partial(pictured, [self.container], call),
            media=looks([self.container]),
            due_at=due_at,
            zone=self.project.timezone if due_at and self.zone else None,
        )


async def _standing(post_id: str, call: Call, *, may: tuple[PostStatus, ...], doing: str) -> _Standing:
    """A post that stands as it must for what is asked.

    Raises:
        Conflict: it does not.
        Invalid: Layers does not say what it shows.
    """
    post = await call.layers.send(publishing.GET, GetPost(scheduled_post_id=post_id))
    if post.status not in may:
        why = f"is {post.status}; only what is {' or '.join(may)} can be {doing}"
        issue: JsonValue = {"path": "scheduledPostId", "message": why}
        raise Conflict(f"post {post.id} {why}", details={"issues": [issue], "status": post.status})
    container = await call.layers.send(content.GET, GetContent(container_id=post.container_id)) if post.container_id else None
    if container is None or container.project_id is None:
        issue = {"path": "scheduledPostId", "message": "is a post of no content, or of content without a project"}
        raise Invalid(f"post {post.id} belongs to no project", details={"issues": [issue]})
    project = await call.layers.send(projects.GET, GetProject(project_id=container.project_id))
    accounts = await call.layers.send(social.ACCOUNTS, ListAccounts(project_id=project.id, limit=200))
    handle = next((one.handle for one in accounts.items if one.social_account_id == post.social_account_id), None)
    return _Standing(post, container, project, handle or post.social_account_id or "")


class ReschedulePostArguments(Control):
    """Arguments of reschedule_post."""

    scheduled_post_id: Id = Field(description="A queued post.")
    scheduled_for: When = Field(description="As for schedule_content.")


class CancelPostArguments(Control):
    """Arguments of cancel_post."""

    scheduled_post_id: Id = Field(description="A post that is not out yet.")


class PostNow(View):
    """The post as it stands now."""

    post: ScheduledPost


async def show_reschedule(request: ReschedulePostArguments, call: Call) -> Shown:
    """The post with the time it is queued for and the one it would go out at.

    Raises:
        Conflict: it is not queued any more.
        Invalid: the time is past.
    """
    there = await _standing(request.scheduled_post_id, call, may=("queued",), doing="moved")
    now = call.now()
    at = moment_of("scheduledFor", request.scheduled_for, local=there.zone)
    if issues := too_late(at, now, there.zone):
        raise Invalid(f"post {there.post.id} can't be moved so", details={"issues": issues})
    when = clock_words(at, there.zone)
    return there.shown(f"Move {there.name} from {there.when} to {when}?", f"published {when}", call, due_at=at)


async def show_cancel(request: CancelPostArguments, call: Call) -> Shown:
    """The post that would not go out.

    Raises:
        Conflict: it is over.
    """
    there = await _standing(request.scheduled_post_id, call, may=("queued", "publishing"), doing="canceled")
    late = " It is going out by now, so that may come too late." if there.post.status == "publishing" else ""
    return there.shown(f"Cancel {there.name}, {there.post.status} for {there.when}?{late}", "canceled for good", call)


async def _read_back(post_id: str, call: Call) -> ScheduledPost | None:
    """The post, where what was sent was not answered; None where nobody can tell."""
    try:
        return await call.layers.send(publishing.GET, GetPost(scheduled_post_id=post_id))
    except LayersError:
        return None


def _see(request: ReschedulePostArguments | CancelPostArguments) -> Look:
    return Look("wait_for_job", {"scheduledPostId": request.scheduled_post_id, "waitSeconds": 0})


@tool(
    calls=(publishing.GET, content.GET, content.ASSET, projects.GET, social.ACCOUNTS, publishing.RESCHEDULE),
    effect=Effect.SPEAKS,
    ask=show_reschedule,
    look=_see,
    sets=lambda _: True,
)
async def reschedule_post(request: ReschedulePostArguments, call: Call) -> Outcome[PostNow]:
    """Move a queued post to another time; caption and account stay. Without confirm it only shows the post and a handle."""
    at = moment_of("scheduledFor", request.scheduled_for)
    wanted = ReschedulePost(scheduled_post_id=request.scheduled_post_id, scheduled_for=at)
    try:
        post = await call.layers.send(publishing.RESCHEDULE, wanted, key=call.key)
    except LayersError as problem:
        seen = await _read_back(request.scheduled_post_id, call) if problem.unsure else None
        if seen is None or (seen.scheduled_for, seen.status) != (wanted.scheduled_for, "queued"):
            raise
        call.sent.seen(call.key)
        post = seen
    call.begun("post", post.id, None)
    wait = Next(tool="wait_for_job", arguments={"scheduledPostId": post.id}, why="Wait until it is published.")
    return Outcome(say=f"Post {post.id} is queued for {wire_time(post.scheduled_for or at)}.", result=PostNow(post=post), next=(wait,))


@tool(
    calls=(publishing.GET, content.GET, content.ASSET, projects.GET, social.ACCOUNTS, publishing.CANCEL),
    effect=Effect.REMOVES,
    ask=show_cancel,
    look=_see,
)
async def cancel_post(request: CancelPostArguments, call: Call) -> Outcome[PostNow]:
    """Cancel one queued post, so that it never goes out. Without confirm it only shows the post and a handle."""
    wanted = CancelPost(scheduled_post_id=request.scheduled_post_id)
    try:
        gone = await call.layers.send(publishing.CANCEL, wanted, key=call.key)
    except LayersError as problem:
        seen = await _read_back(request.scheduled_post_id, call) if problem.unsure else None
        if seen is None or seen.status != "canceled":
            raise
        call.sent.seen(call.key)
        return Outcome(say=f"Post {seen.id} is canceled.", result=PostNow(post=seen))
    post = ScheduledPost(id=gone.id, status=gone.status, canceled_at=gone.canceled_at)
    return Outcome(say=f"Post {gone.id} is canceled.", result=PostNow(post=post))
