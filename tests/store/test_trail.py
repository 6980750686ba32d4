"""The trail is only ever added to, and whoever changes it is found out."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from layers_mcp.clock import HandClock
from layers_mcp.store.rows import Entry
from layers_mcp.store.store import Store

AT = datetime(2026, 11, 22, tzinfo=UTC)


def entry(number: int = 0) -> Entry:
    """A call."""
    return Entry(
        at=AT, principal="key_1", tool="approve_content", effect="speaks", outcome=f"done {number}", arguments="", project_id="prj_1"
    )


@pytest.fixture
def store(where):
    """A store with ten calls."""
    one = Store.open(where, clock=HandClock(AT))
    for number in range(10):
        one.trail.add(entry(number))
    yield one
    one.close()


def test_what_is_as_it_was_written_verifies(store):
    """Issue 5: chained by hash, and shown to be whole."""
    number, digest = store.trail.end()

    assert store.trail.flaw() is None
    assert (number, len(digest)) == (10, 64)


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE trail SET outcome = 'failed' WHERE number = 4", "entry 4 is not what was written"),
        ("UPDATE trail SET confirmed_by = 'person' WHERE number = 7", "entry 7 is not what was written"),
        ("DELETE FROM trail WHERE number = 3", "entry 3 is missing"),
        ("DELETE FROM trail WHERE number = 10", "the trail ends at entry 9, and 10 were written"),
        ("DELETE FROM trail", "the trail ends at entry 0, and 10 were written"),
        ("UPDATE trail SET number = number + 100 WHERE number = 5; UPDATE trail SET number = 5 WHERE number = 6", "entry 5 is not"),
        (
            """CREATE TEMP TABLE copy AS SELECT * FROM trail WHERE number = 10; UPDATE copy SET number = 11;
            INSERT INTO trail SELECT * FROM copy""",
            "entry 11 is not what was written",
        ),
    ],
)
def test_whatever_is_changed_dropped_added_or_moved_is_found(store, tampering, found):
    """Issue 5: append-only; each mutation of the table is named at its place."""
    with store._engine.begin() as other:
        for one in tampering.split(";"):
            other.exec_driver_sql(one)

    assert (store.trail.flaw() or "").startswith(found)


def test_many_writers_make_one_chain(where, store):
    """Two processes of one state folder: every entry has a place of its own."""
    others = [Store.open(where, clock=HandClock(AT)) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: [one.trail.add(entry(number)) for number in range(25)], others))

    for one in others:
        one.close()
    assert store.trail.flaw() is None
    assert store.trail.end()[0] == 110


def test_the_newest_come_first_and_of_a_project_only_its_own(store):
    """`layers-mcp trail --project`."""
    store.trail.add(entry().model_copy(update={"project_id": "prj_2", "outcome": "other"}))

    assert [one.outcome for one in store.trail.recent(limit=2)] == ["other", "done 9"]
    assert {one.project_id for one in store.trail.recent(spellings=["prj_1"])} == {"prj_1"}
    assert store.trail.recent("somebody else") == ()


def test_the_trail_of_a_project_is_read_where_an_index_has_it(where, store):
    """Issue 9: among a million calls of others it costs what is shown."""
    if not isinstance(where, Path):
        pytest.skip("a server plans by what it knows of the rows; a file always plans alike")
    explained = "EXPLAIN QUERY PLAN SELECT number FROM trail WHERE lower(project_id) IN ('prj_1', '1') ORDER BY number DESC LIMIT 50"

    with sqlite3.connect(where) as connection:
        plan = [row[3] for row in connection.execute(explained)]

    assert any("USING INDEX ix_trail_project" in step or "USING COVERING INDEX ix_trail_project" in step for step in plan), plan
