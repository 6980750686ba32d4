"""What a consent brings when it resolves: a new ad account with what runs there, or a new token for one that is known."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from layers_mcp.sandbox import tables as world
from layers_mcp.sandbox.ads import making, pool, tables
from layers_mcp.sandbox.ads.making import NewAccount, NewCampaign

__all__ = ["BID", "ask", "settle"]

BID = 180
"""Cents of a new ad set's bid where one bids by hand; ours."""
_FOUND_DAYS = 30
"""How long the campaign that a new account brings has run; ours."""
_FOUND_BUDGET = 12_000
_FOUND_ADS = ("What it does in ten seconds", "A customer says it", "The founder explains", "Before and after")


def ask(connection: Connection, project: Row[Any], platform: str, *, resolves_at: datetime) -> None:
    """Let a consent for the project's account on a platform resolve at that instant; until then nothing is to be seen of it."""
    row = tables.consents.c
    known = select(row.seq).where(row.project_id == project.id, row.platform == platform)
    if connection.execute(known).first() is None:
        new = {"project_id": project.id, "platform": platform, "resolves_at": resolves_at}
        connection.execute(insert(tables.consents).values(new))


def _furnish(connection: Connection, project: Row[Any], account_id: str, platform: str, *, since: datetime) -> None:
    """One campaign with an ad set and its ads, as somebody made them on the platform at `since`."""
    made = making.add_campaign(connection, account_id, NewCampaign(name="Always on", at=since, daily_budget_cents=_FOUND_BUDGET))
    adset = making.add_adset(connection, made, "Broad", at=since, bid_cents=BID if platform == "apple_ads" else None)
    for name in _FOUND_ADS:
        making.add_ad(connection, adset, pool.add(connection, project.id, name, pool="manual", at=since), at=since)
    making.replan(connection, made, at=since)


def settle(connection: Connection, now: datetime) -> None:
    """Let every consent take effect that has resolved by `now`, at its own instant; a project archived meanwhile gets nothing."""
    row, account = tables.consents.c, tables.accounts.c
    due = connection.execute(select(tables.consents).where(row.resolves_at <= now).order_by(row.resolves_at, row.seq)).all()
    for one in due:
        connection.execute(tables.consents.delete().where(row.seq == one.seq))
        project = connection.execute(select(world.projects).where(world.projects.c.id == one.project_id)).one()
        mine = (account.project_id == project.id, account.platform == one.platform)
        known = connection.execute(select(account.id).where(*mine)).first()
        if project.status == "archived":
            continue
        if known is not None:
            renewed = {"token_expires_at": one.resolves_at + making.TOKEN_LIVES}
            connection.execute(update(tables.accounts).where(*mine).values(renewed))
            continue
        new = NewAccount(platform=one.platform, name=project.name, timezone=project.timezone, at=one.resolves_at)
        made = making.add_account(connection, project.id, new)
        _furnish(connection, project, made, one.platform, since=one.resolves_at - timedelta(days=_FOUND_DAYS))
