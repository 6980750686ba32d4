"""Ads with the stretches they went through, and their counters at any instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, select

from layers_mcp.sandbox import tables as world
from layers_mcp.sandbox.ads import tables
from layers_mcp.sandbox.audience.paid import Arrivals, Counts, Pace, Stretch, Traits, arrivals_of, counts_at

__all__ = ["NO_ADS", "Brought", "Ledger", "Line", "promoted", "seed_of"]

NO_ADS = "apple_ads"
"""The platform without ads: what runs in an ad group is counted, and has no name (layers-api: ads/ads, "ASA excluded")."""

_NEVER = float("inf")
_FACTS = (
    tables.ads.c.id,
    tables.ads.c.adset_id,
    tables.ads.c.ads_content_id,
    tables.ads.c.name,
    tables.ads.c.status,
    tables.ads.c.traits,
    tables.ads.c.created_at,
    tables.ads.c.changed_at,
    tables.adsets.c.campaign_id,
    tables.campaigns.c.status.label("campaign_status"),
    tables.campaigns.c.account_id,
    tables.accounts.c.platform,
    tables.accounts.c.currency,
)
_ADS = select(*_FACTS).select_from(
    tables.ads.join(tables.adsets, tables.ads.c.adset_id == tables.adsets.c.id)
    .join(tables.campaigns, tables.adsets.c.campaign_id == tables.campaigns.c.id)
    .join(tables.accounts, tables.campaigns.c.account_id == tables.accounts.c.id)
)
_KEPT = ("ad_id", "since", "until", "rate", "cpm", "spend", "shown", "clicks", "conversions", "wear")
_PAST = (
    select(*(tables.stretches.c[name] for name in _KEPT))
    .join(tables.ads, tables.stretches.c.ad_id == tables.ads.c.id)
    .join(tables.adsets, tables.ads.c.adset_id == tables.adsets.c.id)
    .join(tables.campaigns, tables.adsets.c.campaign_id == tables.campaigns.c.id)
    .join(tables.accounts, tables.campaigns.c.account_id == tables.accounts.c.id)
)


def seed_of(connection: Connection) -> str:
    """What chance depends on in this world."""
    return str(connection.execute(select(world.world.c.seed)).scalar_one())


class Line(NamedTuple):
    """An ad's row, what it is like, and its stretches in paced days."""

    row: Row[*tuple[Any, ...]]
    traits: Traits
    stretches: Sequence[Stretch]


@dataclass(frozen=True)
class Brought:
    """What the ads of one creative cost and brought in a time, in cents; `currency` None: they are paid in several."""

    spend_cents: int
    value_cents: float
    currency: str | None

    def __add__(self, other: Brought) -> Brought:
        """Both together."""
        one = self.currency if self.currency == other.currency else None
        return Brought(self.spend_cents + other.spend_cents, self.value_cents + other.value_cents, one)

    @property
    def roas(self) -> float | None:
        """Value by spend; None when nothing was spent, or several currencies were."""
        return self.value_cents / self.spend_cents if self.spend_cents and self.currency is not None else None


class Ledger:
    """The ads that some conditions choose, in the order of their making, ready to be counted between two instants."""

    def __init__(self, connection: Connection, *conditions: ColumnElement[bool], last: datetime) -> None:
        seed = seed_of(connection)
        past = connection.execute(_PAST.where(*conditions).order_by(tables.stretches.c.ad_id, tables.stretches.c.seq)).all()
        self._first = min((one.since for one in past), default=last)
        self._last = max([last, *(one.since for one in past)])
        self._arrivals: Arrivals = arrivals_of(seed)
        self._paces = {platform: Pace(seed, platform, self._first, self._last) for platform in ("meta_ads", "tiktok_ads", "apple_ads")}
        by_ad: dict[str, list[Row[*tuple[Any, ...]]]] = {}
        for one in past:
            by_ad.setdefault(one.ad_id, []).append(one)
        rows = connection.execute(_ADS.where(*conditions).order_by(tables.ads.c.seq))
        self.lines = tuple(Line(row, Traits(*row.traits), self._stretches(row.platform, by_ad.get(row.id, []))) for row in rows)

    def _stretches(self, platform: str, past: Sequence[Row[*tuple[Any, ...]]]) -> list[Stretch]:
        at, last = self._paces[platform].at, self._last
        return [
            Stretch(at(since), _NEVER if until is None or until > last else at(until), *counters) for _, since, until, *counters in past
        ]

    def paced(self, platform: str, whens: Sequence[datetime]) -> list[float]:
        """Instants as paced days of a platform."""
        return [self._paces[platform].at(min(max(when, self._first), self._last)) for when in whens]

    def counts(self, line: Line, paced: Sequence[float]) -> Counts:
        """The counters of one ad at each of `paced`, in rising order."""
        return counts_at(line.traits, line.stretches, paced, self._arrivals)

    @property
    def one_money(self) -> bool:
        """Whether all its ads are paid in the same currency, so that their money may be added up."""
        return len({line.row.currency for line in self.lines}) <= 1

    def by_creative(self, since: datetime, until: datetime) -> dict[str, Brought]:
        """What the ads of each creative cost and brought between two instants."""
        found: dict[str, Brought] = {}
        for line in self.lines:
            if line.row.ads_content_id is None:
                continue
            counted = self.counts(line, self.paced(line.row.platform, [since, until]))
            spend, conversions = (column[-1] - column[0] for column in (counted.spend_cents, counted.conversions))
            one = Brought(spend, conversions * line.traits.worth, line.row.currency)
            known = found.get(line.row.ads_content_id)
            found[line.row.ads_content_id] = one if known is None else known + one
        return found


def promoted(connection: Connection, project_id: str, now: datetime) -> Ledger:
    """The ledger of all ads of a project up to `now`."""
    return Ledger(connection, tables.ads.c.project_id == project_id, last=now)
