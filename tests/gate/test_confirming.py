"""A preview, a yes bound to it, and one act."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from layers_mcp.clock import HandClock
from layers_mcp.gate.display import Display
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import LIFE, digest, new_handle
from layers_mcp.gate.verdict import Go, Refused, Replay, Verdict
from layers_mcp.store.rows import Confirmation
from layers_mcp.store.store import Store

ARGUMENTS = digest({"containerId": "cnt_1"})
SHOWN = digest({"caption": "Walk in, grab it, walk out."})
TEN_MINUTES = timedelta(minutes=10)


def ask(gate: Gate, arguments: str = ARGUMENTS) -> str:
    """Show the preview; the handle."""
    return gate.preview("approve_content", arguments=arguments, shown=SHOWN).handle


def answer(gate: Gate, handle: object, *, tool: str = "approve_content", arguments: str = ARGUMENTS, shown: str = SHOWN) -> Verdict:
    """Call again with the handle."""
    return gate.judge(handle, tool, arguments=arguments, shown=shown)


def test_a_yes_to_what_was_shown_acts_once(gate: Gate, clock: HandClock) -> None:
    """design.md §5, 1 and 3: the handle is spent before the request goes out."""
    minted = gate.preview("approve_content", arguments=ARGUMENTS, shown=SHOWN)

    first = answer(gate, minted.handle)
    second = answer(gate, minted.handle)

    assert minted.expires_at == clock.now() + TEN_MINUTES
    assert isinstance(first, Go)
    assert (first.row.state, first.row.confirmed_by, first.row.spent_at) == ("acting", "agent", clock.now())
    assert second == Refused("acting")


def test_a_second_yes_is_a_second_operation(gate: Gate) -> None:
    """A new yes after the first act ended goes out with a key of its own."""
    first = answer(gate, ask(gate))
    assert isinstance(first, Go)
    gate.finish(first, "done")

    second = answer(gate, ask(gate))

    assert isinstance(second, Go)
    assert first.row.key != second.row.key


def test_a_second_yes_continues_an_act_whose_end_is_not_known(gate: Gate, clock: HandClock) -> None:
    """design.md §5, last paragraph: what was lost on the way is never repeated; for as long as Layers remembers the key."""
    lost = ask(gate)
    first = answer(gate, lost)
    second = answer(gate, ask(gate))
    other = answer(gate, ask(gate, digest("other")), arguments=digest("other"))
    assert isinstance(first, Go)
    assert isinstance(second, Go)
    assert isinstance(other, Go)

    gate.finish(second, "queued")

    assert first.row.key == second.row.key != other.row.key
    assert answer(gate, lost) == Replay("queued", failed=False)
    third = answer(gate, ask(gate))
    clock.advance(timedelta(hours=24))
    late = answer(gate, ask(gate))
    assert isinstance(third, Go)
    assert isinstance(late, Go)
    assert len({first.row.key, third.row.key, late.row.key}) == 3


def test_a_key_that_is_gone_on_with_grows_no_younger(gate: Gate, clock: HandClock) -> None:
    """layers-api: operational/idempotency: 24 hours from the first time that it was sent with, however often it was taken over."""
    went = [answer(gate, ask(gate))]
    for _ in range(3):
        clock.advance(timedelta(hours=13))
        went.append(answer(gate, ask(gate)))

    keys = [go.row.key for go in went if isinstance(go, Go)]
    assert [go.continued for go in went if isinstance(go, Go)] == [False, True, False, True]
    assert (keys[0] == keys[1], keys[2] == keys[3], keys[0] == keys[2]) == (True, True, False)


def test_a_yes_that_sets_something_acts_under_a_key_of_its_own(gate: Gate, store: Store) -> None:
    """Layers answers a known key with the first answer, which says nothing of what was set since."""
    first, other = ask(gate), ask(gate)
    lost = gate.judge(first, "approve_content", arguments=ARGUMENTS, shown=SHOWN, anew=True)
    again = gate.judge(other, "approve_content", arguments=ARGUMENTS, shown=SHOWN, anew=True)
    assert isinstance(lost, Go)
    assert isinstance(again, Go)

    gate.finish(again, "set")
    row = store.confirmations.find(lost.row.handle)

    assert (again.continued, again.row.key == lost.row.key) == (False, False)
    assert row is not None
    assert row.state == "acting"


def test_an_act_that_was_not_finished_stays_open_for_the_next_yes(gate: Gate, store: Store) -> None:
    """The act that got no answer is continued under its key, and says so; the one that did is not."""
    go = answer(gate, ask(gate))
    assert isinstance(go, Go)
    open_ = gate.acting("approve_content", arguments=ARGUMENTS)

    again = answer(gate, ask(gate))
    assert isinstance(again, Go)
    gate.finish(again, "outcome")
    row = store.confirmations.find(go.row.handle)

    assert (open_, gate.acting("approve_content", arguments=ARGUMENTS)) == (True, False)
    assert (go.continued, again.continued) == (False, True)
    assert again.row.key == go.row.key
    assert row is not None
    assert row.state == "done"


def test_a_handle_that_waits_a_day_for_a_person_is_good_for_ten_minutes_without_one(gate: Gate, clock: HandClock) -> None:
    """Design §5: an agent's yes is good for ten minutes, however long the handle waits; a person's for as long as it waits."""
    handle = gate.preview("approve_content", arguments=ARGUMENTS, shown=SHOWN, life=timedelta(days=1)).handle
    row = gate.check(handle, "approve_content", arguments=ARGUMENTS, shown=SHOWN)
    assert isinstance(row, Confirmation)
    clock.advance(LIFE)
    agent = gate.judge(handle, "approve_content", arguments=ARGUMENTS, shown=SHOWN, by="agent")
    clock.advance(timedelta(hours=23))
    assert gate.person.answer(row, yes=True, how="page")

    person = gate.judge(handle, "approve_content", arguments=ARGUMENTS, shown=SHOWN, by="person")

    assert agent == Refused("expired")
    assert isinstance(person, Go)
    assert person.row.confirmed_by == "person"


def test_a_person_is_written_down_as_one(gate: Gate) -> None:
    """design.md §5, 3: results and trail say `confirmedBy`, and only a recorded yes makes it a person."""
    handle = ask(gate)
    unanswered = gate.judge(handle, "approve_content", arguments=ARGUMENTS, shown=SHOWN, by="person")
    row = gate.check(handle, "approve_content", arguments=ARGUMENTS, shown=SHOWN)
    assert isinstance(row, Confirmation)
    heard = gate.hear(row, gate.ask(row), yes=True)

    verdict = gate.judge(handle, "approve_content", arguments=ARGUMENTS, shown=SHOWN, by="person")

    assert (unanswered, heard) == (Refused("unanswered"), True)
    assert isinstance(verdict, Go)
    assert (verdict.row.confirmed_by, verdict.row.how) == ("person", "client")


@pytest.mark.parametrize(
    "word", [True, "yes", "true", "", None, 1, "cf_", "cf_" + "A" * 32, "cf_" + "a" * 31, "cf_" + "a" * 32 + "\n", ["cf_"]]
)
def test_what_is_no_handle_is_unknown(gate: Gate, word: object) -> None:
    """Brief of `judge`: only a well-formed handle counts."""
    ask(gate)

    assert answer(gate, word) == Refused("unknown")


def test_a_handle_that_was_never_minted_is_unknown(gate: Gate) -> None:
    """The same, well formed."""
    assert answer(gate, new_handle()) == Refused("unknown")


def test_another_principals_handle_is_unknown_and_stays_good_for_its_owner(gate: Gate, store: Store, clock: HandClock) -> None:
    """mcp-notes §7: state handles are keyed by principal."""
    handle = ask(gate)
    stranger = Gate(lambda: store, clock, "key_2")

    refused = answer(stranger, handle)

    assert refused == Refused("unknown")
    assert isinstance(answer(gate, handle), Go)


def test_a_yes_to_the_old_text_does_not_approve_the_new_text(gate: Gate) -> None:
    """design.md §5, 2: if what would be shown has changed, the old yes does not count."""
    handle = ask(gate)

    assert answer(gate, handle, shown=digest({"caption": "edited"})) == Refused("changed")


@pytest.mark.parametrize("other", [{"arguments": digest({"containerId": "cnt_2"})}, {"tool": "schedule_content"}])
def test_a_yes_to_one_call_is_no_yes_to_another(gate: Gate, other: dict[str, str]) -> None:
    """design.md §5, 1: bound to the tool and the canonical arguments, also after it was spent."""
    handle = ask(gate)

    before = answer(gate, handle, **other)
    answer(gate, handle)
    after = answer(gate, handle, **other)

    assert before == after == Refused("other_arguments")


def test_a_handle_is_good_for_ten_minutes_of_the_wall(gate: Gate, clock: HandClock) -> None:
    """design.md §5, 1 and §8: our handles run on the wall's clock."""
    in_time, late = ask(gate), ask(gate)

    clock.advance(TEN_MINUTES - timedelta(microseconds=1))
    good = answer(gate, in_time)
    clock.advance(timedelta(microseconds=1))

    assert isinstance(good, Go)
    assert answer(gate, late) == Refused("expired")


