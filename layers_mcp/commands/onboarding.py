"""`layers-mcp onboard FILE`: many customers at once, after their plan was shown."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from layers_mcp.app import App
from layers_mcp.client.limits import span_words
from layers_mcp.clock import WallClock
from layers_mcp.commands.terminal import refusals_told, typed_yes
from layers_mcp.contract import account
from layers_mcp.contract.endpoint import Empty
from layers_mcp.contract.rates import TIERS
from layers_mcp.loops.fan_out import BadFile, Wanted, read_customers
from layers_mcp.loops.forecast import cost, forecast, of_onboarding, steady
from layers_mcp.loops.holding import holding, words
from layers_mcp.loops.office import Office
from layers_mcp.settings import settings_or_exit
from layers_mcp.store.rows import RunRow
from layers_mcp.tool.visit import House

__all__ = ["after_words", "known_words", "onboard", "plan_words"]

_SHOWN = 20
"""How many problems of a file, and days of a plan, are printed."""
_STAY = {"done", "under way"}
_ENDED = {"cancelled": "were cancelled", "failed": "failed", "forgotten": "were forgotten"}
_CLASSES = {"read-light": "reads", "write-light": "writes", "long-running": "starts"}


def plan_words(wanted: Sequence[Wanted], tier: str, *, now: datetime, used: int) -> Iterator[str]:
    """What taking them on, at least one, at a tier comes to, line by line. `used`: writes of today (UTC) that are gone."""
    seen = forecast([of_onboarding(one.onboard) for one in wanted], TIERS[tier], now=now, used=used)
    total = seen.total
    yield f"Onboarding {len(wanted):,} customers: {total.starts:,} starts, {total.writes:,} writes, about {total.reads:,} reads."
    span = span_words((seen.ends_at - now).total_seconds())
    yield f"At tier {tier} the last is done at about {seen.ends_at:%Y-%m-%d %H:%M} UTC, in {span}, limited by {_CLASSES[seen.by]};"
    yield "what people are asked for (accounts, installs, approvals) takes as long as they take."
    days, first = seen.a_day(), 0
    for number, many in enumerate(days[:_SHOWN] if len(days) > 1 else ()):
        name = wanted[first].onboard.customer_external_id
        yield f"  day {number + 1}: {many:,} customers, from {name} on" if many else f"  day {number + 1}: nobody is done yet"
        first += many
    if len(days) > _SHOWN:
        yield f"  and {len(days) - _SHOWN:,} more days; the last in line is {wanted[-1].onboard.customer_external_id}"


def after_words(customers: int, tier: str) -> str:
    """What the days after it come to, with so many customers in all."""
    state = steady(customers, TIERS[tier])
    if state.fit == state.customers:
        return f"Every day after: the daily loops of {state.customers:,} customers fit tier {tier}."
    needs = f"tier {state.needs} is enough for all" if state.needs else "no tier is enough for all"
    return (
        f"Every day after: tier {tier} is enough for the daily loops of {state.fit:,} of {state.customers:,} customers, limited by "
        f"{_CLASSES[state.by]}; {needs}. Until then those of the highest priority go first, then who waited "
        f"longest: a turn each in {state.every_days} days."
    )


@asynccontextmanager
async def _opened() -> AsyncGenerator[tuple[House, Office]]:
    """A house that shows and queues onboardings, and works none off: what lies in line is begun by who was started for that."""
    app = App(settings_or_exit().model_copy(update={"tools": ("loops",)}), WallClock(), works=False)
    try:
        house = await app.house()
        assert house.office is not None, "the settings ask for loops"
        yield house, house.office
    finally:
        await app.close()


def _stand(run: RunRow) -> str:
    if run.begins_anew:
        return run.state if run.given else "forgotten"
    return "done" if run.state == "completed" else "under way"


def known_words(begun: Collection[RunRow], customers: int) -> Iterator[str]:
    """How the onboardings stand that were begun before, of so many customers of the file."""
    stand = Counter(map(_stand, begun))
    if stand:
        how = ", ".join(f"{many:,} {one}" for one, many in sorted(stand.items()))
        yield f"Of {customers:,} customers {len(begun):,} are known: {how}."
    if stand.keys() & _STAY:
        yield f"Of those that are {' or '.join(sorted(stand.keys() & _STAY))} the file changes the priority alone."
    if stand.keys() - _STAY:
        yield f"Those that {' or '.join(_ENDED[one] for one in sorted(stand.keys() - _STAY))} are begun anew: what they made is found."


async def _cost_words(wanted: Sequence[Wanted], house: House) -> str:
    """What the first posts cost at most, by the dearest format, and how many customers' wait for somebody to say yes to that."""
    wallet = await house.layers.send(account.CREDITS, Empty())
    now = house.gate.purse.standing((), house.layers.now())
    always = "generate_content" in house.policy.actions
    most = min((one for one in (now.budget.call, now.budget.day) if one is not None), default=None)
    left = wallet.available if now.left is None else min(now.left, wallet.available)
    seen = cost([wallet.price_of(None) * one.onboard.posts for one in wanted], most=0 if always else most, left=left)
    words = f"Their first posts cost at most {seen.credits:,} credits"
    if not seen.asks:
        return f"{words}."
    return f"{words}; budgets and wallet leave {left:,}: {seen.asks:,} of {len(wanted):,} customers wait for a person to answer for theirs."


