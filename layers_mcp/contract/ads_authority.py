"""Who may change ads: three axes, each off, draft or auto, on a campaign or by default on a layer."""

from __future__ import annotations

from typing import Literal

from layers_mcp.contract.ads import AdPlatform, PathPlatform
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, Utc

__all__ = [
    "GET", "GET_DEFAULTS", "SET", "SET_DEFAULTS", "Actor", "Authority", "AuthorityChange", "Bucket", "CampaignAuthority", "Defaults",
    "GetAuthority", "GetDefaults", "SetAuthority", "SetDefaults",
]  # fmt: skip

Bucket = Literal["off", "draft", "auto"]
"""off: denied; draft: queued for a decision; auto: dispatched at once (layers-api: ads, "Authority model")."""


class Authority(Reply):
    """The three axes: creative (push, replace, prune), tactical (budget, bids, schedule), structural (create, pause, delete)."""

    creative: Bucket
    tactical: Bucket
    structural: Bucket


class AuthorityChange(Request):
    """The axes to change."""

    creative: Bucket | None = None
    tactical: Bucket | None = None
    structural: Bucket | None = None


class Actor(Reply):
    """Who changed it last."""

    actor_type: str
    actor_organization_id: str | None = None
    actor_api_key_id: str | None = None


class GetAuthority(Request):
    """The campaign whose authority is asked after."""

    project_id: Id
    platform: PathPlatform
    campaign_id: Id


class SetAuthority(Request):
    """The campaign, and the axes to change."""

    project_id: Id
    platform: PathPlatform
    campaign_id: Id
    authority: AuthorityChange


class CampaignAuthority(Reply):
    """What holds for a campaign: its own block, or the defaults of its layer."""

    campaign_id: str
    platform: PathPlatform | AdPlatform
    authority: Authority
    source: Literal["per_campaign", "layer_defaults"]
    last_modified_at: Utc | None = None
    last_modified_by: Actor | None = None
    verdict_id: str | None = None


class GetDefaults(Request):
    """The platform whose layer is asked after."""

    project_id: Id
    platform: PathPlatform


class SetDefaults(Request):
    """The platform, and the axes to change."""

    project_id: Id
    platform: PathPlatform
    defaults: AuthorityChange


class Defaults(Reply):
    """A layer's defaults; `kill_switch_active` is the customer's own and denies every write."""

    layer_id: str
    platform: PathPlatform | AdPlatform
    defaults: Authority
    kill_switch_active: bool
    last_modified_at: Utc | None = None
    last_modified_by: Actor | None = None
    verdict_id: str | None = None


_ROOT = "/v1/projects/{projectId}/ads/{platform}"
GET: Endpoint[GetAuthority, CampaignAuthority] = Endpoint(
    method="GET",
    path=f"{_ROOT}/campaigns/{{campaignId}}/authority",
    request=GetAuthority,
    reply=CampaignAuthority,
    scope="ads:read",
    rate="read-light",
    source="layers-api: ads/campaigns/authority",
)
SET: Endpoint[SetAuthority, CampaignAuthority] = Endpoint(
    method="PATCH",
    path=f"{_ROOT}/campaigns/{{campaignId}}/authority",
    request=SetAuthority,
    reply=CampaignAuthority,
    scope="ads:write:policy",
    rate="write-light",
    keyed=True,
    codes=("AUTHORITY_DENIED",),
    source="layers-api: ads/campaigns/authority",
)
GET_DEFAULTS: Endpoint[GetDefaults, Defaults] = Endpoint(
    method="GET",
    path=f"{_ROOT}/defaults",
    request=GetDefaults,
    reply=Defaults,
    scope="ads:read",
    rate="read-light",
    source="layers-api: ads/defaults",
)
SET_DEFAULTS: Endpoint[SetDefaults, Defaults] = Endpoint(
    method="PATCH",
    path=f"{_ROOT}/defaults",
    request=SetDefaults,
    reply=Defaults,
    scope="ads:write:policy",
    rate="write-light",
    keyed=True,
    codes=("AUTHORITY_DENIED",),
    source="layers-api: ads/defaults",
)