def test_a_no_is_final_whoever_comes_with_the_handle(gate: Gate, clock: HandClock) -> None:
    """Issue 5: a decline is final for that handle, also when its time is over."""
    handle = ask(gate)
    row = gate.check(handle, "approve_content", arguments=ARGUMENTS, shown=SHOWN)
    assert isinstance(row, Confirmation)

    heard = gate.hear(row, gate.ask(row), yes=False)
    told = answer(gate, handle)
    clock.advance(TEN_MINUTES)

    assert heard
    assert told == answer(gate, handle) == Refused("declined")


def test_a_clock_that_is_set_back_keeps_no_handle_alive(gate: Gate, clock: HandClock) -> None:
    """A handle from the future is as good as an old one; a minute apart is what clocks of two machines may be."""
    near, far = ask(gate), ask(gate)

    clock.advance(timedelta(minutes=-1))
    good = answer(gate, near)
    clock.advance(timedelta(microseconds=-1))

    assert isinstance(good, Go)
    assert answer(gate, far) == Refused("expired")


@pytest.mark.parametrize("failed", [False, True])
def test_the_first_outcome_is_given_back_for_ten_minutes(gate: Gate, clock: HandClock, *, failed: bool) -> None:
    """Brief of the gate: replayed, also when the post looks different by now; the handle acts no more."""
    handle = ask(gate)
    go = answer(gate, handle)
    assert isinstance(go, Go)
    gate.finish(go, {"approvalStatus": "approved"}, failed=failed)

    clock.advance(TEN_MINUTES - timedelta(seconds=1))
    again = answer(gate, handle, shown=digest("approved by now"))
    clock.advance(timedelta(seconds=1))
    later = answer(gate, handle)

    assert again == Replay({"approvalStatus": "approved"}, failed=failed)
    assert later == Refused("used")


