"""What a loop may do: read, write what stands in a closed list, spend within a budget, and schedule within a person's plan.

A loop never approves, overrides or releases, and nothing here can. What it writes passes the gate as that of a principal of its own: halts,
the policy, budgets and the fence hold for it, and each write stands in the trail. Its requests stand behind every call somebody waits for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast
from zoneinfo import ZoneInfo

from pydantic import BaseModel, JsonValue

from layers_mcp.client.desk import Desk, Progress
from layers_mcp.client.fence import Fence
from layers_mcp.client.guard import Guard
from layers_mcp.client.layers import Layers
from layers_mcp.client.manner import Manner, manner
from layers_mcp.client.partner import Partner, Seen
from layers_mcp.client.picture import SMALL, Bounds, Picture
from layers_mcp.client.sent import Check, Sent, unchecked, watched
from layers_mcp.client.thing import Thing
from layers_mcp.clock import Clock
from layers_mcp.contract import account, publishing
from layers_mcp.contract.endpoint import Empty, Endpoint, Reply, Request
from layers_mcp.contract.errors import Halted, LayersError, PolicyForbids
from layers_mcp.contract.jobs import Accepted, Job
from layers_mcp.contract.publishing import Schedule, ScheduleContent
from layers_mcp.gate.budget import Price
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import digest
from layers_mcp.gate.policy import Policy
from layers_mcp.loops.allowed import MAKES, PLANNED, RANKS, WRITES
from layers_mcp.loops.bells import of_thing
from layers_mcp.loops.run import Run
from layers_mcp.store.asked import Plan
from layers_mcp.store.rows import ConfirmedBy

if TYPE_CHECKING:
    from collections.abc import Generator

    from layers_mcp.store.store import Store

__all__ = ["LONGEST", "Hands", "House", "Making", "lies_for"]

Q = TypeVar("Q", bound=Request)
R = TypeVar("R", bound=Reply)

PATIENCE_S: Final = 300.0
"""How long a request of a loop waits for its turn; then the run lies down, and takes up no worker. Ours."""
WATCHED_S: Final = 60.0
"""How long a run watches before it lies down (seed 000: "poll for the first 60 seconds"); the same it lies at first."""
LONGEST: Final = timedelta(hours=6)
"""How long it lies at most before it looks by itself, as an event may be lost; ours."""


@dataclass(frozen=True, kw_only=True)
class House:
    """What the loops of one process share. `gate`: the key's own; `projects`: the only ones to touch, None: all of the key's."""

    layers: Layers
    desk: Desk
    gate: Gate
    store: Store
    clock: Clock
    policy: Policy
    return_url: str | None = None
    projects: frozenset[str] | None = None


class Making(BaseModel):
    """What came of a wish to have something made: it was begun, or what it would cost is more than may be spent without a yes.

    `over`: the limits that it would exceed, of `call`, `day`, `total`, `policy` (which wants a yes to each) and `wallet`.
    """

    begun: Accepted | None = None
    credits: int = 0
    over: tuple[str, ...] = ()


class _Yes(NamedTuple):
    """A person's yes that a write goes by. `stands`: raises once it does so no more."""

    by: ConfirmedBy
    stands: Check


def _end(problem: LayersError) -> str:
    return f"unknown:{problem.wire_code}" if problem.unsure else problem.wire_code


async def _untold(progress: Progress) -> None:
    """Nobody waits for progress: the steps on record say how far a run is."""
    del progress


def lies_for(times: int) -> timedelta:
    """How long to lie after the look number `times` (from 0): four times as long each time."""
    return min(timedelta(seconds=WATCHED_S * 4.0 ** min(times, 10)), LONGEST)


