"""10,000 ads over 90 days: totals by ad, and the project's daily series, from the sandbox in process.

Run: `python tests/bench/ads_metrics.py`. Prints seconds of each question and of both, and the peak of the process's memory.
"""

from __future__ import annotations

import asyncio
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

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

ADS, CAMPAIGNS, DAYS = 10_000, 20, 90
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


async def measured() -> tuple[float, float, float]:
    """Seconds for the totals by ad, for the daily series, and the peak in MiB."""
    with tempfile.TemporaryDirectory() as folder:
        world = await World.open(Path(folder), wall=HandClock(NOW))
        transport = httpx2.ASGITransport(app=build(world))
        client = httpx2.AsyncClient(
            transport=transport, base_url="http://localhost", timeout=120, headers={"Authorization": f"Bearer {world.key}"}
        )
        project = (await client.post("/v1/projects", json={"name": "Many"})).json()["id"]
        furnish(world, project)
        path, window = f"/v1/projects/{project}/ads-metrics", {"since": wire_time(NOW - timedelta(days=DAYS))}
        await client.get(path, params={"groupBy": "ad", "since": wire_time(NOW - timedelta(days=1))})  # once, so that nothing is first
        began = time.perf_counter()
        by_ad = await client.get(path, params={"groupBy": "ad", "metrics": ["spend", "conversions", "cpa"], **window})
        between = time.perf_counter()
        by_day = await client.get(path, params={"scope": "project", "id": project, **window})
        ended = time.perf_counter()
        rows, days = by_ad.json()["series"], by_day.json()
        assert len(rows) == ADS
        assert len(days["series"]) >= DAYS
        assert round(sum(row["spend"] for row in rows) * 100) == days["totals"]["spend"] == sum(one["spend"] for one in days["series"])
        await client.aclose()
        await world.close()
    return between - began, ended - between, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    by_ad_s, by_day_s, peak_mib = asyncio.run(measured())
    print(
        f"{ADS} ads, {DAYS} days: by ad {by_ad_s:.2f} s, by day {by_day_s:.2f} s, both {by_ad_s + by_day_s:.2f} s, peak {peak_mib:.0f} MiB"
    )
