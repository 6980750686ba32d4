"""What may be spent without a yes, decided purely from limits, a price and what counts already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

__all__ = ["CALL", "DAY", "TOTAL", "Budget", "Price", "Standing", "standing"]

CALL: Final = 600
"""Credits of one call: five containers of the dearest format at its published estimate (layers-api: credits, 120 each); ours."""
DAY: Final = 3000
"""Credits of one project and UTC day: 25 such containers; ours."""
TOTAL: Final = 30_000
"""Credits of all projects for good: ten such days. New projects bring no new day's budget beyond it; ours."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The most credits that are spent without a yes; None: no limit, 0: nothing.

    `call`: of one call; `day`: of one project on one UTC day of the API's time; `total`: of all that the store has on record.
    """

    call: int | None = CALL
    day: int | None = DAY
    total: int | None = TOTAL


class Price(NamedTuple):
    """The most that one part of a call may cost. `part`: its name within the call, empty where there is one part only."""

    part: str
    project_id: str | None
    credits: int


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a price stands against the budgets. `spent_today`: of the project that has least left; `spent`: in all; both before it."""

    budget: Budget
    credits: int
    spent_today: int
    spent: int
    left_today: int | None
    over: tuple[str, ...]

    @property
    def left(self) -> int | None:
        """What is left of the total before this call; None where there is no limit."""
        return None if self.budget.total is None else max(0, self.budget.total - self.spent)


def _over(limit: int | None, spent: int) -> bool:
    return limit is not None and spent > limit


def standing(budget: Budget, prices: Sequence[Price], *, today: Mapping[str | None, int], in_all: int) -> Standing:
    """How `prices` stand where `today` counts for each project and `in_all` for all; `over` names the limits they would exceed.

    What costs nothing exceeds nothing.
    """
    asked: dict[str | None, int] = {}
    for price in prices:
        asked[price.project_id] = asked.get(price.project_id, 0) + price.credits
    credits_ = sum(asked.values())
    spent_today = max((today.get(one, 0) + more for one, more in asked.items()), default=0)
    fullest = max(asked, key=lambda one: today.get(one, 0) + asked[one], default=None)
    before = today.get(fullest, 0)
    exceeded = (
        ("call", _over(budget.call, credits_)),
        ("day", _over(budget.day, spent_today)),
        ("total", _over(budget.total, in_all + credits_)),
    )
    return Standing(
        budget=budget,
        credits=credits_,
        spent_today=before,
        spent=in_all,
        left_today=None if budget.day is None else max(0, budget.day - before),
        over=tuple(name for name, past in exceeded if past) if credits_ else (),
    )
