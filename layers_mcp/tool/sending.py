"""An endpoint that no tool covers, as a tool: read as it is, or sent once, after a person's own yes to exactly what goes out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache, partial
from typing import Any, Final, NamedTuple, cast

from pydantic import BaseModel, JsonValue, ValidationError, create_model
from pydantic.alias_generators import to_snake

from layers_mcp.client.fence import Fence
from layers_mcp.client.owners import OWNED, SOMEBODYS, Kind
from layers_mcp.client.wire import outgoing
from layers_mcp.contract import content, influencers, jobs, publishing
from layers_mcp.contract.endpoint import Empty, Endpoint, Reply, Request
from layers_mcp.contract.errors import InsufficientCredits, Invalid, NotFound
from layers_mcp.contract.table import TABLE
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Arguments, Control, Effect, Look, Tool
from layers_mcp.tool.outcome import Next, Outcome, Shown, ShownItem
from layers_mcp.tool.pictures import looks, pictured
from layers_mcp.tool.size import fitting

__all__ = ["doing", "short_name", "told", "tool_of"]

Row = Endpoint[Request, Reply]
_FIELD = re.compile(r"\{\w*\}")
_GETS: Final = cast("Mapping[Kind, tuple[Row, str]]", {
    "container": (content.GET, "container_id"),
    "job": (jobs.GET, "job_id"),
    "influencer": (influencers.GET, "influencer_id"),
    "post": (publishing.GET, "scheduled_post_id"),
})  # fmt: skip
"""How a thing that a request names by its id alone is read."""
_PASSING = re.compile(r"(url|Url|Urls|At|progress)$")
"""Fields that may read differently at each look, whatever is done: signed addresses, moments, shares. No yes is bound to them."""
_LETTERS = 6_000
"""Of a body, at most: a person is shown all that they say yes to, within what one result may hold. Ours."""


def short_name(name: str) -> str:
    """An endpoint's name as the policy, the trail and a handle have it, whose columns hold 80 letters: `GET /v1/projects/{}`."""
    return _FIELD.sub("{}", name)


def told(endpoint: Row) -> str:
    """What an endpoint takes and what it answers, in the contract's words."""
    asked = "" if endpoint.request is Empty else f"{' '.join((endpoint.request.__doc__ or '').split())} "
    return f"{asked}Answers: {' '.join((endpoint.reply.__doc__ or '').split())}"


def doing(endpoint: Row) -> str:
    """What the contract says of an endpoint: of its request, of what it answers, and where that is from."""
    live_only = f" Live only: {endpoint.live_only}." if endpoint.live_only else ""
    return f"{endpoint.name}. {told(endpoint)}{live_only} ({endpoint.source})"


def _request(endpoint: Row, given: Arguments) -> Request:
    """What is sent: the arguments without those that are ours."""
    try:
        return endpoint.request.model_validate(given.model_dump(exclude={"confirm"}, exclude_unset=True))
    except ValidationError as problem:
        found = problem.errors(include_url=False, include_input=False, include_context=False)
        issues: list[JsonValue] = [
            {"path": ".".join(map(str, one["loc"])) or "arguments", "message": one["msg"].removeprefix("Value error, ")} for one in found
        ]
        raise Invalid(f"{endpoint.name} got arguments that don't fit", details={"issues": issues}) from None


def _lasting(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: _lasting(entry) for name, entry in value.items() if not _PASSING.search(name)}
    return [_lasting(entry) for entry in value] if isinstance(value, list) else value


class _Named(NamedTuple):
    """What a request names, as it stands, the project it is of, and the posts that a person should see."""

    facts: dict[str, JsonValue]
    project_id: str | None
    posts: tuple[content.Container, ...] = ()


async def _now(endpoint: Row, request: Request, call: Call) -> dict[str, JsonValue]:
    """What stands where the request would go, where the API tells it by the same path."""
    twin = next((row for row in TABLE if row.method == "GET" and row.path == endpoint.path), None)
    if twin is None:
        return {}
    sent = request.model_dump(by_alias=True, include={to_snake(name) for name in twin.path_fields})
    found = await call.layers.send(twin, twin.request.model_validate(sent))
    return {"now": _lasting(found.model_dump(mode="json", by_alias=True, exclude_none=True))}


async def _named(endpoint: Row, request: Request, call: Call) -> _Named:
    field, kind = OWNED.get(endpoint.name, ("", None))
    if kind is None or kind not in _GETS:
        return _Named(await _now(endpoint, request, call), getattr(request, "project_id", None))
    get, name = _GETS[kind]
    found = await call.layers.send(get, get.request.model_validate({name: getattr(request, field)}))
    facts: dict[str, JsonValue] = {kind: _lasting(found.model_dump(mode="json", by_alias=True, exclude_none=True))}
    if kind == "post" and (within := getattr(found, "container_id", None)) is not None:
        post = await call.layers.send(content.GET, content.GetContent(container_id=within))
        facts["container"] = _lasting(post.model_dump(mode="json", by_alias=True, exclude_none=True))
        return _Named(facts, post.project_id, (post,))
    return _Named(facts, getattr(found, "project_id", None), (found,) if isinstance(found, content.Container) else ())


