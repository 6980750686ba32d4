"""What webhooks told is kept once, handled by one at a time, and forgotten in time; secrets are good for as long as they should be."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from layers_mcp.clock import HandClock
from layers_mcp.store import inbox as inbox_module
from layers_mcp.store.inbox import KEPT, KEPT_OPEN, MOST_TRIES
from layers_mcp.store.store import Store
from layers_mcp.store.told import Known, Overview, Told

PROJECT = "prj_2481fa5c-a404-44ed-a561-565392499abc"
LIVE = "https://api.layers.com"


def an_event(clock: HandClock, name: str = "evt_1", **given: object) -> Told:
    """An event that was just received."""
    known = {"endpoint_id": "whe_1", "type": "job.completed", "body": '{"id":"evt_1"}', "project_id": PROJECT, **given}
    return Told(id=name, received_at=clock.now(), **known)


def an_endpoint(clock: HandClock, name: str = "whe_1", **given: object) -> Known:
    """An endpoint that was just made."""
    known = {"place": LIVE, "url": "https://growth.example.com/webhooks/layers", "secret": "whsec_new", **given}
    return Known(id=name, made_at=clock.now(), **known)


def test_an_event_is_kept_once_however_often_it_comes(store: Store, clock: HandClock) -> None:
    """layers-api, operational/webhooks: the id is the same at every attempt; the first one stands."""
    first = an_event(clock)

    assert store.inbox.keep(first)
    assert not store.inbox.keep(an_event(clock, body="{}"))

    assert store.inbox.find("evt_1") == first
    assert store.inbox.find("evt_2") is None


def test_whoever_takes_an_event_has_it_alone_and_marks_it_once(store: Store, clock: HandClock) -> None:
    """Issue 7: exactly once after being stored; several processes may pump one inbox."""
    for name in ("evt_1", "evt_2", "evt_3"):
        store.inbox.keep(an_event(clock, name))

    mine, yours, nothing = store.inbox.take("me", most=2), store.inbox.take("you"), store.inbox.take("me")
    done = store.inbox.done("evt_1", "me", clock.now()), store.inbox.done("evt_1", "me", clock.now())

    assert ([one.id for one in mine], [one.id for one in yours], nothing) == (["evt_1", "evt_2"], ["evt_3"], ())
    assert done == (True, False)
    assert not store.inbox.done("evt_3", "me", clock.now())
    assert store.inbox.find("evt_1").handled_at == clock.now()
    assert store.inbox.overview() == Overview(waiting=2, given_up=0)


def test_of_many_that_take_at_once_each_event_goes_to_one(store: Store, clock: HandClock) -> None:
    """Issue 7: any number of workers on Postgres; nobody waits for another's rows, and none is taken twice."""
    names = {f"evt_{number}" for number in range(60)}
    for name in names:
        store.inbox.keep(an_event(clock, name))

    def take(holder: int) -> list[str]:
        taken: list[str] = []
        while some := store.inbox.take(str(holder), most=3):
            taken += [one.id for one in some]
        return taken

    with ThreadPoolExecutor(4) as threads:
        each = list(threads.map(take, range(4)))

    assert sorted(name for taken in each for name in taken) == sorted(names)


def test_what_a_dead_process_had_taken_goes_to_another_by_the_databases_time(store: Store, clock: HandClock, monkeypatch) -> None:
    """The hand clock stands still: leases go by the database. Who comes back late marks nothing."""
    monkeypatch.setattr(inbox_module, "_HELD_US", 0)
    store.inbox.keep(an_event(clock))
    store.inbox.take("dead")

    (taken,) = store.inbox.take("alive")

    assert taken.tries == 2
    assert not store.inbox.done("evt_1", "dead", clock.now())
    assert store.inbox.done("evt_1", "alive", clock.now())


def test_whoever_waits_with_an_event_in_hand_can_renew_its_lease_until_another_has_it(store: Store, clock: HandClock, monkeypatch) -> None:
    """One slow event before it in a batch hands it to nobody else."""
    with monkeypatch.context() as patch:
        patch.setattr(inbox_module, "_HELD_US", 0)
        store.inbox.keep(an_event(clock))
        store.inbox.take("me")

    assert store.inbox.hold("evt_1", "me")
    assert store.inbox.take("you") == ()
    assert not store.inbox.hold("evt_1", "you")
    assert store.inbox.done("evt_1", "me", clock.now())
    assert not store.inbox.hold("evt_1", "me")


