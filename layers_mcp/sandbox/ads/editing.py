"""Budgets, targeting and creatives that a partner changes, and what the platforms say of ads (layers-api: ads)."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import JsonValue
from sqlalchemy import Row, func, select

from layers_mcp.contract import ads_edits, errors
from layers_mcp.contract.ads import Written
from layers_mcp.sandbox import ids, projects
from layers_mcp.sandbox.ads import carrying, partners, pool, tables
from layers_mcp.sandbox.ads.authority import PLATFORMS, own_campaign
from layers_mcp.sandbox.ads.creating import wanted_budget
from layers_mcp.sandbox.ads.ledger import promoted
from layers_mcp.sandbox.ads.partners import Change
from layers_mcp.sandbox.pages import Keys, Window, page
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = ["adset_budget", "budget", "capi_status", "prune", "push", "replace", "reviews", "targeting"]

_AD, _ADSET, _CAMPAIGN = tables.ads.c, tables.adsets.c, tables.campaigns.c


def _refused(code: str, words: str, **details: JsonValue) -> errors.UnknownProblem:
    return errors.UnknownProblem(words, wire_code=code, wire_status=409, details=details)


def budget(visit: Visit, request: ads_edits.ChangeBudget) -> Written:
    """Change a campaign's budget.

    Raises:
        errors.AuthorityDenied: the tactical axis is off, or the customer stopped the layer.
        errors.UnknownProblem: PLATFORM_REJECTED, it has the other kind of budget.
    """
    projects.living(visit, request.project_id)
    campaign = own_campaign(visit, request.project_id, PLATFORMS[request.platform], request.campaign_id)
    path, cents = wanted_budget(request)
    bucket = partners.may(visit, campaign, "tactical")
    now = campaign.daily_budget_cents if path == "dailyBudgetCents" else campaign.lifetime_budget_cents
    if now is None:
        raise _refused("PLATFORM_REJECTED", "the platform does not change the kind of a running campaign's budget", campaignId=campaign.id)
    return partners.write(visit, campaign, bucket, Change("update_budget", "campaign", campaign.id, {path: now}, {path: cents}))


def _own_adset(visit: Visit, request: ads_edits.ChangeAdsetBudget | ads_edits.ChangeTargeting) -> tuple[Row[Any], Row[Any]]:
    """An ad set of the project on that platform, and its campaign."""
    project = projects.living(visit, request.project_id)
    query = select(tables.adsets).join(tables.campaigns, _CAMPAIGN.id == _ADSET.campaign_id)
    mine = (_CAMPAIGN.project_id == project.id, _CAMPAIGN.platform == PLATFORMS[request.platform])
    adset = visit.connection.execute(query.where(_ADSET.id == ids.full("adg", request.adset_id), *mine)).first()
    if adset is None:
        raise errors.NotFound(f"there is no ad set {request.adset_id} in project {project.id}")
    return adset, visit.connection.execute(select(tables.campaigns).where(_CAMPAIGN.id == adset.campaign_id)).one()


def adset_budget(visit: Visit, request: ads_edits.ChangeAdsetBudget) -> Written:
    """Refuse: every campaign of the sandbox keeps its budget itself.

    Raises:
        errors.AuthorityDenied: the tactical axis is off, or the customer stopped the layer.
        errors.UnknownProblem: PLATFORM_REJECTED, the campaign's budgetMode is CBO.
    """
    adset, campaign = _own_adset(visit, request)
    wanted_budget(request)
    partners.may(visit, campaign, "tactical")
    words = "the campaign splits its own budget over its ad sets (budgetMode CBO); change the campaign's"
    raise _refused("PLATFORM_REJECTED", words, adsetId=adset.id, campaignId=campaign.id, budgetMode="CBO")


def targeting(visit: Visit, request: ads_edits.ChangeTargeting) -> Written:
    """Change whom an ad set is shown to; what is not given stays.

    Raises:
        errors.AuthorityDenied: the tactical axis is off, or the customer stopped the layer.
    """
    adset, campaign = _own_adset(visit, request)
    given: dict[str, JsonValue] = request.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude={"project_id", "platform", "adset_id"}
    )
    if not given:
        raise invalid("", "names nothing to change")
    if request.age is not None:
        least = max(request.age.min, 18) if request.platform == "meta" else request.age.min
        if least > request.age.max:
            raise invalid("age.max", "must not lie below age.min")
        given["age"] = {"min": least, "max": request.age.max}
    bucket = partners.may(visit, campaign, "tactical")
    current = {name: adset.targeting[name] for name in given if name in adset.targeting}
    change = Change("update_targeting", "adset", adset.id, current, given, {"adset_id": adset.id})
    return partners.write(visit, campaign, bucket, change)


def _own_ad(visit: Visit, request: ads_edits.PushCreative | ads_edits.PruneCreative) -> tuple[Row[Any], Row[Any]]:
    """An ad of the project on that platform, and its campaign."""
    project = projects.living(visit, request.project_id)
    query = select(tables.ads, _ADSET.campaign_id).join(tables.adsets, _ADSET.id == _AD.adset_id)
    query = query.join(tables.campaigns, _CAMPAIGN.id == _ADSET.campaign_id)
    mine = (_AD.id == ids.full("ad", request.ad_id), _AD.project_id == project.id, _CAMPAIGN.platform == PLATFORMS[request.platform])
    ad = visit.connection.execute(query.where(*mine)).first()
    if ad is None:
        raise errors.NotFound(f"there is no ad {request.ad_id} in project {project.id}")
    return ad, visit.connection.execute(select(tables.campaigns).where(_CAMPAIGN.id == ad.campaign_id)).one()


def _brought(visit: Visit, request: ads_edits.PushCreative, action: str) -> Written:
    ad, campaign = _own_ad(visit, request)
    bucket = partners.may(visit, campaign, "creative")
    spent = promoted(visit.connection, ad.project_id, visit.now).by_creative(visit.now - pool.SPEND_COUNTS, visit.now)
    known = [one.facts(visit.now, spent) for one in pool.creatives_at(visit.connection, ad.project_id, visit.now)]
    wanted = ids.full("adc", request.ads_content_id)
    new = next((one for one in known if one.id == wanted), None)
    if new is None:
        raise errors.NotFound(f"there is no creative {request.ads_content_id} in project {ad.project_id}")
    comes: dict[str, JsonValue] = {"adsContentId": new.id, "organicScore": round(new.score, 2), "pool": new.pool}
    replaces = action == "replace_creative"
    on: dict[str, Any] = {"adset_id": ad.adset_id, "ads_content_id": ad.ads_content_id if replaces else new.id, "replacement": comes}
    on |= {"ad_id": ad.id} if replaces else {}
    current: dict[str, JsonValue] = {"status": ad.status, "adsContentId": ad.ads_content_id} if replaces else {}
    to: dict[str, JsonValue] = {"status": "paused"} if replaces else {"adsContentId": new.id}
    if request.caption is not None:
        to["caption"] = request.caption
    subject = ("ad", ad.id) if replaces else ("adset", ad.adset_id)
    change = Change(action, *subject, current, to, on)
    layer = visit.connection.execute(select(tables.layers).where(tables.layers.c.id == campaign.layer_id)).one()
    why = carrying.obstacle(
        visit.connection, carrying.Planned(campaign.id, change.action, on.get("ad_id"), ad.adset_id, comes), layer, known
    )
    if why is not None:
        raise errors.Conflict(why, details={"adId": ad.id, "adsContentId": new.id})
    return partners.write(visit, campaign, bucket, change)


def push(visit: Visit, request: ads_edits.PushCreative) -> Written:
    """Let a creative run beside an ad, in an ad of its own in the same ad set.

    Raises:
        errors.AuthorityDenied: the creative axis is off, or the customer stopped the layer.
        errors.NotFound: there is no such ad, or no such creative.
        errors.Conflict: it runs there already, may not run, or the ad set is full.
    """
    return _brought(visit, request, "push_creative")


def replace(visit: Visit, request: ads_edits.PushCreative) -> Written:
    """Pause an ad, and let another creative run in its place.

    Raises:
        errors.AuthorityDenied, errors.NotFound, errors.Conflict: as `push` does; also where the ad does not run.
    """
    return _brought(visit, request, "replace_creative")


def prune(visit: Visit, request: ads_edits.PruneCreative) -> Written:
    """Let an ad show its creative no more.

    Raises:
        errors.AuthorityDenied: the creative axis is off, or the customer stopped the layer.
        errors.NotFound: there is no such ad, or it shows another creative.
        errors.Conflict: the ad does not run.
        errors.UnknownProblem: WOULD_LEAVE_AD_EMPTY, nothing else runs in its ad set.
    """
    ad, campaign = _own_ad(visit, request)
    bucket = partners.may(visit, campaign, "creative")
    if ad.ads_content_id != ids.full("adc", request.ads_content_id):
        raise errors.NotFound(f"ad {ad.id} does not show {request.ads_content_id}")
    if ad.status != "active":
        raise errors.Conflict(f"ad {ad.id} is {ad.status}", details={"adId": ad.id, "status": ad.status})
    others = select(func.count()).where(_AD.adset_id == ad.adset_id, _AD.status == "active", _AD.id != ad.id)
    if not visit.connection.execute(others).scalar_one():
        raise _refused("WOULD_LEAVE_AD_EMPTY", "nothing else runs in the ad set", adId=ad.id, adsetId=ad.adset_id)
    current: dict[str, JsonValue] = {"status": "active", "adsContentId": ad.ads_content_id}
    on = {"ad_id": ad.id, "adset_id": ad.adset_id, "ads_content_id": ad.ads_content_id}
    return partners.write(visit, campaign, bucket, Change("prune_creative", "ad", ad.id, current, {"status": "paused"}, on))


def reviews(visit: Visit, request: ads_edits.ListReviews) -> ads_edits.AdReviewPage:
    """A page of reviews; the sandbox's platforms let every ad through as it is made."""
    project, platform = projects.own(visit, request.project_id), PLATFORMS[request.platform]
    query = select(tables.ads).join(tables.adsets, _ADSET.id == _AD.adset_id).join(tables.campaigns, _CAMPAIGN.id == _ADSET.campaign_id)
    query = query.where(_AD.project_id == project.id, _CAMPAIGN.platform == platform, _AD.created_at <= visit.now)
    if request.since is not None:
        query = query.where(_AD.created_at >= request.since)

    def see(row: Row[Any]) -> ads_edits.AdReview | None:
        if request.status not in (None, "approved"):
            return None
        return ads_edits.AdReview(
            review_id=ids.derived("rev", row.id),
            ad_id=row.id,
            ads_content_id=row.ads_content_id,
            platform=platform,
            status="approved",
            platform_reason=None,
            submitted_at=row.created_at,
            decided_at=row.created_at,
        )

    items, cursor = page(
        visit.connection, query, Keys("ad reviews", _AD.created_at, _AD.seq), Window(request.cursor, request.limit), see=see
    )
    return ads_edits.AdReviewPage(items=items, next_cursor=cursor)


def capi_status(visit: Visit, request: ads_edits.GetCapiStatus) -> ads_edits.RelayStatus:
    """How the relay stands: nothing in the sandbox has a pixel, so nothing is relayed."""
    project, row = projects.own(visit, request.project_id), tables.accounts.c
    valid = select(row.platform).where(row.project_id == project.id, row.connected_at <= visit.now, row.token_expires_at > visit.now)
    tokens = set(visit.connection.execute(valid).scalars())
    shown = tuple(
        ads_edits.PlatformRelay(
            platform=one,
            status="not_configured",
            pixel_present=False,
            token_valid=one in tokens,
            last_event_at=None,
            events_received=0,
            recent_error=None,
        )
        for one in get_args(ads_edits.CapiPlatform)
        if request.platforms is None or one in request.platforms
    )
    return ads_edits.RelayStatus(project_id=project.id, platforms=shown)
