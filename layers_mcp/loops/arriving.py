"""How a customer arrives at Layers: a project of their own, and what they have read into it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import count
from typing import Final, Literal

import httpx2
from pydantic import BaseModel, JsonValue

from layers_mcp.client import thing
from layers_mcp.contract import github, ingest, projects, sdk_apps
from layers_mcp.contract.errors import CallerError, Conflict, PlatformError
from layers_mcp.contract.github import GetInstallUrl, InstallUrl, RegisterInstallation
from layers_mcp.contract.ingest import IngestAppstore, IngestGithub, IngestWebsite, SdkConfig
from layers_mcp.contract.jobs import Accepted, Job
from layers_mcp.contract.projects import CreateProject, GetProject, ListProjects, Project
from layers_mcp.contract.scalars import full_project, wire_time
from layers_mcp.contract.sdk_apps import CreateSdkApp, GetInstallSpec, ListSdkApps
from layers_mcp.loops.case import Case, key_for
from layers_mcp.loops.customer import MOST_PAGES, Onboard
from layers_mcp.loops.hands import Hands
from layers_mcp.loops.questions import AGAIN, LINK, RENEWALS, SKIP
from layers_mcp.loops.run import Run
from layers_mcp.store.asked import Customer, Option

__all__ = ["INSTALLED", "Arrived", "Ingested", "SdkFound", "arrived", "ingested", "sdk_of"]

INSTALLED: Final = Option(word="installed", means="The GitHub App is installed and registered; the repository is tried again.")


class Arrived(BaseModel):
    """The customer's project, and whether it was made now."""

    project_id: str
    created: bool


class _Begun(BaseModel):
    """How an ingest began: `found` was read before; a job; or what it was refused for."""

    found: bool = False
    job_id: str | None = None
    refused: str | None = None


class Ingested(BaseModel):
    """How the reading ended."""

    how: Literal["completed", "found", "skipped", "none"]
    pull_request_url: str | None = None


class SdkFound(BaseModel):
    """The SDK app of a project, and the stacks that its install notes (`list_sdk_apps`) are for; None where it has none.

    `made`: it was made here, so that nobody has its key: Layers shows that once, and no run keeps it.
    """

    app_id: str | None = None
    made: bool = False
    platforms: tuple[str, ...] = ()


async def _known(hands: Hands, external_id: str) -> Project | None:
    """The project with this very id of the customer's, however loosely Layers may filter: another one is another customer's."""
    page = await hands.send(projects.LIST, ListProjects(customer_external_id=external_id))
    return next((one for one in page.items if one.customer_external_id == external_id), None)


async def _arrive(hands: Hands, given: Onboard, key: str) -> Arrived:
    """Find the customer's project by their own id, or make it; also when somebody makes it at the same time."""
    customers, since = hands.house.store.customers, hands.clock.now()
    asked: dict[str, JsonValue] = given.model_dump(mode="json", exclude_defaults=True)
    external_id = given.customer_external_id
    fresh = Customer(
        principal=hands.owner,
        external_id=external_id,
        name=given.name,
        zone=given.timezone,
        asked=asked,
        since=since,
        priority=given.priority,
    )
    customers.keep(fresh)
    known, created = await _known(hands, external_id), False
    if known is None:
        try:
            wanted = given.model_dump(include={"name", "customer_external_id", "timezone", "primary_language"}, exclude_none=True)
            known, created = await hands.send(projects.CREATE, CreateProject.model_validate(wanted), key=key), True
        except Conflict:
            known = await _known(hands, external_id)
            if known is None:
                raise
    if known.status == "archived":
        raise Conflict(f"project {known.id} of this customer is archived", details={"projectId": known.id})
    customers.belongs(hands.owner, external_id, full_project(known.id))
    return Arrived(project_id=known.id, created=created)


async def arrived(run: Run, hands: Hands, given: Onboard) -> Arrived:
    """The one project of the customer."""
    came = await run.step("project", partial(_arrive, hands, given, key_for(run, "project")), came=Arrived)
    await run.about(project_id=full_project(came.project_id), customer=given.customer_external_id)
    return came


async def _register(hands: Hands, given: Onboard, project_id: str, key: str) -> str:
    """Register the installation that GitHub handed back; one that Layers does not take shows when the repository is read."""
    assert given.installation_id is not None, "it is only registered when it was given"
    assert given.state is not None, "they go together"
    wanted = RegisterInstallation(installation_id=given.installation_id, state=given.state)
    try:
        return (await hands.send(github.REGISTER, wanted, key=key, project_id=project_id)).org_login
    except CallerError as problem:
        return problem.wire_code


async def _start(hands: Hands, given: Onboard, project_id: str, key: str) -> Accepted:
    if given.source == "github":
        wanted: dict[str, object] = {"project_id": project_id, "repo_full_name": given.repo_full_name}
        wanted |= {} if given.branch is None else {"branch": given.branch}
        wanted |= {"sdk_config": SdkConfig(include_platforms=given.platforms)} if given.platforms else {}
        return await hands.send(ingest.GITHUB, IngestGithub.model_validate(wanted), key=key)
    if given.source == "website":
        site = IngestWebsite(project_id=project_id, url=given.url or "", follow_links=True, max_pages=MOST_PAGES)
        return await hands.send(ingest.WEBSITE, site, key=key)
    named = given.model_dump(include={"ios_bundle_id", "android_package", "app_store_url"}, exclude_none=True)
    return await hands.send(ingest.APPSTORE, IngestAppstore.model_validate({"project_id": project_id, **named}), key=key)


