"""`layers-mcp doctor`: is everything there that the server needs, and how does a client attach it?"""

from __future__ import annotations

import asyncio
import json
import platform
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, cast

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.markup import escape

from layers_mcp import __version__
from layers_mcp.app import App
from layers_mcp.client.pace import Pace
from layers_mcp.clock import WallClock
from layers_mcp.contract import account
from layers_mcp.contract.account import WhoAmI
from layers_mcp.contract.endpoint import Empty
from layers_mcp.contract.errors import LayersError
from layers_mcp.listening import Listening
from layers_mcp.server.presets import START
from layers_mcp.settings import PREFIX, Settings, settings_or_exit
from layers_mcp.tool.visit import House
from layers_mcp.unopened import Unopened

__all__ = ["Finding", "doctor"]

_SIGNS = {"ok": "[green]ok  [/]", "note": "[yellow]note[/]", "bad": "[red]bad [/]"}
_PLACES = frozenset({"sandbox_repos", "sandbox_sites"})
_PORTS = {8000: "layers-mcp serve --transport http", 8787: "layers-mcp sandbox"}


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether it is as it must be, and in words what was found and how to mend it."""

    state: Literal["ok", "note", "bad"]
    words: str


def _machine() -> Iterator[Finding]:
    yield Finding("ok", f"layers-mcp {__version__}, Python {platform.python_version()}")
    git = shutil.which("git")
    if git is None:
        yield Finding("bad", "git is not on the PATH; the sandbox reads repositories with it: install git")
    else:
        words = subprocess.run([git, "--version"], capture_output=True, text=True, check=False).stdout.strip()
        yield Finding("ok", f"{words} at {git}")


def _folder(settings: Settings) -> Finding:
    try:
        settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=settings.state_dir):
            server = "" if settings.database_url is None else "; our store and the loops in the database of LAYERS_DATABASE_URL"
            return Finding("ok", f"state in {settings.state_dir.resolve()}{server}")
    except OSError as problem:
        return Finding("bad", f"LAYERS_STATE_DIR {settings.state_dir}: {problem.strerror}; give a folder this user may write to")


def _port(port: int) -> Finding:
    with socket.socket() as probe:
        free = probe.connect_ex(("127.0.0.1", port)) != 0
    return Finding("ok" if free else "note", f"port {port} ({_PORTS[port]}) is {'free' if free else 'in use; give another --port'}")


def _known(who: WhoAmI) -> Iterator[Finding]:
    yield Finding("ok", f"key of {who.organization_name} ({who.organization_id}), tier {who.rate_limit_tier}, {who.credit_balance} credits")
    needed = {call.scope for tool in START for call in tool.calls if call.scope}
    lacking = sorted(needed - set(who.scopes)) if "*" not in who.scopes else []
    if lacking:
        yield Finding("note", f"the key lacks {', '.join(lacking)}; tools that need them are refused with FORBIDDEN_SCOPE")
    if who.kill_switch or who.api_access_revoked:
        yield Finding("bad", "the key is stopped; only Layers can start it again")
    edition = "2026-04, that of the onboarding guide" if "kill_switch" in who.model_fields_set else "later than the onboarding guide's"
    yield Finding("ok", f"edition of the API: {edition}; requests go out as the guide prints them, with Authorization: Bearer")


def _budgets(house: House) -> Finding:
    """The budgets, and what counts against them by now."""
    now = house.gate.purse.standing((), house.layers.now())
    limits = [f"{now.budget.call} credits a call", f"{now.budget.day} a project and UTC day"]
    limits += [f"{now.budget.total} in all" if now.budget.total is not None else "no limit in all"]
    return Finding("ok", f"spent without a yes: at most {', '.join(limits)}; on record so far: {now.spent} credits")


def _limits(pace: Pace) -> Finding:
    """What the key may still ask, over all processes that share the state folder."""
    classes = pace.standing()
    return Finding("note" if any(one.wait_s for one in classes) else "ok", f"rate limits: {'; '.join(map(str, classes))}")


async def _api(settings: Settings) -> list[Finding]:
    try:
        app = App(settings, WallClock())
    except ValueError as problem:  # a tool, a policy or a file of keys that can't be held to, by name
        return [Finding("bad", str(problem))]
    where = settings.base_url if settings.live else "the embedded sandbox"
    try:
        house = await app.house()
        who = await house.layers.send(account.WHOAMI, Empty())
        answers = Finding("ok", f"{where} answers; its time is {house.layers.now():%Y-%m-%d %H:%M:%SZ}")
        return [answers, *_known(who), _limits(house.layers.pace), _budgets(house)]
    except LayersError as problem:
        return [Finding("bad", f"{where}: {problem}. {problem.advice}")]
    except Unopened as problem:
        return [Finding("bad", f"LAYERS_DATABASE_URL: {problem}")]
    finally:
        await app.close()


def _executable() -> list[str]:
    script = Path(sys.argv[0]).resolve()
    return [str(script)] if script.name.startswith("layers-mcp") else [sys.executable, "-m", "layers_mcp"]


def _placed(entry: str) -> str:
    """A folder, or a `name=place` pair, with its path absolute; what is no path stays."""
    name, sign, place = entry.rpartition("=")
    return entry if "://" in place else f"{name}{sign}{Path(place).expanduser().resolve()}"


def _given(settings: Settings) -> dict[str, str]:
    """Every setting that was given, as the environment of a client's configuration says it, and where the state is; not those of HTTP."""
    said: dict[str, str] = {}
    for name in sorted((settings.model_fields_set | {"state_dir"}) - set(Listening.model_fields)):
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            said[PREFIX + name.upper()] = "<your database's URL>" if name == "database_url" else "<your key>"
        elif isinstance(value, tuple):
            entries = [str(one) for one in cast("tuple[object, ...]", value)]
            said[PREFIX + name.upper()] = ",".join(map(_placed, entries) if name in _PLACES else entries)
        elif isinstance(value, bool):
            said[PREFIX + name.upper()] = str(value).lower()
        elif value is not None:
            said[PREFIX + name.upper()] = str(value.resolve() if isinstance(value, Path) else value)
    return said


