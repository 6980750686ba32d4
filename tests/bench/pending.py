"""What calls that wait cost, with progress: `python tests/bench/pending.py [1000|10000]`, beside the SDK's low-level server, over stdio.

Each call waits for a job of its own that does not end, for a minute and a half: memory a wait, the share of progress that was due every
five seconds and came, the processor, and how soon another call is answered meanwhile. Ours asks an API on this machine about each job,
within its budget; the other one asks nobody, it sleeps.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import NamedTuple

from calling import PROJECT
from links import HERE, Link, api, cpu_s, environment, memory_mib, stdio

EVERY_S, SEEN_S, SETTLE_S = 5.0, 40.0, 10.0
WAIT_S = 900


class Waits(NamedTuple):
    """Of one server."""

    kib: float
    sent: float
    cpu_percent: float
    p50_ms: float
    p95_ms: float


async def _held(link: Link, many: int) -> Waits:
    await link.greet()
    await link.call("list_keywords", {"projectId": PROJECT})
    told, under_way, before = [0], asyncio.Event(), memory_mib(link.pid)

    def tell(_params: dict[str, object]) -> None:
        told[0] += 1
        if told[0] >= many:
            under_way.set()

    calls = [asyncio.create_task(link.call("wait_for_job", {"jobId": f"job_{one}", "waitSeconds": WAIT_S}, tell)) for one in range(many)]
    await under_way.wait()
    await asyncio.sleep(SETTLE_S)
    told[0], used, began, pings = 0, cpu_s(link.pid), time.perf_counter(), list[float]()
    while time.perf_counter() < began + SEEN_S:
        asked = time.perf_counter()
        await link.call("list_keywords", {"projectId": PROJECT})
        pings.append((time.perf_counter() - asked) * 1e3)
        await asyncio.sleep(0.1)
    lasted = time.perf_counter() - began
    kib = (memory_mib(link.pid) - before) * 1024 / many
    cuts = quantiles(pings, n=20)
    for one in calls:
        one.cancel()
    return Waits(kib, told[0] / (many * lasted / EVERY_S), (cpu_s(link.pid) - used) / lasted * 100, cuts[9], cuts[18])


async def measure(many: int) -> None:
    """Print a line for each server."""
    with TemporaryDirectory() as folder, api() as base:
        settings = {"LAYERS_STATE_DIR": str(Path(folder)), "LAYERS_API_KEY": "lp_bench", "LAYERS_BASE_URL": base}
        servers = {
            "minimal": ([sys.executable, str(HERE / "minimal.py"), "stdio"], environment(UPSTREAM=base)),
            "layers-mcp": ([sys.executable, "-m", "layers_mcp", "serve", "--tools", "list_keywords,wait_for_job"], environment(**settings)),
        }
        for name, (command, env) in servers.items():
            async with stdio(command, env) as link:
                seen = await _held(link, many)
            print(
                f"{many:6} waits  {name:10}  {seen.kib:5.1f} KiB each  {seen.sent:4.0%} of due progress  cpu {seen.cpu_percent:3.0f} %  "
                f"another call p50 {seen.p50_ms:.1f} ms  p95 {seen.p95_ms:.1f} ms"
            )


if __name__ == "__main__":
    for number in [int(word) for word in sys.argv[1:]] or [1000]:
        asyncio.run(measure(number))
