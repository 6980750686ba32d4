"""One operation, whatever happens to its answer; and what is written down."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest

from layers_mcp.clock import HandClock
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import digest
from layers_mcp.store.rows import Operation
from layers_mcp.store.store import Store

ARGUMENTS = digest({"name": "Quinns Coffee Co"})
LEASE = timedelta(seconds=15)


def attempt(gate: Gate, tool: str = "create_project", **wanted: str) -> Operation:
    """One attempt at an operation, let go of without a known end."""
    claim = gate.claim(tool, **{"arguments": ARGUMENTS, **wanted})
    assert claim.state == "mine"
    gate.let_go(claim.operation)
    return claim.operation


def test_the_same_call_within_ten_minutes_is_the_same_operation(gate: Gate, clock: HandClock) -> None:
    """design.md §5, last paragraph; the tenth minute belongs to it to its last instant."""
    first = attempt(gate)
    clock.advance(timedelta(minutes=10))
    again = attempt(gate)
    clock.advance(timedelta(microseconds=1))
    later = attempt(gate)

    assert UUID(first.key).version == 4
    assert (first.replayed, again.replayed, later.replayed) == (False, True, False)
    assert first.key == again.key != later.key


def test_a_callers_own_key_names_the_operation_for_a_day(gate: Gate, store: Store, clock: HandClock) -> None:
    """layers-api: concepts §10, window 24 h; another principal's key of the same name is another key."""
    other = Gate(lambda: store, clock, "key_2")

    plain = attempt(gate)
    first = attempt(gate, given="mine")
    clock.advance(timedelta(hours=24))
    again = attempt(gate, given="mine")
    elsewhere = attempt(other, given="mine")
    clock.advance(timedelta(microseconds=1))
    forgotten = attempt(gate, given="mine")

    assert (first.replayed, again.replayed, forgotten.replayed) == (False, True, False)
    assert first.key == again.key == forgotten.key
    assert len({plain.key, first.key, elsewhere.key}) == 3


@pytest.mark.parametrize("wanted", [{"arguments": digest("others")}, {"tool": "ingest_repo"}])
def test_a_callers_own_key_for_another_call_is_taken(gate: Gate, clock: HandClock, wanted: dict[str, str]) -> None:
    """Issue 5: a caller's idempotencyKey with other arguments is a conflict, across tools too, for as long as the key is known."""
    attempt(gate, given="mine")
    clock.advance(timedelta(hours=24))

    claim = gate.claim(**{"tool": "create_project", "arguments": ARGUMENTS, **wanted}, given="mine")
    clock.advance(timedelta(microseconds=1))

    assert claim.state == "taken"
    assert gate.claim(**{"tool": "create_project", "arguments": ARGUMENTS, **wanted}, given="mine").state == "mine"


def test_what_runs_is_not_run_a_second_time_until_it_is_let_go(gate: Gate) -> None:
    """Issue 5: twice at the same moment is one operation, and the second attempt waits for the first."""
    first = gate.claim("create_project", arguments=ARGUMENTS)

    meanwhile = gate.claim("create_project", arguments=ARGUMENTS)
    gate.let_go(first.operation)
    after = gate.claim("create_project", arguments=ARGUMENTS)

    assert (first.state, meanwhile.state, after.state) == ("mine", "running", "mine")
    assert first.operation.key == meanwhile.operation.key == after.operation.key
    assert after.operation.replayed


def test_an_attempt_that_gives_no_sign_of_life_is_gone_on_with(gate: Gate, clock: HandClock) -> None:
    """Peers D 20: an expired lease continues under the same key, and the one that comes back late knows that it lost it."""
    first = gate.claim("create_project", arguments=ARGUMENTS).operation
    clock.advance(LEASE - timedelta(microseconds=1))
    alive = gate.still_holds(first)
    clock.advance(LEASE - timedelta(microseconds=1))
    meanwhile = gate.claim("create_project", arguments=ARGUMENTS)
    clock.advance(timedelta(microseconds=1))

    second = gate.claim("create_project", arguments=ARGUMENTS)
    gate.let_go(first)

    assert (alive, meanwhile.state, second.state) == (True, "running", "mine")
    assert second.operation.key == first.key
    assert not gate.still_holds(first)
    assert gate.still_holds(second.operation)


def test_an_attempt_older_than_ten_minutes_that_still_runs_is_no_new_operation(gate: Gate, clock: HandClock) -> None:
    """The ten minutes are those of a repeat, and what runs is not over."""
    first = gate.claim("create_project", arguments=ARGUMENTS).operation
    for _ in range(61):
        clock.advance(timedelta(seconds=10))
        gate.still_holds(first)

    assert gate.claim("create_project", arguments=ARGUMENTS).state == "running"


def test_what_is_set_anew_takes_the_place_of_what_was_set_before(gate: Gate) -> None:
    """A, then B, then A again: the third is no repeat of the first, whose answer Layers would give back under its key."""
    first = attempt(gate, "update_project", sets="prj_1")
    same = attempt(gate, "update_project", sets="prj_1")
    other = attempt(gate, "update_project", sets="prj_1", arguments=digest("others"))
    third = attempt(gate, "update_project", sets="prj_1")

    assert same.key == first.key
    assert len({first.key, other.key, third.key}) == 3


def test_an_operation_that_left_nothing_is_forgotten(gate: Gate) -> None:
    """`forget`: what a repeat should not be given back is a new operation."""
    first = attempt(gate, "ingest_repo")

    gate.forget(first)

    assert not attempt(gate, "ingest_repo").replayed


def test_of_many_threads_with_the_same_call_one_runs(gate: Gate) -> None:
    """Brief of `replies`: unique on (principal, tool, digest)."""
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: gate.claim("create_project", arguments=ARGUMENTS), range(32)))

    assert len({claim.operation.key for claim in claims}) == 1
    assert sorted(claim.state for claim in claims) == ["mine"] + ["running"] * 31


def test_what_a_call_begins_can_be_found_again(gate: Gate, clock: HandClock) -> None:
    """Brief of `begun`."""
    gate.began("job", "job_1", tool="ingest_repo", arguments=ARGUMENTS, project_id="prj_1", key="k1")
    gate.began("oauth", "st_1", tool="connect_account", arguments=ARGUMENTS)

    (job,) = gate.recent(project_id="prj_1")
    assert (job.kind, job.id, job.principal, job.started_at, job.key) == ("job", "job_1", "key_1", clock.now(), "k1")
    assert {one.id for one in gate.recent()} == {"job_1", "st_1"}


def test_a_call_is_written_down_with_digests_only(gate: Gate, store: Store, clock: HandClock) -> None:
    """design.md §5: record; never arguments, never secrets."""
    gate.record("approve_content", effect="SPEAKS", outcome="ok", arguments=ARGUMENTS, request_id="req_1", confirmed_by="agent")

    (entry,) = store.trail.recent("key_1")
    assert entry.model_dump(exclude_none=True) == {
        "at": clock.now(),
        "principal": "key_1",
        "tool": "approve_content",
        "effect": "SPEAKS",
        "outcome": "ok",
        "request_id": "req_1",
        "confirmed_by": "agent",
        "arguments": ARGUMENTS,
    }


def test_a_gate_that_has_nothing_to_keep_opens_no_database() -> None:
    """design.md §10: `tools/list` loads no database."""
    story = "import sys, layers_mcp.gate.gate; sys.exit('sqlalchemy' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", story], check=False, timeout=60)

    assert done.returncode == 0
