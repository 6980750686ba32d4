"""How soon a server is there, and what it holds: `python tests/bench/starting.py [--rounds N]`, beside the SDK's low-level server.

Over stdio from the process's start to the answer of `tools/list`, with memory then; `--version` and `--help`; and the first call after a
start, on the embedded sandbox as it was left (seconds from the call), and with a key (beside a request straight to the API).
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from calling import PROJECT
from links import HERE, api, environment, memory_mib, ratio, stdio

OURS = [sys.executable, "-m", "layers_mcp"]
READS_S = 3.0
"""How long a model reads the list of tools at least before it calls one; a server may make itself ready meanwhile."""
MINIMAL = [sys.executable, str(HERE / "minimal.py"), "stdio"]


async def _listed(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    began = time.perf_counter()
    async with stdio(command, env) as link:
        await link.greet()
        await link.request("tools/list")
        return time.perf_counter() - began, memory_mib(link.pid)


async def _first(env: dict[str, str], tool: str, arguments: dict[str, str]) -> float:
    async with stdio(OURS, env) as link:
        await link.greet()
        await link.request("tools/list")
        await asyncio.sleep(READS_S)
        began = time.perf_counter()
        await link.call(tool, arguments)
        return time.perf_counter() - began


def _said(flag: str, env: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run([*OURS, flag], env=env, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


async def measure(rounds: int) -> None:
    """Print the table; servers and commands take turns."""
    seen: dict[str, list[float]] = {}
    with TemporaryDirectory() as folder, api() as base:
        env = environment(LAYERS_STATE_DIR=folder)
        live = env | {"LAYERS_STATE_DIR": str(Path(folder) / "live"), "LAYERS_API_KEY": "lp_bench", "LAYERS_BASE_URL": base}
        for number in range(rounds + 1):
            theirs, its = await _listed(MINIMAL, environment(UPSTREAM=base))
            ours, held = await _listed(OURS, env)
            row = {"minimal": theirs, "layers-mcp": ours, "minimal MiB": its, "layers-mcp MiB": held}
            row |= {flag: _said(flag, env) for flag in ("--version", "--help")}
            row["first call, sandbox"] = await _first(env, "get_project", {})
            row["first call, key"] = await _first(live | {"LAYERS_TOOLS": "list_keywords"}, "list_keywords", {"projectId": PROJECT})
            for name, value in row.items():
                seen.setdefault(name, []).extend([value] if number else [])  # the first round makes byte code and the sandbox
    for name, base_name in (("layers-mcp", "minimal"), ("layers-mcp MiB", "minimal MiB"), ("--version", "minimal"), ("--help", "minimal")):
        print(
            f"{name:20} {median(seen[name]):8.3f}  minimal {median(seen[base_name]):8.3f}  ratio {ratio(seen[name], seen[base_name]):.2f}"
        )
    for name in ("first call, sandbox", "first call, key"):
        print(f"{name:20} {median(seen[name]):8.3f} s, longest {max(seen[name]):.3f} s")


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=9)
    asyncio.run(measure(options.parse_args().rounds))
