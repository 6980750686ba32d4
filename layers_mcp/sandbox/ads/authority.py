"""Who may change ads: off denies, draft queues, auto dispatches; a campaign's own block, or else its layer's defaults."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue
from sqlalchemy import Row, select, update

from layers_mcp.contract import ads_authority, errors
from layers_mcp.contract.ads import AdPlatform
from layers_mcp.contract.ads_authority import Authority, Bucket
from layers_mcp.sandbox import audit, ids, projects
from layers_mcp.sandbox.ads import tables
from layers_mcp.sandbox.ads.facts import Axis
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = [
    "PLATFORMS",
    "STOPPED",
    "check",
    "check_policy",
    "get",
    "get_defaults",
    "own_campaign",
    "resolved",
    "set_authority",
    "set_defaults",
]

STOPPED = "the customer stopped every write to this layer"
_AXES: tuple[Axis, ...] = ("creative", "tactical", "structural")
PLATFORMS: dict[str, AdPlatform] = {"meta": "meta_ads", "tiktok": "tiktok_ads", "apple": "apple_ads"}
"""Platforms as paths spell them, and as everything else does."""


def resolved(campaign: Row[Any], layer: Row[Any]) -> dict[Axis, Bucket]:
    """What holds for a campaign on each axis: what its block names, else its layer's; nothing is open that the layer has off."""
    return {axis: (getattr(campaign, axis) or getattr(layer, axis)) if getattr(layer, axis) != "off" else "off" for axis in _AXES}


def _layer_in(visit: Visit, project_id: str, platform: AdPlatform) -> Row[Any]:
    """The ad layer of a project for a platform.

    Raises:
        errors.NotFound: no ad account of that platform was connected yet.
    """
    row = tables.layers.c
    project = projects.own(visit, project_id)
    found = visit.connection.execute(select(tables.layers).where(row.project_id == project.id, row.platform == platform)).first()
    if found is None:
        raise errors.NotFound(f"project {project.id} has no {platform} layer; connect an ad account first")
    return found


def own_campaign(visit: Visit, project_id: str, platform: AdPlatform, campaign_id: str) -> Row[Any]:
    """A campaign of the project on that platform."""
    row, project = tables.campaigns.c, projects.own(visit, project_id)
    wanted = (row.project_id == project.id, row.platform == platform, row.id == ids.full("cmp", campaign_id))
    found = visit.connection.execute(select(tables.campaigns).where(*wanted)).first()
    if found is None:
        raise errors.NotFound(f"there is no {platform} campaign {campaign_id} in project {project.id}")
    return found


def check(layer: Row[Any], axis: Axis, bucket: Bucket) -> None:
    """Let a write through.

    Raises:
        errors.AuthorityDenied: the axis is off, or the customer stopped the layer.
    """
    if layer.kill_switch:
        raise errors.AuthorityDenied(STOPPED, details={"reason": "layer_kill_switch"})
    if bucket == "off":
        details: dict[str, JsonValue] = {"reason": "authority_axis_off", "axis": axis}
        raise errors.AuthorityDenied(f"the {axis} axis is off", details=details)


def _actor(visit: Visit, key_id: str | None) -> ads_authority.Actor | None:
    if key_id is None:
        return None
    return ads_authority.Actor(actor_type="partner", actor_organization_id=visit.key.organization_id, actor_api_key_id=key_id)


def _layer_row(visit: Visit, layer_id: str) -> Row[Any]:
    return visit.connection.execute(select(tables.layers).where(tables.layers.c.id == layer_id)).one()


def _see(visit: Visit, campaign: Row[Any], **more: Any) -> ads_authority.CampaignAuthority:
    own = campaign.authority_at is not None
    layer = _layer_row(visit, campaign.layer_id)
    return ads_authority.CampaignAuthority(
        campaign_id=campaign.id,
        platform=campaign.platform,
        authority=Authority.model_validate(resolved(campaign, layer)),
        source="per_campaign" if own else "layer_defaults",
        last_modified_at=campaign.authority_at if own else layer.modified_at,
        last_modified_by=_actor(visit, campaign.authority_by if own else layer.modified_by),
        **more,
    )


