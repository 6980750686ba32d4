"""One budget for all that goes out under a key: nothing is overdrawn, nobody starves, and Layers' word wins."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_mcp.client import bucket
from layers_mcp.client.bucket import Said
from layers_mcp.client.limits import admitted, plan, span_words
from layers_mcp.client.manner import Manner
from layers_mcp.client.pace import Pace, Ticket
from layers_mcp.client.shelf import Memory
from layers_mcp.client.window import Window
from layers_mcp.clock import HandClock
from layers_mcp.contract.errors import RateLimited
from layers_mcp.contract.rates import TIERS

pytestmark = pytest.mark.anyio

MORNING = datetime(2026, 4, 18, 17, 22, 14, tzinfo=UTC)
NOW = MORNING.timestamp()


class Server:
    """A bucket on the other side, by the documented rule."""

    def __init__(self, per_minute: int, room: float, now: float = NOW) -> None:
        self.a_second, self.per_minute, self.room = per_minute / 60, per_minute, room
        self.left, self.at = room, now

    def let_through(self, now: float) -> bool:
        """One request at `now`."""
        self.left = min(self.left + (now - self.at) * self.a_second, self.room)
        self.at = now
        fits = self.left >= 1 - 1e-9
        self.left -= fits
        return fits

    def ask(self, now: float) -> Said:
        """One request at `now`, and what its answer says."""
        fits = self.let_through(now)
        return Said(self.per_minute, floor(max(self.left, 0)), None if fits else 1.0)


@given(
    st.sampled_from([10, 20, 60, 120, 1200]),
    st.sampled_from([10.0, 60.0]),
    st.lists(st.tuples(st.floats(0, 20), st.integers(1, 40), st.booleans()), max_size=60),
)
def test_no_interleaving_of_processes_overdraws_the_bucket(per_minute: int, room_s: float, story: list) -> None:
    """Issue 6: no bucket is overdrawn, in whatever turns processes come, and whoever hears answers."""
    server = Server(per_minute, max(per_minute / 60 * room_s, 1.0))
    level, now = bucket.fresh(per_minute, NOW), NOW
    for later_s, want, heard in story:
        now += later_s
        level, drawn = bucket.draw(bucket.refill(level, now), now, want)
        answers = [server.ask(now) for _ in range(drawn.got)]
        if answers and heard:
            level = bucket.hear(level, now, answers[-1], others=0, whole=drawn.whole)
        assert all(said.refused_s is None for said in answers)


@given(st.floats(0, 50), st.lists(st.tuples(st.floats(0, 3), st.booleans()), min_size=1, max_size=200))
def test_clocks_that_are_apart_gain_what_lies_between_them_once(apart_s: float, story: list) -> None:
    """Processes of two machines share a count; what one clock is ahead by is gained by the first request, and by no other."""
    server, level, real, refused = Server(60, 10.0), bucket.fresh(60, NOW), NOW, 0
    for later_s, ahead in story:
        real += later_s
        now = real + apart_s * ahead
        level, drawn = bucket.draw(bucket.refill(level, now), now)
        refused += not server.let_through(real) if drawn.got else 0

    assert refused <= apart_s + 1


@given(st.floats(0, 40), st.integers(0, 200), st.integers(0, 10), st.booleans())
def test_the_servers_word_wins_over_our_count(before_s: float, left: int, others: int, whole: bool) -> None:  # noqa: FBT001
    """Issue 6: server headers win; our count never shows more than what they leave, whoever else drew from the bucket.

    An answer that comes before those of `others` may not count them; it does when it says about what we counted, which counts them.
    """
    level, _ = bucket.draw(bucket.fresh(120, NOW), NOW)
    level = bucket.hear(level, NOW, Said(120, 19), others=0, whole=True)
    before = bucket.refill(level, NOW + before_s)

    level = bucket.hear(before, NOW + before_s, Said(120, left), others=others, whole=whole)

    assert level.tokens <= left
    assert level.tokens <= left - others or before.tokens <= left + 1
    assert level.room >= left + 1


def test_answers_of_a_burst_that_come_out_of_order_cost_nothing() -> None:
    """A hundred customers begin at once: the answer that was counted last may come first, while all others are still on the way."""
    level, _ = bucket.draw(bucket.fresh(60, NOW), NOW)
    level = bucket.hear(level, NOW, Said(60, 59), others=0, whole=True)
    level, drawn = bucket.draw(level, NOW, 100)

    for others, left in enumerate(range(59 - drawn.got, 59)):
        level = bucket.hear(level, NOW, Said(60, left), others=drawn.got - 1 - others, whole=False)

    assert drawn.got == 58
    assert bucket.draw(bucket.refill(level, NOW + 1), NOW + 1)[1].got == 1


@given(st.floats(0.5, 7200), st.sampled_from([10, 20, 60, 6000]))
def test_after_a_refusal_nothing_goes_before_the_time_that_was_said(refused_s: float, per_minute: int) -> None:
    """layers-api: operational/rate-limits: 429 with Retry-After."""
    level, _ = bucket.draw(bucket.fresh(per_minute, NOW), NOW)
    level = bucket.hear(level, NOW, Said(refused_s=refused_s), others=0, whole=False)

    _, early = bucket.draw(bucket.refill(level, NOW + refused_s * 0.99), NOW + refused_s * 0.99)
    late = NOW + refused_s + 61 / per_minute
    _, then = bucket.draw(bucket.refill(level, late), late)

    assert early.got == 0
    assert then.got == 1


@given(st.lists(st.tuples(st.floats(-86_400, 86_400), st.floats(0, 5)), max_size=20))
def test_no_jump_of_the_clock_fills_the_bucket_or_stops_it(jumps: list) -> None:
    """Issue 6: clock jumps are defined: set forward, nothing is gained; set back, nothing is lost for longer than a second."""
    server = Server(60, 10.0)
    level, real, shift = bucket.hear(bucket.fresh(60, NOW), NOW, Said(60, 9), others=0, whole=True), NOW, 0.0
    level = level._replace(tokens=level.tokens - 1)
    server.left -= 1
    for jump_s, later_s in jumps:
        real, shift = real + later_s, shift + jump_s
        skipped_s = jump_s if jump_s > 1 else 0.0
        level = bucket.refill(level, real + shift, skipped_s=skipped_s)
        level, drawn = bucket.draw(level, real + shift)
        assert not drawn.got or server.ask(real).refused_s is None
    level = bucket.refill(level, real + shift + 4)

    assert bucket.draw(level, real + shift + 4)[1].got == 1


def test_a_block_outlasts_a_clock_that_is_set_back() -> None:
    """What Layers said lasts as long as it said, and no hour longer."""
    level = bucket.hear(bucket.fresh(60, NOW), NOW, Said(refused_s=30), others=0, whole=False)

    level = bucket.refill(level, NOW - 3600)

    assert bucket.draw(level, NOW - 3600)[1].wait_s == pytest.approx(30)


def test_the_days_writes_end_at_midnight_utc_and_it_is_said() -> None:
    """layers-api: operational/rate-limits: a daily cap of write-light."""
    level = bucket.fresh(60, NOW)._replace(told=True, used=10_000)

    _, drawn = bucket.draw(level, NOW, most_a_day=10_000)
    after = bucket.refill(level, NOW + drawn.wait_s)

    assert (drawn.got, drawn.for_the_day) == (0, True)
    assert datetime.fromtimestamp(NOW + drawn.wait_s, UTC) == datetime(2026, 4, 19, tzinfo=UTC)
    assert bucket.draw(after, NOW + drawn.wait_s, most_a_day=10_000)[1].got == 1


async def told(pace: Pace, rate: str, said: Said) -> None:
    """The first request of a class has been answered so."""
    pace.hear(await pace.take(rate), said)


async def test_the_first_request_goes_alone_and_the_others_when_it_is_answered() -> None:
    """Its answer tells how much the bucket holds; until then nobody knows."""
    pace = Pace(HandClock(MORNING))

    first = await pace.take("read-light")
    waiting = [asyncio.ensure_future(pace.take("read-light")) for _ in range(30)]
    await asyncio.sleep(0)
    alone = not any(one.done() for one in waiting)
    pace.hear(first, Said(120, 119))
    await asyncio.sleep(0)

    assert alone
    assert sum(one.done() for one in waiting) == 30
    pace.close()


async def test_a_request_that_never_went_out_costs_nothing_and_keeps_nobody_back() -> None:
    """Where there is no connection there is no answer to wait for, and Layers has counted nothing."""
    clock = HandClock(MORNING)
    pace = Pace(clock)
    before = pace.standing()[0]

    pace.give_back(await pace.take("read-light"))
    after = pace.standing()[0]
    await pace.take("read-light", patience_s=0.0)

    assert (after.left, after.used) == (before.left, before.used)
    assert clock.elapsed_s() == 0
    pace.close()


async def test_who_has_the_higher_rank_goes_first_but_nobody_waits_for_ever() -> None:
    """Issue 6: starts go to whoever has the longest rest; no waiter starves: a rank is a head start of ten minutes."""
    clock, order = HandClock(MORNING), []
    pace = Pace(clock)
    await told(pace, "long-running", Said(20, 0))

    async def start(name: str, rank: int) -> None:
        pace.hear(await pace.take("long-running", rank=rank), None)
        order.append(name)

    async def crowd() -> None:
        for number in range(300):
            clock_s = clock.elapsed_s()
            await start(f"crowd {number}", 1)
            assert clock.elapsed_s() >= clock_s

    plain = asyncio.create_task(start("plain", 0))
    await asyncio.sleep(0)
    urgent = [asyncio.create_task(crowd()) for _ in range(2)]
    await plain

    assert order[0] == "crowd 0"
    assert clock.elapsed_s() < 600 + 30
    for one in urgent:
        one.cancel()
    await asyncio.gather(*urgent, return_exceptions=True)
    pace.close()


async def test_who_is_cancelled_gives_the_place_back() -> None:
    """Issue 6: cancellation is defined: in line it leaves no trace, and a right that came at the same moment goes to the next."""
    pace = Pace(HandClock(MORNING))
    await told(pace, "long-running", Said(20, 19))
    before = pace.standing()[2]
    taken = [await pace.take("long-running") for _ in range(before.left)]

    gone = [asyncio.ensure_future(pace.take("long-running", rank=3)) for _ in range(5)]
    stays = asyncio.ensure_future(pace.take("long-running"))
    await asyncio.sleep(0)
    for one in gone:
        one.cancel()
    await stays

    assert pace.standing()[2].used == len(taken) + 2
    pace.close()


async def test_a_right_that_comes_with_the_cancellation_is_not_lost() -> None:
    """The taker is cancelled after its turn came and before it could run."""
    clock = HandClock(MORNING)
    pace = Pace(clock)
    await told(pace, "long-running", Said(20, 0))
    gone = asyncio.ensure_future(pace.take("long-running"))
    await asyncio.sleep(0)
    clock.advance(timedelta(seconds=10))
    pace._serve(pace._lines["long-running"])
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)

    again = await pace.take("long-running", patience_s=0.0)

    assert isinstance(again, Ticket)
    assert pace.standing()[2].used == 2
    pace.close()


async def test_a_turn_beyond_the_patience_is_refused_at_once_with_the_time() -> None:
    """Issue 6: it says when the budget is what is waited for; nothing is sent."""
    clock = HandClock(MORNING)
    pace = Pace(clock)
    await told(pace, "long-running", Said(20, 0))
    line = [asyncio.ensure_future(pace.take("long-running")) for _ in range(12)]
    await asyncio.sleep(0)
    waited_s = clock.elapsed_s()

    with pytest.raises(RateLimited, match=r"limited by starts: 20 a minute; yours in \d+ s") as caught:
        await pace.take("long-running", patience_s=20)

    assert 30 < (caught.value.retry_after_s or 0) < 50
    assert clock.elapsed_s() == waited_s
    assert caught.value.details == {"endpointClass": "long-running"}
    pace.close()
    await asyncio.gather(*line, return_exceptions=True)


async def test_who_waits_is_told_what_for() -> None:
    """Issue 6: `limited by starts: 20 a minute; yours in 40 s`."""
    pace, heard = Pace(HandClock(MORNING)), []
    await told(pace, "long-running", Said(20, 0))

    async def tell(words: str) -> None:
        heard.append(words)

    await pace.take("long-running", tell=tell)

    assert heard[0].startswith("limited by starts: 20 a minute; yours in ")
    pace.close()


async def test_what_somebody_waits_for_goes_before_what_can_wait_and_before_looks() -> None:
    """Design §6: the budget is shared; a call with the patience of a host is not refused for a crowd of loops and looks."""
    clock = HandClock(MORNING)
    pace, order = Pace(clock), []
    await told(pace, "long-running", Said(20, 0))

    async def take(who: str, **how: object) -> None:
        pace.hear(await pace.take("long-running", **how), Said(20, 0))
        order.append(who)

    async with asyncio.timeout(5):
        loops = [asyncio.ensure_future(take("loop", rank=rank % 3, patience_s=3600)) for rank in range(40)]
        await asyncio.sleep(0)
        calls = [asyncio.ensure_future(take("call", rank=Manner().rank, patience_s=Manner().patience_s)) for _ in range(10)]
        await asyncio.gather(*loops, *calls)

    assert order.index("call") <= 1
    assert order[11:] == ["loop"] * 39
    pace.close()


async def test_whose_patience_ends_is_told_what_stands_before_them() -> None:
    """Promise: results say when the budget is what is waited for, and a retry that comes too soon helps nobody."""
    pace = Pace(HandClock(MORNING))
    await told(pace, "long-running", Said(20, 0))
    first = [asyncio.ensure_future(pace.take("long-running", rank=3, patience_s=3600)) for _ in range(30)]
    await asyncio.sleep(0)
    line = pace._lines["long-running"]
    last = asyncio.ensure_future(pace.take("long-running", rank=0, patience_s=120))
    await asyncio.sleep(0)
    line.waiting[-1].until_s = line.soonest_s = -1.0

    pace._serve(line)

    with pytest.raises(RateLimited) as refused:
        await last
    assert refused.value.retry_after_s > 60
    pace.close()
    await asyncio.gather(*first, return_exceptions=True)


async def test_a_header_of_one_class_tells_the_tier_of_all() -> None:
    """layers-api: operational/rate-limits: a key has one tier."""
    pace = Pace(HandClock(MORNING))

    await told(pace, "read-light", Said(6000, 5999))

    assert [one.per_minute for one in pace.standing()] == [6000, 3000, 300]
    assert str(pace.standing()[1]) == "writes 3,000 a minute (495 left, 500,000 of 500,000 left today)"
    pace.close()


async def test_a_tier_that_is_told_is_taken_over_and_an_unknown_one_is_not() -> None:
    """Tier sizes come from whoami where no header says them."""
    pace = Pace(HandClock(MORNING))

    pace.know("pilot")
    pace.know("platinum")

    assert [one.per_minute for one in pace.standing()] == [1200, 600, 60]
    pace.close()


class Shaky(Memory):
    """A shelf that can't be reached while it is `broken`."""

    broken = False

    def change(self, rate, make):
        """As ever, or not at all."""
        if self.broken:
            raise OSError("gone")
        return super().change(rate, make)


