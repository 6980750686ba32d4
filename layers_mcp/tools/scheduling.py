"""Scheduling: an approved post, on which accounts, and when."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from layers_mcp.clock import zone_of
from layers_mcp.contract import content, projects, publishing, social
from layers_mcp.contract.content import Container, GetContent
from layers_mcp.contract.errors import ContentRejected, Invalid, LayersError, NotFound
from layers_mcp.contract.projects import GetProject, Project
from layers_mcp.contract.publishing import GetPost, Schedule, Target
from layers_mcp.contract.scalars import Id, PublishMode, wire_time
from layers_mcp.contract.social import ListAccounts, SocialAccount
from layers_mcp.loops.queued import Waiting, posts_since, queued_as
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Arguments, Control, Effect, Look, tool
from layers_mcp.tool.moment import SKEW, When, apart, clock_words, moment_of, too_late
from layers_mcp.tool.outcome import Next, Outcome, Shown, ShownItem, View
from layers_mcp.tool.pictures import looks, pictured
from layers_mcp.tool.words import hidden

__all__ = ["schedule_content"]

INSTAGRAM_ONLY = ("reels", "feed")
"""Modes of one platform (layers-api: publishing)."""
_OVER = ("canceled", "failed", "gone")
"""Posts that will not go out any more."""
_APPROVAL = {"pending": "waits for approval", "not_required": "needs no approval"}
"""How content stands, where Layers' own word is none for people."""
_DECIDED = "the content was decided on, and its posts went out, were canceled, or could not be queued"


class TargetArguments(Arguments):
    """One account to publish on."""

    social_account_id: Id = Field(description="A connected account of the project.")
    mode: PublishMode = Field(default="direct_publish", description="Default: direct_publish; reels and feed: instagram only.")
    caption_override: Annotated[str, StringConstraints(max_length=4000)] | None = Field(
        default=None, description="In place of the generated one."
    )


class ScheduleContentArguments(Control):
    """Arguments of schedule_content."""

    container_id: Id = Field(description="The post.")
    scheduled_for: When = Field(description="2026-04-18T22:00:00Z, or 2026-04-18T15:00[America/Los_Angeles].")
    targets: tuple[TargetArguments, ...] = Field(default=(), max_length=50, description="All or none; without any, lists accounts.")


class Scheduled(View):
    """The posts that were queued, or the intent that waits for the approval."""

    schedule: Schedule
    container_id: str


def _caption(post: Container, account: SocialAccount, override: str | None) -> str:
    if override is not None:
        return override
    return next((caption.text for caption in post.caption_variants if caption.platform == account.platform), "")


def _item(post: Container, account: SocialAccount, target: TargetArguments, *, when: str, waiting: Waiting) -> ShownItem:
    caption = _caption(post, account, target.caption_override)
    facts: dict[str, JsonValue] = {
        "platform": account.platform,
        "account": account.handle,
        "mode": target.mode,
        "hook": post.hook,
        "caption": caption,
        "hiddenCharacters": hidden(post.hook) + hidden(caption),
        "media": [asset.url for asset in post.media_assets],
    }
    before = f"content {_APPROVAL.get(post.approval_status, post.approval_status)}; {waiting.here(post.id, account.social_account_id)}"
    return ShownItem(id=account.social_account_id, before=before, after=f"published {when}", facts=facts)


def _unfit(account: SocialAccount | None) -> str:
    """Why nothing can go out on an account, and the way out."""
    if account is None:
        return "is not an account of the content's project; get_project lists the connected ones"
    if account.status == "reauth_required":
        return "is reauth_required: its owner has to consent again; connect_account with this socialAccountId makes the URL"
    return f"is {account.status}; get_project lists the connected ones"


