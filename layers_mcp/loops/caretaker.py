"""What a worker does beside its runs, on threads of its own: it says that it lives, wakes who is due, and takes over from the dead."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from layers_mcp.clock import Clock
from layers_mcp.loops.engine import Engine, Unknown
from layers_mcp.loops.questions import LASTING
from layers_mcp.store.rows import RunRow
from layers_mcp.store.store import Store

__all__ = ["Caretaker", "Lost", "forget", "hand_over", "wake"]

_BEAT_S, _LOST_S, _FORGET_S = 5.0, 30.0, 3600.0
_BATCH, _LOOKED_AT = 50, 500
_BELLS_US = 30 * 86_400 * 1_000_000


def wake(store: Store, engine: Engine, row: RunRow) -> None:
    """Wake a run that was taken for that; one of which the engine has no record begins, or begins anew: each step finds what it made."""
    try:
        queued = engine.wake(row.id, again=row.step if row.woken == "retry" else 0)
    except Unknown:
        if row.turn:  # else it was started early (`loops/early`)
            structlog.get_logger().warning("run_begins_anew", run=row.id, loop=row.loop)
        engine.enqueue(row.id, row.loop, row.given)
        queued = True
    store.runs.woken(row, queued=queued)


def _wake_due(store: Store, engine: Engine, clock: Clock, owner: str | None) -> int:
    """Wake some of an owner's runs whose time has come; how many were taken."""
    taken = store.runs.take_due(clock.now(), limit=_BATCH, owner=owner)
    for row in taken:
        try:
            wake(store, engine, row)
        except Exception as problem:  # noqa: BLE001  one that can't be woken now keeps none of the others asleep
            structlog.get_logger().warning("run_not_woken", run=row.id, kind=type(problem).__name__)
    return len(taken)


def forget(store: Store, engine: Engine, clock: Clock, older_than: timedelta) -> int:
    """Forget the runs that were over for longer, the engine's record of them first, and what was answered before that; how many runs."""
    gone, before = 0, clock.now() - older_than
    while ids := store.runs.old(before, limit=100):
        engine.forget(ids)
        store.runs.forget(ids)
        gone += len(ids)
    store.questions.sweep(before, lasting=LASTING)
    store.runs.forget_bells(older_us=_BELLS_US)
    return gone


def hand_over(store: Store, engine: Engine) -> int:
    """Give the runs of all who have no seat to those who have; how many there were."""
    return engine.hand_over(lambda: {one.id for one in store.workers.all()})


@dataclass
class Lost:
    """Runs that are queued or on a worker by our rows, and over for the engine: whatever left them so, nobody would go on with them."""

    store: Store
    engine: Engine
    suspects: Mapping[str, int] = field(default_factory=dict[str, int])
    _after: str = ""

    def look(self) -> None:
        """Have those woken that were so in the same turn last time, long enough ago for what was under way to be written.

        It looks at some runs at a time, and who is woken without need lies down again where it lay.
        """
        afoot = self.store.runs.afoot(after=self._after, limit=_LOOKED_AT)
        active = self.engine.active([*afoot, *(self.suspects.keys() - afoot.keys())])
        for run_id, turn in self.suspects.items():
            if run_id not in active and self.store.runs.lay_down(run_id, turn=turn):
                structlog.get_logger().warning("run_found", run=run_id, turn=turn)
        self.suspects = {one: turn for one, turn in afoot.items() if one not in active and self.suspects.get(one) != turn}
        self._after = max(afoot) if len(afoot) == _LOOKED_AT else ""


@dataclass
class Caretaker:
    """The threads of one worker, which wakes runs of `owner`. `lost` is set when it was taken for dead: its runs are others' now."""

    store: Store
    engine: Engine
    clock: Clock
    worker_id: str
    pause_s: float
    kept: timedelta
    owner: str | None = None
    lost: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list[threading.Thread])

    def start(self) -> None:
        """Begin."""
        lost = Lost(self.store, self.engine)
        chores = (
            [(_BEAT_S, self._beat)],
            [(_BEAT_S, self._take_over), (_FORGET_S, self._forget), (_LOST_S, lost.look), (self.pause_s, self._wake_due)],
        )
        self._threads = [threading.Thread(target=self._go, args=(some,), name="caretaker", daemon=True) for some in chores]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, and wait for that."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _go(self, chores: Sequence[tuple[float, Callable[[], object]]]) -> None:
        """Do each as often as it says, in seconds, whatever goes wrong with it."""
        due = [0.0] * len(chores)
        while not self._stop.is_set() and not self.lost.is_set():
            for number, (pause_s, chore) in enumerate(chores):
                if time.monotonic() < due[number]:
                    continue
                due[number] = time.monotonic() + pause_s
                try:
                    chore()
                except Exception as problem:  # noqa: BLE001  who lives goes on saying so, and waking the others
                    structlog.get_logger().warning("caretaker", kind=type(problem).__name__)
            self._stop.wait(min(due) - time.monotonic())

    def _beat(self) -> None:
        if not self.store.workers.beat(self.worker_id):
            self.lost.set()

    def _take_over(self) -> None:
        dead = self.store.workers.bury(host=self.worker_id.rsplit("-", 2)[0])
        runs = hand_over(self.store, self.engine)
        if dead or runs:
            structlog.get_logger().warning("taken_over", workers=len(dead), runs=runs)

    def _forget(self) -> None:
        forget(self.store, self.engine, self.clock, self.kept)

    def _wake_due(self) -> None:
        def more() -> bool:
            return _wake_due(self.store, self.engine, self.clock, self.owner) == _BATCH

        while more() and not self._stop.is_set() and not self.lost.is_set():
            pass
