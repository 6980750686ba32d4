"""One budget for several processes on one file."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

from layers_mcp.client.bucket import Said
from layers_mcp.client.pace import Pace
from layers_mcp.clock import WallClock
from layers_mcp.store.store import Store

RACER = """
import asyncio, json, sys, time
from pathlib import Path
from layers_mcp.client.pace import Pace
from layers_mcp.clock import WallClock
from layers_mcp.store.store import Store

async def race():
    where = sys.argv[1]
    store = Store.open(where if '://' in where else Path(where))
    pace, sent = Pace(WallClock(), shelf=store.levels("http://sandbox.layers", "key_1")), []
    sys.stdin.readline()
    until = time.monotonic() + 3
    while time.monotonic() < until:
        pace.hear(await pace.take("read-light"), None)
        sent.append(time.time())
    store.close()
    print(json.dumps(sent))

asyncio.run(race())
"""


async def _told(store: Store, said: Said) -> None:
    pace = Pace(WallClock(), shelf=store.levels("http://sandbox.layers", "key_1"))
    pace.hear(await pace.take("read-light"), said)


def test_two_processes_that_share_a_key_never_overdraw_its_bucket(where: Path | str) -> None:
    """Issue 6: shared between processes through the store; no bucket is overdrawn by any number of them."""
    per_minute, room = 600, 40
    store = Store.open(where)
    asyncio.run(_told(store, Said(per_minute, room - 1)))
    store.close()
    began = time.time()

    racers = [subprocess.Popen([sys.executable, "-c", RACER, str(where)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    sent = [json.loads(racer.communicate(b"go\n", timeout=60)[0]) for racer in racers]

    left, at = room - 1.0, began
    for moment in sorted(sent[0] + sent[1]):
        left, at = min(left + (moment - at) * per_minute / 60, room) - 1, moment
        assert left > (-1e-6 if isinstance(where, Path) else -0.1), "how far this clock is from the server's is known to milliseconds"
    assert all(len(one) > 3 for one in sent)


def test_the_count_outlives_the_process(where: Path | str) -> None:
    """What a key has used today is known to the next process, and keys do not share."""
    store = Store.open(where)
    asyncio.run(_told(store, Said(120, 4)))
    store.close()

    store = Store.open(where)
    known = Pace(WallClock(), shelf=store.levels("http://sandbox.layers", "key_1")).standing()[0]
    other = Pace(WallClock(), shelf=store.levels("http://sandbox.layers", "key_2")).standing()[0]
    store.close()

    assert (known.used, known.left <= 4) == (1, True)
    assert other.used == 0
