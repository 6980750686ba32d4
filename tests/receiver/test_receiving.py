"""What is delivered is checked, stored, and answered; what was stored is handled once."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import timedelta

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from layers_mcp.contract.signing import SIGNATURE, signature
from layers_mcp.receiver import pump as pump_module
from layers_mcp.receiver.app import BODY_BYTES, PATH
from layers_mcp.receiver.pump import Pump
from layers_mcp.receiver.reactions import Reaction
from layers_mcp.server import log
from layers_mcp.store import inbox as inbox_module
from layers_mcp.store.inbox import MOST_TRIES
from layers_mcp.store.told import Overview

pytestmark = pytest.mark.anyio
PROJECT = "prj_2481fa5c-a404-44ed-a561-565392499abc"
EVENT = {"id": "evt_1", "type": "job.completed", "data": {"jobId": "job_1", "projectId": PROJECT}}
DONE = Reaction(things=("job job_1",))


async def test_an_event_is_stored_before_it_is_answered_and_handled_after(sender, store, clock):
    """Issue 7: stored before 2xx. The id that counts is the one that was signed."""
    answer = await sender.send(EVENT, **{"X-Layers-Event-Id": "evt_forged"})
    stored = store.inbox.find("evt_1")
    handled = await sender.pump.turn()

    assert (answer.status_code, answer.json()) == (200, {"received": True, "known": False})
    assert (stored.type, stored.project_id, stored.received_at, stored.handled_at) == ("job.completed", PROJECT, clock.now(), None)
    assert (handled, sender.woken) == (1, [DONE])
    assert store.inbox.find("evt_1").handled_at == clock.now()
    assert store.endpoints.heard_at("https://api.layers.com") == clock.now()


async def test_what_waits_behind_a_slow_event_is_handled_by_one_process_only(sender, store, clock, monkeypatch):
    """A batch is taken under leases of 30 seconds; the first of it takes 31, and another process takes what ran out."""
    for name in ("evt_1", "evt_2"):
        await sender.send(EVENT | {"id": name})
    handled: list[str] = []

    async def theirs(_: Reaction) -> None:
        handled.append("theirs")

    async def slow(_: Reaction) -> None:
        handled.append("mine")
        if len(handled) == 1:
            monkeypatch.setattr(inbox_module, "_HELD_US", 30_000_000)
            clock.advance(timedelta(seconds=31))
            await Pump(store.inbox, theirs, clock).turn()

    monkeypatch.setattr(inbox_module, "_HELD_US", 0)
    await Pump(store.inbox, slow, clock).turn()

    assert handled == ["mine", "theirs", "theirs"]
    assert store.inbox.overview() == Overview(waiting=0, given_up=0)


async def test_an_event_that_comes_again_is_answered_and_not_handled_again(sender, store):
    """layers-api: retried until 2xx, the same id at every attempt."""
    first = await sender.send(EVENT)
    await sender.pump.turn()
    again = await sender.send(EVENT, late_s=20)

    assert (again.status_code, first.json()["known"], again.json()["known"]) == (200, False, True)
    assert await sender.pump.turn() == 0
    assert sender.woken == [DONE]


async def test_a_replay_is_an_event_of_its_own_and_known_for_one(sender, store):
    """layers-api: a replay has a new event id and names the delivery that it repeats, in older editions in data."""
    await sender.send(EVENT)
    await sender.send(EVENT | {"id": "evt_2", "replayOf": "dlv_1"})
    await sender.send(EVENT | {"id": "evt_3", "data": EVENT["data"] | {"replayOf": "dlv_2"}})
    await sender.pump.turn()

    assert [store.inbox.find(name).replays for name in ("evt_1", "evt_2", "evt_3")] == [None, "dlv_1", "dlv_2"]
    assert sender.woken == [DONE, DONE, DONE]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"secrets": ["whsec_stranger"]}, 401),
        ({"secrets": []}, 401),
        ({"late_s": 301}, 401),
        ({"late_s": -301}, 401),
        ({"late_s": 300}, 200),
        ({"secrets": ["whsec_stranger", "whsec_new"]}, 200),
    ],
)
async def test_what_is_not_signed_by_us_and_now_leaves_nothing(sender, store, sent, status):
    """Issue 7: wrong signature 401 with nothing stored, and nothing of the body in the log."""
    with capture_logs() as logs:
        answer = await sender.send(EVENT, **sent)

    assert answer.status_code == status
    assert (store.inbox.find("evt_1") is not None) == (status == 200)
    assert "evt_1" not in repr(logs) + answer.text
    assert "job_1" not in repr(logs) + answer.text


async def test_a_signature_for_another_body_or_two_headers_are_none(sender, store, clock):
    """The raw bytes count; which of two headers would hold is nobody's guess."""
    header = signature(["whsec_new"], b"{}", int(clock.now().timestamp()))
    one = await sender.client.post(PATH, content=b'{"id": "evt_1"}', headers={SIGNATURE: header})
    two = await sender.client.post(PATH, content=b"{}", headers=[(SIGNATURE, header), (SIGNATURE, header)])
    none = await sender.client.post(PATH, content=b"{}")

    assert [answer.status_code for answer in (one, two, none)] == [401, 401, 401]
    assert store.inbox.overview() == Overview(waiting=0, given_up=0)


