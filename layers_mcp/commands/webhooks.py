"""`layers-mcp webhooks`: have Layers tell this server what happens, and see whether it does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, NamedTuple, TypeVar
from urllib.parse import urlsplit

import typer
from pydantic import SecretStr

from layers_mcp.address import LOOPBACK
from layers_mcp.app import App, place_of
from layers_mcp.clock import WallClock
from layers_mcp.commands.halting import opened
from layers_mcp.commands.terminal import refusals_told, typed_yes
from layers_mcp.contract import webhooks as contract
from layers_mcp.contract.scalars import wire_time
from layers_mcp.contract.webhooks import ListDeliveries, PingWebhook, Webhook
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import digest
from layers_mcp.receiver import registering
from layers_mcp.settings import settings_or_exit
from layers_mcp.store.store import Store
from layers_mcp.store.told import Known
from layers_mcp.tool.visit import House

__all__ = ["app"]

T = TypeVar("T")
app = typer.Typer(help="Have Layers tell this server what happens, so that it need not ask.", no_args_is_help=True)
_Endpoint = Annotated[str | None, typer.Argument(help="The endpoint's id; not needed where there is one.", metavar="ID")]
_LOOK_S = 0.5


def _one(store: Store, place: str, endpoint_id: str | None) -> Known:
    """The endpoint that is meant.

    Raises:
        typer.BadParameter: none is known here by that id, or there are several.
    """
    known = store.endpoints.at(place)
    meant = [one for one in known if endpoint_id in (None, one.id)]
    if len(meant) != 1:
        have = ", ".join(one.id for one in known) or "none; layers-mcp webhooks register makes one"
        raise typer.BadParameter(f"give the ID of an endpoint whose secret is kept here: {have}")
    return meant[0]


class _Bench(NamedTuple):
    """What a command works with."""

    house: House
    store: Store
    gate: Gate
    place: str

    def one(self, endpoint_id: str | None) -> Known:
        """The endpoint that is meant, as `_one`."""
        return _one(self.store, self.place, endpoint_id)

    def record(self, what: str, endpoint_id: str) -> None:
        """Write down in the trail what a person had done."""
        self.gate.record(
            "webhooks",
            effect="sets",
            outcome="done",
            arguments=digest({"do": what, "endpointId": endpoint_id}),
            confirmed_by="person",
            how="command",
        )


def _run(do: Callable[[_Bench], Awaitable[T]]) -> T:
    """Do something with an open house."""

    async def run() -> T:
        house = App(settings := settings_or_exit(), WallClock(), works=False)
        try:
            with opened() as (store, gate):
                return await do(_Bench(await house.house(), store, gate, place_of(settings)))
        finally:
            await house.close()

    with refusals_told():
        return asyncio.run(run())


def _end(secret: SecretStr) -> str:
    return f"whsec_…{secret.get_secret_value()[-4:]}"


@app.command("register")
def register(url: Annotated[str, typer.Argument(help="The public https URL of this server, or http://localhost:PORT.")]) -> None:
    """Have Layers deliver all events to URL/webhooks/layers, and keep the secret that signs them. Again it changes nothing."""
    try:
        where = registering.delivered_at(url)
    except ValueError as problem:
        raise typer.BadParameter(f"URL {problem}") from None

    async def do(bench: _Bench) -> registering.Registered:
        done = await registering.register(bench.house.layers, bench.store.endpoints, where, place=bench.place)
        bench.record("register", done.endpoint.id)
        return done

    done, host = _run(do), urlsplit(where).hostname or ""
    typer.echo(
        f"{'Registered' if done.made else 'Known'}: {done.endpoint.id} delivers {len(done.endpoint.events)} kinds of events to {where}"
    )
    typer.echo(f"Its secret {_end(done.secret)} is kept in the store, and nowhere else.")
    if done.unheard:
        typer.echo(f"Of these Layers does not tell, so they are asked for as before: {', '.join(done.unheard)}")
    if host not in LOOPBACK:
        typer.echo(f"Serve it with layers-mcp serve --transport http, and {host} in LAYERS_ALLOWED_HOSTS. Then: layers-mcp webhooks test")


@app.command("list")
def list_() -> None:
    """Show the endpoints at Layers, whether their secrets are kept here, and how the inbox stands."""

    async def do(bench: _Bench) -> tuple[list[Webhook], _Bench]:
        return await registering.listed(bench.house.layers), bench

    there, bench = _run(do)
    known = {one.id: one for one in bench.store.endpoints.at(bench.place)}
    for one in there:
        typer.echo(_line(one, known.get(one.id)))
    for gone in known.keys() - {one.id for one in there}:
        typer.echo(f"{gone}  deleted at Layers; what it signs is still taken here")
    if not there:
        typer.echo("Layers tells nobody; layers-mcp webhooks register URL makes an endpoint.")
    stands = bench.store.inbox.overview()
    typer.echo(f"Inbox: {stands.waiting} wait to be handled, {stands.given_up} were given up.")


def _line(one: Webhook, known: Known | None) -> str:
    kept = "its secret is NOT kept here: register it again" if known is None else f"secret {_end(known.secret)}"
    heard = "" if known is None or known.heard_at is None else f", last heard {wire_time(known.heard_at)}"
    failed = f", {one.consecutive_failure_count} deliveries in a row failed" if one.consecutive_failure_count else ""
    return f"{one.id}  {one.status}  {one.url}  {len(one.events)} kinds, {kept}{heard}{failed}"


@app.command("rotate")
def rotate(endpoint: _Endpoint = None) -> None:
    """Have a new secret made; the old one is good beside it until Layers ends it, so no event is lost."""

    async def do(bench: _Bench) -> Known:
        done = await registering.rotate(bench.house.layers, bench.store.endpoints, bench.one(endpoint))
        bench.record("rotate", done.id)
        return done

    done = _run(do)
    until = wire_time(done.previous_until) if done.previous_until else "now"
    typer.echo(f"Rotated: {done.id} signs with {_end(done.secret)}; the one before is taken until {until}")


@app.command("remove")
def remove(
    endpoint: _Endpoint = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Remove it without asking; for programs.")] = False,
) -> None:
    """Have Layers tell an endpoint nothing more, for good, and forget its secret; what happens is asked for again."""
    with opened() as (store, _):
        known = _one(store, place_of(settings_or_exit()), endpoint)
    typer.echo(f"{known.id} at {known.url} would be deleted, with its secret; loops and waits then ask Layers, which takes longer.")
    if not yes and not typed_yes("Remove it? Type yes"):
        typer.echo("nothing was changed")
        return

    async def do(bench: _Bench) -> bool:
        there = await registering.remove(bench.house.layers, bench.store.endpoints, bench.one(known.id))
        bench.record("remove", known.id)
        return there

    there = _run(do)
    typer.echo(f"Removed: {known.id}{'' if there else ' (Layers had it no more)'}. What it has told stays.")


@app.command("test")
def ping(
    endpoint: _Endpoint = None,
    *,
    wait: Annotated[int, typer.Option(min=0, max=600, help="How long to wait for it, in seconds.")] = 90,
) -> None:
    """Have Layers deliver a test, and see whether it arrives at a server of this state."""

    async def do(bench: _Bench) -> str | None:
        known, began_s = bench.one(endpoint), time.monotonic()
        pinged = await bench.house.layers.send(contract.TEST, PingWebhook(endpoint_id=known.id))
        typer.echo(f"Layers delivers {pinged.event_id} to {known.url}, within about a minute …")
        while bench.store.inbox.find(pinged.event_id) is None:
            if time.monotonic() - began_s > wait:
                return await _why(bench, known.id, pinged.delivery_id)
            await asyncio.sleep(_LOOK_S)
        typer.echo(f"It arrived after {time.monotonic() - began_s:.1f} s, and its signature was right.")
        return None

    if (why := _run(do)) is not None:
        typer.echo(f"layers-mcp: it did not arrive within {wait} s. {why}", err=True)
        raise typer.Exit(1)


async def _why(bench: _Bench, endpoint_id: str, delivery_id: str) -> str:
    """What Layers says became of a delivery."""
    page = await bench.house.layers.send(contract.DELIVERIES, ListDeliveries(endpoint_id=endpoint_id))
    found = next((one for one in page.items if one.id == delivery_id), None)
    if found is None or not found.attempts:
        return "Layers has not tried yet; see whether it comes with --wait 300"
    if found.last_response_status is None:
        return "Layers reached nobody there; is a server running, and reachable under that URL from outside?"
    hints = {401: "its secret is not kept in the state of the server there", 421: "its host is not in the server's LAYERS_ALLOWED_HOSTS"}
    return f"The server there answered {found.last_response_status}: {hints.get(found.last_response_status, 'see its log')}"