def test_what_fails_waits_and_what_fails_for_ever_is_given_up(store: Store, clock: HandClock) -> None:
    """Issue 7: tries capped; an event that ends every process that takes it is taken no more, and stays to be seen."""
    store.inbox.keep(an_event(clock))
    store.inbox.keep(an_event(clock, "evt_2"))
    store.inbox.take("me")
    store.inbox.failed("evt_2", "me", "Busy", pause_s=3600)
    for _ in range(MOST_TRIES):
        store.inbox.failed("evt_1", "me", "Broken", pause_s=0)
        store.inbox.take("me")

    tried = {name: (store.inbox.find(name).tries, store.inbox.find(name).trouble) for name in ("evt_1", "evt_2")}
    assert tried == {"evt_1": (MOST_TRIES, "Broken"), "evt_2": (1, "Busy")}
    assert store.inbox.overview() == Overview(waiting=1, given_up=1)


def test_what_was_told_of_a_project_leaves_with_it_but_is_still_known_for_a_repetition(store: Store, clock: HandClock) -> None:
    """`layers-mcp forget`: a customer's texts stand in results; of an event that names no project nobody can tell whose it is."""
    for name, project in (("evt_1", PROJECT), ("evt_2", "prj_other"), ("evt_3", None)):
        store.inbox.keep(an_event(clock, name, project_id=project))
    for one in store.inbox.take("me"):
        store.inbox.done(one.id, "me", clock.now())

    store.forget(PROJECT, now=clock.now())

    assert [store.inbox.find(name).body for name in ("evt_1", "evt_2", "evt_3")] == ["", '{"id":"evt_1"}', ""]
    assert not store.inbox.keep(an_event(clock))


def test_events_are_dropped_long_after_layers_repeats_them(store: Store, clock: HandClock) -> None:
    """layers-api: repeated for 32 hours; what could not be handled stays longer, for a person."""
    store.inbox.keep(an_event(clock))
    store.inbox.keep(an_event(clock, "evt_2"))
    store.inbox.take("me", most=1)
    store.inbox.done("evt_1", "me", clock.now())

    left = [store.inbox.sweep(clock.now() + after) for after in (timedelta(hours=33), KEPT + timedelta(seconds=1), KEPT_OPEN)]
    clock.advance(KEPT_OPEN + timedelta(days=1))

    assert left == [0, 1, 0]
    assert store.inbox.sweep(clock.now()) == 1


def test_both_secrets_are_good_until_the_rotation_is_over(store: Store, clock: HandClock) -> None:
    """layers-api: POST …/rotate-secret; the previous one until previousSecretExpiresAt."""
    store.endpoints.keep(an_endpoint(clock, secret="whsec_old"))
    until = clock.now() + timedelta(hours=24)

    rotated = store.endpoints.rotate("whe_1", SecretStr("whsec_new"), until=until), store.endpoints.rotate("x", SecretStr("y"), until=until)
    (endpoint,) = store.endpoints.at(LIVE)

    assert rotated == (True, False)
    assert endpoint.secrets(until - timedelta(seconds=1)) == ("whsec_new", "whsec_old")
    assert endpoint.secrets(until) == ("whsec_new",)


def test_endpoints_of_another_api_are_strangers_and_secrets_are_not_shown(store: Store, clock: HandClock) -> None:
    """The sandbox and the live API may share a state folder."""
    store.endpoints.keep(an_endpoint(clock))
    store.endpoints.keep(an_endpoint(clock, "whe_2", place="http://sandbox.layers"))
    store.endpoints.keep(an_endpoint(clock, url="https://new.example.com/webhooks/layers"))

    (endpoint,) = store.endpoints.at(LIVE)
    store.endpoints.drop("whe_2")

    assert endpoint.url == "https://new.example.com/webhooks/layers"
    assert "whsec" not in repr(endpoint) + endpoint.model_dump_json()
    assert store.endpoints.at("http://sandbox.layers") == ()


def test_when_an_api_was_last_heard_of_is_known_to_some_seconds(store: Store, clock: HandClock) -> None:
    """What `client/told` goes by, in every process; a burst of events does not write that row each time."""
    store.endpoints.keep(an_endpoint(clock))
    before, began = store.endpoints.heard_at(LIVE), clock.now()

    for later_s in (0, 4):
        store.endpoints.heard(store.endpoints.at(LIVE)[0], began + timedelta(seconds=later_s))
    soon = store.endpoints.heard_at(LIVE)
    store.endpoints.heard(store.endpoints.at(LIVE)[0], began + timedelta(seconds=6))

    assert (before, soon, store.endpoints.heard_at(LIVE)) == (None, began, began + timedelta(seconds=6))
    assert store.endpoints.heard_at("http://sandbox.layers") is None


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_file_that_holds_the_secrets_is_its_owners(tmp_path: Path, clock: HandClock) -> None:
    """Secrets stand in the store in the clear, so nobody else may read it."""
    store = Store.open(tmp_path / "layers.db", clock=clock)
    store.endpoints.keep(an_endpoint(clock))

    modes = {one.stat().st_mode & 0o077 for one in tmp_path.glob("layers.db*")}

    store.close()
    assert modes == {0}
