"""Keywords: the bank of hashtags that fit a project's brand."""

from __future__ import annotations

from pydantic import Field, JsonValue

from layers_mcp.contract import jobs, keywords
from layers_mcp.contract.errors import Invalid
from layers_mcp.contract.jobs import Job
from layers_mcp.contract.keywords import Keywords, ListKeywords, RefreshKeywords
from layers_mcp.contract.scalars import Id
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Adding, Arguments, Effect, Look, Waiting, tool
from layers_mcp.tool.origin import of_brand
from layers_mcp.tool.outcome import Next, Outcome, ReadFrom, View
from layers_mcp.tool.waiting import ended_code, resume, status_of, wait_job

__all__ = ["list_keywords", "refresh_keywords"]


class ListKeywordsArguments(Arguments):
    """Arguments of list_keywords."""

    project_id: Id = Field(description="The project.")


class KeywordsView(View):
    """The bank, best first, and the job that makes it anew."""

    keywords: Keywords | None = None
    job: Job | None = None


def _read_from(bank: Keywords) -> tuple[ReadFrom, ...]:
    return of_brand("keywords.hashtags") if bank.hashtags else ()


@tool(calls=(keywords.LIST,), effect=Effect.READS)
async def list_keywords(request: ListKeywordsArguments, call: Call) -> Outcome[KeywordsView]:
    """Read the hashtags that fit a project's brand, best first, without #. Empty until refresh_keywords has run."""
    bank = await call.layers.send(keywords.LIST, ListKeywords(project_id=request.project_id))
    refresh = Next(tool="refresh_keywords", arguments={"projectId": request.project_id}, why="Make the bank from the brand context.")
    steps = () if bank.hashtags else (refresh,)
    say = f"Hashtags in the bank: {len(bank.hashtags)}."
    return Outcome(say=say, result=KeywordsView(keywords=bank), next=steps, read_from=_read_from(bank))


class RefreshKeywordsArguments(Adding, Waiting):
    """Arguments of refresh_keywords."""

    project_id: Id = Field(description="The project.")


def _undescribed(problem: Invalid) -> Invalid:
    """The same refusal in the words of our tools."""
    words = "is missing; call ingest_repo or ingest_listing, or give it with update_project"
    issue: JsonValue = {"path": "brandContext.appDescription", "message": words}
    details: dict[str, JsonValue] = {**problem.details, "issues": [issue]}
    return Invalid(f"brandContext.appDescription {words}", details=details, request_id=problem.request_id)


@tool(
    calls=(keywords.REFRESH, jobs.GET, keywords.LIST),
    effect=Effect.ADDS,
    look=lambda request: Look("list_keywords", {"projectId": request.project_id}),
)
async def refresh_keywords(request: RefreshKeywordsArguments, call: Call) -> Outcome[KeywordsView]:
    """Make a project's hashtags anew from its brand context, which needs an appDescription; waits with progress.

    It takes 4 to 5 minutes; the embedded sandbox is faster, by LAYERS_SANDBOX_SPEED.
    """
    try:
        accepted = await call.layers.send(keywords.REFRESH, RefreshKeywords(project_id=request.project_id), key=call.key)
    except Invalid as problem:
        if "appDescription" in str(problem.details.get("missingFields")):
            raise _undescribed(problem) from None
        raise
    call.begun("job", accepted.job_id, request.project_id)
    job = await wait_job(call, accepted.job_id, request.wait_seconds)
    if job.status == "completed":
        bank = await call.layers.send(keywords.LIST, ListKeywords(project_id=request.project_id))
        say = f"Job {job.job_id} is completed; hashtags in the bank: {len(bank.hashtags)}."
        return Outcome(say=say, result=KeywordsView(keywords=bank, job=job), read_from=_read_from(bank))
    if job.status == "running":
        steps = (resume(request.wait_seconds, jobId=job.job_id),)
        return Outcome(say=f"Job {job.job_id} is still running.", status="running", result=KeywordsView(job=job), next=steps)
    say = f"Job {job.job_id} ended as {job.status}{ended_code(job)}; the bank is as it was."
    return Outcome(say=say, status=status_of(job.status), result=KeywordsView(job=job))
