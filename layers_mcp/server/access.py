"""Who may come in over HTTP: bearer tokens, the clients they stand for, and what each of those may."""

from __future__ import annotations

import hashlib
import hmac
import re
import tomllib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from layers_mcp.contract.scalars import allowed_project
from layers_mcp.gate.policy import BadPolicy, policy_of
from layers_mcp.reread import Reread
from layers_mcp.server.caller import Caller
from layers_mcp.server.catalog import CALL, SEARCH, UnknownTool, control_tools, tools_of

__all__ = ["Access", "BadAccess", "digest_of"]

_DIGEST = re.compile(r"[0-9a-f]{64}")
_MOST_TOKENS = 8
"""Of one client: two overlap while a token is rotated, a few more if several machines share a name."""


class BadAccess(ValueError):
    """A file of clients that can't be held to; the message names the entry."""


def digest_of(token: str) -> str:
    """What is kept of a token: its SHA-256, 64 hexadecimal digits. A token is 256 random bits, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


class _Entry(BaseModel):
    """One `[[client]]` as a person wrote it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_\-]{0,39}$")
    token_sha256: list[str] = Field(min_length=1, max_length=_MOST_TOKENS)
    projects: list[str] | None = Field(default=None, min_length=1)
    tools: list[str] | None = Field(default=None, min_length=1)
    confirm: str = "ask"
    actions: dict[str, object] = {}

    @field_validator("token_sha256", mode="before")
    @classmethod
    def _one_or_more(cls, given: object) -> object:
        return [given] if isinstance(given, str) else given

    @field_validator("token_sha256")
    @classmethod
    def _are_digests(cls, given: list[str]) -> list[str]:
        if not all(_DIGEST.fullmatch(one) for one in given):
            message = "each must be 64 hexadecimal digits, the SHA-256 of a token; layers-mcp token NAME prints it"
            raise ValueError(message)
        return given

    @field_validator("projects")
    @classmethod
    def _are_projects(cls, given: list[str] | None) -> list[str] | None:
        spelt = None if given is None else [allowed_project(one) for one in given]
        if spelt is not None and None in spelt:
            message = "each must be a project's id, like prj_…"
            raise ValueError(message)
        return cast("list[str] | None", spelt)


@dataclass(frozen=True, kw_only=True)
class _Client:
    """One client: the digests of its tokens, and what each of its requests starts from."""

    name: str
    digests: tuple[str, ...]
    caller: Caller


def _entry(place: str, given: object) -> _Entry:
    try:
        return _Entry.model_validate(given)
    except ValidationError as problem:
        issue = problem.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, issue["loc"])) or "it"
        raise BadAccess(f"{place}: {where}: {issue['msg'].removeprefix('Value error, ')}") from None


def _client(place: str, entry: _Entry, shown: Collection[str]) -> _Client:
    try:
        tools = None if entry.tools is None else tools_of(entry.tools, said="tools")
        policy = policy_of(entry.confirm, entry.actions, actions=control_tools(), said="confirm")
    except (UnknownTool, BadPolicy) as problem:
        raise BadAccess(f"{place}: {problem}") from None
    hidden = [one for one in entry.tools or [] if tools and one in tools and one not in shown and not {CALL} & tools & set(shown)]
    if hidden:
        raise BadAccess(f"{place}: tools: {hidden[0]} is not among the tools that LAYERS_TOOLS shows")
    if tools is not None and not tools & set(shown):
        raise BadAccess(f"{place}: tools: LAYERS_TOOLS shows none of them")
    projects = None if entry.projects is None else frozenset(entry.projects)
    reach = None if SEARCH in (entry.tools or ()) else tools
    caller = Caller(principal=f"http_{entry.name}", tools=tools, reach=reach, projects=projects, policy=policy)
    return _Client(name=entry.name, digests=tuple(entry.token_sha256), caller=caller)


def _twice(values: Iterable[str]) -> str | None:
    seen: set[str] = set()
    return next((one for one in values if one in seen or seen.add(one)), None)


def _clients(path: Path, *, shown: Collection[str]) -> tuple[_Client, ...]:
    """The clients in a file, in its order.

    Raises:
        BadAccess: it can't be read, is no TOML, or an entry can't be held to.
    """
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise BadAccess(f"the file can't be read ({problem.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadAccess(f"the file is no TOML: {problem}") from None
    unknown = sorted(set(found) - {"client"})
    given = found.get("client")
    if unknown:
        raise BadAccess(f"{unknown[0]} is not known; there are [[client]] tables")
    if not isinstance(given, list) or not given:
        raise BadAccess("the file has no [[client]]")
    clients: list[_Client] = []
    for number, raw in enumerate(cast("list[object]", given), start=1):
        entry = _entry(f"client {number}", raw)
        clients.append(_client(f"client {number} ({entry.name})", entry, shown))
    double = _twice(client.name for client in clients)
    if double is not None:
        raise BadAccess(f"two clients are named {double}")
    if _twice(digest for client in clients for digest in client.digests) is not None:
        raise BadAccess("a token_sha256 stands there twice; every client needs a token of its own")
    return tuple(clients)


def _read(path: Path, *, shown: Collection[str], person: Callable[[], str | None]) -> tuple[_Client, ...]:
    """The clients in a file, none of whom may answer as the person.

    Raises:
        BadAccess: as `_clients`; or one of the tokens is the person's secret.
    """
    clients, secret = _clients(path, shown=shown), person()
    own = None if secret is None else digest_of(secret)
    same = next((client.name for client in clients if own in client.digests), None)
    if same is not None:
        raise BadAccess(f"client {same}: token_sha256: that is the person's secret, which must be nobody else's")
    return clients


class Access:
    """The tokens of this process: one in its settings, and those of a file that is read again when it changes."""

    def __init__(
        self, token: SecretStr | None, file: Path | None, *, shown: Collection[str], person: Callable[[], str | None] = lambda: None
    ) -> None:
        """Read the file. `shown`: the names of the tools that this process shows; `person`: gives the person's secret, if there is one.

        Raises:
            BadAccess: an entry of the file can't be held to.
            ValueError: what `person` raises.
        """
        self._one = None if token is None else digest_of(token.get_secret_value())
        self._file = None if file is None else Reread(file, partial(_read, shown=shown, person=person))

    @property
    def needed(self) -> bool:
        """Whether a request needs a token; without any, everybody who reaches the port may call."""
        return self._one is not None or self._file is not None

    @property
    def several(self) -> bool:
        """Whether there are clients of a file, each with a name of its own."""
        return self._file is not None

    def caller(self, token: str) -> Caller | None:
        """Whose token this is, or None. Every known digest is compared, each in constant time, whichever fits."""
        given = digest_of(token)
        clients = () if self._file is None else self._file.now()
        found = [client.caller for client in clients for known in client.digests if hmac.compare_digest(known, given)]
        if self._one is not None and hmac.compare_digest(self._one, given):
            found.append(Caller(principal="http"))
        return found[0] if found else None
