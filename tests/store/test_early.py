"""Runs that are started before their hour: one for each reason, unless one that is there will see the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from layers_mcp.clock import HandClock
from layers_mcp.database import writing
from layers_mcp.store.rows import RunRow
from layers_mcp.store.run_tables import runs
from layers_mcp.store.store import Store


@pytest.fixture
def store(tmp_path: Path, clock: HandClock) -> Iterator[Store]:
    """An empty one."""
    one = Store.open(tmp_path / "layers.db", clock=clock)
    yield one
    one.close()


def _row(clock: HandClock, name: str, **given: Any) -> RunRow:
    known = {"loop": "publish_to_learn", "project_id": "prj_q", "customer": "q", "due_at": clock.now() + timedelta(seconds=2), **given}
    return RunRow(id=name, given="{}", state="sleeping", began_at=clock.now(), **known)


def test_a_run_that_is_started_early_is_due_after_a_moment_and_begun_by_whoever_has_a_seat(store: Store, clock: HandClock) -> None:
    """Issue 7: the receiver wakes the loops; who hears of events need not run them."""
    assert store.runs.add_early(_row(clock, "a"))
    soon = store.runs.take_due(clock.now(), limit=9)
    clock.advance(timedelta(seconds=2))

    assert (soon, [one.id for one in store.runs.take_due(clock.now(), limit=9)]) == ((), ["a"])


@pytest.mark.parametrize(
    ("stands", "added"),
    [
        ({}, [False, True]),
        ({"state": "queued"}, [False, True]),
        ({"turn": 1, "step": 1, "code": "HALTED"}, [False, True]),
        ({"turn": 1, "step": 3, "done": 2}, [True, True]),
        ({"turn": 2, "step": 1, "done": 4, "code": "PROCESS_DIED"}, [True, True]),
        ({"turn": 1, "state": "running"}, [True, True]),
        ({"turn": 1, "state": "completed"}, [True, True]),
    ],
)
def test_another_one_is_needless_while_one_has_read_nothing_yet(store: Store, clock: HandClock, stands: Any, added: list[bool]) -> None:
    """A burst of events is one look, and none of them is lost."""
    store.runs.add_early(_row(clock, "a"))
    with writing(store._engine) as connection:
        connection.execute(update(runs).values(stands or {"turn": 0}))

    found = [store.runs.add_early(_row(clock, name, **more)) for name, more in (("b", {}), ("c", {"project_id": "prj_r"}))]

    assert found == added
    assert not store.runs.add_early(_row(clock, "c", project_id="prj_s"))
