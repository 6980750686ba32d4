"""Waiting inside a call: for a job or a post, with progress in words, never longer than was asked."""

from __future__ import annotations

from datetime import datetime

from pydantic import JsonValue

from layers_mcp.client import thing
from layers_mcp.client.thing import Progress
from layers_mcp.contract import social
from layers_mcp.contract.errors import NotFound
from layers_mcp.contract.jobs import Job
from layers_mcp.contract.publishing import ScheduledPost
from layers_mcp.contract.scalars import wire_time
from layers_mcp.contract.social import ListAccounts, OauthStatus, SocialAccount
from layers_mcp.tool.call import Call
from layers_mcp.tool.outcome import Next, Status
from layers_mcp.tool.words import plain_code

__all__ = [
    "ask_consent", "consent_words", "ended_code", "find_account", "in_words", "resume", "status_of", "wait_job", "wait_oauth",
    "wait_post",
]  # fmt: skip

_WORDS = {
    "queued": "waiting for a free machine",
    "fetching": "fetching what is published",
    "cloning": "cloning the repository",
    "analyzing": "reading the code and the copy",
    "generating sdk patch": "writing the SDK into the app",
    "opening pr": "opening the pull request",
    "writing captions": "writing the captions",
    "generating visuals": "making the visuals",
    "finalizing": "finishing",
}


def in_words(stage: str | None) -> str:
    """The stage as a person says it; one we don't know is named with its underscores opened."""
    plain = (stage or "working").replace("_", " ")
    return _WORDS.get(plain, plain)


def status_of(word: str) -> Status:
    """How a call ends whose job, post, consent or container stands at `word`."""
    if word in ("failed", "canceled"):
        return "failed" if word == "failed" else "canceled"
    return "done" if word in ("completed", "published", "draft") else "running"


def ended_code(job: Job) -> str:
    """The code that a job ended with, in brackets after a space; nothing where there is none, or free text in its place."""
    code = plain_code(job.error.code) if job.error else None
    return f" ({code})" if code else ""


def resume(wait_seconds: int | None, **what: str) -> Next:
    """The call that takes the wait up again."""
    arguments = dict(what) if wait_seconds is None else {**what, "waitSeconds": max(wait_seconds, 1)}
    return Next(tool="wait_for_job", arguments=dict(arguments), why="Go on waiting; the work goes on either way.")


def ask_consent(call: Call, why: str, **account: str | None) -> Next:
    """The connect_account that asks an account's owner to consent; `why` goes on with what the caller has to add to it.

    `account`: its arguments, as they stand on the wire, None where one is not known.
    """
    known: dict[str, JsonValue] = {name: value for name, value in account.items() if value is not None}
    lacking = ["platform"] * ("platform" not in known)
    lacking += ["returnUrl (the app's page that the owner comes back to)"] * ("returnUrl" not in known and call.return_url is None)
    add = f" Add {' and '.join(lacking)}." if lacking else ""
    return Next(tool="connect_account", arguments=known, why=why + add)


async def wait_job(call: Call, job_id: str, wait_seconds: int | None) -> Job:
    """The job when it is over, or as it stands when the wait ends."""

    def progress(job: Job) -> Progress:
        return Progress(done=job.progress, stage=in_words(job.status if job.over else job.stage or job.status))

    job = await call.wait(thing.job(job_id, progress), wait_seconds)
    if job.over:
        call.books.job_over(job.job_id, charged=job.status == "completed")
    return job


async def wait_post(call: Call, post_id: str, wait_seconds: int | None) -> ScheduledPost:
    """The post when it is published, failed or canceled, or as it stands when the wait ends."""
    began: datetime | None = None

    def progress(post: ScheduledPost) -> Progress:
        nonlocal began
        began = began or call.now()  # only an answer shows the API's time
        if post.over:
            return Progress(done=1.0, stage=post.status)
        if post.status == "publishing":
            return Progress(done=0.9, stage="publishing")
        due_s = (post.scheduled_for - began).total_seconds() if post.scheduled_for else 0.0
        gone_s = (call.now() - began).total_seconds()
        return Progress(done=min(0.9 * gone_s / due_s, 0.89) if due_s > 0 else 0.0, stage="waiting for its time")

    return await call.wait(thing.post(post_id, progress), wait_seconds)


async def find_account(call: Call, project_id: str, account_id: str | None) -> SocialAccount | None:
    """The account with this id, when there is such a project and it has it."""
    try:
        page = await call.layers.send(social.ACCOUNTS, ListAccounts(project_id=project_id, limit=200))
    except NotFound:  # of a wrong project: what the caller knows of the consent is not lost for it
        return None
    return next((account for account in page.items if account.social_account_id == account_id), None)


def consent_words(consent: OauthStatus, *, elsewhere: bool = False) -> str:
    """How a consent stands, in a sentence; `elsewhere`: the project that was named does not have the account."""
    if consent.status == "completed":
        said = f"The owner consented: account {consent.social_account_id} is connected."
        return f"{said} It is no account of the project in projectId." if elsewhere else said
    if consent.status == "pending":
        until = f", until {wire_time(consent.expires_at)}" if consent.expires_at else ""
        again = "If the URL no longer opens, connect_account makes a new one."
        return f"Nobody has consented yet: the account's owner has to open the URL and press Allow{until}. {again}"
    code = plain_code(consent.error.code) if consent.error else None
    if code == social.DECLINED:
        return f"The account's owner declined ({code}); nothing was connected. If they want to after all: connect_account again."
    if code == social.EXPIRED:
        return f"Nobody consented before the URL expired ({code}); nothing was connected. connect_account again makes a new URL."
    return f"The platform refused the consent ({code or 'no code'}); nothing was connected. connect_account again makes a new URL."


async def wait_oauth(call: Call, state: str, wait_seconds: int | None) -> OauthStatus:
    """The consent when it is given or refused, or as it stands when the wait ends."""

    def progress(consent: OauthStatus) -> Progress:
        pending = consent.status == "pending"
        return Progress(done=0.0 if pending else 1.0, stage="waiting for the person to consent" if pending else consent.status)

    return await call.wait(thing.consent(state, progress), wait_seconds)
