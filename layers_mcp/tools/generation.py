"""Generation: new content from the brand context and a brief, or after a post that did well."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from layers_mcp.contract import account, clones, content, jobs
from layers_mcp.contract.clones import CloneFromPost, CloneMode, CloneOverrides
from layers_mcp.contract.content import Brief, Container, GenerateContent, GetContent, Hook, Words
from layers_mcp.contract.errors import LayersError
from layers_mcp.contract.jobs import Accepted, Job
from layers_mcp.contract.scalars import ContentFormat, Id, SocialPlatforms
from layers_mcp.loops.judgement import Verdict
from layers_mcp.loops.worth import JUDGES, verdict_on
from layers_mcp.tool.advice import refusal_of
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Adding, Arguments, Control, Effect, Look, Made, Priced, Waiting, tool
from layers_mcp.tool.origin import of_brand
from layers_mcp.tool.outcome import Next, Outcome, Shown, ShownItem, View
from layers_mcp.tool.pictures import pictured
from layers_mcp.tool.size import fitting
from layers_mcp.tool.waiting import resume, status_of, wait_job

__all__ = ["clone_regardless", "generate_content"]

_OF_A_BRIEF = ("format", "hook", "cta", "topic", "target_platforms", "influencer_id", "variant_count")
_OF_A_CLONE = ("mode", "variations", "overrides")


class OverridesArguments(Arguments):
    """What clones say otherwise than their source."""

    caption: Annotated[str, StringConstraints(min_length=1, max_length=2200)] | None = Field(default=None, description="Text.")
    cta: Words | None = Field(default=None, description="Call to action.")
    voice_over_script: Annotated[str, StringConstraints(min_length=1, max_length=2200)] | None = Field(default=None, description="Speech.")


class GenerateContentArguments(Priced, Control, Adding, Waiting):
    """Arguments of generate_content."""

    project_id: Id = Field(description="The project.")
    format: ContentFormat = Field(default="auto", description="auto picks by the project's media.")
    hook: Hook | None = Field(default=None, description="First words; else made from the brand.")
    cta: Words | None = Field(default=None, description="Call to action.")
    topic: Words | None = Field(default=None, description="What it is about.")
    target_platforms: SocialPlatforms | None = Field(default=None, description="To write captions for.")
    influencer_id: Id | None = Field(default=None, description="Who voices it; else the default one.")
    variant_count: int = Field(default=1, ge=1, le=5, description="Containers to make.")
    source_post_id: Id | None = Field(default=None, description="Clone this post instead.")
    mode: CloneMode = Field(default="fork", description="reimagine keeps its premise only.")
    variations: int = Field(default=1, ge=1, le=10, description="Clones to make.")
    overrides: OverridesArguments | None = Field(default=None, description="What clones change.")


class Generated(View):
    """A generation: its job, and its containers once that is completed: the first, as many as a result may hold."""

    job: Job
    container_ids: tuple[str, ...]
    containers: tuple[Container, ...] = ()


def _brief(request: GenerateContentArguments) -> Brief:
    fields = request.model_dump(
        exclude_unset=True, exclude_none=True, include={"hook", "cta", "topic", "target_platforms", "influencer_id"}
    )
    return Brief.model_validate(fields)


async def _finished(job: Job, ids: tuple[str, ...], call: Call) -> Outcome[Generated]:
    try:
        made = tuple([await call.layers.send(content.GET, GetContent(container_id=one)) for one in ids])
    except LayersError:  # the job is told all the same
        read = Next(tool="list_content", arguments={"containerId": ids[0]}, why="Read what was made.")
        say = f"Job {job.job_id} is completed; containers: {len(ids)}, which can't be read now."
        return Outcome(say=say, result=Generated(job=job, container_ids=ids), next=(read,))
    waiting = [one.id for one in made if one.approval_status == "pending"]
    steps: tuple[Next, ...] = ()
    if waiting:
        steps = (Next(tool="approve_content", arguments={"containerIds": list(waiting)}, why="Show the preview and ask for the approval."),)
    told = job.model_copy(update={"result": None})  # what it holds, the containers hold
    bare = Generated(job=told, container_ids=ids)
    beside = (bare, *steps, told)  # the job once more: room for what an answer has around its result
    shown = made[: max(len(fitting((*beside, *made))) - len(beside), 0)]
    if len(shown) < len(made):
        page: dict[str, JsonValue] = {"projectId": made[0].project_id, "detail": "full", "limit": len(made)}
        steps += (Next(tool="list_content", arguments=page, why="Read those that are left out here, too."),)
    left = f", of which {len(shown)} are shown" if len(shown) < len(made) else ""
    return Outcome(
        say=f"Job {job.job_id} is completed; containers: {len(made)}{left}.",
        result=bare.model_copy(update={"containers": shown}),
        read_from=of_brand("containers") if made else (),
        next=steps,
        pictures=await pictured(made, call),
    )


class CloneRegardlessArguments(Priced, Control, Waiting):
    """Arguments of clone_regardless."""

    project_id: Id = Field(description="The project.")
    source_post_id: Id = Field(description="The post.")
    mode: CloneMode = Field(default="fork", description="reimagine keeps its premise only.")
    variations: int = Field(default=1, ge=1, le=10, description="Clones.")


async def _awaited(accepted: Accepted, request: Waiting, call: Call) -> Outcome[Generated]:
    """The generation when it is over, or as it stands when the wait ends."""
    job = await wait_job(call, accepted.job_id, request.wait_seconds)
    ids = accepted.container_ids
    if job.status == "completed":
        return await _finished(job, ids, call)
    if job.status == "running":
        again = resume(request.wait_seconds, jobId=job.job_id)
        return Outcome(
            say=f"Job {job.job_id} is still running.",
            status="running",
            result=Generated(job=job, container_ids=ids),
            next=(again,),
        )
    return Outcome(
        say=f"Job {job.job_id} ended as {job.status}; its credits were released.",
        status=status_of(job.status),
        result=Generated(job=job, container_ids=ids),
    )


async def _judged(call: Call, project_id: str, post_id: str, *, variations: int) -> Verdict:
    """The verdict on these clones of a post; one call has one, whatever comes meanwhile."""
    if post_id not in call.verdicts:
        call.verdicts[post_id] = await verdict_on(call.layers, project_id, post_id, variations=variations)
    return call.verdicts[post_id]


def _check(request: GenerateContentArguments) -> None:
    """Refuse a mixture of a brief and a clone by the first field that does not belong.

    Raises:
        Invalid: naming it.
    """
    odd = _OF_A_CLONE if request.source_post_id is None else _OF_A_BRIEF
    defaults = GenerateContentArguments.model_fields
    given = [name for name in odd if getattr(request, name) != defaults[name].default]
    if given:
        path = defaults[given[0]].alias or given[0]
        words = (
            "goes only with sourcePostId" if request.source_post_id is None else "does not go with sourcePostId; a clone takes overrides"
        )
        raise refusal_of(path, words)


async def _clone(request: GenerateContentArguments | CloneRegardlessArguments, call: Call) -> Accepted:
    """Start the clones; the target's id follows from the operation, so that a repeat starts nothing."""
    wanted: dict[str, object] = {"container_id": call.key_for("clone"), "project_id": request.project_id}
    wanted |= {"source_platform_post_id": request.source_post_id, "mode": request.mode, "variations": request.variations}
    if isinstance(request, GenerateContentArguments) and request.overrides is not None:
        wanted["overrides"] = CloneOverrides.model_validate(request.overrides.model_dump(exclude_none=True))
    accepted = await call.layers.send(clones.CLONE, CloneFromPost.model_validate(wanted), key=call.key)
    call.begun("job", accepted.job_id, request.project_id)
    return accepted