def _check_length(body: JsonValue) -> None:
    letters = len(json.dumps(body, ensure_ascii=False))
    if letters > _LETTERS:
        words = (
            f"make a body of {letters:,} letters, and a person can be shown {_LETTERS:,} at most; send it in parts, a call and a yes each"
        )
        raise Invalid(f"arguments {words}", details={"issues": [{"path": "arguments", "message": words}]})


async def _shown(endpoint: Row, given: Arguments, call: Call) -> Shown:
    """Exactly what would go out, and what it names as that stands now.

    Raises:
        OutsideProjects: what it concerns is not among the projects that may be touched.
        NotFound: the sandbox does not answer it.
        Invalid: it is longer than what a person can be shown.
    """
    if call.sandbox and endpoint.live_only is not None:
        raise NotFound(f"{endpoint.name} is live only: {endpoint.live_only}", details={"liveOnly": endpoint.live_only})
    request = _request(endpoint, given)
    out = outgoing(endpoint, request)
    _check_length(out.body)
    if isinstance(call.layers, Fence):
        await call.layers.admit(endpoint, request)
    named = await _named(endpoint, request, call)
    facts: dict[str, JsonValue] = {"request": f"{endpoint.method} {out.path}", "body": out.body, "does": doing(endpoint), **named.facts}
    if InsufficientCredits.code in endpoint.codes:
        facts["cost"] = "It may cost credits, which no budget here counts."
    item = ShownItem(id=short_name(endpoint.name), before="not sent", after="sent once, as it stands here", facts=facts)
    projects = call.switch.halted() if endpoint in SOMEBODYS else frozenset([named.project_id] if named.project_id is not None else [])
    return Shown(
        question=f"Send {endpoint.name} to Layers, exactly as shown?",
        items=(item,),
        digest_over={"media": [asset.id for post in named.posts for asset in post.media_assets]},
        projects=projects,
        by_person=True,
        pictures=partial(pictured, named.posts, call),
        media=looks(named.posts),
    )


def _begun(endpoint: Row, request: Request, reply: Reply, call: Call) -> tuple[Next, ...]:
    """Put on record what an answer says it began, and give the call that waits for it."""
    project, job = getattr(request, "project_id", None), getattr(reply, "job_id", None)
    if endpoint.method == "GET":
        return ()
    for post in cast("tuple[str, ...]", getattr(reply, "scheduled_post_ids", ())):
        call.begun("post", post, project)
    if not isinstance(job, str):
        return ()
    call.begun("job", job, project)
    return (Next(tool="wait_for_job", arguments={"jobId": job}, why="Wait for the job."),)


async def _sent(endpoint: Row, given: Arguments, call: Call) -> Outcome[Any]:
    """The answer; of a page that is too long, the rows that fit."""
    request = _request(endpoint, given)
    reply = await call.layers.send(endpoint, request, key=call.key if endpoint.keyed else None)
    say = f"{endpoint.name} was answered."
    items = cast("tuple[BaseModel, ...]", getattr(reply, "items", ()))
    rows = fitting(items)
    if len(rows) < len(items):
        say = f"{say} Only {len(rows)} of {len(items)} rows fit here: ask for so many with limit."
        reply = reply.model_copy(update={"items": rows, "next_cursor": None})
    return Outcome[Any](say=say, result=reply, next=_begun(endpoint, request, reply, call))


@cache
def tool_of(endpoint: Row) -> Tool[Any]:
    """The endpoint as a tool, known by its short name.

    A write is a control tool, and only a person's own yes counts: nobody wrote a preview that says what it does to an audience.
    """
    reads, name = endpoint.method == "GET", short_name(endpoint.name)
    ours = Arguments if reads else Control
    arguments = cast("type[Arguments]", create_model(endpoint.request.__name__, __base__=(endpoint.request, ours)))

    async def run(request: Arguments, call: Call) -> Outcome[Any]:
        return await _sent(endpoint, request, call)

    async def ask(request: Arguments, call: Call) -> Shown:
        return await _shown(endpoint, request, call)

    def look(request: Arguments) -> Look:
        fields = request.model_dump(mode="json", by_alias=True, exclude={"confirm"}, exclude_unset=True)
        return Look(name, cast("dict[str, JsonValue]", fields))

    return Tool(
        name=name,
        title=endpoint.name,
        description=doing(endpoint),
        effect=Effect.READS if reads else Effect.REMOVES if endpoint.method == "DELETE" else Effect.SPEAKS,
        calls=(endpoint,),
        arguments=arguments,
        result=endpoint.reply,
        run=run,
        ask=None if reads else ask,
        look=None if reads else look,
        sets=lambda _: endpoint.method != "POST",
    )
