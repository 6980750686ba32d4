"""Social accounts: connected by their owner's own consent."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from layers_mcp.contract import social
from layers_mcp.contract.scalars import Id, SocialPlatform, Utc
from layers_mcp.contract.social import CreateOauthUrl, OauthStatus, SocialAccount
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Effect, Waiting, tool
from layers_mcp.tool.outcome import Next, Outcome, View
from layers_mcp.tool.waiting import find_account, resume, wait_oauth

__all__ = ["connect_account"]


class ConnectAccountArguments(Waiting):
    """Arguments of connect_account."""

    project_id: Id = Field(description="The project.")
    platform: SocialPlatform = Field(description="Where the account lives.")
    return_url: Annotated[str, StringConstraints(min_length=1, max_length=2000)] = Field(
        description="Page the person comes back to; its host is on the key's allow-list."
    )
    state: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = Field(
        default=None, description="Wait for the consent that this state stands for."
    )


class Consent(View):
    """A consent: the page to open, how it stands, and the account once it is given."""

    state: str
    status: str
    authorize_url: str | None = Field(default=None, description="Page for the account's owner to open in a browser tab.")
    expires_at: Utc | None = None
    account: SocialAccount | None = None


async def _follow(request: ConnectAccountArguments, call: Call, state: str, url: str | None) -> Outcome[Consent]:
    at_most_s = request.wait_seconds if request.wait_seconds is not None else (0 if url else call.wait_s)
    consent: OauthStatus = await wait_oauth(call, state, at_most_s)
    if consent.status == "pending":
        return Outcome(
            say="The account's owner has to open authorizeUrl and consent." if url else "The consent is still pending.",
            status="needs_action",
            result=Consent(state=state, status=consent.status, authorize_url=url, expires_at=consent.expires_at),
            next=(resume(request.wait_seconds, state=state, projectId=request.project_id),),
        )
    if consent.status == "failed":
        again = request.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"state", "wait_seconds"})
        return Outcome(
            say="The consent was refused or ran out; no account was connected.",
            status="failed",
            result=Consent(state=state, status=consent.status),
            next=(Next(tool="connect_account", arguments=again, why="Make a new URL for the person to open."),),
        )
    account = await find_account(call, request.project_id, consent.social_account_id)
    return Outcome(
        say=f"Account {consent.social_account_id} is connected.",
        result=Consent(state=state, status=consent.status, account=account),
        next=(Next(tool="list_content", arguments={"projectId": request.project_id}, why="See what can be scheduled on it."),),
    )


@tool(calls=(social.OAUTH_URL, social.OAUTH_STATUS, social.ACCOUNTS), effect=Effect.ADDS)
async def connect_account(request: ConnectAccountArguments, call: Call) -> Outcome[Consent]:
    """Connect a TikTok or Instagram account. Answers at once with the URL its owner opens; then call wait_for_job with the state."""
    if request.state is not None:
        return await _follow(request, call, request.state, None)
    wanted = CreateOauthUrl(project_id=request.project_id, platform=request.platform, return_url=request.return_url)
    page = await call.layers.send(social.OAUTH_URL, wanted)
    call.begun("oauth", page.state, request.project_id)
    return await _follow(request, call, page.state, page.authorize_url)
