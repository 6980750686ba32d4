"""The purse: credits set aside before a request goes out, within the budgets or with a yes, and given back when nothing came of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from layers_mcp.contract.scalars import any_project
from layers_mcp.gate.budget import Budget, Price, Standing, standing
from layers_mcp.store.rows import Paid, Spending

if TYPE_CHECKING:
    from layers_mcp.store.spending import Counted
    from layers_mcp.store.store import Store

__all__ = ["Purse"]


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def _project(given: str | None) -> str | None:
    """A project as it is counted, however the call spelt its id."""
    return None if given is None else any_project(given)


class Purse:
    """The budgets of a store, shared by whoever opens it: every principal, every process, tools and loops."""

    def __init__(self, store: Callable[[], Store], budget: Budget) -> None:
        self._store = store
        self.budget = budget

    def standing(self, prices: Sequence[Price], at: datetime) -> Standing:
        """How `prices` stand against the budgets now, setting nothing aside. `at`: the API's time."""
        named = [price._replace(project_id=_project(price.project_id)) for price in prices]
        counted = self._store().spending.counted(_day(at))
        return standing(self.budget, named, today=counted.today, in_all=counted.in_all)

    def reserve(self, prices: Mapping[str, Price], at: datetime, *, confirmed: bool) -> Standing | None:
        """Set the prices aside under the keys that they go out with; what exceeds a budget is not, unless it was `confirmed`.

        The answer is None when it is set aside, else how it stands. A key that is on record counts once.
        """
        named = {key: price._replace(project_id=_project(price.project_id)) for key, price in prices.items() if price.credits}

        def refuse(counted: Counted) -> Standing | None:
            now = standing(self.budget, list(named.values()), today=counted.today, in_all=counted.in_all)
            return now if now.over and not confirmed else None

        rows = [Spending(key=key, project_id=one.project_id, day=_day(at), credits=one.credits) for key, one in named.items()]
        return self._store().spending.reserve(rows, day=_day(at), refuse=refuse) if rows else None

    def knows(self, keys: Collection[str]) -> bool:
        """Whether credits are set aside, or spent, under each of these keys."""
        return self._store().spending.counting(keys) == set(keys)

    def give_back(self, keys: Collection[str]) -> None:
        """Nothing came of what these keys went out with: their credits count no longer."""
        if keys:
            self._store().spending.settle(keys, "released")

    def job_over(self, job_id: str, *, charged: bool) -> None:
        """A job that one of our calls began was completed, or ended without it and costs nothing (layers-api: credits)."""
        state: Paid = "spent" if charged else "released"
        self._store().spending.settle_job(job_id, state)
