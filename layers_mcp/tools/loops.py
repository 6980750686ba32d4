"""The loops: one call that onboards a customer, and how a run stands."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from layers_mcp.client.fence import Fence
from layers_mcp.contract import github, projects
from layers_mcp.contract.errors import Invalid, OutsideProjects
from layers_mcp.contract.github import RegisterInstallation
from layers_mcp.contract.ingest import AppId, Branch, Repo
from layers_mcp.contract.projects import ExternalId, ListProjects, Name, Zone
from layers_mcp.contract.scalars import Language, Platform, SocialPlatforms
from layers_mcp.loops.customer import Onboard
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Adding, Effect, Look, Waiting, tool
from layers_mcp.tool.outcome import Outcome
from layers_mcp.tool.runs import RunView, office_of, seen, wait_run

__all__ = ["get_run", "onboard_customer"]

_Url = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class OnboardCustomerArguments(Adding, Waiting):
    """Arguments of onboard_customer."""

    customer_external_id: ExternalId = Field(description="Your own id of the customer.")
    name: Name = Field(description="The customer's name.")
    timezone: Zone = Field(default="UTC", description="IANA zone.")
    primary_language: Language | None = Field(default=None, description="BCP-47, e.g. en.")
    repo_full_name: Repo | None = Field(default=None, description="Read owner/name on GitHub; or one of the next four.")
    branch: Branch | None = Field(default=None, description="Of the repository.")
    platforms: tuple[Platform, ...] | None = Field(default=None, max_length=6, description="For the SDK; else all found.")
    installation_id: int | None = Field(default=None, ge=1, description="What GitHub handed back; goes with state.")
    state: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[!-~]+$")] | None = Field(
        default=None, description="Of the opened install URL."
    )
    url: _Url | None = Field(default=None, description="Website, https://….")
    ios_bundle_id: AppId | None = Field(default=None, description="On the App Store.")
    android_package: AppId | None = Field(default=None, description="On Google Play.")
    app_store_url: _Url | None = Field(default=None, description="The app's page in a store.")
    connect: SocialPlatforms | None = Field(default=None, description="Accounts to ask for.")
    return_url: _Url | None = Field(default=None, description="Page their owner comes back to; else LAYERS_RETURN_URL.")
    posts: int = Field(default=1, ge=0, le=5, description="First posts to make, for credits.")
    hook: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = Field(default=None, description="Their first words.")


_NOT_ASKED = {"wait_seconds", "idempotency_key"}


def _given(request: OnboardCustomerArguments) -> Onboard:
    """What the loop is given.

    Raises:
        Invalid: arguments that don't go together.
    """
    try:
        return Onboard.model_validate(request.model_dump(exclude_none=True, exclude=_NOT_ASKED))
    except ValidationError as problem:
        words = problem.errors()[0]["msg"].removeprefix("Value error, ")
        first, _, rest = words.partition(" ")
        path = to_camel(first.strip(":"))
        issue: JsonValue = {"path": path, "message": f"{path} {rest}"}
        raise Invalid(f"onboard_customer: {path} {rest}", details={"issues": [issue]}) from None


async def _pass_fence(request: OnboardCustomerArguments, call: Call) -> None:
    """Where only some projects may be touched, only their customers can be onboarded: a new one is a new project.

    Raises:
        OutsideProjects: the customer's project is none of them.
    """
    if isinstance(call.layers, Fence):
        page = await call.layers.send(projects.LIST, ListProjects(customer_external_id=request.customer_external_id, limit=1))
        if not page.items:
            raise OutsideProjects("the customer has none of the projects this server may touch, and a new one would be another")


async def _resumed(request: OnboardCustomerArguments, call: Call) -> None:
    """Register an installation that came by now, and tell the run that waits for it."""
    office = office_of(call)
    known = office.customer(request.customer_external_id)
    if request.installation_id is None or request.state is None or known is None or known.project_id is None:
        return
    pair = RegisterInstallation(installation_id=request.installation_id, state=request.state)
    await call.layers.send(github.REGISTER, pair, key=call.key_for("installation"))
    for one in office.questions(project_id=known.project_id, kind="install", after=None, limit=10):
        await office.answer(one, "installed", by=call.by)


@tool(
    calls=(projects.LIST, github.REGISTER),
    effect=Effect.ADDS,
    look=lambda request: Look("get_run", {"customerExternalId": request.customer_external_id}),
)
async def onboard_customer(request: OnboardCustomerArguments, call: Call) -> Outcome[RunView]:
    """Onboard a customer in one call: project, brand from code, website or store, SDK app, accounts, first posts for review.

    It goes on by itself, also for days; call it again to see how it stands, or with installationId and state. It approves nothing.
    """
    given = _given(request)
    await _pass_fence(request, call)
    office = office_of(call)
    if not await office.onboard(given):
        await _resumed(request, call)
    return seen(office, await wait_run(call, office.run_of(request.customer_external_id), request.wait_seconds))


class GetRunArguments(Waiting):
    """Arguments of get_run."""

    run_id: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9:_.\-]+$")] | None = Field(
        default=None, description="The run."
    )
    customer_external_id: ExternalId | None = Field(default=None, description="Or the customer: their onboarding.")


@tool(calls=(), effect=Effect.READS)
async def get_run(request: GetRunArguments, call: Call) -> Outcome[RunView]:
    """See how a run of a loop stands: its state, steps, what came of it, and the questions it waits by (answer_question)."""
    if (request.run_id is None) == (request.customer_external_id is None):
        issue: JsonValue = {"path": "runId", "message": "give exactly one of runId and customerExternalId"}
        raise Invalid("get_run shows exactly one run", details={"issues": [issue]})
    office = office_of(call)
    run_id = request.run_id or office.run_of(request.customer_external_id or "")
    return seen(office, await wait_run(call, run_id, request.wait_seconds))