def test_an_outcome_that_was_forgotten_is_not_given_back_and_nothing_is_done_again(gate: Gate, store: Store, clock: HandClock) -> None:
    """Issue 5: `forget` removes a customer's texts; the handle that acted stays spent."""
    handle = gate.preview("approve_content", arguments=ARGUMENTS, shown=SHOWN, display=Display(project_id="prj_1")).handle
    go = answer(gate, handle)
    assert isinstance(go, Go)
    gate.finish(go, {"approvalStatus": "approved"})

    store.confirmations.forget("prj_1", now=clock.now())

    assert answer(gate, handle) == Refused("used")


def test_what_a_handle_did_can_be_recalled_without_spending_anything(gate: Gate, clock: HandClock) -> None:
    """`recall`: asked before the thing is looked at again, for this very call only, and for ten minutes."""
    handle = ask(gate)

    def recall(word: object = handle, arguments: str = ARGUMENTS) -> Replay | None:
        return gate.recall(word, "approve_content", arguments=arguments)

    minted = recall()
    go = answer(gate, handle)
    assert isinstance(go, Go)
    acting = recall()
    gate.finish(go, "approved")
    done = recall()
    others = [recall("yes"), recall(new_handle()), recall(arguments=digest("other"))]
    clock.advance(TEN_MINUTES)

    assert (minted, acting, done, recall()) == (None, None, Replay("approved", failed=False), None)
    assert others == [None, None, None]


def test_of_many_threads_with_one_handle_one_acts(gate: Gate) -> None:
    """Brief of the gate: two racing, exactly one wins."""
    handle = ask(gate)

    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda _: answer(gate, handle), range(32)))

    assert sum(isinstance(verdict, Go) for verdict in verdicts) == 1
    assert sum(verdict == Refused("acting") for verdict in verdicts) == 31


def test_the_database_holds_no_handle(gate: Gate, store: Store, file: Path) -> None:
    """A leaked database gives no live handle."""
    handle = ask(gate)
    store.close()

    with sqlite3.connect(file) as connection:
        rows = list(connection.iterdump())
    connection.close()

    assert rows
    assert not any(handle in row or handle.removeprefix("cf_") in row for row in rows)
