"""Where people and agents come to the loops: to start one, to see how it stands, to answer it, to give it a plan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from layers_mcp.contract.scalars import full_project
from layers_mcp.loops.bells import of_project, of_question
from layers_mcp.loops.checking import Report, report
from layers_mcp.loops.customer import Onboard, run_id_of
from layers_mcp.loops.daily import SHORTS, Daily, daily_id, zone_named
from layers_mcp.loops.dispatching import Dispatcher
from layers_mcp.loops.early import Early
from layers_mcp.loops.hands import House
from layers_mcp.loops.onboarding import NAME, onboarding
from layers_mcp.loops.optimization import optimization
from layers_mcp.loops.publish_to_learn import NAME as LEARNING
from layers_mcp.loops.publish_to_learn import publish_to_learn
from layers_mcp.loops.run import Look, Loop, Runner
from layers_mcp.store.asked import Customer, Plan, Question
from layers_mcp.store.rows import ConfirmedBy, Halt, RunRow

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Began", "Office", "open_office"]


_LOOKED_THROUGH = 500
"""The latest runs that are looked through for those that a person may mean; ours."""


class Began(NamedTuple):
    """What came of the wish for an onboarding. `new`: it was begun now; `before`: what stood in its place, where it was begun anew."""

    new: bool
    before: RunRow | None = None


class Office:
    """The loops of one key: its customers, runs, plans and questions. It decides nothing, and asks Layers for nothing."""

    def __init__(self, house: House, runner: Runner, loops: Iterable[Loop[Any, Any]]) -> None:
        self._store, self._clock, self._owner = house.store, house.clock, house.gate.principal
        self._runner, self._place = runner, house.layers.place
        self._early = Early(store=house.store, clock=house.clock, principal=house.gate.principal, projects=house.projects)
        self._loops = {loop.name: loop for loop in loops}

    def run_of(self, customer_external_id: str) -> str:
        """The id of a customer's onboarding, begun or not."""
        return run_id_of(self._owner, customer_external_id)

    def day_of(self, customer: Customer, loop: str) -> str:
        """The id of a customer's run of a daily loop today, by its own zone, begun or not."""
        return daily_id(SHORTS[loop], self._owner, customer.external_id, self._today(customer))

    async def onboard(self, given: Onboard) -> Began:
        """Start a customer's onboarding, or begin one anew that failed, was cancelled or was forgotten: it finds what it made already.

        One that is under way or completed goes on as it was asked for. A priority that is given counts from now on, also that of a
        customer who is known.
        """
        run_id = self.run_of(given.customer_external_id)
        before = await self._runner.begin_anew(self._loops[NAME], run_id, given)
        new = before is not None or await self._runner.start(self._loops[NAME], run_id, given)
        if "priority" in given.model_fields_set:
            await asyncio.to_thread(self._store.customers.rank, self._owner, given.customer_external_id, given.priority)
        return Began(new, before)

    def begun(self, customers: Iterable[str]) -> dict[str, RunRow]:
        """The onboardings of these customers, of those that were begun; runs that are over are forgotten some day."""
        found = {name: self._store.runs.find(self.run_of(name)) for name in customers}
        return {name: row for name, row in found.items() if row is not None}

    async def run_day(self, customer: Customer, loop: str) -> str:
        """Start today's run of a daily loop of a customer who has a project, unless somebody has; its id."""
        assert customer.project_id is not None, "only who was onboarded has days"
        given = Daily(customer=customer.external_id, project_id=customer.project_id, day=self._today(customer))
        run_id = daily_id(SHORTS[loop], self._owner, given.customer, given.day)
        await self._runner.start(self._loops[loop], run_id, given)
        return run_id

    async def look(self, run_id: str) -> Look | None:
        """A run of one of our customers with its steps, or None."""
        found = await self._runner.look(run_id)
        if found is None:
            return None
        known = None if found.row.customer is None else self._store.customers.find(self._owner, found.row.customer)
        ours = run_id == self.run_of(found.row.customer or "") or (known is not None and known.project_id == found.row.project_id)
        begun = found.row.customer is None and found.row.loop == NAME  # one that has not come to its project yet
        return found if ours or begun else None

    def recent(self, begins: str = "", *, projects: Collection[str] | None = None, limit: int = 100) -> list[str]:
        """Ids of the latest runs that begin so, newest first. `projects`: only of these; None: of all customers."""
        named = None if projects is None else {full_project(one) for one in projects}
        found: list[str] = []
        for row in self._store.runs.recent(limit=_LOOKED_THROUGH):
            known = None if row.customer is None else self._store.customers.find(self._owner, row.customer)
            if row.id.startswith(begins) and known is not None and (named is None or row.project_id in named):
                found.append(row.id)
        return found[:limit]

    def _today(self, customer: Customer) -> date:
        return self._clock.now().astimezone(zone_named(customer.zone)).date()

    def customer(self, customer_external_id: str) -> Customer | None:
        """A customer, or None."""
        return self._store.customers.find(self._owner, customer_external_id)

    def customer_of(self, project_id: str) -> Customer | None:
        """The customer whose project it is, or None."""
        return self._store.customers.of_project(self._owner, full_project(project_id))

    def questions(
        self, *, project_id: str | None, kind: str | None, after: tuple[datetime, str] | None, limit: int
    ) -> tuple[Question, ...]:
        """What waits for an answer, oldest first."""
        project = None if project_id is None else full_project(project_id)
        return self._store.questions.waiting(self._owner, project_id=project, kind=kind, after=after, limit=limit)

    def question(self, question_id: str) -> Question | None:
        """A question, answered or not, or None."""
        return self._store.questions.find(self._owner, question_id)

    async def answer(self, question: Question, word: str, *, by: ConfirmedBy) -> bool:
        """Answer a question and wake whoever waits for that; False where it was answered or withdrawn before."""
        said = self._store.questions.answer(question.id, word, by=by, now=self._clock.now())
        await self._runner.ring(of_question(question.id))
        if question.project_id is not None:
            await self._runner.ring(of_project(question.project_id))
        return said

    async def look_again(self, project_id: str) -> None:
        """Wake a run that waits for people in a project, as they may have done their part where nobody told us."""
        await self._runner.ring(of_project(full_project(project_id)))

    def plan(self, project_id: str) -> Plan | None:
        """The plan of a project that nobody has revoked, also when its last day is over."""
        return self._store.plans.of(self._owner, full_project(project_id))

    def held(self) -> tuple[Halt, ...]:
        """All that is held back, of whatever reach, oldest first."""
        return self._store.halts.all()

    def number(self) -> int:
        """How many customers have not left."""
        return self._store.customers.number(self._owner)

    def under_way(self, loops: Collection[str], project_id: str | None) -> int:
        """How many runs of these loops are not over, of one project or all."""
        return self._store.runs.under_way(loops, project_id=None if project_id is None else full_project(project_id))

    def health(self, project_id: str | None = None) -> Report:
        """What is wrong with the loops, and with customers or one project, as the daily reviews found it."""
        return report(self._store, self._owner, self._clock.now(), place=self._place, project_id=project_id)

    async def set_plan(self, plan: Plan) -> None:
        """Let a plan stand from now on, in place of the one before, and close the question for one; what waits for one goes out soon."""
        whole = plan.model_copy(update={"principal": self._owner, "project_id": full_project(plan.project_id)})
        self._store.plans.set(whole)
        for one in self.questions(project_id=plan.project_id, kind="plan", after=None, limit=100):
            self._store.questions.withdraw(one.id, self._clock.now())
        await self._runner.ring(of_project(whole.project_id))
        await asyncio.to_thread(self._early.start, (LEARNING,), whole.project_id, whole.id)

    def revoke_plan(self, project_id: str) -> bool:
        """End a project's plan; whether there was one. What is queued by it stays queued."""
        return self._store.plans.revoke(self._owner, full_project(project_id), self._clock.now())