async def test_nothing_is_taken_for_an_endpoint_of_another_api_or_one_that_was_deleted(sender, store):
    """A secret that is gone signs nothing any more."""
    store.endpoints.drop("whe_1")

    assert (await sender.send(EVENT)).status_code == 401


async def test_a_rotation_loses_nothing(sender, store, clock):
    """layers-api: both secrets sign until previousSecretExpiresAt; either will do until then, the new one after."""
    store.endpoints.rotate("whe_1", SecretStr("whsec_newer"), until=clock.now() + timedelta(hours=24))
    during = [(await sender.send(EVENT, secrets=[secret])).status_code for secret in ("whsec_new", "whsec_newer")]
    clock.advance(timedelta(hours=24))
    after = [(await sender.send(EVENT, secrets=[secret])).status_code for secret in ("whsec_new", "whsec_newer")]

    assert (during, after) == ([200, 200], [401, 200])


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b"\xff", b"[" * 100_000])
async def test_what_is_signed_and_no_object_is_malformed(sender, store, body):
    """Issue 7: malformed; nothing is stored."""
    answer = await sender.send(body)

    assert answer.status_code == 400
    assert store.inbox.overview() == Overview(waiting=0, given_up=0)


@pytest.mark.parametrize(
    ("event", "kept"),
    [
        ({"id": "evt_1", "type": "adsLayer.updated", "data": {}}, ("evt_1", "adsLayer.updated")),
        ({"id": "evt_1", "type": "ads-layer.updated", "data": {}}, ("evt_1", "ads-layer.updated")),
        ({"id": "evt_1", "type": "x" * 101, "data": {}}, ("evt_1", "unknown")),
        ({"id": "evt_1", "type": "job.completed", "data": None}, ("evt_1", "job.completed")),
        ({"id": "evt_1", "type": "job.completed", "data": [7]}, ("evt_1", "job.completed")),
        ({"id": "evt:1", "type": "job.completed", "data": {}}, ("evt:1", "job.completed")),
        ({"id": "../\0", "type": "a\nb", "replayOf": "\0", "data": {"projectId": "\0"}}, (None, "unknown")),
        ({"eventId": "evt_1", "said": "\ud800"}, (None, "unknown")),
    ],
)
async def test_what_is_signed_is_kept_once_whatever_its_shape(sender, store, event, kept):
    """layers-api: 4xx is not delivered again, and 20 failures in a row pause the endpoint; issue 7: unknown types kept."""
    body = json.dumps(event).encode()
    name = kept[0] or f"sha256:{hashlib.sha256(body).hexdigest()}"
    answers = [await sender.send(body, late_s=late_s) for late_s in (0, 20)]
    await sender.pump.turn()

    stored = store.inbox.find(name)
    assert [(one.status_code, one.json()["known"]) for one in answers] == [(200, False), (200, True)]
    assert (stored.type, stored.body, stored.replays, stored.project_id) == (kept[1], body.decode(), None, None)
    assert (stored.handled_at is not None, stored.trouble, sender.woken) == (True, None, [])


async def test_a_replay_that_names_no_delivery_is_understood_all_the_same(sender, store):
    """A field that nothing depends on stops nothing."""
    await sender.send(EVENT | {"replayOf": 5})
    await sender.pump.turn()

    assert (store.inbox.find("evt_1").replays, sender.woken) == (None, [DONE])


