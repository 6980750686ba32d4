"""The loops: one call that onboards a customer, and how a run stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from layers_mcp.client.fence import Fence
from layers_mcp.contract import github, projects
from layers_mcp.contract.content import Hook
from layers_mcp.contract.errors import Conflict, Halted, Invalid, NotFound, OutsideProjects
from layers_mcp.contract.github import RegisterInstallation
from layers_mcp.contract.ingest import AppId, Branch, Repo
from layers_mcp.contract.projects import ExternalId, ListProjects, Name, Zone
from layers_mcp.contract.scalars import Id, Language, Platform, SocialPlatforms
from layers_mcp.loops.customer import Onboard
from layers_mcp.loops.holding import Loop, holding, way_out, words
from layers_mcp.store.asked import Customer
from layers_mcp.store.rows import WRITES, RunRow
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Adding, Effect, Look, Waiting, tool
from layers_mcp.tool.outcome import Outcome
from layers_mcp.tool.runs import RunView, office_of, seen, wait_run, within

__all__ = ["get_run", "onboard_customer", "run_loop"]

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
    hook: Hook | None = Field(default=None, description="Their first words.")


_NOT_ASKED = {"wait_seconds", "idempotency_key"}


def _given(request: OnboardCustomerArguments) -> Onboard:
    """What the loop is given.

    Raises:
        Invalid: arguments that don't go together.
    """
    try:
        return Onboard.model_validate(request.model_dump(exclude_none=True, exclude=_NOT_ASKED))
    except ValidationError as problem:
        said = problem.errors()[0]["msg"].removeprefix("Value error, ")
        first, _, rest = said.partition(" ")
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
        if not any(one.customer_external_id == request.customer_external_id for one in page.items):
            raise OutsideProjects("the customer has none of the projects this server may touch, and a new one would be another")


def _anew(before: RunRow) -> str:
    """That an onboarding was begun anew, and why the one before ended."""
    ended = {"failed": f"failed ({before.code})", "cancelled": "was cancelled"}
    why = "was forgotten" if not before.given else ended[before.state]
    return f"The onboarding {why} and was begun anew, with what is given now; what it had made is found, not made again."


async def _resumed(request: OnboardCustomerArguments, call: Call) -> None:
    """Register an installation that came by now, and have the run that waits for people see what they have done."""
    office = office_of(call)
    known = office.customer(request.customer_external_id)
    if known is None or known.project_id is None:
        return
    if request.installation_id is not None and request.state is not None:
        await _installed(request.installation_id, request.state, known.project_id, call)
    await office.look_again(known.project_id)


async def _installed(installation_id: int, state: str, project_id: str, call: Call) -> None:
    office = office_of(call)
    pair = RegisterInstallation(installation_id=installation_id, state=state)
    await call.layers.send(github.REGISTER, pair, key=call.key_for("installation"))
    for one in office.questions(project_id=project_id, kind="install", after=None, limit=10):
        await office.answer(one, "installed", by=call.by)


@tool(
    calls=(projects.LIST, github.REGISTER),
    effect=Effect.ADDS,
    look=lambda request: Look("get_run", {"customerExternalId": request.customer_external_id}),
)
async def onboard_customer(request: OnboardCustomerArguments, call: Call) -> Outcome[RunView]:
    """Onboard a customer in one call: project, brand from code, website or store, SDK app, accounts, first posts for review.

    It goes on by itself, also for days; call it again to see how it stands, with installationId and state, or to begin anew what failed.
    It approves nothing.
    """
    given = _given(request)
    await _pass_fence(request, call)
    office = office_of(call)
    began = await office.onboard(given)
    if not began.new:
        await _resumed(request, call)
    outcome = seen(office, await wait_run(call, office.run_of(request.customer_external_id), request.wait_seconds))
    return outcome if began.before is None else replace(outcome, say=f"{_anew(began.before)} {outcome.say}")


class RunLoopArguments(Adding, Waiting):
    """Arguments of run_loop."""

    loop: Literal["publish_to_learn", "optimization"] = Field(description="Which of the daily loops.")
    customer_external_id: ExternalId | None = Field(default=None, description="The customer.")
    project_id: Id | None = Field(default=None, description="Or their project.")


class GetRunArguments(Waiting):
    """Arguments of get_run."""

    run_id: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9:_.\-]+$")] | None = Field(
        default=None, description="The run."
    )
    customer_external_id: ExternalId | None = Field(default=None, description="Or the customer.")
    project_id: Id | None = Field(default=None, description="Or their project.")
    loop: Loop = Field(default="onboarding", description="Of a customer or project: a daily loop's run of today.")
    detail: Literal["brief", "full"] = Field(default="brief", description="full adds what came out of each step.")


def _unfit(path: str, said: str) -> dict[str, JsonValue]:
    return {"issues": [{"path": path, "message": said}]}


def _customer(request: RunLoopArguments | GetRunArguments, call: Call) -> Customer:
    """Whose day it is.

    Raises:
        Invalid: not exactly one of the two was given.
        NotFound: no onboarding was asked for of such a customer, as far as this call may know.
    """
    if (request.customer_external_id is None) == (request.project_id is None):
        said = "give exactly one of customerExternalId and projectId"
        raise Invalid("a daily loop's run is of one customer", details=_unfit("customerExternalId", said))
    office, path = office_of(call), "customerExternalId" if request.project_id is None else "projectId"
    found = office.customer(request.customer_external_id or "") if request.project_id is None else office.customer_of(request.project_id)
    if found is None or not within(call, found.project_id):
        said = "names no customer of the loops; onboard_customer takes one on"
        raise NotFound(f"{path} {said}", details=_unfit(path, said))
    return found


def _pass_stage(customer: Customer) -> None:
    """Start no day of who takes part in none.

    Raises:
        Conflict: the customer is still being onboarded, or has left.
    """
    if customer.stage != "active" or customer.project_id is None:
        still = "is still being onboarded: get_run shows what that waits for"
        why = "takes part in no loop any more" if customer.stage == "left" else still
        raise Conflict(f"customer {customer.external_id} {why}", details={"stage": customer.stage})


def _pass_hold(loop: str, project_id: str | None, call: Call) -> None:
    """Start nothing that would only lie down.

    Raises:
        Halted: writes to the project are held back.
        Conflict: the loop is paused.
    """
    held = holding(office_of(call).held(), loop, project_id)
    if held is not None and held.what == WRITES:
        raise Halted(words(held))
    if held is not None:
        raise Conflict(f"{words(held)}; {way_out(held)}", details={"state": "paused"})


def _shows_day(request: RunLoopArguments) -> Look:
    whose = request.model_dump(by_alias=True, exclude_none=True, include={"customer_external_id", "project_id", "loop"})
    return Look("get_run", whose)


@tool(calls=(), effect=Effect.ADDS, look=_shows_day)
async def run_loop(request: RunLoopArguments, call: Call) -> Outcome[RunView]:
    """Run today's publish_to_learn or optimization of one customer now, ahead of its hour.

    A day is run once: a repeat goes on waiting for that run, or shows it. It approves nothing, and posts only by a plan (set_plan).
    """
    customer, office = _customer(request, call), office_of(call)
    _pass_stage(customer)
    _pass_hold(request.loop, customer.project_id, call)
    return seen(office, await wait_run(call, await office.run_day(customer, request.loop), request.wait_seconds))


def _meant(request: GetRunArguments, call: Call) -> str:
    """The id of the run that is asked for.

    Raises:
        Invalid: not exactly one thing names it.
        NotFound: there is no such customer.
    """
    if sum(one is not None for one in (request.run_id, request.customer_external_id, request.project_id)) != 1:
        said = "give exactly one of runId, customerExternalId and projectId"
        raise Invalid("get_run shows exactly one run", details=_unfit("runId", said))
    office = office_of(call)
    if request.run_id is not None:
        return request.run_id
    if request.loop == "onboarding" and request.customer_external_id is not None:
        return office.run_of(request.customer_external_id)  # which may be too young to have a customer on record
    customer = _customer(request, call)
    return office.run_of(customer.external_id) if request.loop == "onboarding" else office.day_of(customer, request.loop)


@tool(calls=(), effect=Effect.READS)
async def get_run(request: GetRunArguments, call: Call) -> Outcome[RunView]:
    """See how a run of a loop stands: its state, steps, what came of it, and the questions it waits by (answer_question)."""
    look = await wait_run(call, _meant(request, call), request.wait_seconds)
    return seen(office_of(call), look, full=request.detail == "full")
