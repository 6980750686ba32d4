"""`layers-mcp doctor`: is everything there that the server needs, and how does a client attach it?"""

from __future__ import annotations

import asyncio
import platform
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape

from layers_mcp import __version__
from layers_mcp.app import App
from layers_mcp.client.pace import Pace
from layers_mcp.clock import WallClock
from layers_mcp.commands.attaching import configurations
from layers_mcp.contract import account
from layers_mcp.contract.account import WhoAmI
from layers_mcp.contract.endpoint import Empty
from layers_mcp.contract.errors import LayersError
from layers_mcp.founding import granted
from layers_mcp.server.catalog import read_catalog
from layers_mcp.server.presets import START
from layers_mcp.settings import Settings, settings_or_exit
from layers_mcp.tool.visit import House
from layers_mcp.unopened import Unopened

__all__ = ["Finding", "doctor"]

_SIGNS = {"ok": "[green]ok  [/]", "note": "[yellow]note[/]", "bad": "[red]bad [/]"}
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
        hidden = sorted(read_catalog(("all",), scopes=who.scopes).hidden)
        listed = f"; not listed: {', '.join(hidden)}" if hidden else ""
        yield Finding("note", f"the key lacks {', '.join(lacking)}; what needs them is refused with FORBIDDEN_SCOPE{listed}")
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
        app = App(settings, WallClock(), works=False)
    except ValueError as problem:  # a tool, a policy or a file of keys that can't be held to, by name
        return [Finding("bad", str(problem))]
    where = settings.base_url if settings.live else "the embedded sandbox"
    try:
        house = await app.house()
        who = await house.layers.send(account.WHOAMI, Empty())
        if (known := granted(settings)) is not None:
            known.keep(who.scopes)
        answers = Finding("ok", f"{where} answers; its time is {house.layers.now():%Y-%m-%d %H:%M:%SZ}")
        return [answers, *_known(who), _limits(house.layers.pace), _budgets(house)]
    except LayersError as problem:
        return [Finding("bad", f"{where}: {problem}. {problem.advice}")]
    except Unopened as problem:
        return [Finding("bad", f"LAYERS_DATABASE_URL: {problem}")]
    finally:
        await app.close()


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
        for place, text, words in configurations(settings):
            console.print("\n".join([f"\nFor {place}:", text, *words]), soft_wrap=True, markup=False)
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(1)
