"""The one table of endpoints: the client sends by it, the sandbox answers by it."""

from __future__ import annotations

from typing import cast

from layers_mcp.contract import (
    account,
    ad_accounts,
    ads,
    ads_authority,
    ads_edits,
    ads_lifecycle,
    ads_live,
    ads_metrics,
    ads_optimizer,
    ads_pending,
    api_keys,
    app_media,
    audit,
    billing,
    clones,
    content,
    content_edits,
    content_formats,
    creatives,
    engagement,
    github,
    influencers,
    ingest,
    jobs,
    keywords,
    leases,
    measurement,
    organizations,
    posting_extras,
    projects,
    publishing,
    review,
    sdk_apps,
    sdk_events,
    social,
    uploads,
    webhooks,
)
from layers_mcp.contract.endpoint import Endpoint, Reply, Request

__all__ = ["NOUNS", "TABLE"]

NOUNS = (
    account, projects, github, ingest, sdk_apps, keywords, app_media, jobs, influencers, content, content_edits, uploads, clones, review,
    social, publishing, measurement, creatives, ad_accounts, ads, ads_authority, ads_lifecycle, ads_pending, ads_optimizer, ads_metrics,
    audit, webhooks, leases, engagement, organizations, api_keys, billing, ads_edits, ads_live, sdk_events, posting_extras, content_formats,
)  # fmt: skip

TABLE: tuple[Endpoint[Request, Reply], ...] = tuple(
    cast("Endpoint[Request, Reply]", row) for noun in NOUNS for row in vars(noun).values() if isinstance(row, Endpoint)
)
"""Every endpoint, noun by noun, in the order its file declares them."""
