"""Days whose writes are too few for every customer's daily loops: who goes, who waits, and that everybody's turn comes."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest

from layers_mcp.clock import HandClock
from layers_mcp.contract.rates import TIERS, Level, Tier
from layers_mcp.loops import health, scarcity
from layers_mcp.loops.checking import of_loops
from layers_mcp.loops.daily import Daily
from layers_mcp.loops.dispatching import Dispatcher
from layers_mcp.loops.forecast import DAILY
from layers_mcp.loops.run import Came, Loop, Run
from layers_mcp.store.asked import Customer
from layers_mcp.store.rows import RunRow
from layers_mcp.store.store import Store

pytestmark = pytest.mark.anyio
PLACE, KEY = "https://api.layers.com", "key_1"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
FIT = 3
"""Customers who have their turn on a day of the small tier."""


async def _nothing(run: Run, given: Daily) -> Came:
    del run, given
    return Came()


LOOPS = {short: Loop(name, Daily, Came, _nothing) for short, name in (("p2l", "publish_to_learn"), ("opt", "optimization"))}


class Fleet:
    """Customers of a key, and runs that are over as soon as they began and sent `each` writes."""

    def __init__(self, store: Store, clock: HandClock) -> None:
        self.store, self.clock, self.each = store, clock, DAILY.writes
        self.days: dict[str, list[date]] = defaultdict(list)
        self.reviews: Counter[str] = Counter()
        self.sent: Counter[date] = Counter()
        self.one = Dispatcher(store=store, runner=self, clock=clock, principal=KEY, loops=LOOPS, place=PLACE)
        self.told()

    def told(self, *, used: int = 0, known: bool = True) -> None:
        """What is known of the key's writes: those of today, and whether Layers has said which tier it has."""
        now = self.clock.now().timestamp()
        level = Level(9.0, now, 30, 9.0, day=int(now // 86_400), used=used, told=known)
        self.store.levels(PLACE, KEY).change("write-light", lambda _: (level, None))

    async def start(self, loop, run_id, given) -> bool:
        """Once for each id, as a runner does."""
        today = self.clock.now().date()
        if loop.name == "optimization":
            self.reviews[given.customer] += 1
            return True
        assert given.day not in self.days[given.customer], run_id
        self.days[given.customer].append(given.day)
        self.sent[today] += self.each
        self.told(used=self.sent[today])
        return True

    def moves_in(self, name: str, *, priority: int = 0, zone: str = "UTC") -> None:
        """A customer begins to take part."""
        row = Customer(principal=KEY, external_id=name, name=name, zone=zone, asked={}, since=self.clock.now(), priority=priority)
        self.store.customers.keep(row)
        self.store.customers.belongs(KEY, name, f"prj_{name}")
        self.store.customers.move(KEY, name, "active", self.clock.now())

    async def passes(self, span: timedelta, *, step: timedelta = 30 * MINUTE) -> None:
        """So much time, a tick each step."""
        until = self.clock.now() + span
        while self.clock.now() < until:
            await self.one.tick()
            self.clock.advance(step)

    def health(self) -> list:
        """What health says of the loops."""
        return list(of_loops(self.store, KEY, self.clock.now(), (), place=PLACE))


@pytest.fixture
def fleet(tmp_path, clock, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """An empty one at a tier with writes for three customers a day, as a year begins."""
    small = {**TIERS, "sandbox": Tier(60, 30, 10, DAILY.writes * FIT)}
    for module in (scarcity, health):
        monkeypatch.setattr(module, "TIERS", small)
    clock.advance(NEW_YEAR - clock.now())
    store = Store.open(tmp_path / "layers.db", clock=clock)
    yield Fleet(store, clock)
    store.close()


async def test_the_highest_priority_goes_first_though_it_is_due_last(fleet) -> None:
    """Issue 7: over the cap it spreads by priority; room is kept for who is due later on the same day."""
    for number in range(5):
        fleet.moves_in(f"usual_{number}", zone="UTC")  # due from 00:00 UTC
    fleet.moves_in("first", priority=1, zone="Pacific/Honolulu")  # due from 10:00 UTC
    await fleet.one.tick()

    await fleet.passes(DAY)

    assert fleet.days["first"] == [NEW_YEAR.date()]
    assert sum(map(len, fleet.days.values())) == FIT
    assert fleet.sent == {NEW_YEAR.date(): DAILY.writes * FIT}


async def test_who_waits_is_first_on_the_next_day_and_reviews_wait_for_nothing(fleet) -> None:
    """Six customers and room for three: each has every second day, and a review each day, as that writes nothing."""
    names = {f"cus_{number}" for number in range(6)}
    for name in names:
        fleet.moves_in(name)
    await fleet.one.tick()
    await fleet.passes(DAY)
    first = {name for name, days in fleet.days.items() if days}

    await fleet.passes(DAY)
    second = {name for name, days in fleet.days.items() if days} - first
    await fleet.passes(8 * DAY)

    assert (len(first), first | second) == (FIT, names)
    assert {len(days) for days in fleet.days.values()} == {5}
    assert set(fleet.reviews.values()) == {10}


async def test_everybodys_turn_comes_whatever_the_others_priorities(fleet) -> None:
    """Four of a higher priority want all the room there is each day; nobody waits for longer than four weeks and a round of all."""
    wants = {**{f"high_{number}": 10 for number in range(4)}, "higher": 1_000, "low": 0, "other": 0}
    for name, priority in wants.items():
        fleet.moves_in(name, priority=priority)

    await fleet.passes(90 * DAY, step=3 * HOUR)

    gaps = {
        name: max((later - sooner).days for sooner, later in zip([NEW_YEAR.date(), *days], [*days, fleet.clock.now().date()], strict=True))
        for name, days in fleet.days.items()
    }
    assert set(fleet.days) == set(wants)
    assert max(gaps.values()) <= 28 + len(wants) // FIT + 2
    assert len(fleet.days["higher"]) > max(len(days) for name, days in fleet.days.items() if name != "higher")
    assert min(len(fleet.days[f"high_{number}"]) for number in range(4)) > max(len(fleet.days["low"]), len(fleet.days["other"]))
    assert set(fleet.sent.values()) == {DAILY.writes * FIT}


async def test_days_that_send_less_than_a_full_one_leave_room_for_more(fleet) -> None:
    """A customer's day is counted as a full one until it is over, then as what it sent."""
    fleet.each = 2
    for number in range(8):
        fleet.moves_in(f"cus_{number}")
    await fleet.one.tick()

    await fleet.passes(DAY)

    assert sum(map(len, fleet.days.values())) == 7
    assert fleet.sent[NEW_YEAR.date()] == 14


@pytest.mark.parametrize("known", [None, False])
async def test_while_nobody_told_the_tier_of_the_key_all_are_started(fleet, known) -> None:
    """`drift`: a key of a tier that nobody knows has no number of writes a day, by all that is known."""
    for number in range(6):
        fleet.moves_in(f"cus_{number}")
    fleet.told = lambda **_: None
    if known is None:
        fleet.one = Dispatcher(store=fleet.store, runner=fleet, clock=fleet.clock, principal=KEY, loops=LOOPS, place="http://other")
    else:
        Fleet.told(fleet, known=known)
    await fleet.one.tick()

    await fleet.passes(DAY)

    assert sum(map(len, fleet.days.values())) == 6


async def test_writes_of_runs_on_their_way_are_kept_for_them(fleet) -> None:
    """What was started a moment ago has sent nothing yet. Another key's runs count for nothing, nor do those that lie for long."""
    for number in range(6):
        fleet.moves_in(f"cus_{number}")
    await fleet.one.tick()
    now = fleet.clock.now()
    before = scarcity.scarce(fleet.store, KEY, now, place=PLACE)
    runs = {
        "cus_0": (now, LOOPS["p2l"]),
        "cus_1": (now - 7 * HOUR, LOOPS["p2l"]),
        "cus_2": (now, LOOPS["opt"]),
        "not_ours": (now, LOOPS["p2l"]),
    }
    for name, (began_at, loop) in runs.items():
        row = RunRow(id=name, loop=loop.name, given="{}", state="queued", began_at=began_at, project_id=f"prj_{name}", customer=name)
        fleet.store.runs.add(row)

    after = scarcity.scarce(fleet.store, KEY, now, place=PLACE)

    tomorrow = NEW_YEAR + DAY
    assert before.waits == fleet.store.rounds.beyond(KEY, "p2l", tomorrow, room=FIT)
    assert after.waits == fleet.store.rounds.beyond(KEY, "p2l", tomorrow, room=FIT - 1)


async def test_health_says_how_many_wait_since_when_and_which_tier_is_enough(fleet) -> None:
    """Issue 7: "which tier it needs ... and says who waits"; who waits for writes is not late."""
    for number in range(8):
        fleet.moves_in(f"cus_{number}")
    await fleet.one.tick()
    before = fleet.health()
    await fleet.passes(20 * HOUR)

    (alert,) = fleet.health()

    assert before == []
    assert (alert.code, alert.facts["waiting"], alert.facts["fit"], alert.facts["needs"]) == ("LOOPS_WAIT", 5, 3, "standard")
    assert "18 writes a day of tier sandbox are enough for 3 of 8 customers" in alert.words
    assert alert.words.endswith("tier standard is enough for all.")


async def test_health_says_when_other_work_had_the_writes_of_the_day(fleet) -> None:
    """Onboardings of a whole fleet, for instance."""
    fleet.moves_in("quinn")
    await fleet.one.tick()
    fleet.told(used=DAILY.writes * FIT)
    await fleet.passes(20 * HOUR)

    (alert,) = fleet.health()

    assert alert.facts["waiting"] == 1
    assert alert.words.endswith("other work had today's, and there are more from 00:00 UTC.")
