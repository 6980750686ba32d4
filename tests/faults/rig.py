"""Worker processes that a test starts, kills and freezes, and what stands in the store that they share."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

TAKEOVER_S = 30.0
"""Issue 7: "a killed or frozen worker's runs continue on another within 30 s"."""
MOST = 10_000


class Account(NamedTuple):
    """What the runs did.

    `twice`: steps that were done again after a later one of their run was; `gap_s`: the longest time a run did nothing in between.
    """

    effects: int
    keys: int
    twice: int
    repeated: int
    gap_s: float


def account(rows: list[tuple[int, str, int, str]]) -> Account:
    """The account of rows (microseconds, run, step, key), in any order."""
    twice, gap_s, last = 0, 0.0, {}
    for at_us, run, step, _ in sorted(rows):
        if run in last:
            gap_s = max(gap_s, (at_us - last[run][0]) / 1e6)
            twice += step < last[run][1]
        last[run] = (at_us, max(step, last[run][1] if run in last else 0))
    keys = len({(run, step, key) for _, run, step, key in rows})
    return Account(len(rows), keys, twice, len(rows) - keys, gap_s)


class Rig:
    """Processes of one program, each with these arguments; with `hosts` each is told a machine of its own, too."""

    def __init__(self, program: Path, arguments: Sequence[str], log: Path, *, hosts: bool) -> None:
        self._command = [sys.executable, str(program), *arguments]
        self._hosts = hosts
        self._log = log.open("ab")
        self._started = 0
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        """Start one more worker."""
        self._started += 1
        host = [f"host{self._started}"] if self._hosts else []
        worker = subprocess.Popen([*self._command, *host], stdout=self._log, stderr=self._log)
        self.workers.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """Kill a worker at once."""
        worker.kill()
        worker.wait()
        self.workers.remove(worker)

    def close(self) -> float:
        """End all; how long the slowest took, in seconds."""
        began_s = time.monotonic()
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            try:
                worker.wait(40)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
                raise
        self._log.close()
        return time.monotonic() - began_s

    def end(self) -> None:
        """End whatever is left, at once."""
        for worker in [*self.workers]:
            self.kill(worker)
        self._log.close()


def _free(file: Path) -> bool:
    """Whether a database can be written to now."""
    with closing(sqlite3.connect(file, timeout=0.2, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.execute("ROLLBACK")
    return True


def places(where: Path | str, folder: Path) -> list[Path | str]:
    """Where the store and the engine of a yard are."""
    if isinstance(where, str):
        return [where, where]
    where.parent.mkdir(exist_ok=True)
    return [where, folder / "engine.db"]


class Yard:
    """The store of some workers, and the workers. `place`: has a `store`, an `engine` and a `runner` on the same."""

    def __init__(self, place: Any, files: list[Path | str], rig: Rig) -> None:
        self.place, self.rig, self._files = place, rig, files
        self.kind = "sqlite" if isinstance(files[0], Path) else "postgres"
        self.count = 0

    def close(self) -> None:
        """End all of it."""
        self.rig.end()
        self.place.engine.close()
        self.place.store.close()

    def seated(self) -> set[int]:
        """The processes that have a seat, as soon as there is one of those that live."""
        until_s = time.monotonic() + 30
        while time.monotonic() < until_s:
            pids = {int(one.id.rsplit("-", 2)[1]) for one in self.place.store.workers.all()} & {one.pid for one in self.rig.workers}
            if pids:
                return pids
            time.sleep(0.05)
        raise AssertionError("no worker took a seat")

    def over(self) -> int:
        """How many runs were completed."""
        return len(self.place.store.runs.recent(states=["completed"], limit=MOST))

    def stuck(self) -> list[tuple[str, str, str | None, str | None]]:
        """The runs that were not."""
        found = self.place.store.runs.recent(limit=MOST)
        return [(row.id, row.state, row.name, row.code) for row in found if row.state != "completed"]

    def finish(self, at_most_s: float) -> None:
        """Wait until all are."""
        until_s = time.monotonic() + at_most_s
        while self.over() < self.count and time.monotonic() < until_s:
            time.sleep(0.2)

    def kills(self, luck: Random, count: int, *, before: Callable[[int], object], at_most_s: float = 2.5) -> None:
        """Kill a worker at random so many times, each at a random moment while one has a seat, and start another in its place."""
        for number in range(count):
            before(number)
            self.seated()
            time.sleep(luck.uniform(0.1, at_most_s))
            self.rig.kill(luck.choice(self.rig.workers))
            self.rig.start()

    def busiest(self) -> Any:
        """The worker that has the most runs in hand."""
        running = self.place.store.runs.recent(states=["running"], limit=MOST)
        count = Counter(int((row.worker or "-0-").rsplit("-", 2)[1]) for row in running)
        return max(self.rig.workers, key=lambda one: count[one.pid])

    def freeze(self, worker: Any) -> None:
        """Freeze a worker; on SQLite between two writes, as in the middle of one it would hold the file until it goes on."""
        for _ in range(100):
            worker.send_signal(signal.SIGSTOP)
            os.waitpid(worker.pid, os.WUNTRACED)  # a thread that runs on for a moment may begin to write
            if self.kind == "postgres" or all(_free(file) for file in self._files):
                return
            worker.send_signal(signal.SIGCONT)
            time.sleep(0.05)
        raise AssertionError("it writes all the time")

    def taken_over(self, worker: Any, stop: Callable[[Any], object]) -> float:
        """Stop a worker, and wait until none of its runs is on it any more; how long that took, in seconds."""
        runs = self.place.store.runs

        def on_it() -> set[tuple[str, int]]:
            found = runs.recent(states=["running"], limit=MOST)
            return {(row.id, row.turn) for row in found if int((row.worker or "--").rsplit("-", 2)[1] or 0) == worker.pid}

        stop(worker)
        began_s, left = time.monotonic(), on_it()
        while left & on_it() and time.monotonic() - began_s < 2 * TAKEOVER_S:
            time.sleep(0.1)
        return time.monotonic() - began_s
