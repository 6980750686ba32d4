"""A project with an ad account, campaigns made in the past, and the hand that moves time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import update

from layers_mcp.database import writing
from layers_mcp.sandbox.ads import creatives, making, tables
from layers_mcp.sandbox.ads.making import NewAccount, NewCampaign

HOOKS = tuple(f"Hook {number}" for number in range(8))


class Paid:
    """One project's ads on one platform; `layer` and `account` are ids."""

    def __init__(self, house: Any, project: str) -> None:
        self.house, self.project, self.id = house, project, project.rsplit("/", 1)[1]
        self.world = house.world

    def now(self) -> datetime:
        """The world's time."""
        return self.world.now()

    def account(self, platform: str = "meta_ads", *, currency: str = "USD", days: float = 0, name: str = "Shop") -> str:
        """An ad account, connected so many days ago."""
        with writing(self.world.engine) as connection:
            new = NewAccount(platform=platform, name=name, currency=currency, at=self.now() - timedelta(days=days))
            return making.add_account(connection, self.id, new)

    def layer(self, **changes: Any) -> None:
        """Change every layer of the project."""
        with writing(self.world.engine) as connection:
            connection.execute(update(tables.layers).where(tables.layers.c.project_id == self.id).values(changes))

    def campaign(
        self,
        account: str,
        *,
        name: str = "Launch",
        days: float = 42,
        budget: int = 12_000,
        hooks: tuple[str, ...] = HOOKS[:4],
        authority: Mapping[str, str] | None = None,
        bid: int | None = None,
    ) -> str:
        """A campaign with one ad set and an ad for each hook, begun so many days ago."""
        at = self.now() - timedelta(days=days)
        with writing(self.world.engine) as connection:
            made = making.add_campaign(connection, account, NewCampaign(name=name, at=at, daily_budget_cents=budget, authority=authority))
            adset = making.add_adset(connection, made, "Broad", at=at, bid_cents=bid)
            for hook in hooks:
                creative = creatives.add(connection, self.id, hook, pool="generated", at=at)
                making.add_ad(connection, adset, creative, at=at)
            making.replan(connection, made, at=at)
        return made

    def pool(self, *names: str, pool: str = "generated") -> None:
        """Creatives that run nowhere yet."""
        with writing(self.world.engine) as connection:
            for name in names:
                creatives.add(connection, self.id, name, pool=pool, at=self.now())

    async def get(self, path: str, *, expected: int = 200, **query: Any) -> Any:
        """The reply to a GET below the project."""
        return await self.house.get(f"{self.project}{path}" + (f"?{urlencode(query, doseq=True)}" if query else ""), expected)

    async def log(self, **query: Any) -> list[Any]:
        """The project's audit log, oldest first."""
        asked = urlencode({"projectId": self.id, "limit": 200, **query})
        return (await self.house.get(f"/v1/audit-log?{asked}"))["items"][::-1]


@pytest.fixture
async def paid(house: Any) -> Paid:
    """A fresh project without ads."""
    return Paid(house, await house.project())
