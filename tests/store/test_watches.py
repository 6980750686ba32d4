"""Who watches what: one at a time, free again soon after a kill, and no customer's text for longer than it is of use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from layers_mcp.clock import HandClock
from layers_mcp.store.store import Store
from layers_mcp.store.watches import OLD

NOW = datetime(2026, 4, 18, 17, 22, 14, tzinfo=UTC)
LEASE = timedelta(seconds=12)
SEEN = ('{"jobId": "job_1"}', None, NOW, NOW + timedelta(minutes=1), None)


@pytest.fixture
def store(where: Path | str):
    """A store, wherever one may be."""
    one = Store.open(where)
    yield one
    one.close()


def test_a_lease_is_one_holders_until_it_runs_out(store: Store) -> None:
    """Issue 6: a killed watcher's jobs are taken over; a clock that was set back holds nothing for longer than a lease."""
    leases = store.watches("me")
    first = leases.claim("job_1", "a", now=NOW, until=NOW + LEASE)
    leases.publish("job_1", "a", SEEN, until=NOW + LEASE)
    leases.publish("job_1", "b", ("another's", *SEEN[1:]), until=NOW + LEASE)

    held = leases.claim("job_1", "b", now=NOW + LEASE / 2, until=NOW + LEASE * 1.5)
    leases.renew("a", {}, now=NOW + LEASE / 2, until=NOW + LEASE * 1.5)
    still = leases.claim("job_1", "b", now=NOW + LEASE, until=NOW + LEASE * 2)
    taken = leases.claim("job_1", "b", now=NOW + LEASE * 1.5, until=NOW + LEASE * 2.5)
    early = leases.claim("job_1", "c", now=NOW - timedelta(hours=1), until=NOW - timedelta(hours=1) + LEASE)
    elsewhere = store.watches("another key").claim("job_1", "d", now=NOW, until=NOW + LEASE)

    assert (first.holder, first.reply) == ("a", None)
    assert (held.holder, held.reply) == ("a", SEEN[0])
    assert (still.holder, taken.holder, taken.reply) == ("a", "b", SEEN[0])
    assert (early.holder, elsewhere.holder, elsewhere.reply) == ("c", "d", None)


def test_whoever_has_seen_something_newer_tells_the_holder(store: Store) -> None:
    """Issue 6: one watcher across processes; a webhook comes to any of them."""
    leases = store.watches("me")
    for thing in ("job_1", "job_2", "job_3"):
        leases.claim(thing, "a", now=NOW, until=NOW + LEASE)
        leases.publish(thing, "a", SEEN, until=NOW + LEASE)
    newer = ("newer", None, NOW + timedelta(seconds=3), NOW + timedelta(minutes=1), None)
    leases.publish("job_1", "b", newer, until=NOW + LEASE * 2)
    leases.release("job_2", "a", now=NOW)

    stirred = leases.renew("a", dict.fromkeys(("job_1", "job_2", "job_3"), NOW), now=NOW + LEASE / 2, until=NOW + LEASE * 1.5)

    row = leases.claim("job_1", "a", now=NOW + LEASE / 2, until=NOW + LEASE * 1.5)
    assert stirred == {"job_1", "job_2"}
    assert (row.holder, row.reply) == ("a", "newer")


def test_a_lease_that_was_let_go_is_free_at_once(store: Store) -> None:
    """What was seen stays for whoever follows."""
    leases = store.watches("me")
    leases.claim("job_1", "a", now=NOW, until=NOW + LEASE)
    leases.publish("job_1", "a", SEEN, until=NOW + LEASE)

    leases.release("job_1", "a", now=NOW)

    assert leases.claim("job_1", "b", now=NOW, until=NOW + LEASE).reply == SEEN[0]


@pytest.mark.parametrize(
    "forgets",
    [
        lambda store, _, now: store.watches("me").renew("b", {}, now=now, until=now + LEASE),
        lambda store, _, now: store.watches("me").release("job_2", "b", now=now),
        lambda _, where, now: Store.open(where, clock=HandClock(now)).close(),
    ],
    ids=["a beat", "an end", "a start"],
)
def test_what_nobody_watches_is_forgotten_within_minutes(
    store: Store, where: Path | str, forgets: Callable[[Store, Path | str, datetime], object]
) -> None:
    """It holds customers' texts."""
    leases = store.watches("me")
    leases.claim("job_1", "a", now=NOW, until=NOW + LEASE)
    leases.publish("job_1", "a", SEEN, until=NOW + LEASE)
    leases.claim("job_2", "b", now=NOW, until=NOW + LEASE)
    later = NOW + LEASE + OLD + timedelta(seconds=1)

    forgets(store, where, later)

    assert leases.claim("job_1", "b", now=later, until=later + LEASE).reply is None


def test_forgetting_a_customer_leaves_nothing_that_was_seen(store: Store) -> None:
    """`layers-mcp forget`: deletes texts and media from the state folder, for good; the watch goes on."""
    leases = store.watches("me")
    leases.claim("job_1", "a", now=NOW, until=NOW + LEASE)
    leases.publish("job_1", "a", SEEN, until=NOW + LEASE)

    store.forget("prj_1", now=NOW)

    row = leases.claim("job_1", "b", now=NOW, until=NOW + LEASE)
    assert (row.holder, row.reply, row.etag, row.seen_at) == ("a", None, None, None)


def test_who_watches_is_told_what_a_webhook_said_wherever_it_came(store: Store) -> None:
    """Issue 7: it wakes the desk; the process that receives an event is seldom the one that waits."""
    leases = store.watches("me")
    leases.claim("job_1", "a", now=NOW, until=NOW + LEASE)
    leases.publish("job_1", "a", SEEN, until=NOW + LEASE)

    before = leases.renew("a", {"job_1": NOW}, now=NOW, until=NOW + LEASE)
    leases.told("job_1", now=NOW + timedelta(seconds=1))
    leases.told("job_2", now=NOW)
    after = leases.renew("a", {"job_1": NOW}, now=NOW, until=NOW + LEASE)

    assert (before, after) == (frozenset(), frozenset({"job_1"}))
    assert leases.claim("job_1", "b", now=NOW, until=NOW + LEASE).told_at == NOW + timedelta(seconds=1)
