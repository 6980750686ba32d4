"""What a large house costs: `python tests/bench/growth.py`, 10,000 customers with 100,000 posts and a million rows of the trail.

The world's rows are those that the growth demo makes of its own code, copied for each customer under ids, times and qualities of their own;
one has posted about daily for three years, 1,000 times, the others 9 times each. The trail's rows are chained as the store chains them.
Each question is asked as an agent asks it, by the tool with its gate, trail and budget, of the sandbox in the same process; beside
it stands the same at a tenth of the size, filled and asked in the same run, each in a process of its own. A question that costs its page
costs the same in both.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
from links import memory_mib
from pydantic import SecretStr
from sqlalchemy import Connection, create_engine, insert, select, update

from layers_mcp.client.desk import Desk
from layers_mcp.client.layers import Layers
from layers_mcp.clock import HandClock
from layers_mcp.contract import audit, billing, publishing
from layers_mcp.contract.audit import ListAudit
from layers_mcp.contract.billing import ListCreditEvents
from layers_mcp.contract.publishing import ListPosts
from layers_mcp.database import writing
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import principal_of
from layers_mcp.gate.policy import Policy
from layers_mcp.sandbox import ids, tables
from layers_mcp.sandbox.app import build
from layers_mcp.sandbox.world import World
from layers_mcp.server import log
from layers_mcp.server.answer import Answer
from layers_mcp.server.calling import answer
from layers_mcp.store import tables as kept
from layers_mcp.store.rows import Entry
from layers_mcp.store.store import Store
from layers_mcp.store.trail import chained
from layers_mcp.tool.visit import House

NOW = datetime(2026, 4, 18, 17, 22, 14, tzinfo=UTC)
LARGE, TIMES, CHUNK = 1000, 20, 20_000
MOST_MS, MOST_MIB = 50.0, 400.0
_SIX_WEEKS = timedelta(weeks=6)
"""How old the demo is: who posted more than it did so before."""
Costs = dict[str, list[float]]
Row = dict[str, Any]


def _rows(connection: Connection, table: Any) -> list[Row]:
    return [{name: value for name, value in row.items() if name != "seq"} for row in connection.execute(select(table)).mappings()]


class Customers:
    """Rows of customers like the demo's; `customer` is one of so many posts."""

    def __init__(self, connection: Connection) -> None:
        self._project = _rows(connection, tables.projects)[0]
        self._account = _rows(connection, tables.accounts)[0]
        self._posts = [row for row in _rows(connection, tables.posts) if row["ends_at"] < NOW]
        self._containers = {row["id"]: row for row in _rows(connection, tables.containers)}
        self._jobs = {row["id"]: row for row in _rows(connection, tables.jobs)}
        self._random = Random(9)

    def customer(self, number: int, posts: int) -> dict[Any, list[Row]]:
        """One customer's rows, by table in the order in which they can be inserted."""
        since = self._project["created_at"] - posts // len(self._posts) * _SIX_WEEKS
        known = {"id": ids.mint("prj"), "name": f"Customer {number}", "external_id": f"customer-{number}"}
        project = self._project | known | {"created_at": since + timedelta(seconds=number)}
        belongs = {"project_id": project["id"]}
        account = self._account | belongs | {"id": ids.mint("sa"), "handle": f"customer{number}", "connected_at": since}
        made: dict[Any, list[Row]] = {tables.projects: [project], tables.accounts: [account]}
        for place in range(posts):
            post = self._posts[place % len(self._posts)]
            container = self._containers[post["container_id"]]
            apart = place // len(self._posts) * _SIX_WEEKS
            began = self._jobs[container["job_id"]]["started_at"] - apart
            job = self._jobs[container["job_id"]] | belongs | {"id": ids.stamped("job", began), "started_at": began}
            quality = {"quality": self._random.gauss(0, 1), "luck": f"customer {number} post {place}"}
            fresh = {"source_post_id": None, "cloned_from": None, "created_at": container["created_at"] - apart}
            container = container | belongs | quality | fresh | {"id": ids.mint("cnt"), "job_id": job["id"]}
            times = {name: post[name] - apart for name in ("scheduled_for", "starts_at", "ends_at", "created_at", "updated_at")}
            mine = {"container_id": container["id"], "account_id": account["id"], "target": {"social_account_id": account["id"]}}
            post = post | belongs | times | mine | {"id": ids.mint("sp")}
            for table, row in ((tables.jobs, job), (tables.containers, container), (tables.posts, post)):
                made.setdefault(table, []).append(row)
        return made


