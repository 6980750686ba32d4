"""What a sandbox can do that Layers can't: `/_sandbox` moves its clock, scripts trouble, makes keys; for callers on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from pydantic import AfterValidator, AwareDatetime, Field, JsonValue, StringConstraints, ValidationError

from layers_mcp.address import LOOPBACK
from layers_mcp.contract import errors
from layers_mcp.contract.endpoint import Reply
from layers_mcp.contract.endpoint import Request as Ask
from layers_mcp.contract.scalars import Utc
from layers_mcp.sandbox import faults, github, keys
from layers_mcp.sandbox.edge import Told, refusal
from layers_mcp.sandbox.world import World

__all__ = ["add_routes"]

_NEAR = ("127.0.0.1", "::1")
_Host = Annotated[str, StringConstraints(min_length=1, max_length=253)]


def _known_scope(scope: str) -> str:
    if scope != "*" and scope not in keys.ALL_SCOPES:
        message = f"is no scope; there are {', '.join(keys.ALL_SCOPES)} and *"
        raise ValueError(message)
    return scope


class Advance(Ask):
    """How far to move the world's clock, in seconds."""

    seconds: float = Field(ge=0, le=10 * 365 * 86_400)


class SetClock(Ask):
    """Where to move the world's clock, and how fast it runs from there; 1 is life."""

    at: AwareDatetime | None = None
    speed: float | None = Field(default=None, ge=0, le=100_000)


class MakeKey(Ask):
    """What a new key may, and whose it is; an organization that is not there is made. Left out: as `keys.Grant` has it."""

    scopes: tuple[Annotated[str, AfterValidator(_known_scope)], ...] = Field(default=keys.SCOPES, max_length=100)
    tier: Literal["sandbox", "standard", "pilot", "partner", "internal"] = "standard"
    organization: Annotated[str, StringConstraints(min_length=1, max_length=128)] = keys.HOME
    return_hosts: tuple[_Host, ...] = Field(default=keys.DEFAULT_HOSTS, max_length=100)


class MadeKey(Reply):
    """The key in plain, shown this once."""

    key: str


class Standing(Reply):
    """How the world stands."""

    time: Utc
    speed: float
    job_speed: float
    key: str
    repositories: tuple[str, ...]


def _standing(world: World) -> Standing:
    setting = world.setting()
    return Standing(
        time=setting.at(world.wall.now()),
        speed=setting.speed,
        job_speed=world.ground.job_speed,
        key=world.key,
        repositories=tuple(repository.full_name for repository in github.repositories(world.ground).values()),
    )


def _made_key(world: World, asked: MakeKey) -> MadeKey:
    return MadeKey(
        key=world.add_key(scopes=asked.scopes, tier=asked.tier, return_hosts=asked.return_hosts, organization=asked.organization)
    )


def _done(world: World, body: bytes, path: str) -> Reply:
    match path:
        case "/_sandbox/advance":
            world.advance(Advance.model_validate_json(body).seconds)
        case "/_sandbox/clock":
            asked = SetClock.model_validate_json(body)
            at: datetime | None = asked.at
            world.set_clock(at=at, speed=asked.speed)
        case "/_sandbox/faults":
            world.script(faults.Fault.model_validate_json(body))
        case "/_sandbox/keys":
            return _made_key(world, MakeKey.model_validate_json(body))
        case _:
            pass
    return _standing(world)


def _answered(world: World, body: bytes, path: str) -> Told:
    try:
        return Told(status=200, body=_done(world, body, path).model_dump_json(by_alias=True))
    except errors.LayersError as problem:
        return refusal(problem, world.now())
    except ValidationError as error:
        issues: list[JsonValue] = [{"path": ".".join(map(str, problem["loc"])), "message": problem["msg"]} for problem in error.errors()]
        return refusal(errors.Invalid("the request can't be read", details={"issues": issues}), world.now())


def _refused(request: Request) -> errors.LayersError | None:
    """Why a caller may not: another machine's; or a web page's, which could move the clock behind its reader's back."""
    if request.client is not None and request.client.host not in _NEAR:
        return errors.NotFound("there is no such route")
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    ours = urlsplit(f"//{host}").hostname in LOOPBACK and origin in (None, f"{request.url.scheme}://{host}")
    if ours:
        return None
    words = "the sandbox's own routes answer no other web page; call them by localhost and without Origin"
    return errors.UnknownProblem(words, wire_code="FORBIDDEN", wire_status=403)


def _route(world: World) -> Callable[[Request], object]:
    async def route(request: Request) -> Response:
        problem = _refused(request)
        if problem is not None:
            told = refusal(problem, await asyncio.to_thread(world.now))
        else:
            told = await asyncio.to_thread(_answered, world, await request.body(), request.url.path)
            world.nudge()
        return Response(content=told.body, status_code=told.status, headers=told.headers, media_type="application/json")

    return route


def add_routes(app: FastAPI, world: World) -> None:
    """Add the control routes; they are no part of the document, because Layers has none."""
    app.add_api_route("/_sandbox", _route(world), methods=["GET"], include_in_schema=False)
    for name in ("advance", "clock", "faults", "keys"):
        app.add_api_route(f"/_sandbox/{name}", _route(world), methods=["POST"], include_in_schema=False)
