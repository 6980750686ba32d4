"""Listings: a customer's website or app-store page read for its brand, where there is no repository to read."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from layers_mcp.contract import ingest, jobs
from layers_mcp.contract.errors import Invalid
from layers_mcp.contract.ingest import IngestAppstore, IngestWebsite
from layers_mcp.contract.jobs import Accepted, Job
from layers_mcp.contract.scalars import Id
from layers_mcp.loops.customer import MOST_PAGES
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Adding, Effect, Look, Waiting, tool
from layers_mcp.tool.origin import of_job
from layers_mcp.tool.outcome import Next, Outcome, View
from layers_mcp.tool.waiting import ended_code, resume, status_of, wait_job

__all__ = ["ingest_listing"]

_AppId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]*$", max_length=150)]
_Url = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
_ONE = ("url", "ios_bundle_id", "android_package", "app_store_url")


class IngestListingArguments(Adding, Waiting):
    """Arguments of ingest_listing."""

    project_id: Id = Field(description="The project to fill.")
    url: _Url | None = Field(default=None, description="The customer's website, https://….")
    ios_bundle_id: _AppId | None = Field(default=None, description="Bundle id on the App Store.")
    android_package: _AppId | None = Field(default=None, description="Package on Google Play.")
    app_store_url: _Url | None = Field(default=None, description="The app's page on apps.apple.com or play.google.com.")
    country_code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2}$")] | None = Field(
        default=None, description="Country of the store, two letters; else that of appStoreUrl, else us."
    )


class ListingReport(View):
    """What a reading brought, or how far it is."""

    job: Job


def _check(request: IngestListingArguments) -> None:
    """Exactly one thing to read, and a country only with a store.

    Raises:
        Invalid: by name.
    """
    given = [name for name in _ONE if getattr(request, name) is not None]
    if len(given) != 1:
        words = "give exactly one of url, iosBundleId, androidPackage and appStoreUrl"
        at_fault = "url" if not given else IngestListingArguments.model_fields[given[1]].alias
        issue: JsonValue = {"path": at_fault, "message": words}
        raise Invalid(f"ingest_listing: {words}", details={"issues": [issue]})
    if request.url is not None and request.country_code is not None:
        issue = {"path": "countryCode", "message": "goes with a store, not with url; leave it out"}
        raise Invalid("ingest_listing: countryCode goes with a store, not with url", details={"issues": [issue]})


async def _start(request: IngestListingArguments, call: Call) -> Accepted:
    if request.url is not None:
        site = IngestWebsite(project_id=request.project_id, url=request.url, follow_links=True, max_pages=MOST_PAGES)
        return await call.layers.send(ingest.WEBSITE, site, key=call.key)
    names = ("project_id", *_ONE[1:], "country_code")
    app = IngestAppstore.model_validate({name: given for name in names if (given := getattr(request, name)) is not None})
    return await call.layers.send(ingest.APPSTORE, app, key=call.key)


def _report(job: Job, request: IngestListingArguments) -> Outcome[ListingReport]:
    view = ListingReport(job=job)
    if job.status == "completed":
        read = Next(tool="get_project", arguments={"projectId": request.project_id}, why="Show the brand context to the customer.")
        say = f"Job {job.job_id} is completed: the brand context has what was found."
        name = request.ios_bundle_id or request.android_package
        return Outcome(say=say, result=view, next=(read,), read_from=of_job(job, name=name))
    if job.status == "running":
        again = resume(request.wait_seconds, jobId=job.job_id)
        return Outcome(say=f"Job {job.job_id} is still running.", status="running", result=view, next=(again,))
    say = f"Job {job.job_id} ended as {job.status}{ended_code(job)}; nothing was changed. Its error names the argument and the way out."
    return Outcome(say=say, status=status_of(job.status), result=view)


@tool(
    calls=(ingest.WEBSITE, ingest.APPSTORE, jobs.GET),
    effect=Effect.ADDS,
    look=lambda request: Look("get_project", {"projectId": request.project_id}),
)
async def ingest_listing(request: IngestListingArguments, call: Call) -> Outcome[ListingReport]:
    """Read a customer's website or app-store listing into the project's brand context; waits with progress.

    For a repository use ingest_repo, which also adds the SDK.
    """
    _check(request)
    accepted = await _start(request, call)
    call.begun("job", accepted.job_id, request.project_id)
    return _report(await wait_job(call, accepted.job_id, request.wait_seconds), request)
