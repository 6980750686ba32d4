"""What the settings come to before anything is opened: whose yes counts, who acts, with which keys, and what a caller sees of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from layers_mcp.server.caller import Caller, met
from layers_mcp.server.catalog import Catalog, control_tools, read_catalog
from layers_mcp.server.granted import Granted
from layers_mcp.server.pinning import only
from layers_mcp.settings import Settings

if TYPE_CHECKING:
    from layers_mcp.client.keys import KeyFile
    from layers_mcp.client.layers import Layers
    from layers_mcp.gate.policy import Policy
    from layers_mcp.gate.tasks import Tasks
    from layers_mcp.server.resources import Suggest
    from layers_mcp.server.tasks import Book
    from layers_mcp.tool.visit import House

__all__ = ["as_seen_by", "catalog_of", "granted", "key_file", "learning", "policy_of", "principal", "suggesting", "tasking"]


def catalog_of(settings: Settings) -> Catalog:
    """What a client is shown.

    Raises:
        UnknownTool: a tool or preset that nobody knows is named, or no tool is left.
    """
    pinned = only(settings.projects) is not None
    known = granted(settings)
    return read_catalog(
        settings.tools,
        without=settings.exclude_tools,
        read_only=settings.read_only,
        pinned=pinned,
        scopes=known.kept() if known is not None else None,
    )


def granted(settings: Settings) -> Granted | None:
    """Where it is kept what the live key may do; None for the sandbox's own, which may do all, and for a file of keys, as these change."""
    if settings.api_key is None or not settings.live:
        return None
    return Granted(settings.state_dir, settings.api_key)


@asynccontextmanager
async def learning(settings: Settings, layers: Layers) -> AsyncGenerator[None]:
    """Meanwhile the API is asked once what the key may do; nobody waits for that, it is kept for the processes after this one."""
    asking = asyncio.create_task(_learn(settings, layers))
    try:
        yield
    finally:
        asking.cancel()
        await asyncio.wait([asking])


async def _learn(settings: Settings, layers: Layers) -> None:
    from layers_mcp.contract.account import WHOAMI  # noqa: PLC0415  with the house
    from layers_mcp.contract.endpoint import Empty  # noqa: PLC0415
    from layers_mcp.contract.errors import LayersError  # noqa: PLC0415

    known = granted(settings)
    if known is None:
        return
    with suppress(LayersError):  # whoever calls hears of it
        known.keep((await layers.send(WHOAMI, Empty())).scopes)


def policy_of(settings: Settings) -> Policy:
    """The policy in the file that the settings name; it is read at the start, so that a broken one stops it."""
    from layers_mcp.gate.policy import BadPolicy, read_policy  # noqa: PLC0415  shut while there is no file

    assert settings.policy is not None
    try:
        return read_policy(settings.policy, default=settings.confirm, actions=control_tools())
    except BadPolicy as problem:
        message = f"LAYERS_POLICY: {problem}"
        raise BadPolicy(message) from None


def as_seen_by(caller: Caller, house: House) -> House:
    """The same house with a caller's own gate, and with what the caller's token and this request narrow.

    A client is somebody else with each API key: another key may be another organization's, whose ids and answers are none of theirs.
    """
    from layers_mcp.contract.scalars import full_project  # noqa: PLC0415  with the house

    own = None if house.projects is None else frozenset(full_project(one) for one in house.projects)
    return replace(
        house,
        gate=house.gate if caller.principal is None else house.gate.of(f"{house.gate.principal}/{caller.principal}"),
        policy=house.policy if caller.policy is None else house.policy.narrowed(caller.policy),
        projects=met(own, caller.projects),
    )


def suggesting(house: Callable[[], Awaitable[House]]) -> Suggest:
    """Completes the arguments of resources and prompts by what a caller may see of a house; that is opened first."""

    async def suggest(argument: str, begins: str, known: Mapping[str, str], caller: Caller | None) -> list[str]:
        from layers_mcp.server.suggesting import suggested  # noqa: PLC0415  with the house

        seen = await house() if caller is None else as_seen_by(caller, await house())
        return await suggested(seen, argument, begins, known)

    return suggest


def tasking(house: Callable[[], Awaitable[House]]) -> Book:
    """The waits that a caller holds as tasks."""

    async def book(caller: Caller | None) -> Tasks:
        return (await house() if caller is None else as_seen_by(caller, await house())).gate.tasks

    return book


def principal(settings: Settings) -> str:
    """Who acts when nobody has said so over HTTP: whoever holds the key."""
    from pydantic import SecretStr  # noqa: PLC0415  with the house

    from layers_mcp.gate.handle import principal_of, principal_of_file  # noqa: PLC0415

    if settings.api_key_file is not None:
        return principal_of_file(settings.api_key_file)
    return principal_of(settings.api_key if settings.api_key is not None else SecretStr("sandbox"))


def key_file(path: Path) -> KeyFile:
    """The keys in the file that the settings name; one that holds none stops the start, by name."""
    from layers_mcp.client.keys import BadKeyFile, KeyFile  # noqa: PLC0415  shut while there is no file

    try:
        return KeyFile(path)
    except BadKeyFile as problem:
        message = f"LAYERS_API_KEY_FILE: {problem}"
        raise BadKeyFile(message) from None