async def test_while_the_shared_count_cannot_be_reached_a_process_counts_by_itself() -> None:
    """No request fails, and none is lost or overdrawn, because the database that counts it is busy or gone."""
    shelf, clock = Shaky(), HandClock(MORNING)
    pace = Pace(clock, shelf=shelf)
    await told(pace, "long-running", Said(20, 2))
    shelf.broken = True

    began_s = clock.elapsed_s()
    for _ in range(20):
        pace.hear(await pace.take("long-running"), Said(20, 1))
    took_s = clock.elapsed_s() - began_s
    standing = pace.standing()[2]
    shelf.broken = False
    pace.hear(await pace.take("long-running"), Said(20, 1))

    assert 18 * 3 <= took_s < 21 * 3 + 6
    assert standing.used == 21
    pace.close()


async def test_a_clock_that_is_set_forward_fills_no_class_whichever_is_asked_first() -> None:
    """Issue 6: clock jumps are defined; the jump is seen once, and holds for reads, writes and starts alike."""

    class Set(HandClock):
        ahead = timedelta(0)

        def now(self):
            return super().now() + self.ahead

    clock = Set(MORNING)
    pace = Pace(clock)
    await told(pace, "read-light", Said(120, 119))
    await told(pace, "long-running", Said(20, 0))
    read = await pace.take("read-light")
    clock.ahead = timedelta(hours=1)

    pace.hear(read, Said(120, 10))
    pace.know("standard")

    with pytest.raises(RateLimited):
        await pace.take("long-running", patience_s=0)
    pace.close()


