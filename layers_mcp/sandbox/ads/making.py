"""Accounts, campaigns, ad sets and ads come to be, and their plans change: every change begins a new stretch of each ad it touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from layers_mcp.contract.ads_authority import Bucket
from layers_mcp.sandbox import ids
from layers_mcp.sandbox.ads import pool, tables
from layers_mcp.sandbox.ads.facts import Axis
from layers_mcp.sandbox.ads.ledger import seed_of
from layers_mcp.sandbox.audience.chance import bell
from layers_mcp.sandbox.audience.paid import Pace, Stretch, Traits, point_at, traits_of

__all__ = [
    "TICK",
    "TOKEN_LIVES",
    "NewAccount",
    "NewCampaign",
    "add_account",
    "add_ad",
    "add_adset",
    "add_campaign",
    "next_tick",
    "replan",
]

TICK = timedelta(hours=6)
"""layers-api: concepts/optimizer."""
TOKEN_LIVES = timedelta(days=60)
"""How long the token of a consent is good; ours, after Meta's long-lived tokens."""
_EXTERNAL = {"meta_ads": "act_", "tiktok_ads": "", "apple_ads": "org-"}
_PEOPLE = {"meta_ads": 0.45, "tiktok_ads": 0.6, "apple_ads": 0.3}
"""People in an ad set by cent of daily budget; ours: an audience that its budget reaches several times a week."""
_LEAST_PEOPLE = 2000
_DEFAULT: Bucket = "draft"
"""What a new layer lets the optimizer do; ours: nothing without a yes."""


@dataclass(frozen=True, kw_only=True)
class NewAccount:
    """An ad account to be made; `at`: when it is connected."""

    platform: str
    name: str
    currency: str = "USD"
    timezone: str = "UTC"
    at: datetime


@dataclass(frozen=True, kw_only=True)
class NewCampaign:
    """A campaign to be made; `authority` None: the layer's defaults hold."""

    name: str
    at: datetime
    outcome: str = "conversions"
    daily_budget_cents: int | None = None
    lifetime_budget_cents: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    authority: Mapping[Axis, Bucket] | None = None
    bid_strategy: dict[str, Any] | None = None


def _daily(campaign: Row[Any]) -> float:
    """Cents a day: the daily budget, or the lifetime's spread over its days."""
    if campaign.status != "active":
        return 0.0
    if campaign.daily_budget_cents is not None:
        return float(campaign.daily_budget_cents)
    days = (campaign.ends_at - campaign.starts_at) / timedelta(days=1)
    return campaign.lifetime_budget_cents / max(days, 1.0)


