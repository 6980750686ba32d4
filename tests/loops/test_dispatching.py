"""The dispatcher: who is due, once a local day, whatever happens to it in between."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import DataError

from layers_mcp.clock import HandClock
from layers_mcp.loops.daily import Daily
from layers_mcp.loops.dispatching import AT_ONCE, Dispatcher
from layers_mcp.loops.run import Came, Loop, Run
from layers_mcp.store.asked import Customer
from layers_mcp.store.rows import EVERY, Halt

pytestmark = pytest.mark.anyio
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def _nothing(run: Run, given: Daily) -> Came:
    del run, given
    return Came()


LOOPS = {name: Loop(f"loop {name}", Daily, Came, _nothing) for name in ("p2l", "opt")}


class Started:
    """A runner that only keeps what it was asked to start.

    `dies_at`: the number of the start that ends its process; `refuses`: the customer whose runs it can't start, and `why`.
    """

    def __init__(self) -> None:
        self.runs: dict[str, Daily] = {}
        self.asked, self.dies_at, self.refuses = 0, 0, ""
        self.why: Exception = ValueError("what its row holds makes no run")

    async def start(self, loop, run_id, given) -> bool:
        """Once for each id."""
        self.asked += 1
        if self.asked == self.dies_at:
            raise KeyboardInterrupt
        if given.customer == self.refuses:
            raise self.why
        if run_id in self.runs:
            return False
        self.runs[run_id] = given
        return True

    @property
    def days(self) -> Counter:
        """How often each customer was started on each day, by loop."""
        return Counter((run_id.partition(":")[0], one.customer, one.day) for run_id, one in self.runs.items())


class Town:
    """Customers who take part, and whoever starts their days."""

    def __init__(self, store, clock: HandClock) -> None:
        self.store, self.clock, self.runner = store, clock, Started()

    def dispatcher(self, principal: str = "key_1", loops=LOOPS) -> Dispatcher:
        """One of any number."""
        return Dispatcher(store=self.store, runner=self.runner, clock=self.clock, principal=principal, loops=loops)

    def moves_in(self, *names: str, zone: str = "America/New_York", principal: str = "key_1") -> None:
        """Customers begin to take part."""
        for name in names:
            row = Customer(principal=principal, external_id=name, name=name, zone=zone, asked={}, since=self.clock.now())
            self.store.customers.keep(row)
            self.store.customers.belongs(principal, name, f"prj_{name}")
            self.store.customers.move(principal, name, "active", self.clock.now())

    async def passes(self, span: timedelta, *, step: timedelta = MINUTE) -> None:
        """So much time, a tick each step."""
        until, one = self.clock.now() + span, self.dispatcher()
        while self.clock.now() < until:
            await one.tick()
            self.clock.advance(step)


@pytest.fixture
def town(workshop, clock) -> Town:
    """An empty one."""
    return Town(workshop.store, clock)


async def test_each_loop_of_each_customer_is_started_once_a_local_day(town, clock) -> None:
    """Issue 7: every day at most one run per loop and customer."""
    town.moves_in("quinn", "ulla")
    town.moves_in("kenji", zone="Asia/Tokyo")

    await town.passes(3 * DAY, step=5 * MINUTE)

    assert set(town.runner.days.values()) == {1}
    assert Counter((loop, who) for loop, who, _ in town.runner.days) == {
        (loop, who): 3 for loop in ("p2l", "opt") for who in ("quinn", "ulla", "kenji")
    }
    assert {one.project_id for one in town.runner.runs.values()} == {"prj_quinn", "prj_ulla", "prj_kenji"}
    assert all(0 < len(run_id) <= 200 for run_id in town.runner.runs)


@pytest.mark.parametrize("around", [datetime(2026, 10, 31, 4, tzinfo=UTC), datetime(2027, 3, 13, 5, tzinfo=UTC)])
async def test_days_on_which_clocks_change_run_once(town, clock, around) -> None:
    """Issue 7: daylight-saving days run once; on one of these an hour comes twice, on the other one is skipped."""
    clock.advance(around - clock.now())
    town.moves_in(*(f"cus_{number}" for number in range(40)))

    await town.passes(3 * DAY - 2 * HOUR, step=15 * MINUTE)

    assert set(town.runner.days.values()) == {1}
    assert set(Counter((loop, who) for loop, who, _ in town.runner.days).values()) == {3}


async def test_days_on_which_nobody_ticked_are_not_made_up_for_and_today_runs_at_once(town, clock) -> None:
    """A laptop that was shut for a week."""
    town.moves_in("quinn")
    await town.passes(DAY, step=5 * MINUTE)
    before = len(town.runner.runs)

    clock.advance(7 * DAY)
    began = await town.dispatcher().tick()
    await town.passes(DAY, step=5 * MINUTE)

    today = (clock.now() - DAY).astimezone(ZoneInfo("America/New_York")).date()
    assert began == 2
    assert len(town.runner.runs) == before + 4
    assert sorted(town.runner.days)[-2:] == [("p2l", "quinn", today), ("p2l", "quinn", today + DAY)]
    assert set(town.runner.days.values()) == {1}


async def test_a_dispatcher_that_dies_in_the_middle_loses_nothing_and_starts_nothing_twice(town, clock) -> None:
    """`dispatching`: a run is started before its row moves on."""
    town.moves_in(*(f"cus_{number}" for number in range(10)))
    await town.dispatcher().tick()
    clock.advance(DAY)
    town.runner.dies_at = 8
    with pytest.raises(KeyboardInterrupt):
        await town.dispatcher().tick()
    halfway = len(town.runner.runs)

    clock.advance(MINUTE)
    began = await town.dispatcher().tick()

    assert halfway == 7
    assert began == 13
    assert len(town.runner.runs) == 20
    assert town.runner.asked == 8 + 20


async def test_a_minute_is_worked_off_by_one_of_many(town, clock) -> None:
    """Issue 7: the same code on many machines."""
    town.moves_in("quinn")
    await town.dispatcher().tick()
    clock.advance(DAY)

    began = [await town.dispatcher().tick() for _ in range(3)]

    assert began == [2, 0, 0]
    assert town.runner.asked == 2


async def test_customers_of_another_key_are_another_dispatchers(town, clock) -> None:
    """One store may serve several keys; their customers may have the same ids."""
    town.moves_in("quinn")
    town.moves_in("quinn", principal="key_2")
    for principal in ("key_1", "key_2"):
        await town.dispatcher(principal).tick()
    clock.advance(DAY)

    began = [await town.dispatcher(principal).tick() for principal in ("key_1", "key_2")]

    assert began == [2, 2]


async def test_while_a_project_is_halted_its_loops_are_not_started(town, clock) -> None:
    """Issue 7: pausable, a project by halt; it goes on where it was once it is let go."""
    town.moves_in("quinn", "ulla")
    town.store.halts.hold(Halt(project_id="prj_quinn", at=clock.now(), principal="key_1", by="person"))
    await town.passes(2 * DAY, step=10 * MINUTE)
    halted = {one.customer for one in town.runner.runs.values()}

    town.store.halts.lift("prj_quinn", by="person")
    await town.passes(timedelta(minutes=10))

    assert halted == {"ulla"}
    assert [one.customer for one in town.runner.runs.values()].count("quinn") == 2


async def test_while_everything_is_halted_nothing_is_started(town, clock) -> None:
    """Issue 7: pausable, all."""
    town.moves_in("quinn")
    await town.dispatcher().tick()
    town.store.halts.hold(Halt(project_id=EVERY, at=clock.now(), principal="key_1", by="person"))
    await town.passes(2 * DAY, step=10 * MINUTE)
    halted = len(town.runner.runs)

    town.store.halts.lift(EVERY, by="person")
    await town.dispatcher().tick()

    assert halted == 0
    assert len(town.runner.runs) == 2


async def test_more_than_is_read_at_once_is_started_all_the_same(town, clock) -> None:
    """A morning on which everybody is due."""
    town.moves_in(*(f"cus_{number}" for number in range(AT_ONCE + 1)))
    one = town.dispatcher(loops={"p2l": LOOPS["p2l"]})
    await one.tick()
    clock.advance(DAY)

    began = await one.tick()

    assert began == AT_ONCE + 1


async def test_it_ticks_each_minute_and_goes_on_after_a_tick_that_failed(town, clock, capsys) -> None:
    """`Dispatcher.go_on`."""
    town.moves_in("quinn")
    ticks: list[datetime] = []

    class Failing(Dispatcher):
        async def tick(self) -> int:
            ticks.append(self.clock.now())
            if len(ticks) == 3:
                raise KeyboardInterrupt
            raise RuntimeError("the database is away")

    one = Failing(store=town.store, runner=town.runner, clock=clock, principal="key_1", loops=LOOPS)
    with pytest.raises(KeyboardInterrupt):
        await one.go_on()

    assert [second.second for second in ticks] == [14, 0, 0]
    assert ticks[2] - ticks[1] == MINUTE


async def test_a_round_of_a_loop_that_is_gone_starts_nothing(town, clock) -> None:
    """After an update a loop may be no more."""
    town.moves_in("quinn")
    await town.dispatcher().tick()
    clock.advance(DAY)

    began = await town.dispatcher(loops={"p2l": LOOPS["p2l"]}).tick()

    assert began == 1


@pytest.mark.parametrize("why", [ValueError("what its row holds makes no run"), DataError("INSERT", {}, Exception("too long"))])
async def test_a_customer_whose_run_cannot_be_started_stands_in_nobodys_way(town, clock, why) -> None:
    """Review of issue 7: one row that raised would have held up all behind it, minute after minute; it is tried again, too."""
    town.moves_in(*(f"cus_{number}" for number in range(5)))
    town.runner.refuses, town.runner.why = "cus_2", why

    await town.passes(DAY)
    without, late = {one.customer for one in town.runner.runs.values()}, town.store.rounds.late("key_1", clock.now() - 2 * HOUR)
    town.runner.refuses = ""
    await town.passes(HOUR)

    assert late.number == len(LOOPS)  # health tells of it
    assert without == {"cus_0", "cus_1", "cus_3", "cus_4"}
    assert "cus_2" in {one.customer for one in town.runner.runs.values()}
    assert set(town.runner.days.values()) == {1}