async def _begin(hands: Hands, given: Onboard, project_id: str, key: str) -> _Begun:
    """Start reading, unless what is wanted was read, or is being read, already: the project says so, however long ago it was asked."""
    project = await hands.send(projects.GET, GetProject(project_id=project_id))
    last = getattr(project.ingest_state, given.source, None)
    if last is not None and last.status == "completed":
        return _Begun(found=True, job_id=last.job_id)
    if last is not None and last.status == "running" and last.job_id is not None:
        return _Begun(job_id=last.job_id)
    try:
        begun = await _start(hands, given, project_id, key)
    except PlatformError as problem:
        return _Begun(refused=str(problem.details.get("platformCode") or problem.wire_code))
    except CallerError as problem:
        return _Begun(refused=problem.wire_code)
    hands.gate.began("job", begun.job_id, tool="onboarding", arguments="", project_id=project_id, key=key)
    return _Begun(job_id=begun.job_id)


async def _asked_to_install(case: Case, number: int) -> str | None:
    """What is said to the link on which the customer installs the GitHub App."""

    async def make() -> InstallUrl:
        return await case.hands.send(github.INSTALL_URL, GetInstallUrl())

    link = await case.run.step(f"install {number} link", make, came=InstallUrl)
    ends = None if link.expires_at is None else wire_time(link.expires_at)
    facts: dict[str, JsonValue] = {"authorizeUrl": link.authorize_url, "state": link.state, "expiresAt": ends}
    offered: list[JsonValue] = [{"installationId": one.installation_id, "orgLogin": one.org_login} for one in link.sandbox_installations]
    asked = await case.ask(
        "install",
        kind="install",
        number=number,
        words=f"The GitHub App is not installed for the repository of project {case.project_id}. The customer opens authorizeUrl; then "
        "onboard_customer, once more, with the installationId and state that GitHub hands back.",
        options=(INSTALLED, LINK, SKIP),
        facts=facts | ({"sandboxInstallations": offered} if offered else {}),
    )
    lasts = None if link.expires_at is None or number >= RENEWALS else max(link.expires_at - case.hands.now(), timedelta(seconds=1))
    return await case.answer("install", number, asked, lasts=lasts)


async def _asked_again(case: Case, number: int, code: str) -> str | None:
    """What a person says after a reading that ended so."""
    words = f"Reading the customer's source into project {case.project_id} ended with {code}. Nothing was changed there."
    asked = await case.ask("ingest", kind="ingest", number=number, words=words, options=(AGAIN, SKIP), facts={"code": code})
    return await case.answer("ingest", number, asked)


async def ingested(case: Case) -> Ingested:
    """What the customer has, read into the project once; whatever stands in the way is asked about."""
    run, hands, given = case.run, case.hands, case.given
    if given.source == "none":
        return Ingested(how="none")
    if given.installation_id is not None:
        await run.step("installation", partial(_register, hands, given, case.project_id, case.key("installation")), came=str)
    for number in count():  # pragma: no branch  it ends by an answer
        name = f"ingest {number}"
        begun = await run.step(name, partial(_begin, hands, given, case.project_id, case.key(name)), came=_Begun)
        if begun.found:
            return Ingested(how="found")
        code = begun.refused
        if begun.job_id is not None:
            job = await hands.wait(run, f"ingest {number} job", thing.job(begun.job_id))
            if job.status == "completed":
                return Ingested(how="completed", pull_request_url=None if job.result is None else job.result.pr_url)
            code = _code_of(job)
        asks = _asked_to_install(case, number) if code == github.NOT_INSTALLED else _asked_again(case, number, code or "UNKNOWN")
        if await asks == SKIP.word:
            break
    return Ingested(how="skipped")


def _code_of(job: Job) -> str:
    """The code that a job ended with; where that is no plain code, its status."""
    code = "" if job.error is None else job.error.code
    return code if code.isascii() and code.replace("_", "").isalnum() else job.status


def _app_of(given: Onboard, project_id: str) -> CreateSdkApp | None:
    """The SDK app that goes with what was read, where that names one that fits; a repository's is made by its ingest."""
    wanted: dict[str, object] = {"project_id": project_id, "name": given.name}
    try:
        if given.ios_bundle_id is not None:
            return CreateSdkApp.model_validate(wanted | {"platform": "ios", "bundle_id": given.ios_bundle_id})
        if given.android_package is not None:
            return CreateSdkApp.model_validate(wanted | {"platform": "android", "android_package": given.android_package})
        host = httpx2.URL(given.url or "").raw_host.decode("ascii").rstrip(".")
        return CreateSdkApp.model_validate(wanted | {"platform": "web", "web_domain": host}) if host else None
    except (httpx2.InvalidURL, ValueError):
        return None


async def _sdk(hands: Hands, given: Onboard, project_id: str, key: str) -> SdkFound:
    page = await hands.send(sdk_apps.LIST, ListSdkApps(project_id=project_id, limit=1))
    app, wanted, made = next(iter(page.items), None), _app_of(given, project_id), False
    if app is None and wanted is not None:
        app, made = await hands.send(sdk_apps.CREATE, wanted, key=key), True
    if app is None:
        return SdkFound()
    notes = await hands.send(sdk_apps.INSTALL_SPEC, GetInstallSpec(project_id=project_id, app_id=app.app_id))
    return SdkFound(app_id=app.app_id, made=made, platforms=tuple(one.platform for one in notes.platforms))


async def sdk_of(case: Case) -> SdkFound:
    """The project's SDK app, found or made, with the stacks it is to be installed on.

    The key of one that is made is kept nowhere here, as steps stand in the engine's database for a month: the run's outcome says so, and
    `update_sdk_app` with `rotateKey` shows one to a person, once (layers-api: PATCH …/sdk-apps/{appId}).
    """
    return await case.run.step("sdk", partial(_sdk, case.hands, case.given, case.project_id, case.key("sdk")), came=SdkFound)