def _attach(settings: Settings) -> str:
    command, *arguments = _executable()
    entry = {"command": command, "args": arguments, "env": _given(settings)}
    return json.dumps({"mcpServers": {"layers": entry}}, indent=2)


def _attach_claude_code(settings: Settings) -> str:
    names = [word for name, value in _given(settings).items() for word in ("-e", f"{name}={value}")]
    return shlex.join(["claude", "mcp", "add", "layers", *names, "--", *_executable()])


def doctor(
    show: Annotated[bool, typer.Option("--config/--no-config", help="Print the client configuration too.")] = True,  # noqa: FBT002
) -> None:
    """Check key, sandbox, folders and ports, and print what a client's configuration must say; exit code 1 if something is bad."""
    console = Console(highlight=False)
    settings = settings_or_exit()
    checks: list[Callable[[], list[Finding]]] = [
        lambda: list(_machine()),
        lambda: [_folder(settings)],
        lambda: asyncio.run(_api(settings)),
        lambda: [_port(port) for port in _PORTS],
    ]
    findings: list[Finding] = []
    for check in checks:
        if any(finding.state == "bad" for finding in findings):
            break  # what comes later stands on what came before
        findings += check()
    for finding in findings:
        console.print(f"{_SIGNS[finding.state]} {escape(finding.words)}", soft_wrap=True)
    if show:
        console.print("\nFor a client's configuration (Claude Desktop, Cursor and others):", soft_wrap=True)
        console.print(_attach(settings), soft_wrap=True, markup=False)
        console.print(f"For Claude Code: {_attach_claude_code(settings)}", soft_wrap=True, markup=False)
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(1)