@asynccontextmanager
async def open_office(house: House, where: Path | str, place: str | None) -> AsyncGenerator[Office]:
    """The office of a house, whose process starts daily loops and works runs off meanwhile, as soon as no other one holds the seat.

    `where`: the engine's file or database URL; `place`: what people call this process; None: it only looks, and works nothing off.
    """
    from layers_mcp.loops.engine import Engine  # noqa: PLC0415  heavy, and only needed where loops are
    from layers_mcp.loops.runner import EngineRunner  # noqa: PLC0415

    daily: dict[str, Loop[Daily, Any]] = {SHORTS[one.name]: one for one in (publish_to_learn(house), optimization(house))}
    loops = [onboarding(house), *daily.values()]
    engine = Engine(where)
    try:
        runner = EngineRunner(house.store, engine, house.clock, loops, owner=house.gate.principal)
        dispatcher = Dispatcher(
            store=house.store,
            runner=runner,
            clock=house.clock,
            principal=house.gate.principal,
            loops=daily,
            place=house.layers.place,
        )
        if place is None:
            yield Office(house, runner, loops)
            return
        async with runner.working(place):
            ticking = asyncio.create_task(dispatcher.go_on())
            try:
                yield Office(house, runner, loops)
            finally:
                ticking.cancel()
                with suppress(asyncio.CancelledError):
                    await ticking
    finally:
        engine.close()