def _accounts(request: ScheduleContentArguments, known: tuple[SocialAccount, ...]) -> list[SocialAccount]:
    by_id = {account.social_account_id: account for account in known}
    if not request.targets:
        fit: list[JsonValue] = [
            {"socialAccountId": one.social_account_id, "platform": one.platform} for one in known if one.status == "connected"
        ]
        issue: JsonValue = {"path": "targets", "message": "must name accounts to publish on; these are connected, if any are"}
        raise Invalid("schedule_content got no account to publish on", details={"issues": [issue], "connected": fit})
    issues: list[JsonValue] = []
    named: set[str] = set()
    for index, target in enumerate(request.targets):
        if target.social_account_id in named:
            issues.append({"path": f"targets.{index}.socialAccountId", "message": "names an account twice"})
            continue
        named.add(target.social_account_id)
        account = by_id.get(target.social_account_id)
        if account is None or account.status != "connected":
            issues.append({"path": f"targets.{index}.socialAccountId", "message": _unfit(account)})
        elif target.mode in INSTAGRAM_ONLY and account.platform != "instagram":
            issues.append({"path": f"targets.{index}.mode", "message": f"{target.mode} is for instagram; use direct_publish"})
        if hidden(target.caption_override):
            message = "holds characters that can't be seen (control, zero-width or bidi); take them out, a person has to see what goes out"
            issues.append({"path": f"targets.{index}.captionOverride", "message": message})
    if issues:
        raise Invalid("schedule_content names accounts that can't be published on", details={"issues": issues})
    return [by_id[target.social_account_id] for target in request.targets]


async def _post(container_id: str, call: Call) -> tuple[Container, Project]:
    """The content and its project."""
    post = await call.layers.send(content.GET, GetContent(container_id=container_id))
    if post.approval_status == "rejected":
        raise ContentRejected(f"content {post.id} was rejected", details={"containerId": post.id, "approvalStatus": "rejected"})
    if post.project_id is None:
        issue: JsonValue = {"path": "containerId", "message": "has no project"}
        raise Invalid(f"content {post.id} belongs to no project", details={"issues": [issue]})
    return post, await call.layers.send(projects.GET, GetProject(project_id=post.project_id))


def _notes(post: Container, double: int) -> str:
    """What a person should know beside what goes out; `double`: on so many accounts it is queued or out already."""
    notes = (
        " It waits for the approval first, and goes out at that time only once it is approved." if post.approval_status == "pending" else ""
    )
    if double:
        where = "there" if double == 1 else f"on {double} of these accounts"
        notes += f" It is queued or out {where} already, and a yes publishes it once more; reschedule_post moves what is queued."
    return notes


async def show_schedule(request: ScheduleContentArguments, call: Call) -> Shown:
    """The post as it would go out on each account, with the time in the project's zone, in UTC and from now.

    Raises:
        Invalid: the time is past, the content is not ready, or an account can't be published on; each named.
        ContentRejected: the content was turned down.
    """
    post, project = await _post(request.container_id, call)
    now, zone = call.now(), zone_of(project.timezone)
    at = moment_of("scheduledFor", request.scheduled_for, local=zone)
    issues = too_late(at, now, zone)
    if post.status != "completed":
        issues.append({"path": "containerId", "message": f"is {post.status}; only completed content can be scheduled"})
    elif not post.media_assets:
        issues.append({"path": "containerId", "message": "has no media, so nothing could go out; generate_content makes another"})
    if issues:
        raise Invalid(f"content {post.id} can't be scheduled so", details={"issues": issues})
    page = await call.layers.send(social.ACCOUNTS, ListAccounts(project_id=project.id, limit=200))
    accounts = _accounts(request, page.items)
    when = clock_words(at, zone)
    waiting = await posts_since(call.layers, post)
    shown = zip(accounts, request.targets, strict=True)
    items = tuple(_item(post, account, target, when=when, waiting=waiting) for account, target in shown)
    notes = _notes(post, sum(bool(waiting.same(post.id, account.social_account_id)) for account in accounts))
    count = f"{len(items)} account{'s' if len(items) > 1 else ''}"
    asked = f"Publish content {post.id} on {count} on {when}"
    return Shown(
        question=f"{asked}, {apart(at - now)}?{notes}",
        lasting=f"{asked.partition(' (')[0]}?{notes}",
        items=items,
        digest_over={"approvalStatus": post.approval_status, "when": when, "media": [asset.id for asset in post.media_assets]},
        unbound=frozenset({"media"}),
        projects=frozenset({project.id}),
        pictures=partial(pictured, [post], call),
        media=looks([post]),
        due_at=at,
        zone=project.timezone if zone else None,
    )


async def _read_back(wanted: publishing.ScheduleContent, call: Call, since: datetime | None) -> Schedule | None:
    """The schedule whose answer was lost, when it shows."""
    try:
        post = await call.layers.send(content.GET, GetContent(container_id=wanted.container_id))
        seen = await queued_as(call.layers, wanted, post, since=since)
    except LayersError:
        return None
    if seen is not None:
        call.sent.seen(call.key)
    return seen