async def _furnish(folder: Path, customers: int, posts: int) -> None:
    world = await World.open(folder, wall=HandClock(NOW), demo=True)
    with writing(world.engine) as connection:
        made, few, waiting = Customers(connection), (posts - LARGE) // (customers - 1), dict[Any, list[Row]]()
        for number in range(customers):
            for table, rows in made.customer(number, LARGE if number == 0 else few).items():
                waiting.setdefault(table, []).extend(rows)
            if number == customers - 1 or len(waiting[tables.projects]) * few > CHUNK:
                for table, rows in waiting.items():
                    connection.execute(insert(table), rows)
                waiting.clear()
    await world.close()


def _entries(many: int, principal: str) -> Iterator[Entry]:
    for number in range(many):
        at = NOW - timedelta(days=60) + timedelta(seconds=number)
        project = f"prj_of_customer_{number * 7919 % 10_000}"
        yield Entry(at=at, principal=principal, tool="list_content", effect="reads", outcome="done", project_id=project, arguments="a" * 64)


def _write_trail(folder: Path, many: int) -> None:
    Store.open(folder / "layers.db").close()
    engine, before, rows = create_engine(f"sqlite:///{folder / 'layers.db'}"), "0" * 64, list[Row]()
    with writing(engine) as connection:
        connection.execute(insert(kept.trail_end), {"id": 1, "number": 0, "digest": before})
        for number, entry in enumerate(_entries(many, principal_of(SecretStr("bench"))), 1):
            before = chained(before, number, entry)
            rows.append(entry.model_dump() | {"number": number, "digest": before})
            if len(rows) == CHUNK or number == many:
                connection.execute(insert(kept.trail), rows)
                rows.clear()
        connection.execute(update(kept.trail_end).values(number=many, digest=before))
    engine.dispose()


def fill(folder: Path, customers: int, posts: int, rows: int) -> float:
    """Fill a state folder; the seconds that it took."""
    began = time.perf_counter()
    asyncio.run(_furnish(folder, customers, posts))
    _write_trail(folder, rows)
    return time.perf_counter() - began


class Agent:
    """Asks through the tools."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def ask(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The record of one call."""

        async def silent(_done: float, _stage: str) -> None:
            pass

        made = await answer(self._house, tool, arguments, silent, shown=[tool])
        assert isinstance(made, Answer), "nobody is asked first"
        assert not made.is_error, made.text
        return made.record

    async def cursor(self, tool: str, pages: int, **arguments: Any) -> str:
        """The cursor of a page that is so many pages on, or of the last."""
        cursor = None
        for _ in range(pages):
            more = {} if cursor is None else {"cursor": cursor}
            following = (await self.ask(tool, **arguments, **more))["result"].get("nextCursor")
            if following is None:
                break
            cursor = following
        assert cursor is not None, "it has more than one page"
        return cursor