async def _plan(wanted: Sequence[Wanted]) -> None:
    async with _opened() as (house, office):
        who = await house.layers.send(account.WHOAMI, Empty())
        used = next(one.used for one in house.layers.pace.standing() if one.rate == "write-light")
        begun = office.begun(one.onboard.customer_external_id for one in wanted)
        for line in known_words(begun.values(), len(wanted)):
            typer.echo(line)
        stay = {name for name, run in begun.items() if not run.begins_anew}
        if fresh := [one for one in wanted if one.onboard.customer_external_id not in stay]:
            for line in plan_words(fresh, who.rate_limit_tier, now=house.clock.now(), used=used):
                typer.echo(line)
            typer.echo(await _cost_words(fresh, house))
        unheard = sum(office.customer(one.onboard.customer_external_id) is None for one in wanted)  # they count from their first step on
        typer.echo(after_words(office.number() + unheard, who.rate_limit_tier))
        if (held := holding(office.held(), "onboarding", None)) is not None:
            typer.echo(f"They will rest: {words(held)}. layers-mcp resume lets them go on.")


async def _start(wanted: Sequence[Wanted]) -> int:
    """How many were begun, for the first time or anew."""
    async with _opened() as (_, office):
        return sum([(await office.onboard(one.onboard)).new for one in wanted])


def onboard(
    file: Annotated[
        Path, typer.Argument(help="CSV with a line of names, or JSON lines; fields as those of onboard_customer, and priority.")
    ],
    *,
    plan: Annotated[bool, typer.Option("--plan", help="Only show what it comes to.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Start without asking, after the plan was printed.")] = False,
) -> None:
    """Onboard many customers from a file: checked whole, planned against the key's limits, and shown before anything starts."""
    try:
        wanted = read_customers(file)
    except BadFile as problem:
        for line in problem.problems[:_SHOWN]:
            typer.echo(f"layers-mcp: {line}", err=True)
        if len(problem.problems) > _SHOWN:
            typer.echo(f"layers-mcp: and {len(problem.problems) - _SHOWN:,} more", err=True)
        typer.echo("layers-mcp: nothing was started", err=True)
        raise typer.Exit(2) from None
    with refusals_told():
        asyncio.run(_plan(wanted))
        if plan or not (yes or typed_yes("Start? Type yes")):  # nothing is open meanwhile: a terminal may be forgotten
            typer.echo("nothing was started")
            return
        began = asyncio.run(_start(wanted))
    known = f"; {len(wanted) - began:,} were there already" if began < len(wanted) else ""
    typer.echo(f"{began:,} onboardings are in the queue{known}. layers-mcp worker works them off, layers-mcp runs shows them,")
    typer.echo("layers-mcp halt --all --loop onboarding lets them rest, and the same command starts only what is missing or failed.")
