"""Generation: new content from the brand context and a brief."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from layers_mcp.contract import account, content, jobs
from layers_mcp.contract.content import Brief, Container, GenerateContent, GetContent
from layers_mcp.contract.endpoint import Empty
from layers_mcp.contract.errors import InsufficientCredits
from layers_mcp.contract.jobs import Job
from layers_mcp.contract.scalars import ContentFormat, Id, SocialPlatforms
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Adding, Effect, Waiting, tool
from layers_mcp.tool.origin import of_brand
from layers_mcp.tool.outcome import Cost, Next, Outcome, View
from layers_mcp.tool.pictures import pictured
from layers_mcp.tool.waiting import resume, wait_job

__all__ = ["generate_content"]

Words = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class GenerateContentArguments(Adding, Waiting):
    """Arguments of generate_content."""

    project_id: Id = Field(description="The project.")
    format: ContentFormat = Field(default="auto", description="auto lets Layers pick by the media the project has.")
    hook: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = Field(
        default=None, description="First words of the post; else made from the brand."
    )
    cta: Words | None = Field(default=None, description="Call to action.")
    topic: Words | None = Field(default=None, description="What it is about.")
    target_platforms: SocialPlatforms | None = Field(default=None, description="Platforms to write captions for.")
    influencer_id: Id | None = Field(default=None, description="Who voices it (get_project lists them); else the default one.")
    variant_count: int = Field(default=1, ge=1, le=5, description="How many containers to make.")


class Generated(View):
    """A generation: its job and its containers, complete once the job is."""

    job: Job
    container_ids: tuple[str, ...]
    containers: tuple[Container, ...] = ()


async def _quote(request: GenerateContentArguments, call: Call) -> Cost:
    wallet = await call.layers.send(account.CREDITS, Empty())
    price = wallet.price_of(request.format) * request.variant_count
    if price > wallet.available:
        raise InsufficientCredits(
            f"the generation would cost up to {price} credits, and {wallet.available} are available",
            details={"required": price, "available": wallet.available},
        )
    return Cost(credits=price, available=wallet.available - price)


def _brief(request: GenerateContentArguments) -> Brief:
    fields = request.model_dump(
        exclude_unset=True, exclude_none=True, include={"hook", "cta", "topic", "target_platforms", "influencer_id"}
    )
    return Brief.model_validate(fields)


async def _finished(job: Job, ids: tuple[str, ...], call: Call, cost: Cost | None) -> Outcome[Generated]:
    made = tuple([await call.layers.send(content.GET, GetContent(container_id=one)) for one in ids])
    waiting = [one.id for one in made if one.approval_status == "pending"]
    steps: tuple[Next, ...] = ()
    if waiting:
        steps = (Next(tool="approve_content", arguments={"containerIds": list(waiting)}, why="Show the preview and ask for the approval."),)
    return Outcome(
        say=f"Job {job.job_id} is completed; containers: {len(made)}.",
        result=Generated(job=job, container_ids=ids, containers=made),
        read_from=of_brand("containers") if made else (),
        cost=cost,
        next=steps,
        pictures=await pictured(made, call),
    )


@tool(calls=(account.CREDITS, content.GENERATE, jobs.GET, content.GET, content.ASSET), effect=Effect.ADDS)
async def generate_content(request: GenerateContentArguments, call: Call) -> Outcome[Generated]:
    """Make new content for a project from its brand context and a brief; waits with progress. Costs credits, which are checked first.

    Nothing is published: show the result to the user, then approve_content.
    """
    cost = None if call.again else await _quote(request, call)  # a repeat costs nothing more
    wanted = GenerateContent(
        project_id=request.project_id, format=request.format, variant_count=request.variant_count, brief=_brief(request)
    )
    accepted = await call.layers.send(content.GENERATE, wanted, key=call.key)
    call.begun("job", accepted.job_id, request.project_id)
    job = await wait_job(call, accepted.job_id, request.wait_seconds)
    ids = accepted.container_ids
    if job.status == "completed":
        return await _finished(job, ids, call, cost)
    if job.status == "running":
        again = resume(request.wait_seconds, jobId=job.job_id)
        return Outcome(
            say=f"Job {job.job_id} is still running.",
            status="running",
            result=Generated(job=job, container_ids=ids),
            cost=cost,
            next=(again,),
        )
    return Outcome(
        say=f"Job {job.job_id} ended as {job.status}; its credits were released.",
        status="canceled" if job.status == "canceled" else "failed",
        result=Generated(job=job, container_ids=ids),
    )
