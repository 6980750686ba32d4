"""What is held back, what was paused with it, what was begun, and what is written down: by whom, of which project, since when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from layers_mcp.clock import HandClock
from layers_mcp.gate.budget import Budget
from layers_mcp.gate.display import Display
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.verdict import Refused
from layers_mcp.store.rows import EVERY, LOOPS, Began, Halt, Look, Paused
from layers_mcp.store.store import Store

OURS, THEIRS = "prj_0c4e8a52-1f7b-4d0e-9a3c-5b6d7e8f9a0b", "prj_11111111-2222-4333-8444-555555555555"
SPELLINGS = [OURS, OURS.removeprefix("prj_"), OURS.upper().replace("PRJ_", "prj_")]


@pytest.mark.parametrize("spelt", SPELLINGS)
def test_a_project_that_is_held_is_so_however_a_call_spells_it(gate: Gate, clock: HandClock, spelt: str) -> None:
    """Issue 5, halt: refuses new writes for one project; another goes on."""
    gate.hold(OURS)

    held = gate.held([THEIRS, spelt])

    assert held == Halt(project_id=OURS, at=clock.now(), principal="key_1", by="agent")
    assert gate.holds(spelt) == held
    assert gate.held([THEIRS]) is None
    assert gate.holds(THEIRS) is None
    assert gate.holds(None) is None


def test_what_is_halted_is_listed_and_what_only_lies_is_not(gate: Gate) -> None:
    """A write to what may be any project's goes by the list; loops that are paused hold no write back."""
    gate.hold(OURS)
    gate.hold(THEIRS, what=LOOPS)

    assert gate.halted() == {OURS}


def test_what_is_held_for_all_holds_whatever_a_write_names(gate: Gate, clock: HandClock) -> None:
    """`layers-mcp halt --all`: of a project, of several, of none."""
    gate.hold(None, by="person")

    every = Halt(project_id=EVERY, at=clock.now(), principal="key_1", by="person")
    assert [gate.held(named) for named in ([], [OURS], [OURS, THEIRS])] == [every] * 3
    assert gate.holds(None) == every
    assert gate.holds(OURS) is None


@pytest.mark.parametrize("project", [OURS, None])
def test_what_a_person_holds_only_a_person_lets_go(gate: Gate, project: str | None) -> None:
    """The person's switch; an agent's hold is let go by either."""
    gate.hold(project, by="person")

    by_agent, still = gate.lift(project), gate.holds(project)
    by_person, then = gate.lift(project, by="person"), gate.holds(project)
    gate.hold(project)
    own, after = gate.lift(project), gate.holds(project)

    assert (by_agent, still is not None) == (False, True)
    assert (by_person, then) == (True, None)
    assert (own, after) == (True, None)


def test_lifting_one_hold_leaves_the_other(gate: Gate) -> None:
    """Of one project, and of all."""
    gate.hold(OURS)
    gate.hold(None)

    gate.lift(None)

    assert (gate.holds(None), gate.holds(OURS) is not None, gate.held([THEIRS])) == (None, True, None)


@pytest.mark.parametrize("project", [OURS, None])
def test_a_paused_loop_is_no_hold_on_writes_and_each_is_lifted_alone(gate: Gate, project: str | None) -> None:
    """Issue 7: `pause_loops` lies beside `halt`, and `resume_loops` ends no halt."""
    gate.hold(project, what=LOOPS)

    writes_go_on = gate.held([OURS])
    gate.hold(project)
    lifted = gate.lift(project, what=LOOPS)

    assert (writes_go_on, lifted, gate.holds(project, what=LOOPS)) == (None, True, None)
    assert gate.holds(project) is not None
    assert gate.held([OURS]) is not None


def test_a_campaign_that_was_paused_is_known_until_it_is_said_to_run(gate: Gate, clock: HandClock) -> None:
    """By its project's every spelling, with what asks for the pause; another project's stays."""
    row = Paused(project_id=SPELLINGS[2], campaign_id="cmp_1", platform="meta", at=clock.now())
    gate.pausing(row)
    gate.pausing(row.model_copy(update={"campaign_id": "cmp_2"}))
    gate.pausing(row.model_copy(update={"project_id": THEIRS}))
    gate.pausing(row.model_copy(update={"heard": True, "pending_id": "pnd_1"}))

    known = [gate.paused(spelt) for spelt in SPELLINGS]
    gate.unpaused(SPELLINGS[1], "cmp_1")

    assert [[(one.campaign_id, one.pending_id) for one in some] for some in known] == [[("cmp_1", "pnd_1"), ("cmp_2", None)]] * 3
    assert [one.campaign_id for one in gate.paused(OURS)] == ["cmp_2"]
    assert [one.campaign_id for one in gate.paused(THEIRS)] == ["cmp_1"]


