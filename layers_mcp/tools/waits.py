"""Waits: taking up what a call left running."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field, JsonValue

from layers_mcp.client import thing
from layers_mcp.client.thing import Progress
from layers_mcp.contract import ads_optimizer, content, jobs, keywords, publishing, social
from layers_mcp.contract.content import Container, ContentProgress, GetContent
from layers_mcp.contract.errors import Invalid
from layers_mcp.contract.jobs import Job
from layers_mcp.contract.publishing import ScheduledPost
from layers_mcp.contract.scalars import Id, wire_time
from layers_mcp.contract.social import OauthStatus, SocialAccount, State
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Effect, Waiting, tool
from layers_mcp.tool.origin import of_brand, of_job
from layers_mcp.tool.outcome import Next, Outcome, View
from layers_mcp.tool.pictures import pictured
from layers_mcp.tool.waiting import (
    ask_consent,
    consent_words,
    ended_code,
    find_account,
    in_words,
    resume,
    status_of,
    wait_job,
    wait_oauth,
    wait_post,
)
from layers_mcp.tool.words import plain_code

__all__ = ["wait_for_job"]

_SOON = timedelta(minutes=10)
"""Long enough ahead for the preview and the yes."""
_ONE_OF = ("job_id", "scheduled_post_id", "state", "container_id")


class WaitArguments(Waiting):
    """Arguments of wait_for_job: exactly one of the four ids."""

    job_id: Id | None = Field(default=None, description="A job.")
    scheduled_post_id: Id | None = Field(default=None, description="Until it is published.")
    state: State | None = Field(default=None, description="Until the account is connected.")
    container_id: Id | None = Field(default=None, description="Until it is generated.")
    project_id: Id | None = Field(default=None, description="With state: shows the account.")


class Waited(View):
    """How the thing stands; it is still running when the wait ended first."""

    job: Job | None = None
    post: ScheduledPost | None = None
    consent: OauthStatus | None = None
    account: SocialAccount | None = None
    container: Container | None = None


def _then(job: Job) -> tuple[Next, ...]:
    if job.status != "completed":
        return ()
    if job.container_ids:
        return (
            Next(
                tool="approve_content",
                arguments={"containerIds": list(job.container_ids)},
                why="Show the preview and ask for the approval.",
            ),
        )
    if job.project_id and job.kind == keywords.KIND:
        return (Next(tool="list_keywords", arguments={"projectId": job.project_id}, why="Read the bank of hashtags."),)
    ran = job.kind == ads_optimizer.KIND or (job.result is not None and job.result.run_id is not None)
    if job.project_id and ran:
        return (Next(tool="explain_decision", arguments={"projectId": job.project_id}, why="See what the optimizer decided and why."),)
    if job.project_id:
        return (Next(tool="get_project", arguments={"projectId": job.project_id}, why="Read what the job brought."),)
    return ()


async def _job(request: WaitArguments, call: Call) -> Outcome[Waited]:
    job = await wait_job(call, request.job_id or "", request.wait_seconds)
    steps = _then(job) if job.over else (resume(request.wait_seconds, jobId=job.job_id),)
    say = f"Job {job.job_id} is {job.status}{ended_code(job)}."
    if job.result is not None and job.result.read_in_part:
        say += " The repository has more files than are read: it was read in part only."
    return Outcome(say=say, status=status_of(job.status), result=Waited(job=job), next=steps, read_from=of_job(job))


_CAUSES = {
    "CREDENTIAL_INVALID": "the account's token is no longer valid",
    "PLATFORM_REJECTED": "the platform did not take the media or the caption",
    "RATE_LIMITED": "the platform lets the account publish no more for now",
}
"""What a platform's refusal means, in our words; the platform's own stand in the record."""


def _again(post: ScheduledPost, at: datetime, why: str) -> Next:
    """The preview of the same post at another time."""
    target = {"socialAccountId": post.social_account_id or ""} | ({"mode": post.mode} if post.mode else {})
    arguments: dict[str, JsonValue] = {"containerId": post.container_id, "scheduledFor": wire_time(at), "targets": [dict(target)]}
    return Next(tool="schedule_content", arguments=arguments, why=why)


async def _mending(post: ScheduledPost, call: Call) -> tuple[Next, ...]:
    """What mends a failed post, soonest first."""
    code = post.last_error.code if post.last_error else None
    if post.status != "failed" or post.container_id is None:
        return ()
    if code == "RATE_LIMITED":
        later = max(post.attempted_at or call.now(), call.now()) + timedelta(days=1)
        return (_again(post, later, "Preview the same post a day later; repeat its captionOverride if it had one."),)
    content_of = Next(tool="list_content", arguments={"containerId": post.container_id}, why="Look at the media and captions.")
    if code != "CREDENTIAL_INVALID":
        soon = _again(post, call.now() + _SOON, "Preview it again, with another mode or a shorter captionOverride if that was the cause.")
        return (content_of, soon)
    container = await call.layers.send(content.GET, GetContent(container_id=post.container_id))
    if container.project_id is None or post.platform is None:
        return (content_of,)
    why = "Let the account's owner consent again; the account keeps its id."
    return (
        ask_consent(call, why, projectId=container.project_id, platform=post.platform, socialAccountId=post.social_account_id),
        _again(post, call.now() + _SOON, "Then preview the post again."),
    )


async def _post(request: WaitArguments, call: Call) -> Outcome[Waited]:
    post = await wait_post(call, request.scheduled_post_id or "", request.wait_seconds)
    code = post.last_error.code if post.last_error else None
    named = f" ({code})" if plain_code(code) else ""
    cause = f": {_CAUSES.get(code or '', 'the platform refused it')}{named}" if post.status == "failed" else ""
    steps = await _mending(post, call) if post.over else (resume(request.wait_seconds, scheduledPostId=post.id),)
    return Outcome(
        say=f"Post {post.id} is {post.status}{cause}.",
        status=status_of(post.status),
        result=Waited(post=post),
        read_from=of_brand("post.caption") if post.caption else (),
        next=steps,
    )


async def _consent(request: WaitArguments, call: Call) -> Outcome[Waited]:
    consent = await wait_oauth(call, request.state or "", request.wait_seconds)
    account = None
    if request.project_id is not None and consent.social_account_id is not None:
        account = await find_account(call, request.project_id, consent.social_account_id)
    pending = consent.status == "pending"
    known = {"state": consent.state} | ({"projectId": request.project_id} if request.project_id else {})
    elsewhere = request.project_id is not None and consent.status == "completed" and account is None
    steps = (resume(request.wait_seconds, **known),) if pending else ()
    if consent.status == "failed" and request.project_id is not None:
        steps = (ask_consent(call, "Make a new URL for the account's owner, if they want to.", projectId=request.project_id),)
    return Outcome(
        say=consent_words(consent, elsewhere=elsewhere),
        status="needs_action" if pending else status_of(consent.status),
        result=Waited(consent=consent, account=account),
        next=steps,
    )


async def _container(request: WaitArguments, call: Call) -> Outcome[Waited]:
    def told(seen: ContentProgress) -> Progress:
        stages = content.STAGES
        at = stages.index(seen.stage) if seen.stage in stages else 0
        over = seen.status not in ("queued", "generating")
        return Progress(done=1.0 if over else (at + seen.stage_progress) / len(stages), stage=in_words(seen.stage))

    container_id = request.container_id or ""
    await call.wait(thing.container(container_id, told), request.wait_seconds)
    one = await call.layers.send(content.GET, GetContent(container_id=container_id))
    running = one.status in ("queued", "generating")
    return Outcome(
        say=f"Content {one.id} is {one.status}, approval {one.approval_status}.",
        status="running" if running else status_of(one.status),
        result=Waited(container=one),
        read_from=of_brand("container.captionVariants") if one.caption_variants else (),
        next=(resume(request.wait_seconds, containerId=one.id),) if running else (),
        pictures=await pictured([one], call),
    )


_WAITS = {"job_id": _job, "scheduled_post_id": _post, "state": _consent, "container_id": _container}


@tool(
    calls=(jobs.GET, publishing.GET, social.OAUTH_STATUS, social.ACCOUNTS, content.PROGRESS, content.GET, content.ASSET),
    effect=Effect.READS,
)
async def wait_for_job(request: WaitArguments, call: Call) -> Outcome[Waited]:
    """Wait for a running job, a scheduled post, a consent or a container, with progress; give exactly one id.

    Ending the wait never ends the work.
    """
    given = [name for name in _ONE_OF if getattr(request, name) is not None]
    if len(given) != 1:
        issue = {"path": "jobId", "message": "give exactly one of jobId, scheduledPostId, state, containerId"}
        raise Invalid("wait_for_job waits for exactly one thing", details={"issues": [dict(issue)]})
    return await _WAITS[given[0]](request, call)
