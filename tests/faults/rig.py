"""Worker processes that a test starts, kills and freezes, and an account of what their runs did."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

TOYS = Path(__file__).with_name("toys.py")


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
    """Workers on one store and engine; on a server each is on a machine of its own, as far as they know."""

    def __init__(self, store: Path | str, engine: Path | str, log: Path) -> None:
        self._arguments = [str(store), str(engine)]
        self._log = log.open("ab")
        self._started = 0
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        """Start one more worker."""
        self._started += 1
        host = [f"host{self._started}"] if "://" in self._arguments[0] else []
        command = [sys.executable, str(TOYS), *self._arguments, *host]
        worker = subprocess.Popen(command, stdout=self._log, stderr=self._log)
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
