"""What a worker does beside its runs, on a thread of its own: it says that it lives, wakes who is due, and takes over from the dead."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from sqlalchemy.exc import DBAPIError

from layers_mcp.clock import Clock
from layers_mcp.loops.engine import Engine
from layers_mcp.store.store import Store

__all__ = ["Caretaker", "forget", "hand_over"]

_BEAT_S, _FORGET_S = 5.0, 3600.0
_BATCH = 50
_BELLS_US = 30 * 86_400 * 1_000_000


def _wake_due(store: Store, engine: Engine, clock: Clock) -> int:
    """Wake some of the runs whose time has come; how many were taken."""
    taken = store.runs.take_due(clock.now(), limit=_BATCH)
    for row in taken:
        store.runs.woken(row, queued=engine.wake(row.id, row.step))
    return len(taken)


def forget(store: Store, engine: Engine, clock: Clock, older_than: timedelta) -> int:
    """Forget the runs that were over for longer, the engine's record of them first; how many."""
    gone = 0
    while ids := store.runs.old(clock.now() - older_than, limit=100):
        engine.forget(ids)
        store.runs.forget(ids)
        gone += len(ids)
    store.runs.forget_bells(older_us=_BELLS_US)
    return gone


def hand_over(store: Store, engine: Engine) -> int:
    """Give the runs of all who have no seat to those who have; how many there were."""
    return engine.hand_over(lambda: {one.id for one in store.workers.all()})


@dataclass
class Caretaker:
    """The thread of one worker. `lost` is set when it was taken for dead: its runs are others' now."""

    store: Store
    engine: Engine
    clock: Clock
    worker_id: str
    pause_s: float
    kept: timedelta
    lost: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._go, name="caretaker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for that."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _go(self) -> None:
        beat_at = forget_at = 0.0
        while not self._stop.is_set() and not self.lost.is_set():
            try:
                now_s = time.monotonic()
                if now_s >= beat_at:
                    beat_at = now_s + _BEAT_S
                    self._beat()
                if now_s >= forget_at:
                    forget_at = now_s + _FORGET_S
                    forget(self.store, self.engine, self.clock, self.kept)
                busy = _wake_due(self.store, self.engine, self.clock) == _BATCH
            except DBAPIError as problem:
                structlog.get_logger().warning("worker_database", kind=type(problem).__name__)
                busy = False
            if not busy:
                self._stop.wait(self.pause_s)

    def _beat(self) -> None:
        if not self.store.workers.beat(self.worker_id):
            self.lost.set()
            return
        dead = self.store.workers.bury(host=self.worker_id.rsplit("-", 2)[0])
        runs = hand_over(self.store, self.engine)
        if dead or runs:
            structlog.get_logger().warning("taken_over", workers=len(dead), runs=runs)
