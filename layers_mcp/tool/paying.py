"""What a call costs: priced from the wallet, held against the budgets, set aside before it goes out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from layers_mcp.contract import account
from layers_mcp.contract.endpoint import Empty
from layers_mcp.contract.errors import InsufficientCredits
from layers_mcp.gate.budget import Price, Standing
from layers_mcp.tool.outcome import Cost, Envelope, Outcome, Shown, ShownItem

if TYPE_CHECKING:
    from layers_mcp.tool.call import Call
    from layers_mcp.tool.declaration import Made
    from layers_mcp.tool.visit import Visit

__all__ = ["Bill", "bill_of", "made_by", "priced", "quoted", "with_bill"]

_LIMITS = {
    "call": "more than {0.budget.call} credits in one call (LAYERS_BUDGET_CALL)",
    "day": "more than {0.budget.day} credits in this project today (LAYERS_BUDGET_DAY)",
    "total": "more than {0.budget.total} credits in all (LAYERS_BUDGET_TOTAL)",
}


@dataclass(frozen=True)
class Bill:
    """The most that a call may cost, part by part, the credits that are available, and how it stands against the budgets."""

    prices: tuple[Price, ...]
    available: int
    standing: Standing

    @property
    def cost(self) -> Cost:
        """The same as a result says it."""
        now = self.standing
        return Cost(
            credits=now.credits,
            available=self.available - now.credits,
            spent_today=now.spent_today,
            call_limit=now.budget.call,
            left_today=now.left_today,
            left_in_all=now.left,
            needs_yes=bool(now.over),
        )

    @property
    def over(self) -> str:
        """The limits that it would exceed, in words; nothing where there are none."""
        return " and ".join(_LIMITS[name].format(self.standing) for name in self.standing.over)

    def check(self) -> None:
        """Refuse what the wallet does not have.

        Raises:
            InsufficientCredits: with both numbers.
        """
        needed = self.standing.credits
        if needed > self.available:
            raise InsufficientCredits(
                f"the generation would cost up to {needed} credits, and {self.available} are available",
                details={"required": needed, "available": self.available},
            )


async def made_by(visit: Visit, call: Call) -> tuple[Made, ...]:
    """What the call would have made for credits; nothing where its tool costs nothing."""
    return () if visit.tool.prices is None else await visit.tool.prices(visit.request, call)


async def priced(visit: Visit, call: Call, made: tuple[Made, ...]) -> Bill:
    """What that would cost now."""
    wallet = await call.layers.send(account.CREDITS, Empty())
    prices = tuple(Price(one.part, one.project_id, wallet.price_of(one.format) * one.how_many) for one in made)
    return Bill(prices, wallet.available, visit.house.gate.purse.standing(prices, call.now()))


async def bill_of(visit: Visit, call: Call) -> Bill | None:
    """What the call would cost now; None where it costs nothing."""
    made = await made_by(visit, call)
    return await priced(visit, call, made) if made else None


async def quoted(visit: Visit, call: Call) -> Envelope:
    """The answer to `quoteOnly`: the price, and what is left of each budget and of the wallet."""
    bill = await bill_of(visit, call)
    if bill is None:
        return visit.envelope(Outcome[Any](say="This would cost no credits, as nothing would be generated. Nothing was done."))
    reasons = {
        f"being {bill.over}": bool(bill.over),
        "by the policy of this server": visit.named_tier is not None,
        "as this always does": visit.tool.asks_always,
    }
    why = next((reason for reason, holds in reasons.items() if holds), None)
    say = f"This would cost at most {bill.standing.credits} of {bill.available} credits. Nothing was done."
    if bill.available < bill.standing.credits:
        say += " The wallet does not have them."
    elif why is not None:
        say += f" It needs a yes, {why}."
    return visit.envelope(Outcome[Any](say=say), cost=bill.cost.model_copy(update={"needs_yes": why is not None}))


def with_bill(shown: Shown, bill: Bill | None) -> Shown:
    """The same preview with what it costs; a yes is bound to the price and to what counted against the budgets."""
    if bill is None:
        return shown
    now = bill.standing
    facts: dict[str, JsonValue] = {"creditsAtMost": now.credits, "walletAvailable": bill.available, "spentToday": now.spent_today}
    limits: dict[str, JsonValue] = {"limitPerCall": now.budget.call, "limitPerDay": now.budget.day, "limitInAll": now.budget.total}
    if now.budget.total is not None:
        limits["spentInAll"] = now.spent
    loose = {"walletAvailable"} if "total" in now.over else {"walletAvailable", "spentInAll"}  # others may spend in the meantime
    facts |= {name: limit for name, limit in limits.items() if limit is not None}
    past = f"; {bill.over}" if bill.over else ""
    item = ShownItem(
        id="credits",
        before=f"{now.spent_today} credits spent in this project today",
        after=f"at most {now.credits} more{past}",
        facts=facts,
    )
    question = f"{shown.question} It costs at most {now.credits} of {bill.available} credits"
    question += f", which is {bill.over}." if bill.over else "."
    return replace(shown, question=question, items=(*shown.items, item), unbound=shown.unbound | loose)
