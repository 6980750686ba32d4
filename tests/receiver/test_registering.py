"""An endpoint is made once for a URL, and its secret is kept, whatever is lost on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from pydantic import SecretStr

from layers_mcp.client.layers import Layers
from layers_mcp.contract import webhooks
from layers_mcp.contract.errors import Invalid, OurMistake, UnknownProblem
from layers_mcp.contract.events import PING
from layers_mcp.contract.webhooks import CreatedWebhook, Rotated, UpdateWebhook
from layers_mcp.receiver import registering
from layers_mcp.receiver.registering import ALL, SURE, delivered_at, listed, register, remove, rotate
from layers_mcp.sandbox.app import build
from layers_mcp.sandbox.world import World

pytestmark = pytest.mark.anyio
PLACE, URL = "https://api.layers.com", "https://growth.example.com/webhooks/layers"


@pytest.fixture
async def layers(tmp_path, clock) -> AsyncIterator[Layers]:
    """A client of a sandbox in this process."""
    world = await World.open(tmp_path / "world", wall=clock)
    transport = httpx2.ASGITransport(app=build(world))
    async with Layers("http://sandbox.layers", SecretStr(world.key), clock=clock, transport=transport) as one:
        yield one
    await world.close()


def _swallowing(layers: Layers, monkeypatch, *, times: int) -> None:
    """Answers that show a secret come without it, so often: as replayed ones do."""
    send, left = layers.send, [times]

    async def sending(endpoint, request, *, key=None):
        reply = await send(endpoint, request, key=key)
        if isinstance(reply, CreatedWebhook | Rotated) and left[0]:
            left[0] -= 1
            return reply.model_copy(update={"signing_secret": None})
        return reply

    monkeypatch.setattr(layers, "send", sending)


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ("https://growth.example.com", URL),
        ("https://growth.example.com/", URL),
        ("http://localhost:8000", "http://localhost:8000/webhooks/layers"),
        ("https://growth.example.com/behind/a/proxy", "https://growth.example.com/behind/a/proxy"),
    ],
)
def test_a_servers_url_is_enough_to_say_where_deliveries_go(given, where):
    """A proxy may have another path."""
    assert delivered_at(given) == where


@pytest.mark.parametrize("given", ["http://growth.example.com", "https://10.0.0.7", "growth.example.com", "https://user:x@example.com"])
def test_a_url_that_layers_can_not_deliver_to_is_refused(given):
    """layers-api: https; http for localhost only."""
    with pytest.raises(ValueError, match=r"must|leads to|is not"):
        delivered_at(given)


async def test_an_endpoint_is_made_once_and_its_secret_kept(layers, store, clock):
    """layers-api: the secret is shown once."""
    first = await register(layers, store.endpoints, URL, place="p")
    again = await register(layers, store.endpoints, URL, place="p")
    (kept,) = store.endpoints.at("p")

    assert (first.made, again.made, len(await listed(layers))) == (True, False, 1)
    assert (kept.id, kept.url, kept.secrets(clock.now())) == (first.endpoint.id, URL, (first.secret.get_secret_value(),))
    assert again.secret == first.secret
    assert (first.unheard, PING in first.endpoint.events) == ((), False)


async def test_an_endpoint_whose_secret_nobody_kept_gets_another(layers, store, monkeypatch):
    """An answer that is replayed has no secret; a process may have died before it was stored."""
    _swallowing(layers, monkeypatch, times=2)
    made = await register(layers, store.endpoints, URL, place="p")
    store.endpoints.drop(made.endpoint.id)

    adopted = await register(layers, store.endpoints, URL, place="p")

    assert (made.made, adopted.made, adopted.endpoint.id) == (True, False, made.endpoint.id)
    assert adopted.secret != made.secret
    assert [one.secret for one in store.endpoints.at("p")] == [adopted.secret]


async def test_a_secret_that_is_never_shown_is_a_mistake_that_says_so(layers, store, monkeypatch):
    """Nothing is kept that could not check a signature."""
    _swallowing(layers, monkeypatch, times=99)

    with pytest.raises(OurMistake, match="showed no secret"):
        await register(layers, store.endpoints, URL, place="p")

    assert store.endpoints.at("p") == ()


async def test_a_paused_endpoint_is_started_again(layers, store):
    """layers-api: auto_paused after twenty failures; PATCH status back to active."""
    made = await register(layers, store.endpoints, URL, place="p")
    await layers.send(webhooks.UPDATE, UpdateWebhook(endpoint_id=made.endpoint.id, status="paused"), key="k" * 20)

    again = await register(layers, store.endpoints, URL, place="p")

    assert again.endpoint.status == "active"


@pytest.mark.parametrize(
    "refusal",
    [
        Invalid("events: project.ready is not known"),
        UnknownProblem("no such event", wire_code="UNKNOWN_EVENT_TYPE", wire_status=422),
        UnknownProblem("no such event", wire_code="INVALID_EVENTS", wire_status=400),
    ],
)
async def test_where_names_of_one_page_are_refused_those_that_are_listed_are_asked_for(layers, store, monkeypatch, refusal):
    """layers-api: unknown names are rejected; project.ready and ads.decision stand in seed 000 alone."""
    send = layers.send

    async def sending(endpoint, request, *, key=None):
        if endpoint is webhooks.CREATE and "project.ready" in request.events:
            raise refusal
        return await send(endpoint, request, key=key)

    monkeypatch.setattr(layers, "send", sending)
    made = await register(layers, store.endpoints, URL, place="p")

    assert made.endpoint.events == SURE
    assert set(made.unheard) == set(ALL) - set(SURE) >= {"project.ready", "ads.decision"}


async def test_after_a_rotation_both_secrets_are_good_for_as_long_as_layers_says(layers, store, clock, monkeypatch):
    """layers-api: until previousSecretExpiresAt; 24 hours where an answer does not say."""
    made = await register(layers, store.endpoints, URL, place="p")
    (known,) = store.endpoints.at("p")

    rotated = await rotate(layers, store.endpoints, known)
    (kept,) = store.endpoints.at("p")

    assert rotated == kept
    assert kept.secrets(clock.now()) == (kept.secret.get_secret_value(), made.secret.get_secret_value())
    assert timedelta(hours=23) < kept.previous_until - clock.now() <= registering._OVERLAP


async def test_an_endpoint_that_is_removed_is_gone_on_both_sides_also_where_layers_had_it_no_more(layers, store):
    """Issue 7: `layers-mcp webhooks remove`; a second removal, after a lost answer, ends the same."""
    made = await register(layers, store.endpoints, URL, place="here")
    (known,) = store.endpoints.at("here")

    first = await remove(layers, store.endpoints, known)
    store.endpoints.keep(known)
    second = await remove(layers, store.endpoints, known)

    assert (made.made, first, second) == (True, True, False)
    assert (store.endpoints.at("here"), await listed(layers)) == ((), [])
