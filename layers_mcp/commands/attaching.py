"""What a client's configuration must say so that it starts this server: for each client in its own form, secrets only by reference."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

from pydantic import SecretStr

from layers_mcp.listening import Listening
from layers_mcp.settings import PREFIX, Settings

__all__ = ["Client", "configurations"]

_PLACES = frozenset({"sandbox_repos", "sandbox_sites"})
_KEY, _KEY_FILE = f"{PREFIX}API_KEY", f"{PREFIX}API_KEY_FILE"


class Client(NamedTuple):
    """How a client is told of a server. `servers`: under which name; `reference`: how it reads its own environment, None when it can't."""

    name: str
    place: str
    servers: str = "mcpServers"
    reference: str | None = None
    more: tuple[tuple[str, str], ...] = ()


_CLIENTS = (
    Client("Claude Code", ".mcp.json in your project", reference="${{{}}}"),  # seen of its 2.1.330
    Client("Claude Desktop", "claude_desktop_config.json (Settings, Developer, Edit Config)"),
    Client("Cursor", "~/.cursor/mcp.json", reference="${{env:{}}}"),  # cursor.com/docs/context/mcp, November 2026
    Client("VS Code", ".vscode/mcp.json", servers="servers", reference="${{env:{}}}", more=(("type", "stdio"),)),
    Client("any other client", "plain JSON"),
)
"""VS Code: code.visualstudio.com/docs/agents/reference/mcp-configuration, November 2026."""


def _executable() -> list[str]:
    script = Path(sys.argv[0]).resolve()
    return [str(script)] if script.name.startswith("layers-mcp") else [sys.executable, "-m", "layers_mcp"]


def _placed(entry: str) -> str:
    """A folder, or a `name=place` pair, with its path absolute; what is no path stays."""
    name, sign, place = entry.rpartition("=")
    return entry if "://" in place else f"{name}{sign}{Path(place).expanduser().resolve()}"


def _secret(name: str, client: Client, kept: Path) -> tuple[str, str]:
    """A setting that stands for a secret. A key goes into a file when the client can't read its environment; `kept`: which."""
    if client.reference is not None:
        return name, client.reference.format(name)
    return (_KEY_FILE, str(kept)) if name == _KEY else (name, f"<your {name}>")


def _said(name: str, value: object) -> str:
    if isinstance(value, tuple):
        entries = [str(one) for one in cast("tuple[object, ...]", value)]
        return ",".join(map(_placed, entries) if name in _PLACES else entries)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value.expanduser().resolve() if isinstance(value, Path) else value)


def _environment(settings: Settings, client: Client) -> dict[str, str]:
    """Every setting that was given, and where the state is; not those of HTTP."""
    said: dict[str, str] = {}
    for name in sorted((settings.model_fields_set | {"state_dir"}) - set(Listening.model_fields)):
        value, variable = getattr(settings, name), PREFIX + name.upper()
        if isinstance(value, SecretStr):
            variable, reference = _secret(variable, client, _kept(settings))
            said[variable] = reference
        elif value is not None:
            said[variable] = _said(name, value)
    return said


def _kept(settings: Settings) -> Path:
    return settings.state_dir.resolve() / "api-key"


def _words(settings: Settings, client: Client) -> Iterator[str]:
    """What there is to do besides: the command that does the same, the file of the key."""
    environment = _environment(settings, client)
    if client.name == "Claude Code":
        given = [word for name, value in environment.items() for word in ("-e", f"{name}={value}")]
        yield f"or: {shlex.join(['claude', 'mcp', 'add', 'layers', *given, '--', *_executable()])}"
    if settings.api_key is not None and client.reference is None:
        yield f"the key goes into its file once: (umask 077; printenv {_KEY} > {shlex.quote(str(_kept(settings)))})"


def configurations(settings: Settings) -> Iterator[tuple[str, str, list[str]]]:
    """For each client: its name and where the configuration stands, the JSON, and what there is to do besides."""
    command, *arguments = _executable()
    for client in _CLIENTS:
        entry: dict[str, Any] = {**dict(client.more), "command": command, "args": arguments, "env": _environment(settings, client)}
        text = json.dumps({client.servers: {"layers": entry}}, indent=2)
        yield f"{client.name}, {client.place}", text, list(_words(settings, client))