async def _questions(agent: Agent, house: House, customers: int) -> dict[str, Callable[[], Awaitable[Any]]]:
    found = [await agent.ask("get_project", customerExternalId=f"customer-{number}") for number in (0, customers // 2)]
    large, small = (one["result"]["project"]["id"] for one in found)
    far = await agent.cursor("get_project", 40)
    deep = await agent.cursor("list_content", 19, projectId=large, limit=50)
    ask, send = partial(partial, agent.ask), partial(partial, house.layers.send)
    numbers = iter(range(10**6))

    async def create() -> None:
        await agent.ask("create_project", name="New", customerExternalId=f"new-{next(numbers)}")

    async def generate() -> None:
        await agent.ask("generate_content", projectId=small, hook="Skip the line.", waitSeconds=0, idempotencyKey=f"post-{next(numbers)}")

    return {
        "projects, first page": ask("get_project"),
        "projects, 40 pages on": ask("get_project", cursor=far),
        "projects by name": ask("get_project", search=f"Customer {customers - 7}"),
        "a project by the customer's id": ask("get_project", customerExternalId="customer-0"),
        "create a project": create,
        "content of 1,000, first page": ask("list_content", projectId=large),
        "content of 1,000, full rows": ask("list_content", projectId=large, detail="full", limit=30),
        "content of 1,000, 19 pages on": ask("list_content", projectId=large, limit=50, cursor=deep),
        "content of 1,000, none that waits": ask("list_content", projectId=large, approvalStatus="pending"),
        "content of 10": ask("list_content", projectId=small),
        "start a post": generate,
        "scheduled posts of 1,000": send(publishing.LIST, ListPosts(project_id=large)),
        "credits of all": send(billing.EVENTS, ListCreditEvents()),
        "top performers of 1,000": ask("top_performers", projectId=large),
        "top performers of 10": ask("top_performers", projectId=small),
        "metrics of 1,000": ask("read_metrics", projectId=large),
        "metrics of 10": ask("read_metrics", projectId=small),
        "audit log, first page": send(audit.LIST, ListAudit()),
        "credits": ask("read_resource", uri="layers://account"),
        "trail, first page": ask("read_resource", uri="layers://trail"),
    }


async def _timed(asked: Callable[[], Awaitable[Any]]) -> list[float]:
    await asked()
    seen = list[float]()
    for _ in range(TIMES):
        began = time.perf_counter()
        await asked()
        seen.append((time.perf_counter() - began) * 1e3)
    return seen


async def _measured(folder: Path, customers: int) -> Costs:
    log.configure("error")
    clock, began = HandClock(NOW), time.perf_counter()
    world, store = await World.open(folder, wall=clock), Store.open(folder / "layers.db", clock=clock)
    opened_ms = (time.perf_counter() - began) * 1e3
    key, transport = SecretStr(world.add_key(tier="partner")), httpx2.ASGITransport(app=build(world))
    layers = Layers("http://sandbox", key, clock=clock, transport=transport)
    gate = Gate(lambda: store, clock, principal_of(SecretStr("bench")))
    house = House(layers=layers, desk=Desk(layers), gate=gate, clock=clock, wait_s=45, sandbox=True, policy=Policy())
    costs = {"open the world and the store": [opened_ms] * 2}
    for name, asked in (await _questions(Agent(house), house, customers)).items():
        costs[name] = await _timed(asked)
    trail: dict[str, Callable[[], Any]] = {
        "trail, one more row": lambda: gate.record("list_content", effect="reads", outcome="done", arguments="a" * 64),
        "trail, the latest of a project": lambda: store.trail.recent(spellings=["prj_of_customer_77"]),
        "trail, of a project with no row": lambda: store.trail.recent(spellings=["prj_of_nobody"]),
    }
    for name, done in trail.items():
        costs[name] = await _timed(partial(asyncio.to_thread, done))
    costs["memory, MiB"] = [memory_mib(os.getpid())] * 2
    await layers.close()
    store.close()
    await world.close()
    return costs


def measure(folder: Path, customers: int) -> Costs:
    """Milliseconds of each question, asked twenty times of a filled folder by a process that has just begun; and its memory."""
    return asyncio.run(_measured(folder, customers))


def _of_size(parts: int, args: argparse.Namespace) -> Costs:
    with TemporaryDirectory() as folder, ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as apart:
        customers, posts, rows = args.customers // parts, args.posts // parts, args.rows // parts
        took_s = apart.submit(fill, Path(folder), customers, posts, rows).result()
        print(f"{customers} customers, {posts} posts, {rows} rows of the trail: filled in {took_s:.0f} s")
        return apart.submit(measure, Path(folder), customers).result()


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser()
    for name, many in (("customers", 10_000), ("posts", 100_000), ("rows", 1_000_000)):
        options.add_argument(f"--{name}", type=int, default=many)
    args = options.parse_args()
    tenth, whole = _of_size(10, args), _of_size(1, args)
    print(f"{'':36} {'a tenth':>9} {'whole':>9} {'p95':>9}  of a tenth")
    for name, costs in whole.items():
        mid, limit = median(costs), MOST_MIB if name.startswith("memory") else MOST_MS
        over = "  over" if mid > limit and not name.startswith("open") else ""
        print(f"{name:36} {median(tenth[name]):9.1f} {mid:9.1f} {quantiles(costs, n=20)[18]:9.1f}  {mid / median(tenth[name]):5.2f}{over}")


if __name__ == "__main__":
    main()
