"""10,000 ads over 90 days: totals by ad, the project's daily series, and the scores of its creatives, from the sandbox in process.

Run: `python tests/bench/ads_metrics.py`. Prints for each question the median seconds of five, by the wall's clock and of the processor,
which a busy machine stretches less; the machine's load; and the peak of the process's memory.
"""

from __future__ import annotations

import asyncio
import os
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import httpx2
from sqlalchemy import insert

from layers_mcp.clock import HandClock
from layers_mcp.contract.scalars import wire_time
from layers_mcp.database import writing
from layers_mcp.sandbox import ids
from layers_mcp.sandbox.ads import making, pool, tables
from layers_mcp.sandbox.ads.making import NewAccount, NewCampaign
from layers_mcp.sandbox.app import build
from layers_mcp.sandbox.audience.paid import traits_of
from layers_mcp.sandbox.world import World

ADS, CAMPAIGNS, DAYS, TIMES = 10_000, 20, 90, 5
NOW = datetime(2026, 4, 18, 17, 22, 14, tzinfo=UTC)


def furnish(world: World, project_id: str) -> None:
    """Campaigns of 500 ads each, begun 90 days ago; every third ad was paused half way."""
    begun = NOW - timedelta(days=DAYS)
    with writing(world.engine) as connection:
        account = making.add_account(connection, project_id, NewAccount(platform="meta_ads", name="Shop", at=NOW))
        creative = pool.add(connection, project_id, "Hook", pool="generated", at=begun)
        rows: list[dict[str, Any]] = []
        stretches: list[dict[str, Any]] = []
        for number in range(CAMPAIGNS):
            campaign = making.add_campaign(connection, account, NewCampaign(name=f"C {number}", at=begun, daily_budget_cents=500_000))
            adset = making.add_adset(connection, campaign, "Broad", at=begun)
            for place in range(ADS // CAMPAIGNS):
                traits = traits_of("layers", "meta_ads", ("Shop", f"C {number}", str(place)), quality=0.0, people=40_000)
                row = {"id": ids.mint("ad"), "project_id": project_id, "adset_id": adset, "ads_content_id": creative}
                rows.append(row | {"name": f"Ad {place}", "status": "active", "traits": list(traits), "created_at": begun})
                first = {"ad_id": row["id"], "since": begun, "until": None, "rate": 1000.0, "cpm": traits.cpm}
                zero = {"spend": 0.0, "shown": 0.0, "clicks": 0.0, "conversions": 0.0, "wear": 1.0}
                stretches.append(first | zero)
                if place % 3 == 0:
                    shown = 1000.0 * 45 / traits.cpm * 1000
                    then = {"since": begun + timedelta(days=45), "rate": 0.0, "spend": 45_000.0, "shown": shown}
                    stretches.append(first | then | {"clicks": 400.0, "conversions": 20.0, "wear": 0.6})
        connection.execute(insert(tables.ads), rows)
        connection.execute(insert(tables.stretches), stretches)


class Cost(NamedTuple):
    """Seconds of one question: by the wall's clock, and of the processor."""

    wall_s: float
    processor_s: float


async def asked(client: httpx2.AsyncClient, path: str, **params: Any) -> tuple[dict[str, Any], Cost]:
    """The answer to a question, and the median of what it took to get it five times; asked once before, so that nothing is first."""
    costs: list[Cost] = []
    answer = await client.get(path, params=params)
    for _ in range(TIMES):
        began, worked = time.perf_counter(), time.process_time()
        answer = await client.get(path, params=params)
        costs.append(Cost(time.perf_counter() - began, time.process_time() - worked))
    return answer.raise_for_status().json(), Cost(median(one.wall_s for one in costs), median(one.processor_s for one in costs))


async def measured() -> dict[str, Cost]:
    """What each question takes; the answers must agree with each other."""
    with tempfile.TemporaryDirectory() as folder:
        world = await World.open(Path(folder), wall=HandClock(NOW))
        transport = httpx2.ASGITransport(app=build(world))
        client = httpx2.AsyncClient(
            transport=transport, base_url="http://localhost", timeout=120, headers={"Authorization": f"Bearer {world.key}"}
        )
        project = (await client.post("/v1/projects", json={"name": "Many"})).json()["id"]
        furnish(world, project)
        path, since = f"/v1/projects/{project}/ads-metrics", wire_time(NOW - timedelta(days=DAYS))
        by_ad, ads = await asked(client, path, groupBy="ad", metrics=["spend", "conversions", "cpa"], since=since)
        by_day, days = await asked(client, path, scope="project", id=project, since=since)
        _, reach = await asked(client, path, scope="project", id=project, since=since, metrics=["spend", "reach", "frequency"])
        _, pooled = await asked(client, f"/v1/projects/{project}/ads-content")
        assert len(by_ad["series"]) == ADS
        assert len(by_day["series"]) >= DAYS
        spent = by_day["totals"]["spend"]
        assert round(sum(row["spend"] for row in by_ad["series"]) * 100) == spent == sum(one["spend"] for one in by_day["series"])
        await client.aclose()
        await world.close()
    return {"totals by ad": ads, "daily series": days, "daily series with frequency": reach, "ads-content": pooled}


if __name__ == "__main__":
    for question, cost in asyncio.run(measured()).items():
        print(f"{ADS} ads, {DAYS} days, {question}: {cost.wall_s:.2f} s, of the processor {cost.processor_s:.2f} s")
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak {peak_mib:.0f} MiB, load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
