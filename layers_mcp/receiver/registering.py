"""Our endpoints at Layers: made once for a URL, with their secrets kept in the store, and rotated without losing an event."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

from pydantic import SecretStr

from layers_mcp.address import unfit
from layers_mcp.client.layers import Layers
from layers_mcp.client.pages import every
from layers_mcp.contract import webhooks
from layers_mcp.contract.errors import Invalid, NotFound, OurMistake, UnknownProblem
from layers_mcp.contract.events import CATALOG, EVENTS, PING
from layers_mcp.contract.webhooks import CreatedWebhook, CreateWebhook, DeleteWebhook, ListWebhooks, RotateSecret, UpdateWebhook, Webhook
from layers_mcp.receiver.app import PATH
from layers_mcp.store.endpoints import Endpoints
from layers_mcp.store.told import Known

__all__ = ["Registered", "delivered_at", "listed", "register", "remove", "rotate"]

ALL = tuple(sorted(EVENTS.keys() - {PING}))
SURE = tuple(sorted(CATALOG.keys() - {PING}))
"""Where one name that nobody lists is refused, those that the pages list are not (`contract/events`)."""
_PAGES = 20
_TRIES = 3
_WRONG = (400, 422)
"""Statuses of a request that is refused for what it says, by whatever code: no page names the code for an unknown kind of event."""
_OVERLAP = timedelta(hours=24)
"""How long both secrets are good when an answer does not say (layers-api: POST …/rotate-secret, older edition)."""


class Registered(NamedTuple):
    """An endpoint whose secret is kept here. `made`: it was not there before; `unheard`: kinds of events that Layers does not tell of."""

    endpoint: Webhook
    secret: SecretStr
    made: bool
    unheard: tuple[str, ...]


def delivered_at(url: str) -> str:
    """Where deliveries go for a server's public URL: `/webhooks/layers` below it, unless it names a path of its own.

    Raises:
        ValueError: it is no https URL of the public Internet, nor one of this machine.
    """
    why = unfit(url, loopback=True)
    if why is not None:
        raise ValueError(why)
    return url.rstrip("/") + PATH if urlsplit(url).path in ("", "/") else url


async def listed(layers: Layers) -> list[Webhook]:
    """All endpoints of the key's organization, newest first."""
    return await every(lambda cursor: layers.send(webhooks.LIST, ListWebhooks(cursor=cursor, limit=100)), pages=_PAGES)


async def register(layers: Layers, endpoints: Endpoints, url: str, *, place: str) -> Registered:
    """Make the endpoint at a URL, or take over the one that is there, and keep its secret. Called again it changes nothing.

    Of an endpoint whose secret nobody kept (the answer was lost on the way) the secret is rotated. One that is paused is started again.

    Raises:
        LayersError: Layers refused, or did not answer; what is half done is finished by the next call.
    """
    there = next((one for one in await listed(layers) if one.url == url), None)
    known = {one.id: one for one in endpoints.at(place)}
    if there is None:
        return await _made(layers, endpoints, url, place=place)
    if there.status != "active":
        active = UpdateWebhook(endpoint_id=there.id, status="active")
        there = await layers.send(webhooks.UPDATE, active, key=str(uuid4()))
    if there.id in known:
        secret = known[there.id].secret
    else:
        secret, _ = await _fresh(layers, there.id)
        _keep(endpoints, there, secret, place=place, layers=layers)
    return Registered(there, secret, made=False, unheard=tuple(sorted(set(ALL) - set(there.events))))


async def _made(layers: Layers, endpoints: Endpoints, url: str, *, place: str) -> Registered:
    created = await _created(layers, url)
    secret = created.signing_secret or (await _fresh(layers, created.endpoint.id))[0]
    _keep(endpoints, created.endpoint, secret, place=place, layers=layers)
    return Registered(created.endpoint, secret, made=True, unheard=tuple(sorted(set(ALL) - set(created.endpoint.events))))


async def _created(layers: Layers, url: str) -> CreatedWebhook:
    what = "what layers-mcp waits for: webhooks register"
    try:
        return await layers.send(webhooks.CREATE, CreateWebhook(url=url, events=ALL, description=what), key=str(uuid4()))
    except (Invalid, UnknownProblem) as problem:
        if isinstance(problem, UnknownProblem) and problem.wire_status not in _WRONG:
            raise
        # perhaps of a name that only one page knows; else the same words come again
        return await layers.send(webhooks.CREATE, CreateWebhook(url=url, events=SURE, description=what), key=str(uuid4()))


async def _fresh(layers: Layers, endpoint_id: str) -> tuple[SecretStr, timedelta]:
    """A new secret of an endpoint, and how long the one before is good.

    An answer that is replayed, as the first was lost on the way, has no secret: then there has to be another rotation.
    """
    for _ in range(_TRIES):
        rotated = await layers.send(webhooks.ROTATE, RotateSecret(endpoint_id=endpoint_id), key=str(uuid4()))
        if rotated.signing_secret is not None:
            ends = rotated.previous_secret_expires_at
            return rotated.signing_secret, _OVERLAP if ends is None else ends - layers.now()
    raise OurMistake(f"Layers showed no secret for endpoint {endpoint_id}, however often it was rotated")


async def remove(layers: Layers, endpoints: Endpoints, known: Known) -> bool:
    """Have an endpoint deleted, and forget its secrets after that; False when Layers had it no more.

    Raises:
        LayersError: Layers refused, or did not answer; then its secrets stay, and what it may still deliver is taken.
    """
    try:
        await layers.send(webhooks.DELETE, DeleteWebhook(endpoint_id=known.id))
        there = True
    except NotFound:
        there = False
    endpoints.drop(known.id)
    return there


def _keep(endpoints: Endpoints, made: Webhook, secret: SecretStr, *, place: str, layers: Layers) -> None:
    endpoints.keep(Known(id=made.id, place=place, url=made.url, made_at=layers.clock.now(), secret=secret))


async def rotate(layers: Layers, endpoints: Endpoints, known: Known) -> Known:
    """Have a new secret made and kept; what is signed by the old one is taken until Layers ends that.

    Raises:
        LayersError: Layers refused, or did not answer.
    """
    secret, overlap = await _fresh(layers, known.id)
    until = layers.clock.now() + overlap
    endpoints.rotate(known.id, secret, until=until)
    return known.model_copy(update={"secret": secret, "previous_secret": known.secret, "previous_until": until})