def next_tick(after: datetime) -> datetime:
    """The first of the day's four ticks later than `after` (0, 6, 12 and 18 h UTC)."""
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + ((after - midnight) // TICK + 1) * TICK


def _layer_of(connection: Connection, project_id: str, platform: str, *, at: datetime) -> Row[Any]:
    """The ad layer of a project and a platform, made when there is none."""
    row = tables.layers.c
    wanted = select(tables.layers).where(row.project_id == project_id, row.platform == platform)
    found = connection.execute(wanted).first()
    if found is not None:
        return found
    new = {"id": ids.derived("lyr", project_id, platform), "project_id": project_id, "platform": platform, "kill_switch": False}
    new |= {"creative": _DEFAULT, "tactical": _DEFAULT, "structural": _DEFAULT, "next_at": next_tick(at), "created_at": at}
    connection.execute(insert(tables.layers).values(new))
    return connection.execute(wanted).one()


def add_account(connection: Connection, project_id: str, new: NewAccount) -> str:
    """The id of a new ad account."""
    layer = _layer_of(connection, project_id, new.platform, at=new.at)
    made = ids.mint("aac")
    number = str(int(made[-12:], 16) % 10**12)
    whose = {"id": made, "project_id": project_id, "layer_id": layer.id, "external_id": _EXTERNAL[new.platform] + number}
    times = {"connected_at": new.at, "token_expires_at": new.at + TOKEN_LIVES}
    said = {"platform": new.platform, "name": new.name, "currency": new.currency, "timezone": new.timezone}
    connection.execute(insert(tables.accounts).values(whose | said | times))
    return made


def add_campaign(connection: Connection, account_id: str, new: NewCampaign) -> str:
    """The id of a new campaign, which runs from its start on."""
    account = connection.execute(select(tables.accounts).where(tables.accounts.c.id == account_id)).one()
    made = ids.mint("cmp")
    said: dict[str, Any] = asdict(new)
    authority: dict[str, Any] = said.pop("authority") or {}
    created = said.pop("at")
    said["starts_at"] = new.starts_at or created
    whose = {"id": made, "project_id": account.project_id, "account_id": account.id, "layer_id": account.layer_id}
    more = {"platform": account.platform, "status": "active", "created_at": created, "authority_at": created if authority else None}
    connection.execute(insert(tables.campaigns).values(said | whose | more | authority))
    return made


def add_adset(connection: Connection, campaign_id: str, name: str, *, at: datetime, bid_cents: int | None = None) -> str:
    """The id of a new ad set."""
    campaign = connection.execute(select(tables.campaigns).where(tables.campaigns.c.id == campaign_id)).one()
    made = ids.mint("adg")
    wide = 1 + 0.3 * abs(bell(seed_of(connection), "people", campaign.name, name))
    people = max(int(_PEOPLE[campaign.platform] * _daily(campaign) * wide), _LEAST_PEOPLE)
    row = {"id": made, "campaign_id": campaign_id, "name": name, "status": "active", "goal": campaign.outcome, "people": people}
    row |= {"targeting": {"geo": ["US"], "age": {"min": 18, "max": 65}}, "bid_cents": bid_cents, "first_bid": bid_cents, "created_at": at}
    connection.execute(insert(tables.adsets).values(row))
    return made


def add_ad(connection: Connection, adset_id: str, ads_content_id: str, *, at: datetime) -> str:
    """The id of a new ad that shows a creative; `replan` its campaign afterwards, so that it gets its share."""
    adset, campaign, account = tables.adsets, tables.campaigns, tables.accounts
    query = select(adset.c.name, adset.c.people, campaign.c.name.label("campaign"), campaign.c.platform, account.c.name.label("account"))
    query = query.add_columns(campaign.c.project_id)
    joined = adset.join(campaign, adset.c.campaign_id == campaign.c.id).join(account, campaign.c.account_id == account.c.id)
    where = connection.execute(query.select_from(joined).where(adset.c.id == adset_id)).one()
    shown = pool.likeness(connection, ads_content_id)
    named = (where.account, where.campaign, where.name, shown.luck)
    traits = traits_of(seed_of(connection), where.platform, named, quality=shown.quality, people=where.people)
    row = {"id": ids.mint("ad"), "project_id": where.project_id, "adset_id": adset_id, "ads_content_id": ads_content_id}
    row |= {"name": shown.name, "status": "active", "traits": list(traits), "created_at": at}
    connection.execute(insert(tables.ads).values(row))
    return row["id"]


def _begin(connection: Connection, campaign: Row[Any], ad: Row[*tuple[Any, ...]], *, rate: float, at: datetime) -> None:
    """A new stretch of one ad from `at` on, with the counters of the one before; none when nothing changes."""
    row = tables.stretches.c
    last = connection.execute(select(tables.stretches).where(row.ad_id == ad.id).order_by(row.seq.desc()).limit(1)).first()
    traits = Traits(*ad.traits)
    cpm = traits.cpm * (1.0 if ad.bid_cents is None or not ad.first_bid else (ad.bid_cents / ad.first_bid) ** 0.5)
    since = max(at, campaign.starts_at)
    if last is not None and (last.rate, last.cpm, last.until) == (rate, cpm, campaign.ends_at):
        return
    counters = {"spend": 0.0, "shown": 0.0, "clicks": 0.0, "conversions": 0.0, "wear": 1.0}
    if last is not None:
        pace = Pace(seed_of(connection), traits.platform, last.since, since)
        until = float("inf") if last.until is None else pace.at(max(last.until, last.since))
        was = Stretch(pace.at(last.since), until, last.rate, last.cpm, last.spend, last.shown, last.clicks, last.conversions, last.wear)
        counters = point_at(traits, was, pace.at(since))._asdict()
    new = {"ad_id": ad.id, "since": since, "until": campaign.ends_at, "rate": rate, "cpm": cpm}
    connection.execute(insert(tables.stretches).values(new | counters))


def _running(connection: Connection, campaign_id: str) -> Sequence[Row[*tuple[Any, ...]]]:
    ad, adset = tables.ads, tables.adsets
    columns = (ad.c.id, ad.c.traits, ad.c.status, adset.c.status.label("adset_status"), adset.c.bid_cents, adset.c.first_bid)
    query = select(*columns).select_from(ad.join(adset, ad.c.adset_id == adset.c.id))
    return connection.execute(query.where(adset.c.campaign_id == campaign_id).order_by(ad.c.seq)).all()


def replan(connection: Connection, campaign_id: str, *, at: datetime) -> None:
    """Split the campaign's budget anew over the ads that run, from `at` on."""
    campaign = connection.execute(select(tables.campaigns).where(tables.campaigns.c.id == campaign_id)).one()
    ads = _running(connection, campaign_id)
    weights = {ad.id: Traits(*ad.traits).weight if (ad.status, ad.adset_status) == ("active", "active") else 0.0 for ad in ads}
    whole, daily = sum(weights.values()), _daily(campaign)
    for ad in ads:
        _begin(connection, campaign, ad, rate=daily * weights[ad.id] / whole if whole else 0.0, at=at)


def change(connection: Connection, what: str, name: str, **values: Any) -> None:
    """Set columns of one campaign, ad set or ad."""
    table = {"campaign": tables.campaigns, "adset": tables.adsets, "ad": tables.ads}[what]
    connection.execute(update(table).where(table.c.id == name).values(values))