async def _cloned(request: GenerateContentArguments, call: Call) -> Outcome[Generated]:
    """Clones within the verdict; below the floor, past the cap, or before it is known, nothing is made."""
    if not call.again:
        verdict = await _judged(call, request.project_id, request.source_post_id or "", variations=request.variations)
        if verdict.word != "clone":
            fresh = Next(tool="generate_content", arguments={"projectId": request.project_id}, why="Make a fresh post instead.")
            say = f"Nothing was made or charged; the verdict is {verdict.word}: {verdict.reason}. A person may go on with clone_regardless."
            return Outcome(say=say, status="needs_action", next=(fresh,))
    return await _awaited(await _clone(request, call), request, call)


async def prices_of(request: GenerateContentArguments, call: Call) -> tuple[Made, ...]:
    """The containers of a brief, or the clones; none where the verdict is against them.

    Raises:
        Invalid: a brief and a clone are mixed.
    """
    _check(request)
    if request.source_post_id is None:
        return (Made("", request.project_id, request.format, request.variant_count),)
    if not call.again:
        verdict = await _judged(call, request.project_id, request.source_post_id, variations=request.variations)
        if verdict.word != "clone":
            return ()
    return (Made("", request.project_id, "auto", request.variations),)


async def show_generation(request: GenerateContentArguments, call: Call) -> Shown:
    """What would be made; what it costs is added to it."""
    del call
    given: dict[str, JsonValue] = request.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude={"confirm", "quote_only", "wait_seconds", "idempotency_key", "project_id"}
    )
    odd = _OF_A_BRIEF if request.source_post_id is not None else _OF_A_CLONE
    facts = {name: value for name, value in given.items() if name not in {GenerateContentArguments.model_fields[one].alias for one in odd}}
    many = request.variant_count if request.source_post_id is None else request.variations
    what = f"{many} container{'s' if many > 1 else ''}"
    item = ShownItem(id=request.project_id, before="nothing is generated", after=f"{what} generated; nothing is published", facts=facts)
    return Shown(question=f"Generate {what} for project {request.project_id}?", items=(item,))


