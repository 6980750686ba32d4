"""What the store keeps, gives back and forgets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from layers_mcp.clock import HandClock
from layers_mcp.store.rows import Began, Confirmation, Entry, Operation
from layers_mcp.store.store import Store

WEEK = timedelta(days=7)


def a_preview(clock: HandClock, handle: str = "h1") -> Confirmation:
    """A preview, just shown."""
    return Confirmation(
        handle=handle,
        principal="key_1",
        tool="approve_content",
        arguments="a" * 64,
        shown="b" * 64,
        key="k1",
        minted_at=clock.now(),
        expires_at=clock.now() + timedelta(minutes=10),
    )


def an_operation(clock: HandClock, **given: str) -> Operation:
    """An attempt with a fresh key."""
    known = {"principal": "key_1", "tool": "create_project", "name": "a" * 64, "arguments": "a" * 64, "key": "k1", **given}
    return Operation(**known, made_at=clock.now())


def attempt(store: Store, operation: Operation, *, since: datetime) -> Operation:
    """The operation as this attempt runs it."""
    claim = store.replies.claim(operation, since=since)
    assert claim.state == "mine"
    return claim.operation


def unless(refused: str | None) -> Callable[[object], str | None]:
    """A judge with one answer."""
    return lambda _row: refused


def test_a_preview_is_kept_as_it_was_and_found_by_its_handle_only(store: Store, clock: HandClock) -> None:
    """Brief of `confirmations`."""
    row = a_preview(clock)

    store.confirmations.mint(row)

    assert store.confirmations.find("h1") == row
    assert store.confirmations.find("h2") is None


def test_spending_and_finishing_change_the_row_once(store: Store, clock: HandClock, where: Path | str) -> None:
    """design.md §5: the row is the state; another process sees it at once."""
    store.confirmations.mint(a_preview(clock))

    spent = store.confirmations.spend("h1", now=clock.now(), since=clock.now(), confirmed_by="agent", refuse=unless(None))
    store.confirmations.finish("h1", now=clock.now(), outcome={"id": "cnt_1"}, failed=False)
    store.confirmations.finish("h1", now=clock.now(), outcome=None, failed=True)

    other = Store.open(where, clock=clock)
    found = other.confirmations.find("h1")
    other.close()
    assert isinstance(spent, Confirmation)
    assert (spent.state, spent.spent_at, spent.confirmed_by) == ("acting", clock.now(), "agent")
    assert found == spent.model_copy(update={"state": "done", "finished_at": clock.now(), "outcome": {"id": "cnt_1"}})


def test_a_refused_spending_changes_nothing(store: Store, clock: HandClock) -> None:
    """The judge is asked inside the transaction, with the row as it stands."""
    store.confirmations.mint(a_preview(clock))

    why = store.confirmations.spend("h1", now=clock.now(), since=clock.now(), confirmed_by="agent", refuse=unless("no"))

    assert why == "no"
    assert store.confirmations.find("h1") == a_preview(clock)


def test_attempts_at_one_operation_share_the_first_key_until_it_is_too_old(store: Store, clock: HandClock) -> None:
    """design.md §5, last paragraph: reused for ten minutes; later it is a new operation."""
    started = clock.now()

    first = attempt(store, an_operation(clock), since=started)
    again = attempt(store, an_operation(clock, key="k2"), since=started)
    clock.advance(timedelta(minutes=10))
    later = attempt(store, an_operation(clock, key="k3"), since=started + timedelta(seconds=1))

    assert [(one.key, one.attempts, one.replayed) for one in (first, again, later)] == [("k1", 1, False), ("k1", 2, True), ("k3", 1, False)]
    assert later.made_at == clock.now()


def test_other_callers_tools_and_arguments_are_other_operations(store: Store, clock: HandClock) -> None:
    """The row is unique on (principal, tool, digest of the arguments)."""
    others = [{}, {"principal": "key_2"}, {"tool": "ingest_repo"}, {"name": "c" * 64}]

    rows = [attempt(store, an_operation(clock, **other), since=clock.now()) for other in others]

    assert [row.replayed for row in rows] == [False] * 4


def test_a_repeated_operation_keeps_its_key_and_a_forgotten_one_is_new(store: Store, clock: HandClock) -> None:
    """Brief of `replies`; only the row of the same key is touched."""
    row = attempt(store, an_operation(clock), since=clock.now())

    repeated = attempt(store, an_operation(clock, key="k2"), since=clock.now())
    store.replies.forget(row.model_copy(update={"key": "another"}))
    kept = attempt(store, an_operation(clock, key="k2"), since=clock.now())
    store.replies.forget(row)
    fresh = attempt(store, an_operation(clock, key="k2"), since=clock.now())

    assert [(one.key, one.attempts) for one in (repeated, kept, fresh)] == [("k1", 2), ("k1", 3), ("k2", 1)]


def test_what_was_begun_is_kept_once_and_listed_newest_first(store: Store, clock: HandClock) -> None:
    """Brief of `begun`: a replayed call begins the same job again; whoever called, as holds are for all of a store."""
    first = Began(
        kind="job", id="job_1", principal="key_1", tool="t", project_id="prj_1", started_at=clock.now(), arguments="a" * 64, key="k1"
    )
    clock.advance(timedelta(seconds=1))
    second = first.model_copy(update={"id": "job_2", "project_id": None, "started_at": clock.now()})
    stranger = first.model_copy(update={"id": "job_3", "principal": "key_2"})

    for row in (first, second, stranger, first.model_copy(update={"tool": "again"})):
        store.begun.add(row)

    assert store.begun.recent() == (second, first, stranger)
    assert store.begun.recent(project_id="prj_1") == (first, stranger)
    assert store.begun.recent(limit=1) == (second,)


def test_the_trail_gives_back_what_was_written_newest_first(store: Store, clock: HandClock) -> None:
    """Brief of `trail`: one row a call."""
    first = Entry(at=clock.now(), principal="key_1", tool="halt", effect="SETS", outcome="ok", arguments="a" * 64)
    second = first.model_copy(update={"outcome": "RATE_LIMITED", "request_id": "req_1", "confirmed_by": "agent", "project_id": "prj_1"})

    for entry in (first, second, first.model_copy(update={"principal": "key_2"})):
        store.trail.add(entry)

    assert store.trail.recent("key_1") == (second, first)
    assert store.trail.recent("key_1", limit=1) == (second,)


def test_opening_forgets_what_is_a_week_too_old_but_not_the_trail(where: Path | str, store: Store, clock: HandClock) -> None:
    """Brief of the store: retention on opening."""
    store.confirmations.mint(a_preview(clock))
    attempt(store, an_operation(clock), since=clock.now())
    store.trail.add(Entry(at=clock.now(), principal="key_1", tool="halt", effect="SETS", outcome="ok", arguments="a" * 64))
    clock.advance(WEEK)
    Store.open(where, clock=clock).close()
    after_a_week = store.confirmations.find("h1")
    clock.advance(timedelta(minutes=10, seconds=1))

    Store.open(where, clock=clock).close()

    operation = attempt(store, an_operation(clock), since=clock.now() - 2 * WEEK)
    assert after_a_week is not None
    assert store.confirmations.find("h1") is None
    assert not operation.replayed
    assert len(store.trail.recent("key_1")) == 1


def test_a_database_can_be_named_by_url(tmp_path: Path) -> None:
    """design.md §3: Postgres by URL; a URL of SQLite goes the same way."""
    store = Store.open(f"sqlite:///{tmp_path / 'by-url.db'}")

    store.close()

    assert (tmp_path / "by-url.db").exists()