async def _released(wanted: publishing.ScheduleContent, made: Schedule, call: Call) -> Schedule:
    """The schedule that waited for the approval when it was first answered, as it stands now: without posts where none waits any more.

    Raises:
        LayersError: that can't be read now, and so is unknown.
    """
    try:
        post = await call.layers.send(content.GET, GetContent(container_id=wanted.container_id))
        if post.approval_status == "pending":
            return made
        return await queued_as(call.layers, wanted, post) or made.model_copy(update={"gate_status": "queued"})
    except LayersError as problem:
        problem.unsure = True
        raise


async def _made(wanted: publishing.ScheduleContent, call: Call) -> Schedule:
    """What was queued; an answer that is lost is read back.

    Raises:
        LayersError: the refusal, or nobody knows.
    """
    began = call.now() - SKEW
    try:
        return await call.layers.send(publishing.SCHEDULE, wanted, key=call.key)
    except LayersError as problem:
        seen = await _read_back(wanted, call, None if call.again else began) if problem.unsure else None
        if seen is None:
            raise
        return seen


async def _became(post_id: str, call: Call) -> str:
    """How a post stands now, in a word.

    Raises:
        LayersError: that can't be read now; what was queued under this key stays unknown.
    """
    try:
        return (await call.layers.send(publishing.GET, GetPost(scheduled_post_id=post_id))).status
    except NotFound:
        return "gone"
    except LayersError as problem:
        problem.unsure = True
        raise


async def _outlived(request: ScheduleContentArguments, made: Schedule, call: Call) -> Outcome[Scheduled] | None:
    """The end of an earlier act whose posts do not all stand any more; None where they do.

    Layers answers a key that it knows with the first answer, whatever became of the posts since (layers-api: operational/idempotency).

    Raises:
        LayersError: how they stand can't be read now.
    """
    became = {post_id: await _became(post_id, call) for post_id in made.scheduled_post_ids}
    over = {post_id: word for post_id, word in became.items() if word in _OVER}
    if became and not over:
        return None
    left = tuple(post_id for post_id in became if post_id not in over)
    words = ", ".join(f"{post_id} is {word}" for post_id, word in over.items()) or _DECIDED
    stand = f"{', '.join(left)} still stand{'s' if len(left) == 1 else ''}" if left else "nothing of it is queued now"
    again = request.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"confirm"})
    return Outcome(
        say=f"An earlier yes had queued this, and since then {words}; {stand}. Nothing was queued again: that takes a new yes.",
        status="needs_action",
        result=Scheduled(schedule=made.model_copy(update={"scheduled_post_ids": left}), container_id=request.container_id),
        next=(Next(tool="schedule_content", arguments=again, why="Ask the person anew, if it shall be queued once more."),),
    )


@tool(
    calls=(content.GET, content.ASSET, projects.GET, social.ACCOUNTS, publishing.LIST, publishing.GET, publishing.SCHEDULE),
    effect=Effect.SPEAKS,
    ask=show_schedule,
    look=lambda request: Look("schedule_content", request.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"confirm"})),
)
async def schedule_content(request: ScheduleContentArguments, call: Call) -> Outcome[Scheduled]:
    """Queue a post to be published on connected accounts at a time. Pending content is queued by its approval."""
    targets = tuple(Target.model_validate(target.model_dump(exclude_none=True)) for target in request.targets)
    wanted = publishing.ScheduleContent(
        container_id=request.container_id, targets=targets, scheduled_for=moment_of("scheduledFor", request.scheduled_for)
    )
    made = await _made(wanted, call)
    if call.again and made.gate_status == "blocked_on_approval":
        made = await _released(wanted, made, call)
    if call.again and made.gate_status == "queued" and (ended := await _outlived(request, made, call)) is not None:
        return ended
    for post_id in made.scheduled_post_ids:
        call.begun("post", post_id, None)
    view = Scheduled(schedule=made, container_id=request.container_id)
    if made.gate_status == "blocked_on_approval":
        step = Next(tool="approve_content", arguments={"containerIds": [request.container_id]}, why="Its approval queues the post.")
        say = "Nothing is queued yet: the content waits for approval, which will queue it."
        return Outcome(say=say, status="needs_action", result=view, next=(step,))
    steps = tuple(
        Next(tool="wait_for_job", arguments={"scheduledPostId": post_id}, why="Wait until it is published.")
        for post_id in made.scheduled_post_ids[:3]
    )
    return Outcome(say=f"Queued for {wire_time(made.scheduled_for)}: {', '.join(made.scheduled_post_ids)}.", result=view, next=steps)