@pytest.mark.parametrize(("secret", "status", "said"), [("whsec_new", 200, True), ("whsec_stranger", 401, False)])
async def test_what_is_signed_and_too_long_is_answered_and_not_stored(sender, store, secret, status, said):
    """Issue 7: size limit; a delivery that comes out the same each time is not asked for again. No content in the log."""
    log.configure("info")
    body = b'{"id":"evt_1","type":"test.ping","data":{"message":"' + b"x" * BODY_BYTES + b'"}}'

    with capture_logs() as logs:
        answer = await sender.send(body, secrets=[secret])

    assert (answer.status_code, store.inbox.find("evt_1")) == (status, None)
    assert ({"problem": "too long", "bytes": len(body)}.items() <= logs[0].items()) == said
    assert "evt_1" not in repr(logs)


async def test_a_body_that_no_request_may_have_is_not_read(sender, store):
    """Issue 7: size limit, whatever it is signed with."""
    answer = await sender.send(b" " * (4 * BODY_BYTES + 1))

    assert answer.status_code == 413


async def test_only_a_post_delivers(sender):
    """Anything else is somebody looking around."""
    assert (await sender.client.get(PATH)).status_code == 405


async def test_while_nothing_can_be_stored_layers_is_asked_to_come_again(sender, store):
    """Nothing is lost: what is not answered with 2xx is delivered again."""
    sender.opening = OSError("secret words")
    with capture_logs() as logs:
        answer = await sender.send(EVENT)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "secret words" not in answer.text + repr(logs)


@pytest.mark.parametrize("event", [{"type": "billing.paid", "data": {"cents": 5}}, {"type": "post.published", "data": {"postId": "sp_1"}}])
async def test_what_is_not_understood_is_kept_and_wakes_nobody(sender, store, event):
    """Issue 7: unknown types kept; layers-api: not every payload is known."""
    await sender.send({"id": "evt_9", **event})
    await sender.pump.turn()

    kept = store.inbox.find("evt_9")
    assert (kept.type, kept.handled_at is not None, kept.trouble) == (event["type"], True, None)
    assert sender.woken == []


async def test_an_event_that_can_not_be_handled_is_tried_again_and_stands_in_nobodys_way(sender, store, monkeypatch):
    """Tries are capped; those behind it are handled meanwhile."""
    monkeypatch.setattr(pump_module, "_PAUSES_S", (0.0,))
    sender.failing = [RuntimeError("no") for _ in range(MOST_TRIES)]
    await sender.send(EVENT)
    while await sender.pump.turn():
        pass
    await sender.send(EVENT | {"id": "evt_2"})
    await sender.pump.turn()

    assert store.inbox.overview() == Overview(waiting=0, given_up=1)
    assert (store.inbox.find("evt_1").trouble, sender.woken) == ("RuntimeError", [DONE])


async def test_what_was_told_of_a_project_that_was_forgotten_wakes_nobody(sender, store, clock):
    """`layers-mcp forget` between the delivery and the pump."""
    await sender.send(EVENT)
    store.forget(PROJECT, now=clock.now())
    await sender.pump.turn()

    assert (sender.woken, store.inbox.find("evt_1").body) == ([], "")


async def test_the_pump_runs_when_something_comes_and_survives_a_store_that_fails(sender, store, monkeypatch):
    """It is the same process that stores; what cannot be read is read again."""
    monkeypatch.setattr(pump_module, "_LOOK_S", 0.01)
    failing, take = [OSError()], store.inbox.take

    def taking(holder):
        if failing:
            raise failing.pop()
        return take(holder)

    monkeypatch.setattr(store.inbox, "take", taking)
    task = asyncio.create_task(sender.pump.run())
    await sender.send(EVENT)
    async with asyncio.timeout(10):
        await sender.heard.wait()
    task.cancel()

    assert sender.woken == [DONE]


async def test_a_pump_drops_what_is_old_every_hour(sender, store, clock):
    """A server that runs for months keeps a week of events."""
    await sender.send(EVENT)
    await sender.pump.turn()
    clock.advance(timedelta(days=8))
    await sender.pump._sweep()

    assert store.inbox.find("evt_1") is None
