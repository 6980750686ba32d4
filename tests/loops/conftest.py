"""A store and an engine in files of their own, a clock in hand, and whoever works runs off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from layers_mcp.client.desk import Desk
from layers_mcp.client.layers import Layers
from layers_mcp.clock import HandClock
from layers_mcp.commands.browser import walk
from layers_mcp.contract import github, publishing, review, social
from layers_mcp.database import reading
from layers_mcp.gate.budget import Budget
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import principal_of
from layers_mcp.gate.policy import Policy
from layers_mcp.loops.customer import Onboard, run_id_of
from layers_mcp.loops.engine import Engine
from layers_mcp.loops.hands import House
from layers_mcp.loops.onboarding import onboarding
from layers_mcp.loops.run import Look, Loop
from layers_mcp.loops.runner import EngineRunner
from layers_mcp.sandbox import tables
from layers_mcp.sandbox.app import build
from layers_mcp.sandbox.world import World
from layers_mcp.server import log
from layers_mcp.store.asked import Plan, Question
from layers_mcp.store.rows import RunState
from layers_mcp.store.store import Store

PAUSE_S = 0.02


class Workshop:
    """Where runs are worked off in a test; time passes by `clock` only."""

    def __init__(self, store: Store, engine: Engine, clock: HandClock) -> None:
        self.store, self.engine, self.clock = store, engine, clock
        self.runner = self.of()

    def of(self, *loops: Loop[Any, Any]) -> EngineRunner:
        """A runner that knows these loops; the last one made looks at runs."""
        self.runner = EngineRunner(self.store, self.engine, self.clock, loops)
        return self.runner

    @asynccontextmanager
    async def open(self, *loops: Loop[Any, Any]) -> AsyncIterator[EngineRunner]:
        """A worker that knows these loops."""
        runner = self.of(*loops)
        async with runner.working("a test", pause_s=PAUSE_S):
            yield runner

    async def until(self, fits: Callable[[Look], bool], run_id: str = "run") -> Look:
        """The run, as soon as it is so; within 20 seconds."""
        async with asyncio.timeout(20):
            while True:
                look = await self.runner.look(run_id)
                if look is not None and fits(look):
                    return look
                await asyncio.sleep(PAUSE_S)

    async def reaches(self, *states: RunState, run_id: str = "run", names: Sequence[str | None] = ()) -> Look:
        """The run, as soon as it is in one of these states, where given at one of these places."""
        return await self.until(lambda look: look.row.state in states and (not names or look.row.name in names), run_id)


@pytest.fixture
def workshop_at(clock: HandClock):
    """Makes one that is empty, somewhere."""
    with ExitStack() as stack:

        def make(store: Path | str, engine: Path | str) -> Workshop:
            made = Workshop(Store.open(store, clock=clock), Engine(engine, poll_s=PAUSE_S), clock)
            stack.callback(made.store.close)
            stack.callback(made.engine.close)
            return made

        yield make


@pytest.fixture
def workshop(tmp_path: Path, workshop_at) -> Workshop:
    """One that is empty, in files."""
    return workshop_at(tmp_path / "layers.db", tmp_path / "engine.db")


SAMPLE = "quinns-coffee/quinns-app"
RETURN = "https://app.your-partner.com/done"
EXTERNAL_ID = "quinn-coffee-001"


class Patient:
    """The hand of `clock`, which a sleep only moves once no real work of the world is under way."""

    def __init__(self, clock: HandClock, world: World) -> None:
        self._clock, self._world = clock, world
        self.now, self.elapsed_s = clock.now, clock.elapsed_s

    async def sleep(self, pause_s: float) -> None:
        """Wait for the work, then move the hand."""
        await self._world.work_done()
        await self._clock.sleep(pause_s)


class Town:
    """A sandbox, the loops of one key, and the people who act in it; time passes by hand, or while everybody lies."""

    def __init__(self, world: World, store: Store, engine: Engine, clock: HandClock) -> None:
        self.world, self.store, self.engine, self.clock = world, store, engine, clock
        self.patient = Patient(clock, world)
        transport = httpx2.ASGITransport(app=build(world))
        self.layers = Layers("http://sandbox.layers", SecretStr(world.key), clock=self.patient, transport=transport, luck=lambda: 0.0)
        self.desk = Desk(self.layers, pace=self.layers.pace)
        self.house = self.furnished()

    def furnished(self, budget: Budget | None = None, policy: Policy | None = None, projects: frozenset[str] | None = None) -> House:
        """The loops' house, with these limits."""
        gate = Gate(lambda: self.store, self.clock, principal_of(SecretStr("sandbox")), budget=budget)
        self.house = House(
            layers=self.layers,
            desk=self.desk,
            gate=gate,
            store=self.store,
            clock=self.patient,
            policy=policy or Policy(),
            return_url=RETURN,
            projects=projects,
        )
        return self.house

    @asynccontextmanager
    async def working(self, *loops: Loop[Any, Any]) -> AsyncIterator[EngineRunner]:
        """A worker with these loops, onboarding where none is named."""
        self.runner = EngineRunner(self.store, self.engine, self.clock, loops or (onboarding(self.house),), owner=self.house.gate.principal)
        async with self.runner.working("a test", pause_s=PAUSE_S):
            yield self.runner

    async def onboard(self, **given: Any) -> str:
        """Start the onboarding of a customer; the id of its run."""
        wanted = Onboard.model_validate({"customer_external_id": EXTERNAL_ID, "name": "Quinns Coffee Co", **given})
        run_id = run_id_of(self.house.gate.principal, wanted.customer_external_id)
        await self.runner.start(onboarding(self.house), run_id, wanted)
        return run_id

    async def until(self, run_id: str, fits: Callable[[Look], bool], *, moving: bool = True) -> Look:
        """The run, as soon as it is so, within a minute; `moving`: meanwhile time goes to whatever instant the run lies until."""
        until_s = time.monotonic() + 60
        while True:
            look = await self.runner.look(run_id)
            if look is not None and fits(look):
                return look
            assert time.monotonic() < until_s, (
                f"the run stays as it is: {None if look is None else look.row.name}, {self.kinds()}, {look and look.steps[-1]}"
            )
            if moving and look is not None and look.row.state in ("sleeping", "waiting") and look.row.until is not None:
                self.clock.advance(max(look.row.until - self.clock.now(), timedelta(0)))
            await asyncio.sleep(PAUSE_S)

    async def lies_by(self, run_id: str, name: str) -> Look:
        """The run, as soon as it lies in a nap whose name begins so; time goes on until then."""
        return await self.until(run_id, lambda look: look.row.state in ("sleeping", "waiting") and (look.row.name or "").startswith(name))

    async def over(self, run_id: str) -> Look:
        """The run once it is over; time goes on until then."""
        return await self.until(run_id, lambda look: look.row.state in ("completed", "failed", "cancelled"))

    def asked(self, kind: str) -> Question:
        """The one open question of a kind."""
        (found,) = self.store.questions.waiting(self.house.gate.principal, kind=kind, limit=10)
        return found

    def kinds(self) -> list[str]:
        """The kinds of all open questions."""
        return sorted(one.kind for one in self.store.questions.waiting(self.house.gate.principal, limit=100))

    async def answer(self, asked: Question, word: str) -> None:
        """A person answers."""
        assert self.store.questions.answer(asked.id, word, by="person", now=self.clock.now())
        await self.runner.ring(f"question:{asked.id}")
        await self.runner.ring(f"project:{asked.project_id}")

    async def press(self, asked: Question, button: str = "Allow") -> None:
        """What the owner of the account does with the link in a question."""
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=build(self.world))) as browser:
            _, answer = await walk(browser, asked.facts["authorizeUrl"], button)
        assert answer.status_code == 302, answer.text
        await self.runner.ring(f"project:{asked.project_id}")

    async def decide(self, asked: Question, *, approve: bool = True) -> None:
        """A person decides on every post that a question is about."""
        for one in asked.facts["containerIds"]:
            if approve:
                await self.layers.send(review.APPROVE, review.ApproveContent(container_id=one))
            else:
                await self.layers.send(review.REJECT, review.RejectContent(container_id=one))
        await self.runner.ring(f"project:{asked.project_id}")

    async def install(self, asked: Question) -> None:
        """The customer installs the GitHub App, and somebody registers what GitHub hands back."""
        (offered,) = [one for one in asked.facts["sandboxInstallations"] if one["orgLogin"] == SAMPLE.partition("/")[0]]
        pair = github.RegisterInstallation(installation_id=offered["installationId"], state=asked.facts["state"])
        await self.layers.send(github.REGISTER, pair)

    async def review_all(self, project_id: str) -> None:
        """Every post of a project waits for a decision."""
        await self.layers.send(review.SET_POLICY, review.SetReviewPolicy(project_id=project_id, policy="review_all"))

    def plan(self, project_id: str, *accounts: str, **given: Any) -> Plan:
        """A standing plan that a person confirmed."""
        known = {"slots": ("10:00",), "zone": "UTC", "a_day": 2, "until": date(2026, 12, 31), **given}
        plan = Plan(
            id=f"pln_{len(accounts)}{project_id[-8:]}",
            principal=self.house.gate.principal,
            project_id=project_id,
            accounts=accounts,
            made_at=self.clock.now(),
            confirmed_by="person",
            confirmation="k1",
            **known,
        )
        self.store.plans.set(plan)
        return plan

    async def accounts(self, project_id: str) -> list[str]:
        """The accounts of a project."""
        page = await self.layers.send(social.ACCOUNTS, social.ListAccounts(project_id=project_id))
        return [one.social_account_id for one in page.items]

    async def posts(self, project_id: str) -> list[publishing.ScheduledPost]:
        """The posts of a project."""
        return list((await self.layers.send(publishing.LIST, publishing.ListPosts(project_id=project_id))).items)

    def count(self, table: Any) -> int:
        """How many rows the world has of something."""
        with reading(self.world.engine) as connection:
            return connection.execute(select(func.count()).select_from(table)).scalar_one()

    def jobs(self) -> list[str]:
        """The kinds of the world's jobs."""
        with reading(self.world.engine) as connection:
            return sorted(connection.execute(select(tables.jobs.c.kind)).scalars())


@pytest.fixture
async def town(tmp_path: Path, clock: HandClock, drawn_once: None) -> AsyncIterator[Town]:
    """One with nobody in it yet."""
    log.configure("error")
    world = await World.open(tmp_path, wall=clock, at=clock.now())
    store, engine = Store.open(tmp_path / "layers.db", clock=clock), Engine(tmp_path / "engine.db", poll_s=PAUSE_S)
    made = Town(world, store, engine, clock)
    yield made
    await made.layers.close()
    engine.close()
    store.close()
    await world.close()
