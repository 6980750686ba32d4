"""Social accounts: connected by their owner's own consent."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from layers_mcp.contract import social
from layers_mcp.contract.errors import Invalid
from layers_mcp.contract.scalars import Id, SocialPlatform, Utc
from layers_mcp.contract.social import CreateOauthUrl, CreateReauthUrl, OauthProblem, OauthStatus, OauthUrl, SocialAccount, State
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Effect, Look, Waiting, tool
from layers_mcp.tool.outcome import Next, Outcome, View
from layers_mcp.tool.waiting import ask_consent, consent_words, find_account, resume, wait_oauth

__all__ = ["connect_account"]


class ConnectAccountArguments(Waiting):
    """Arguments of connect_account."""

    project_id: Id = Field(description="The project.")
    platform: SocialPlatform = Field(description="Of the account.")
    return_url: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = Field(
        default=None, description="Page the owner comes back to, on an allow-listed host; else LAYERS_RETURN_URL."
    )
    social_account_id: Id | None = Field(default=None, description="To renew this account's consent.")
    state: State | None = Field(default=None, description="Wait for this consent.")


class Consent(View):
    """A consent: the page to open, how it stands, and the account once it is given."""

    state: str
    status: str
    authorize_url: str | None = Field(default=None, description="Page for the account's owner to open in a browser tab.")
    expires_at: Utc | None = None
    social_account_id: str | None = None
    error: OauthProblem | None = None
    account: SocialAccount | None = None


async def _page(request: ConnectAccountArguments, call: Call) -> OauthUrl:
    """The page on which the owner consents, or consents again.

    Raises:
        Invalid: there is no page to come back to, or the account is not one of this project and platform.
    """
    return_url = request.return_url or call.return_url
    if return_url is None:
        issue = {"path": "returnUrl", "message": "give the page that the owner comes back to, or have LAYERS_RETURN_URL set to it"}
        raise Invalid("connect_account has no returnUrl, and LAYERS_RETURN_URL is not set", details={"issues": [dict(issue)]})
    if request.social_account_id is None:
        new = CreateOauthUrl(project_id=request.project_id, platform=request.platform, return_url=return_url)
        return await call.layers.send(social.OAUTH_URL, new)
    account = await find_account(call, request.project_id, request.social_account_id)
    if account is None or account.platform != request.platform:
        issue = {"path": "socialAccountId", "message": f"is no {request.platform} account of this project; get_project lists them"}
        raise Invalid("socialAccountId, platform and projectId don't belong together", details={"issues": [dict(issue)]})
    again = CreateReauthUrl(project_id=request.project_id, social_account_id=account.social_account_id, return_url=return_url)
    return await call.layers.send(social.REAUTH_URL, again)


def _after(request: ConnectAccountArguments, call: Call, consent: OauthStatus, account: SocialAccount | None = None) -> tuple[Next, ...]:
    if consent.status == "pending":
        return (resume(request.wait_seconds, state=consent.state, projectId=request.project_id),)
    if consent.status == "failed":
        again = request.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"state", "wait_seconds"})
        return (ask_consent(call, "Make a new URL for the account's owner, if they want to.", **again),)
    step = Next(tool="list_content", arguments={"projectId": request.project_id}, why="See what can be scheduled on it.")
    return (step,) if account is not None else ()


async def _follow(request: ConnectAccountArguments, call: Call, state: str) -> Outcome[Consent]:
    """How a consent stands when the wait ends."""
    consent = await wait_oauth(call, state, request.wait_seconds)
    done = consent.status == "completed"
    account = await find_account(call, request.project_id, consent.social_account_id) if done else None
    return Outcome(
        say=consent_words(consent, elsewhere=account is None),
        status="done" if done else "failed" if consent.status == "failed" else "needs_action",
        result=Consent.model_validate({**consent.model_dump(), "state": state, "account": account}),
        next=_after(request, call, consent, account),
    )


@tool(
    calls=(social.OAUTH_URL, social.REAUTH_URL, social.OAUTH_STATUS, social.ACCOUNTS),
    effect=Effect.ADDS,
    look=lambda request: Look("get_project", {"projectId": request.project_id}),
)
async def connect_account(request: ConnectAccountArguments, call: Call) -> Outcome[Consent]:
    """Connect a TikTok or Instagram account. Answers at once with the URL where its owner allows it; then wait_for_job with the state.

    Never open it for them.
    """
    if request.state is not None:
        return await _follow(request, call, request.state)
    page = await _page(request, call)
    call.begun("oauth", page.state, request.project_id)
    consent = OauthStatus(state=page.state, status="pending", expires_at=page.expires_at)
    return Outcome(
        say="The account's owner has to open authorizeUrl and press Allow there.",
        status="needs_action",
        result=Consent(state=page.state, status="pending", authorize_url=page.authorize_url, expires_at=page.expires_at),
        next=_after(request, call, consent),
    )
