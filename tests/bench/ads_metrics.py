"""10,000 ads over 90 days: what the sandbox answers in process, and read_ads_metrics over it, as an agent calls the tool.

Run: `python tests/bench/ads_metrics.py`. Prints for each question the median seconds of five by the wall's clock, and the least of five
of the processor, which a busy machine stretches less; the machine's load; and the peak of the process's memory. Ends with 1 when a
question took more of the processor, or the process more memory, than is allowed.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import httpx2
from pydantic import SecretStr
from sqlalchemy import insert

from layers_mcp.client.desk import Desk
from layers_mcp.client.layers import Layers
from layers_mcp.clock import HandClock
from layers_mcp.contract.scalars import wire_time
from layers_mcp.database import writing
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import principal_of
from layers_mcp.gate.policy import Policy
from layers_mcp.sandbox import ids
from layers_mcp.sandbox.ads import making, pool, tables
from layers_mcp.sandbox.ads.making import NewAccount, NewCampaign
from layers_mcp.sandbox.app import build
from layers_mcp.sandbox.audience.paid import traits_of
from layers_mcp.sandbox.world import World
from layers_mcp.server import log
from layers_mcp.server.calling import answer
from layers_mcp.store.store import Store
from layers_mcp.tool.visit import House

ADS, CAMPAIGNS, DAYS, TIMES = 10_000, 20, 90, 5
MOST_S, MOST_MIB = 2.0, 300.0
"""Of the processor for one question, and of memory for the process."""
UNBOUND = frozenset({"daily series with frequency"})
"""Printed only: no tool asks a whole project for it, as frequencies of days do not add up."""
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
    """Seconds of one question: by the wall's clock (median), and of the processor (least)."""

    wall_s: float
    processor_s: float


async def timed(ask: Callable[[], Awaitable[dict[str, Any]]]) -> tuple[dict[str, Any], Cost]:
    """The answer to a question, and what it took to get it, of five times; asked once before, so that nothing is first."""
    costs: list[Cost] = []
    told = await ask()
    for _ in range(TIMES):
        began, worked = time.perf_counter(), time.process_time()
        told = await ask()
        costs.append(Cost(time.perf_counter() - began, time.process_time() - worked))
    return told, Cost(median(one.wall_s for one in costs), min(one.processor_s for one in costs))


async def asked(client: httpx2.AsyncClient, path: str, **params: Any) -> tuple[dict[str, Any], Cost]:
    """What a route of the sandbox answers, and what that took."""

    async def ask() -> dict[str, Any]:
        return (await client.get(path, params=params)).raise_for_status().json()

    return await timed(ask)


async def told(house: House, **arguments: Any) -> tuple[dict[str, Any], Cost]:
    """What read_ads_metrics answers as an agent is told it, and what that took."""

    async def silent(done: float, stage: str) -> None:
        pass

    async def ask() -> dict[str, Any]:
        made = await answer(house, "read_ads_metrics", arguments, silent, shown=["read_ads_metrics"])
        assert not made.is_error, made.text
        return made.record["result"]

    return await timed(ask)


async def routes(client: httpx2.AsyncClient, project: str) -> dict[str, Cost]:
    """What each route takes; the answers must agree with each other."""
    path, since = f"/v1/projects/{project}/ads-metrics", wire_time(NOW - timedelta(days=DAYS))
    by_ad, ads = await asked(client, path, groupBy="ad", metrics=["spend", "conversions", "cpa"], since=since)
    by_day, days = await asked(client, path, scope="project", id=project, since=since)
    _, reach = await asked(client, path, scope="project", id=project, since=since, metrics=["spend", "reach", "frequency"])
    _, pooled = await asked(client, f"/v1/projects/{project}/ads-content")
    assert len(by_ad["series"]) == ADS
    assert len(by_day["series"]) >= DAYS
    spent = by_day["totals"]["spend"]
    assert round(sum(row["spend"] for row in by_ad["series"]) * 100) == spent == sum(one["spend"] for one in by_day["series"])
    return {"totals by ad": ads, "daily series": days, "daily series with frequency": reach, "ads-content": pooled}


async def tools(house: House, project: str) -> dict[str, Cost]:
    """What the tool takes by ad and by day."""
    since = wire_time(NOW - timedelta(days=DAYS))
    by_ad, ads = await told(house, projectId=project, since=since)
    by_day, days = await told(house, projectId=project, since=since, groupBy="project")
    assert by_ad["leftOut"] + by_ad["returned"] == ADS
    assert by_ad["totals"][0]["spendCents"] == by_day["totals"][0]["spendCents"]
    return {"read_ads_metrics by ad": ads, "read_ads_metrics by day": days}


async def measured() -> dict[str, Cost]:
    """What each question takes, of the routes and then of the tool."""
    log.configure("error")
    with tempfile.TemporaryDirectory() as folder:
        clock = HandClock(NOW)
        world, store = await World.open(Path(folder), wall=clock), Store.open(Path(folder) / "layers.db", clock=clock)
        transport = httpx2.ASGITransport(app=build(world))
        client = httpx2.AsyncClient(
            transport=transport, base_url="http://localhost", timeout=120, headers={"Authorization": f"Bearer {world.key}"}
        )
        layers = Layers("http://sandbox", SecretStr(world.key), clock=clock, transport=transport, luck=lambda: 0.0)
        gate = Gate(lambda: store, clock, principal_of(SecretStr("bench")))
        house = House(layers=layers, desk=Desk(layers), gate=gate, clock=clock, wait_s=45, sandbox=True, policy=Policy())
        project = (await client.post("/v1/projects", json={"name": "Many"})).json()["id"]
        furnish(world, project)
        costs = await routes(client, project) | await tools(house, project)
        await client.aclose()
        await layers.close()
        store.close()
        await world.close()
    return costs


def main() -> int:
    """Print what was measured; 1 when it is more than allowed."""
    costs = asyncio.run(measured())
    for question, cost in costs.items():
        print(f"{ADS} ads, {DAYS} days, {question}: {cost.wall_s:.2f} s, of the processor {cost.processor_s:.2f} s")
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak {peak_mib:.0f} MiB, load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    past = [question for question, cost in costs.items() if question not in UNBOUND and cost.processor_s > MOST_S]
    past += ["memory"] if peak_mib > MOST_MIB else []
    if past:
        print(f"more than {MOST_S} s of the processor or {MOST_MIB:.0f} MiB: {', '.join(past)}", file=sys.stderr)
    return 1 if past else 0


if __name__ == "__main__":
    sys.exit(main())