async def test_the_brake_is_not_kept_back_by_our_own_count_of_the_day() -> None:
    """Issue 5: what halts goes out while Layers lets it; what it has refused waits, and what the minute has no room for."""
    pace = Pace(HandClock(MORNING))
    await told(pace, "write-light", Said(60, 59))
    line = pace._lines["write-light"]
    line.level = line.level._replace(used=10_000, day=int(NOW // 86_400))
    pace._shelf.change("write-light", lambda _: (line.level, None))

    with pytest.raises(RateLimited, match="10,000 a day are used up"):
        await pace.take("write-light", patience_s=60)
    ticket = await pace.take("write-light", patience_s=60, brake=True)
    for _ in range(70):
        pace.hear(await pace.take("write-light", patience_s=60, brake=True), None)
    lasted_s = pace._clock.elapsed_s()
    pace.hear(ticket, Said(refused_s=600))

    assert lasted_s > 2
    with pytest.raises(RateLimited, match="yours in 10 min"):
        await pace.take("write-light", patience_s=60, brake=True)
    pace.close()


async def test_what_a_header_says_of_a_class_no_tier_overrules() -> None:
    """Issue 6: server headers win; a key may have limits of its own."""
    pace = Pace(HandClock(MORNING))
    await told(pace, "read-light", Said(240, 239))

    pace.know("standard")

    assert [one.per_minute for one in pace.standing()] == [240, 60, 20]
    pace.close()


def test_a_refusal_for_ever_lasts_a_day() -> None:
    """No number of Layers' lasts longer, and whoever is blocked for good never hears that it is over."""
    level = bucket.hear(bucket.fresh(60, NOW), NOW, Said(refused_s=9e8), others=0, whole=False)

    assert bucket.draw(level, NOW)[1].wait_s == pytest.approx(86_400)


async def test_a_window_lets_in_as_many_as_the_starts_can_feed_and_more_once_the_key_may() -> None:
    """Issue 6: a window admits customers so that some finish early; first come, first served, and who leaves in line leaves no gap."""
    pace, order, ends = Pace(HandClock(MORNING)), [], asyncio.Event()
    window = Window(pace, longest_s=60)

    async def customer(number: int) -> None:
        async with window:
            order.append(number)
            await ends.wait()

    line = [asyncio.ensure_future(customer(number)) for number in range(40)]
    await asyncio.sleep(0)
    first = len(order)
    line[15].cancel()
    line[0].cancel()
    await asyncio.gather(line[0], line[15], return_exceptions=True)
    await asyncio.sleep(0)
    second = order[first:]
    pace.know("pilot")
    line[1].cancel()
    await asyncio.gather(line[1], return_exceptions=True)
    await asyncio.sleep(0)

    assert (window.size, first) == (45, 15)
    assert second == [16]
    assert order == [number for number in range(40) if number != 15]
    ends.set()
    await asyncio.gather(*line, return_exceptions=True)
    pace.close()


def test_the_plan_says_the_days_that_the_daily_cap_makes() -> None:
    """performance-baselines §5: 5 writes a customer make 2,000 customers a day at the standard tier."""
    assert plan(10_000, TIERS["standard"]) == "5 writes a customer: 2,000 customers a day; 2 starts each; 10,000 take 5 days"
    assert plan(100, TIERS["standard"]).endswith("100 take 10 min at least")
    assert (admitted(20, 660), span_words(11_520)) == (165, "3 h 12 min")
