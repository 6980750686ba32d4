"""One operation, whatever happens to its answer; and what is written down."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest

from layers_mcp.clock import HandClock
from layers_mcp.contract.errors import WROTE, Conflict, Halted, IdempotencyConflict, Invalid, LayersError, PlatformError, TimedOut
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import digest
from layers_mcp.store.store import Store

ARGUMENTS = digest({"name": "Quinns Coffee Co"})


def test_the_same_call_within_ten_minutes_is_the_same_operation(gate: Gate, clock: HandClock) -> None:
    """design.md §5, last paragraph."""
    first = gate.claim("create_project", arguments=ARGUMENTS)
    clock.advance(timedelta(minutes=10))
    again = gate.claim("create_project", arguments=ARGUMENTS)
    clock.advance(timedelta(microseconds=1))
    later = gate.claim("create_project", arguments=ARGUMENTS)

    assert UUID(first.key).version == 4
    assert (first.replayed, again.replayed, later.replayed) == (False, True, False)
    assert first.key == again.key != later.key


def test_a_callers_own_key_names_the_operation_for_a_day_and_for_one_tool(gate: Gate, store: Store, clock: HandClock) -> None:
    """layers-api: concepts §10, window 24 h; state by (key, endpoint), so tools and principals must not collide."""
    other = Gate(lambda: store, clock, "key_2")

    plain = gate.claim("create_project", arguments=ARGUMENTS)
    first = gate.claim("create_project", arguments=ARGUMENTS, given="mine")
    clock.advance(timedelta(hours=23))
    again = gate.claim("create_project", arguments=ARGUMENTS, given="mine")
    elsewhere = [
        gate.claim("ingest_repo", arguments=ARGUMENTS, given="mine"),
        other.claim("create_project", arguments=ARGUMENTS, given="mine"),
    ]
    clock.advance(timedelta(hours=2))
    forgotten = gate.claim("create_project", arguments=ARGUMENTS, given="mine")

    assert (first.replayed, again.replayed, forgotten.replayed) == (False, True, False)
    assert first.key == again.key == forgotten.key
    assert len({plain.key, first.key, *(one.key for one in elsewhere)}) == 4


@pytest.mark.parametrize("problem", [None, TimedOut("lost"), IdempotencyConflict("used")])
def test_what_happened_or_may_have_happened_is_continued(gate: Gate, problem: LayersError | None) -> None:
    """House rule 29: an answer lost on the way is never a second operation."""
    first = gate.claim("create_project", arguments=ARGUMENTS)

    gate.settle(first, problem)
    again = gate.claim("create_project", arguments=ARGUMENTS)

    assert (again.key, again.replayed, again.finished) == (first.key, True, problem is None)


@pytest.mark.parametrize("problem", [Invalid("name"), Conflict("taken"), PlatformError("installation_not_found")])
def test_what_was_refused_is_a_new_operation_next_time(gate: Gate, problem: LayersError) -> None:
    """Seed 004, step 3: mend it, then retry; whether Layers keeps a refusal under its key no page says."""
    first = gate.claim("ingest_repo", arguments=ARGUMENTS)

    gate.settle(first, problem)
    again = gate.claim("ingest_repo", arguments=ARGUMENTS)

    assert again.key != first.key
    assert not again.replayed


@pytest.mark.parametrize(("wrote", "continued"), [(True, True), (False, False)])
def test_what_was_halted_in_its_middle_is_continued_under_its_key(gate: Gate, *, wrote: bool, continued: bool) -> None:
    """What it wrote before the halt is not written twice after it."""
    first = gate.claim("ingest_repo", arguments=ARGUMENTS)

    gate.settle(first, Halted("project prj_1 is halted", details={WROTE: wrote}))

    assert (gate.claim("ingest_repo", arguments=ARGUMENTS).key == first.key) == continued


def test_an_operation_that_left_nothing_is_forgotten(gate: Gate) -> None:
    """`forget`: what a repeat should not be given back is a new operation."""
    first = gate.claim("ingest_repo", arguments=ARGUMENTS)

    gate.forget(first)

    assert not gate.claim("ingest_repo", arguments=ARGUMENTS).replayed


def test_of_many_threads_with_the_same_call_all_share_one_key(gate: Gate) -> None:
    """Brief of `replies`: unique on (principal, tool, digest)."""
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: gate.claim("create_project", arguments=ARGUMENTS), range(32)))

    assert len({claim.key for claim in claims}) == 1
    assert sorted(claim.attempts for claim in claims) == list(range(1, 33))
    assert sum(not claim.replayed for claim in claims) == 1


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