class Hands:
    """One loop's way to Layers; a `Partner`, so that whatever reads the API can read through it."""

    def __init__(self, house: House, loop: str) -> None:
        """`loop`: its name, which the trail has beside the route."""
        self.house, self._loop = house, loop
        self.gate = house.gate.of(f"{house.gate.principal}/loops")

    @property
    def owner(self) -> str:
        """Whose customers, plans and questions these are."""
        return self.house.gate.principal

    @property
    def clock(self) -> Clock:
        """The wall's."""
        return self.house.clock

    @property
    def request_id(self) -> str | None:
        """The request id of the last answer in this task."""
        return self.house.layers.request_id

    def now(self) -> datetime:
        """The API's time."""
        return self.house.layers.now()

    def hear(self, request_id: str | None) -> None:
        """Make an answer that another task got on behalf of this one the last of this task."""
        self.house.layers.hear(request_id)

    async def pass_on(self, endpoint: Endpoint[Q, R], request: Q, ask: Callable[[], Awaitable[R]]) -> R:
        """What somebody else's look brings, if this loop may see it."""
        return await self._partner(()).pass_on(endpoint, request, ask)

    async def picture(self, url: str, bounds: Bounds = SMALL) -> Picture | None:
        """The file within `bounds` at a URL that an answer named."""
        return await self.house.layers.picture(url, bounds)

    async def look(self, endpoint: Endpoint[Q, R], request: Q, etag: str | None = None) -> Seen[R]:
        """One look, which only reads."""
        return await self._partner(()).look(endpoint, request, etag)

    async def send(self, endpoint: Endpoint[Q, R], request: Q, *, key: str | None = None, project_id: str | None = None) -> R:
        """The reply to `request`. `project_id`: which project a write is to, where the request does not name it.

        Raises:
            PolicyForbids: a write that no loop makes of itself, or that the policy denies; nothing was sent.
            Halted: writes to the project are held back.
            LayersError: as the client's own `send`.
        """
        if endpoint.method == "GET":
            with self._turn(endpoint):
                return await self._partner(()).send(endpoint, request)
        if endpoint.name not in WRITES:
            raise PolicyForbids(f"a loop never calls {endpoint.name} of itself")
        return await self._write(endpoint, request, key=key, project_id=project_id)

    async def make(
        self, endpoint: Endpoint[Q, Accepted], request: Q, *, key: str, wanted: tuple[str | None, int], agreed: int = 0
    ) -> Making:
        """Have something made for credits, set aside before it goes out. `wanted`: its format, and how many.

        `agreed`: the credits that a person said yes to; what costs more is not made, and without that what exceeds a budget is not.

        Raises:
            PolicyForbids, Halted, LayersError: as `send`.
        """
        if endpoint.name not in MAKES:
            raise PolicyForbids(f"a loop has nothing made by {endpoint.name}")
        project, purse = getattr(request, "project_id", None), self.gate.purse
        again = purse.knows([key])
        if not again and (dear := await self._set_aside(project, key, wanted, agreed)) is not None:
            return dear
        sent = Sent()
        try:
            with watched(sent):
                begun = await self._write(endpoint, request, key=key, project_id=project)
        finally:
            if sent.lost(key, again=again):
                purse.give_back([key])
        self.gate.began("job", begun.job_id, tool=self._loop, arguments=_digest(request), project_id=project, key=key)
        return Making(begun=begun)

    async def wait(self, run: Run, name: str, thing: Thing[R]) -> R:
        """A job, consent, post or container, once it is over: watched for a minute, then slept on until its bell rings, or for a while."""
        times = 0
        while True:
            seen = await run.step(f"{name} {times}", partial(self._seen, thing), came=thing.endpoint.reply)
            if thing.sign(seen).over:
                return seen
            await run.nap(f"{name} {times} nap", until=self.clock.now() + lies_for(times), bell=of_thing(thing.name))
            times += 1

    async def schedule(self, wanted: ScheduleContent, plan: Plan, *, key: str) -> Schedule:
        """Queue a content, whose approval the caller has just read, by a plan that still stands, on its accounts, until its last day.

        Raises:
            PolicyForbids: the plan does not stand any more, or does not say this; nothing was sent.
            Halted, LayersError: as `send`.
        """
        named = {one.social_account_id for one in wanted.targets}
        day = wanted.scheduled_for.astimezone(ZoneInfo(plan.zone)).date()

        def stands() -> None:
            if self.house.store.plans.of(self.owner, plan.project_id) != plan or not plan.stands_on(day) or not named <= {*plan.accounts}:
                raise PolicyForbids(f"no standing plan of project {plan.project_id} lets content {wanted.container_id} out then and there")

        stands()
        made = await self._write(publishing.SCHEDULE, wanted, key=key, project_id=plan.project_id, yes=_Yes(plan.confirmed_by, stands))
        for post_id in made.scheduled_post_ids:
            self.gate.began("post", post_id, tool=self._loop, arguments=_digest(wanted), project_id=plan.project_id, key=key)
        return made

    # what the above is made of

    async def _write(self, endpoint: Endpoint[Q, R], request: Q, *, key: str | None, project_id: str | None, yes: _Yes | None = None) -> R:
        """Send what a list has, and write it into the trail; `yes`: what it goes by, which is on record before it goes out."""
        place = project_id or getattr(request, "project_id", None)
        effect = "adds" if yes is None else "speaks"
        by, stands = (None, unchecked) if yes is None else yes
        named = f"{self._loop} {endpoint.name}"[:80]
        record = partial(self.gate.record, named, effect=effect, arguments=_digest(request), project_id=place, confirmed_by=by)
        try:
            self._pass_policy(endpoint)
            if by is not None:
                record(outcome="acting")
            with self._turn(endpoint):
                reply = await self._partner(() if place is None else (place,), stands).send(endpoint, request, key=key)
        except LayersError as problem:
            record(outcome=_end(problem), request_id=problem.request_id)
            raise
        record(outcome="done", request_id=self.request_id)
        return reply

    def _pass_policy(self, endpoint: Endpoint[Any, Any]) -> None:
        """Refuse what the operator denies of the tool that does the same; what always asks is denied by default, too."""
        tool = {**WRITES, **MAKES, **PLANNED}[endpoint.name]
        policy = self.house.policy
        if policy.actions.get(tool) == "deny" or (endpoint.name in PLANNED and policy.tier(tool) == "deny"):
            raise PolicyForbids(f"the operator's policy forbids {tool}")

    def _partner(self, places: Collection[str], stands: Check = unchecked) -> Partner:
        """`places`, `stands`: what holds each attempt at a write back, however long it waits for its turn."""

        def check() -> None:
            self._pass_halt(places)
            stands()

        guarded = Guard(self.house.layers, check)
        return guarded if self.house.projects is None else Fence(guarded, self.house.projects)

    def _pass_halt(self, places: Collection[str]) -> None:
        held = self.gate.held(places)
        if held is not None:
            raise Halted(f"writes are held back since {held.at.isoformat(timespec='seconds')}")

    @contextmanager
    def _turn(self, endpoint: Endpoint[Any, Any]) -> Generator[None]:
        token = manner.set(Manner(rank=RANKS.get(endpoint.name, 0), patience_s=PATIENCE_S))
        try:
            yield
        finally:
            manner.reset(token)

    async def _seen(self, thing: Thing[R]) -> R:
        seen = await self.house.desk.wait(thing, by=self, report=_untold, at_most_s=WATCHED_S)
        if isinstance(seen, Job) and seen.over:
            self.gate.purse.job_over(seen.job_id, charged=seen.status == "completed")
        return seen

    async def _set_aside(self, project: str | None, key: str, wanted: tuple[str | None, int], agreed: int) -> Making | None:
        """Set the credits aside; what they would exceed, where they are not."""
        wallet = await self.send(account.CREDITS, Empty())
        price = Price("", project, wallet.price_of(wanted[0]) * wanted[1])
        if price.credits > wallet.available:
            return Making(credits=price.credits, over=("wallet",))
        said_yes = 0 < price.credits <= agreed
        if "generate_content" in self.house.policy.actions and not said_yes:
            return Making(credits=price.credits, over=("policy",))
        over = self.gate.purse.reserve({key: price}, self.now(), confirmed=said_yes)
        return None if over is None else Making(credits=price.credits, over=over.over)


def _digest(request: Request) -> str:
    return digest(cast("JsonValue", request.model_dump(mode="json", by_alias=True, exclude_unset=True)))
