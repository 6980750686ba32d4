"""Lists of ad accounts, campaigns, ad sets and ads."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Select, select

from layers_mcp.contract import ad_accounts, ads
from layers_mcp.sandbox import ids, projects
from layers_mcp.sandbox.ads import tables
from layers_mcp.sandbox.ads.authority import PLATFORMS, own_campaign
from layers_mcp.sandbox.ads.ledger import NO_ADS
from layers_mcp.sandbox.pages import Keys, Window, page
from layers_mcp.sandbox.visit import Visit

__all__ = ["accounts", "ads_listing", "adsets_listing", "campaign", "campaigns_listing"]

_CAMPAIGNS: Select[Any] = select(tables.campaigns, tables.accounts.c.currency).join(
    tables.accounts, tables.campaigns.c.account_id == tables.accounts.c.id
)
_ADSETS: Select[Any] = select(tables.adsets, tables.campaigns.c.platform).join(
    tables.campaigns, tables.adsets.c.campaign_id == tables.campaigns.c.id
)
_ADS: Select[Any] = select(tables.ads, tables.adsets.c.campaign_id, tables.campaigns.c.account_id, tables.campaigns.c.platform).select_from(
    tables.ads.join(tables.adsets, tables.ads.c.adset_id == tables.adsets.c.id).join(
        tables.campaigns, tables.adsets.c.campaign_id == tables.campaigns.c.id
    )
)


def _chosen(request: Any, columns: dict[str, tuple[Column[Any], str]]) -> list[ColumnElement[bool]]:
    """Conditions of a list: ids in full, platforms and statuses out of several."""
    made = [column == ids.full(prefix, given) for name, (column, prefix) in columns.items() if (given := getattr(request, name, None))]
    if request.platforms is not None:
        made.append(tables.campaigns.c.platform.in_(request.platforms))
    return made


def accounts(visit: Visit, request: ad_accounts.ListAdAccounts) -> ad_accounts.AdAccountPage:
    """The ad accounts of a project, last connected first."""
    row, project = tables.accounts.c, projects.own(visit, request.project_id)
    query = select(tables.accounts).where(row.project_id == project.id, row.connected_at <= visit.now)
    if request.platforms is not None:
        query = query.where(row.platform.in_(request.platforms))
    if request.healthy is not None:
        query = query.where((row.token_expires_at > visit.now) == request.healthy)
    found = visit.connection.execute(query.order_by(row.connected_at.desc(), row.seq.desc()))
    return ad_accounts.AdAccountPage(
        items=tuple(
            ad_accounts.AdAccount(
                ad_account_id=one.id,
                platform=one.platform,
                external_id=one.external_id,
                name=one.name,
                currency=one.currency,
                timezone=one.timezone,
                token_status="valid" if one.token_expires_at > visit.now else "expired",
                token_last_validated_at=min(visit.now, one.token_expires_at),
                connected_at=one.connected_at,
            )
            for one in found
        ),
        next_cursor=None,
    )


def _see_campaign(one: Row[Any], currency: str) -> ads.Campaign:
    return ads.Campaign(
        campaign_id=one.id,
        ad_account_id=one.account_id,
        platform=one.platform,
        name=one.name,
        status=one.status,
        objective=one.outcome,
        daily_budget_cents=one.daily_budget_cents,
        lifetime_budget_cents=one.lifetime_budget_cents,
        currency=currency,
        budget_mode="CBO",
        start_time=one.starts_at,
        end_time=one.ends_at,
        created_at=one.created_at,
        metricsSnapshot7d={},
    )


def campaigns_listing(visit: Visit, request: ads.ListCampaigns) -> ads.CampaignPage:
    """A page of campaigns, newest first."""
    row, project = tables.campaigns.c, projects.own(visit, request.project_id)
    query = _CAMPAIGNS.where(row.project_id == project.id, row.created_at <= visit.now)
    query = query.where(*_chosen(request, {"ad_account_id": (row.account_id, "aac")}))
    if request.status is not None:
        query = query.where(row.status.in_(request.status))
    if request.since is not None:
        query = query.where(row.created_at >= request.since)
    keys, window = Keys("campaigns", row.created_at, row.seq), Window(request.cursor, request.limit)
    items, cursor = page(visit.connection, query, keys, window, see=lambda one: _see_campaign(one, one.currency))
    return ads.CampaignPage(items=items, next_cursor=cursor)


def campaign(visit: Visit, request: ads.GetCampaign) -> ads.Campaign:
    """One campaign."""
    found = own_campaign(visit, request.project_id, PLATFORMS[request.platform], request.campaign_id)
    currency = select(tables.accounts.c.currency).where(tables.accounts.c.id == found.account_id)
    return _see_campaign(found, visit.connection.execute(currency).scalar_one())


def adsets_listing(visit: Visit, request: ads.ListAdsets) -> ads.AdsetPage:
    """A page of ad sets, newest first."""
    row, parent = tables.adsets.c, tables.campaigns.c
    query = _ADSETS.where(parent.project_id == projects.own(visit, request.project_id).id, row.created_at <= visit.now)
    query = query.where(*_chosen(request, {"campaign_id": (row.campaign_id, "cmp"), "ad_account_id": (parent.account_id, "aac")}))
    if request.status is not None:
        query = query.where(row.status.in_(request.status))

    def see(one: Row[Any]) -> ads.Adset:
        return ads.Adset(
            adset_id=one.id,
            campaign_id=one.campaign_id,
            platform=one.platform,
            name=one.name,
            status=one.status,
            optimization_goal=one.goal,
            targeting=one.targeting,
            bid_amount_cents=one.bid_cents,
            created_at=one.created_at,
        )

    items, cursor = page(visit.connection, query, Keys("adsets", row.created_at, row.seq), Window(request.cursor, request.limit), see=see)
    return ads.AdsetPage(items=items, next_cursor=cursor)


def ads_listing(visit: Visit, request: ads.ListAds) -> ads.AdPage:
    """A page of ads, newest first; Apple has none."""
    row, parent = tables.ads.c, tables.campaigns.c
    query = _ADS.where(row.project_id == projects.own(visit, request.project_id).id, row.created_at <= visit.now)
    columns: dict[str, tuple[Column[Any], str]] = {
        "adset_id": (row.adset_id, "adg"),
        "campaign_id": (tables.adsets.c.campaign_id, "cmp"),
        "ad_account_id": (parent.account_id, "aac"),
        "ads_content_id": (row.ads_content_id, "adc"),
    }
    query = query.where(parent.platform != NO_ADS, *_chosen(request, columns))
    if request.status is not None:
        query = query.where(row.status.in_(request.status))

    def see(one: Row[Any]) -> ads.Ad:
        return ads.Ad(
            ad_id=one.id,
            adset_id=one.adset_id,
            campaign_id=one.campaign_id,
            ad_account_id=one.account_id,
            platform=one.platform,
            ads_content_id=one.ads_content_id,
            name=one.name,
            status=one.status,
            created_at=one.created_at,
        )

    items, cursor = page(visit.connection, query, Keys("ads", row.created_at, row.seq), Window(request.cursor, request.limit), see=see)
    return ads.AdPage(items=items, next_cursor=cursor)
