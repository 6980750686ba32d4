"""What waiting for jobs costs while webhooks tell of their end, and some are lost: `python tests/bench/webhooks.py`.

The real desk on a virtual clock, one job after the other; durations and models of progress are those of `waiting.py`. An event comes
0.2 to 1.2 s after the end (0.7 s on average), or never. "all" is silence: nothing comes any more, and the desk has to notice.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, cast

from onboarding_fleet import Loop, LoopClock
from waiting import SPANS, Cost, Far, Model, honest, noisy, none, stages
from waiting import ours as polled

from layers_mcp.client.desk import Desk, Progress
from layers_mcp.client.partner import Partner
from layers_mcp.client.thing import job
from layers_mcp.client.told import Told

LATE_S = (0.2, 1.2)
DELIVERY_S = sum(LATE_S) / 2


class Post:
    """Delivers events, or loses them. `share`: of those that are lost; `heard_at`: when the last one came."""

    def __init__(self, clock: LoopClock, share: float) -> None:
        self.clock, self.share, self.luck = clock, share, random.Random(4)
        self.heard_at: datetime | None = clock.now()  # it was tried when it was registered

    def send(self, desk: Desk, in_s: float, loop: Loop) -> None:
        """Tell of an end in so many seconds, a little late."""
        late_s, lost = self.luck.uniform(*LATE_S), self.luck.random() < self.share

        def come() -> None:
            self.heard_at = self.clock.now()
            desk.wake("job job_1")

        if not lost:
            loop.call_later(in_s + late_s, come)


async def _quiet(_progress: Progress) -> None:
    """Nobody listens."""


class Setting(NamedTuple):
    """What is simulated."""

    kind: str
    model: Model
    lost: float


def ours(setting: Setting, lasts: Sequence[float]) -> Cost:
    """The real desk; what it learned of webhooks with one job counts for the next."""
    loop, clock = Loop(), LoopClock()

    async def all_of_them() -> Cost:
        post, each = Post(clock, setting.lost), list[tuple[int, float]]()
        told = Told(clock, lambda: post.heard_at)
        for lasts_s in lasts:
            far = Far(clock, setting.kind, lasts_s, setting.model)
            partner = cast("Partner", far)
            desk, began_s = Desk(partner, told=told), clock.elapsed_s()
            post.send(desk, lasts_s, loop)
            await desk.wait(job("job_1"), by=partner, report=_quiet, at_most_s=1e6)
            each.append((far.asked, clock.elapsed_s() - began_s - lasts_s))
        return Cost.of(each)

    try:
        return loop.run_until_complete(all_of_them())
    finally:
        loop.close()


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--jobs", type=int, default=2_000)
    given = asked.parse_args()
    for kind, span in SPANS.items():
        luck = random.Random(1)
        lasts = [luck.uniform(*span) for _ in range(given.jobs)]
        print(f"SIMULATED {kind}: {given.jobs} jobs of {span[0]:g}-{span[1]:g} s, events {DELIVERY_S:g} s late on average")
        print(f"  {'progress':<10} | {'lost':>4} | requests | mean s |  p95 s")
        for model in (honest, noisy, stages, none):
            cost = asyncio.run(polled(kind, lasts, model))
            print(f"  {model.__name__:<10} |   -- | {cost.requests:>8.2f} | {cost.mean_s:>6.2f} | {cost.p95_s:>6.2f}  without webhooks")
            for lost in (0.0, 0.01, 0.1, 1.0):
                cost = ours(Setting(kind, model, lost), lasts)
                share = "all" if lost == 1 else f"{lost:.0%}"
                print(f"  {model.__name__:<10} | {share:>4} | {cost.requests:>8.2f} | {cost.mean_s:>6.2f} | {cost.p95_s:>6.2f}", flush=True)


if __name__ == "__main__":
    main()