def get(visit: Visit, request: ads_authority.GetAuthority) -> ads_authority.CampaignAuthority:
    """What holds for a campaign."""
    return _see(visit, own_campaign(visit, request.project_id, PLATFORMS[request.platform], request.campaign_id))


def _wanted(change: ads_authority.AuthorityChange, path: str) -> dict[Axis, Bucket]:
    given = change.model_dump(exclude_unset=True)
    if not given:
        raise invalid(path, f"names none of {', '.join(_AXES)}")
    empty = next((axis for axis in _AXES if axis in given and given[axis] is None), None)
    if empty is not None:
        raise invalid(f"{path}.{empty}", "must be off, draft or auto")
    return given  # type: ignore[return-value]  # the model's fields are the axes


_RANK: dict[Bucket, int] = {"off": 0, "draft": 1, "auto": 2}


def check_policy(layer: Row[Any], wanted: dict[Axis, Bucket]) -> None:
    """Let a partner go no further than the customer's own policy: an axis that the layer has off stays off.

    Raises:
        errors.AuthorityDenied: an axis that `wanted` opens is off, or the customer stopped the layer.
    """
    if layer.kill_switch:
        check(layer, "structural", "auto")
    for axis, bucket in wanted.items():
        if _RANK[bucket] > 0 and getattr(layer, axis) == "off":
            check(layer, axis, "off")


def set_authority(visit: Visit, request: ads_authority.SetAuthority) -> ads_authority.CampaignAuthority:
    """Give a campaign a block of its own; axes that it does not name follow the layer.

    Raises:
        errors.AuthorityDenied: the layer has the axis off, or was stopped.
    """
    campaign = own_campaign(visit, request.project_id, PLATFORMS[request.platform], request.campaign_id)
    wanted = _wanted(request.authority, "authority")
    layer = _layer_row(visit, campaign.layer_id)
    check_policy(layer, wanted)
    changes = {**wanted, "authority_at": visit.now, "authority_by": visit.key.id}
    visit.connection.execute(update(tables.campaigns).where(tables.campaigns.c.id == campaign.id).values(changes))
    verdict = ids.mint("ver")
    data: dict[str, JsonValue] = {"campaignId": campaign.id, "authority": {**wanted}, "verdictId": verdict, "actor_type": "partner"}
    audit.log(visit, "ads.authority.updated", campaign.project_id, **data)
    return _see(visit, own_campaign(visit, request.project_id, campaign.platform, campaign.id), verdict_id=verdict)


def _see_layer(visit: Visit, layer: Row[Any], **more: Any) -> ads_authority.Defaults:
    return ads_authority.Defaults(
        layer_id=layer.id,
        platform=layer.platform,
        defaults=Authority(creative=layer.creative, tactical=layer.tactical, structural=layer.structural),
        kill_switch_active=layer.kill_switch,
        last_modified_at=layer.modified_at,
        last_modified_by=_actor(visit, layer.modified_by),
        **more,
    )


def get_defaults(visit: Visit, request: ads_authority.GetDefaults) -> ads_authority.Defaults:
    """What holds for campaigns without a block of their own."""
    return _see_layer(visit, _layer_in(visit, request.project_id, PLATFORMS[request.platform]))


def set_defaults(visit: Visit, request: ads_authority.SetDefaults) -> ads_authority.Defaults:
    """Change a layer's defaults.

    Raises:
        errors.AuthorityDenied: an axis that is off is the customer's to open, or the layer was stopped.
    """
    layer = _layer_in(visit, request.project_id, PLATFORMS[request.platform])
    wanted = _wanted(request.defaults, "defaults")
    check_policy(layer, wanted)
    changes = {**wanted, "modified_at": visit.now, "modified_by": visit.key.id}
    visit.connection.execute(update(tables.layers).where(tables.layers.c.id == layer.id).values(changes))
    verdict = ids.mint("ver")
    data: dict[str, JsonValue] = {"layerId": layer.id, "defaults": {**wanted}, "verdictId": verdict, "actor_type": "partner"}
    audit.log(visit, "ads.defaults.updated", layer.project_id, **data)
    return _see_layer(visit, _layer_row(visit, layer.id), verdict_id=verdict)
