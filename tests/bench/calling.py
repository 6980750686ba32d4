"""What a call of a reading tool costs, beside the SDK's low-level server with nothing on it: `python tests/bench/calling.py [--rounds N]`.

Ours runs as its users have it: gate, trail, shared budget, cleaning and schema checks on, a key, an API on this machine that answers
after a millisecond. The servers take turns in short blocks; ratios are of blocks side by side. Overhead is the latency less that of a
request straight to the API, by no HTTP client at all.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from links import HERE, REPLY, Link, api, cpu_s, environment, link_to, ratio

PROJECT = "prj_2481fa5c-a404-44ed-a561-565392499abc"
CALLS = {1: 60, 64: 256}
"""Calls in a block, by how many at once."""


class Block(NamedTuple):
    """Of one block: each call's seconds, calls a second, the server's processor a call in microseconds."""

    latencies: list[float]
    rate: float
    cpu_us: float


def _commands(transport: str, folder: Path, base: str) -> dict[str, tuple[list[str], dict[str, str]]]:
    words = {"stdio": ["stdio"], "http": ["http", "{port}"]}[transport]
    flags = {"stdio": [], "http": ["--transport", "http", "--port", "{port}"]}[transport]
    settings = {"LAYERS_STATE_DIR": str(folder), "LAYERS_API_KEY": "lp_bench", "LAYERS_BASE_URL": base, "LAYERS_TOOLS": "list_keywords"}
    return {
        "minimal": ([sys.executable, str(HERE / "minimal.py"), *words], environment(UPSTREAM=base)),
        "layers-mcp": ([sys.executable, "-m", "layers_mcp", "serve", *flags], environment(**settings)),
    }


async def _block(link: Link, at_once: int) -> Block:
    latencies, left = list[float](), CALLS[at_once]

    async def work() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            began = time.perf_counter()
            await link.call("list_keywords", {"projectId": PROJECT})
            latencies.append(time.perf_counter() - began)

    began, used = time.perf_counter(), cpu_s(link.pid)
    await asyncio.gather(*(work() for _ in range(at_once)))
    return Block(latencies, len(latencies) / (time.perf_counter() - began), (cpu_s(link.pid) - used) / len(latencies) * 1e6)


async def _direct(base: str) -> float:
    """The median of a request over one connection, by nobody's HTTP client."""
    reads, writes = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
    seen = list[float]()
    for _ in range(CALLS[1]):
        began = time.perf_counter()
        writes.write(b"GET /v1/projects/p/keywords HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        await reads.readexactly(len(REPLY))
        seen.append(time.perf_counter() - began)
    writes.close()
    return median(seen)


def _print(transport: str, at_once: int, blocks: dict[str, list[Block]], direct: list[float]) -> None:
    over = {name: [median(one.latencies) - base for one, base in zip(some, direct, strict=True)] for name, some in blocks.items()}
    first = blocks["minimal"]
    for name, some in blocks.items():
        every = sorted(latency for one in some for latency in one.latencies)
        p50, p99 = median(every) * 1e3, quantiles(every, n=100)[98] * 1e3
        rate, cpu = (ratio([one[at] for one in some], [one[at] for one in first]) for at in (1, 2))
        more = f"  overhead {ratio(over[name], over['minimal']):.2f} of minimal" if at_once == 1 else ""
        rates = f"{median(one.rate for one in some):5.0f}/s ({rate:.2f})  cpu {median(one.cpu_us for one in some):5.0f} us ({cpu:.2f})"
        print(f"{transport:5} {at_once:3} at once  {name:10}  p50 {p50:6.2f} ms  p99 {p99:6.2f} ms  {rates}{more}")


async def measure(transport: str, rounds: int) -> None:
    """Print a line for each server, at one call at a time and at 64."""
    with TemporaryDirectory() as folder, api() as base:
        async with AsyncExitStack() as stack:
            links: dict[str, Any] = {}
            for name, (command, env) in _commands(transport, Path(folder), base).items():
                links[name] = await stack.enter_async_context(link_to(transport, command, env))
                await links[name].greet()
            for at_once in CALLS:
                blocks, direct = {name: list[Block]() for name in links}, list[float]()
                for number in range(rounds + 1):
                    made = {name: await _block(link, at_once) for name, link in links.items()}
                    straight = await _direct(base)
                    if number:  # the first warms every path
                        direct.append(straight)
                        for name, block in made.items():
                            blocks[name].append(block)
                _print(transport, at_once, blocks, direct)


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=8)
    for each in ("stdio", "http"):
        asyncio.run(measure(each, options.parse_args().rounds))