def test_what_was_begun_is_found_by_project_and_kind_the_latest_first(gate: Gate, clock: HandClock) -> None:
    """Twenty, unless more or fewer are asked for."""
    for number in range(25):
        kind, project = ("post", OURS) if number % 5 == 0 else ("job", THEIRS)
        gate.began(kind, f"{kind}_{number:02}", tool="schedule_content", arguments="digest", project_id=project, key=f"k{number}")
        clock.advance(timedelta(seconds=1))
    gate.began("oauth", "state", tool="connect_account", arguments="other")

    first = gate.recent(kind="post", limit=1)[0]

    asked = {"principal": "key_1", "tool": "schedule_content", "arguments": "digest", "key": "k20"}
    assert first == Began(kind="post", id="post_20", project_id=OURS, started_at=clock.now() - timedelta(seconds=5), **asked)
    assert [one.id for one in gate.recent(limit=3)] == ["state", "job_24", "job_23"]
    assert len(gate.recent()) == 20
    assert len(gate.recent(limit=100)) == 26
    assert {one.kind for one in gate.recent(project_id=SPELLINGS[1], limit=100)} == {"post"}
    assert {one.project_id for one in gate.recent(kind="job", limit=100)} == {THEIRS}


def test_another_principals_gate_has_the_same_store_clock_and_budget(store: Store, clock: HandClock) -> None:
    """The clients of one server: who acts differs, and nothing else."""
    budget = Budget(call=7)
    first = Gate(lambda: store, clock, "key_1", budget=budget)

    second = first.of("key_1/http_acme")
    second.hold(OURS)

    assert second.principal == "key_1/http_acme"
    assert second.purse.budget == budget
    assert first.held([OURS]) == Halt(project_id=OURS, at=clock.now(), principal="key_1/http_acme", by="agent")
    assert Gate(lambda: store, clock, "key_1").purse.budget == Budget()


def test_all_that_a_preview_shows_is_kept_for_the_person(gate: Gate, clock: HandClock) -> None:
    """Whoever answers outside the conversation sees what the client would have shown."""
    due = clock.now() + timedelta(hours=3)
    look = Look(container_id="cnt_1", asset_id="ast_1", kind="image")
    facts = {"question": "Post it?", "items": [{"id": "cnt_1"}], "media": (look,), "due_at": due, "zone": "UTC", "sandbox": True}
    shown = Display(project_id=OURS, projects=(OURS, THEIRS), **facts)
    minted = gate.preview("schedule_content", arguments="a", shown="s", display=shown, life=timedelta(hours=1))
    bare = gate.preview("schedule_content", arguments="a", shown="s")

    kept, plain = gate.person.named(minted.name), gate.person.named(bare.name)

    assert kept is not None
    assert plain is not None
    assert Display(**{name: getattr(kept, name) for name in Display.__dataclass_fields__}) == shown
    assert Display(**{name: getattr(plain, name) for name in Display.__dataclass_fields__}) == Display()
    assert (plain.question, plain.items, plain.media, plain.sandbox) == ("", None, (), False)
    assert (kept.principal, kept.tool, kept.arguments, kept.shown) == ("key_1", "schedule_content", "a", "s")
    assert (kept.minted_at, kept.expires_at) == (clock.now(), clock.now() + timedelta(hours=1))


@pytest.mark.parametrize("given", ["yes", "", f"cf_{'a' * 32}"])
def test_an_answer_counts_only_with_the_token_of_the_last_question(gate: Gate, given: str) -> None:
    """What is no token, or another question's, is not heard; the right one still is."""
    minted = gate.preview("approve_content", arguments="a", shown="s")
    row = gate.person.named(minted.name)
    assert row is not None
    earlier, last = gate.ask(row), gate.ask(row)

    wrong = [gate.hear(row, one, yes=True) for one in (given, earlier)]
    before = gate.check(minted.handle, "approve_content", arguments="a", shown="s")
    right = gate.hear(row, last, yes=False)

    assert wrong == [False, False]
    assert not isinstance(before, Refused)
    assert right is True
    assert gate.check(minted.handle, "approve_content", arguments="a", shown="s") == Refused("declined")


def test_a_row_of_the_trail_says_all_that_is_known_of_a_call(gate: Gate, store: Store, clock: HandClock) -> None:
    """Issue 5: who, tool, effect, digests, who said yes and how, outcome, request id."""
    said = {"effect": "control", "outcome": "done", "arguments": "a", "request_id": "req_1", "confirmed_by": "person"}
    said |= {"project_id": OURS, "shown": "s", "how": "page"}

    gate.record("approve_content", **said)
    gate.record("get_project", effect="reads", outcome="done", arguments="b")

    plain, full = store.trail.recent(limit=2)
    if full.tool != "approve_content":
        plain, full = full, plain
    assert full.model_dump() == {"at": clock.now(), "principal": "key_1", "tool": "approve_content", **said}
    assert {name for name, value in plain.model_dump().items() if value is None} == {
        "request_id",
        "confirmed_by",
        "project_id",
        "shown",
        "how",
    }


def test_what_was_called_is_read_back_page_by_page_newest_first_and_by_nobody_else(gate: Gate) -> None:
    """Issue 8: the trail as a resource, of the one who reads it."""
    other = gate.of("key_2")
    for number in range(5):
        gate.record(f"tool_{number}", effect="reads", outcome="done", arguments="")
        other.record("theirs", effect="reads", outcome="done", arguments="")

    first = gate.trail(limit=2)
    rest = gate.trail(before=first[-1].number, limit=10)

    assert [[one.entry.tool for one in page] for page in (first, rest)] == [["tool_4", "tool_3"], ["tool_2", "tool_1", "tool_0"]]