def _look(request: GenerateContentArguments | CloneRegardlessArguments) -> Look:
    return Look("list_content", {"projectId": request.project_id})


@tool(
    calls=(account.CREDITS, content.GENERATE, clones.CLONE, jobs.GET, content.GET, content.ASSET, *JUDGES),
    effect=Effect.ADDS,
    ask=show_generation,
    prices=prices_of,
    look=_look,
)
async def generate_content(request: GenerateContentArguments, call: Call) -> Outcome[Generated]:
    """Make content from the brand context and a brief, or clone a post of top_performers; waits with progress.

    Costs credits; over a budget it asks. Nothing is published: show the result to the user, then approve_content.
    """
    _check(request)
    if request.source_post_id is not None:
        return await _cloned(request, call)
    wanted = GenerateContent(
        project_id=request.project_id, format=request.format, variant_count=request.variant_count, brief=_brief(request)
    )
    accepted = await call.layers.send(content.GENERATE, wanted, key=call.key)
    call.begun("job", accepted.job_id, request.project_id)
    return await _awaited(accepted, request, call)


async def prices_regardless(request: CloneRegardlessArguments, call: Call) -> tuple[Made, ...]:
    """The clones."""
    del call
    return (Made("", request.project_id, "auto", request.variations),)


async def show_clone(request: CloneRegardlessArguments, call: Call) -> Shown:
    """What the verdict says against it; what it costs is added to it.

    Raises:
        Invalid: the verdict says nothing against it, so no person is needed.
    """
    verdict = await _judged(call, request.project_id, request.source_post_id, variations=request.variations)
    if verdict.word == "clone":
        words = "is worth cloning, so nothing has to be overridden; call generate_content with this sourcePostId"
        raise refusal_of("sourcePostId", words)
    facts: dict[str, JsonValue] = {"verdict": verdict.word, "reason": verdict.reason, "clones": verdict.clones}
    after = f"{request.variations} more clones are generated ({request.mode}); nothing is published"
    item = ShownItem(id=request.source_post_id, before=f"{verdict.clones} clones", after=after, facts=facts)
    question = f"Clone post {request.source_post_id} although the verdict is {verdict.word}: {verdict.reason}?"
    return Shown(question=question, items=(item,))


@tool(
    calls=(account.CREDITS, clones.CLONE, jobs.GET, content.GET, content.ASSET, *JUDGES),
    effect=Effect.SPEAKS,
    ask=show_clone,
    prices=prices_regardless,
    look=_look,
)
async def clone_regardless(request: CloneRegardlessArguments, call: Call) -> Outcome[Generated]:
    """Clone a post although the verdict of top_performers is wait or stop. Without confirm it only shows the reason and a handle.

    Within the verdict: generate_content.
    """
    return await _awaited(await _clone(request, call), request, call)
