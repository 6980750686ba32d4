"""Ads made in the past of a world, for tests of the sandbox and of the tools; loaded by the fixture `paid_of`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from layers_mcp.database import writing
from layers_mcp.sandbox import ids
from layers_mcp.sandbox.ads import making, tables
from layers_mcp.sandbox.ads.making import NewAccount, NewCampaign
from layers_mcp.sandbox.ads.pool import add as add_creative
from layers_mcp.sandbox.audience.paid import traits_of

HOOKS = tuple(f"Hook {number}" for number in range(8))


class Paid:
    """One project's ads."""

    def __init__(self, world: Any, project_id: str) -> None:
        self.world, self.id = world, project_id

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
                creative = add_creative(connection, self.id, hook, pool="generated", at=at)
                making.add_ad(connection, adset, creative, at=at)
            making.replan(connection, made, at=at)
        return made

    def many(self, account: str, ads: int, *, days: float = 90) -> None:
        """A campaign of so many ads in bulk, of forty creatives, each at its own even pace."""
        at = self.now() - timedelta(days=days)
        with writing(self.world.engine) as connection:
            made = making.add_campaign(connection, account, NewCampaign(name="Many", at=at, daily_budget_cents=5_000_000))
            adset = making.add_adset(connection, made, "Broad", at=at)
            rows: list[dict[str, Any]] = []
            stretches: list[dict[str, Any]] = []
            creatives = [add_creative(connection, self.id, f"Hook {number} of many", pool="generated", at=at) for number in range(40)]
            for place in range(ads):
                traits = traits_of("layers", "meta_ads", ("Many", str(place)), quality=0.0, people=40_000)
                named = {"id": ids.mint("ad"), "project_id": self.id, "adset_id": adset, "created_at": at, "status": "active"}
                rows.append(named | {"ads_content_id": creatives[place % 40], "name": f"Ad {place}", "traits": list(traits)})
                first = {"ad_id": named["id"], "since": at, "until": None, "rate": 300.0 + place % 7, "cpm": traits.cpm, "wear": 1.0}
                stretches.append(first | {"spend": 0.0, "shown": 0.0, "clicks": 0.0, "conversions": 0.0})
            connection.execute(insert(tables.ads), rows)
            connection.execute(insert(tables.stretches), stretches)

    def fill(self, adset: str, ads: int) -> None:
        """Ads that somebody made on the platform just now, so that so many more run in an ad set."""
        with writing(self.world.engine) as connection:
            for place in range(ads):
                creative = add_creative(connection, self.id, f"Filler {place}", pool="manual", at=self.now())
                making.add_ad(connection, adset, creative, at=self.now())
            parent = select(tables.adsets.c.campaign_id).where(tables.adsets.c.id == adset)
            making.replan(connection, connection.execute(parent).scalar_one(), at=self.now())

    def pool(self, *names: str, pool: str = "generated") -> None:
        """Creatives that run nowhere yet."""
        with writing(self.world.engine) as connection:
            for name in names:
                add_creative(connection, self.id, name, pool=pool, at=self.now())

    def ledger(self, campaign: str, *, spend_cents: int, conversions: int = 0, hook: str = "Exact") -> str:
        """An ad that spent exactly so much a day ago, and nothing before or since; its id."""
        then = self.now() - timedelta(days=1)
        with writing(self.world.engine) as connection:
            adset = making.add_adset(connection, campaign, f"{hook} only", at=then)
            creative = add_creative(connection, self.id, hook, pool="generated", at=then)
            made = making.add_ad(connection, adset, creative, at=then)
            still = {"ad_id": made, "rate": 0.0, "cpm": 900.0, "wear": 1.0, "until": None}
            none = {"since": then, "spend": 0.0, "shown": 0.0, "clicks": 0.0, "conversions": 0.0}
            some = {"since": then + timedelta(hours=1), "spend": spend_cents + 0.5, "shown": 5000.0, "clicks": 50.0}
            some["conversions"] = conversions * 1000.0
            connection.execute(insert(tables.stretches), [still | none, still | some])
        return made
