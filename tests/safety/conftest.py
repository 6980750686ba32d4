"""One world for all attempts, a copy of it for each, and the totals at the end."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from layers_mcp.clock import HandClock
from layers_mcp.server import log

sys.path.insert(0, str(Path(__file__).parent))  # the modules beside the tests: `counting`, `scenes`, `attacks`

from scenes import TEMPLATE, Scene, build, opened, read_facts, shut

_TOTALS = "safety totals"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, album: Any) -> tuple[Path, dict[str, Any]]:
    """The folder every attempt begins with, and the ids of what is in it; that which the variable names, when one was made before."""
    log.configure("error")
    made = os.environ.get(TEMPLATE)
    folder = Path(made) if made else tmp_path_factory.mktemp("template")
    if not made:
        with album.used():
            asyncio.run(build(folder))
    return folder, read_facts(folder)


@pytest.fixture
async def scene_of(
    template: tuple[Path, dict[str, Any]], tmp_path: Path, drawn_once: None
) -> AsyncIterator[Callable[[str], Awaitable[Scene]]]:
    """Opens a copy of the world, with one case to attempt in it."""
    folder, facts = template
    made: list[Scene] = []

    async def open_scene(name: str) -> Scene:
        place = tmp_path / f"scene {len(made)}"
        shutil.copytree(folder, place)
        made.append(Scene(await opened(place, HandClock(facts["now"])), facts, name, folder=place))
        return made[-1]

    yield open_scene
    for scene in made:
        await shut(scene.story)


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Callable[[str, Any], None]:
    """Adds one attempt to the totals: its kind, and what was counted after it."""
    return lambda kind, found: record_property(_TOTALS, (kind, len(found.effects), len(found.spent), len(found.unconfirmed)))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The totals of all attempts, whichever process made them."""
    attempts, sums = Counter[str](), Counter[str]()
    for report in (report for kind in terminalreporter.stats.values() for report in kind):
        for name, told in getattr(report, "user_properties", ()):
            if name == _TOTALS and report.when == "call":
                attempts[told[0]] += 1
                sums.update(effects=told[1], yeses=told[2], unconfirmed=told[3])
    if attempts:
        kinds = ", ".join(f"{kind} {many}" for kind, many in sorted(attempts.items()))
        terminalreporter.section("safety")
        terminalreporter.write_line(f"attempts: {attempts.total()} ({kinds})")
        terminalreporter.write_line(f"effects: {sums['effects']}, each with a yes of its own; unconfirmed: {sums['unconfirmed']}")
