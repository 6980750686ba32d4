"""Which function answers which endpoint of the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from layers_mcp.contract import account as c_account
from layers_mcp.contract import ad_accounts as c_ad_accounts
from layers_mcp.contract import ads as c_ads
from layers_mcp.contract import ads_authority as c_authority
from layers_mcp.contract import ads_edits as c_ads_edits
from layers_mcp.contract import ads_lifecycle as c_lifecycle
from layers_mcp.contract import ads_metrics as c_ads_metrics
from layers_mcp.contract import ads_optimizer as c_optimizer
from layers_mcp.contract import ads_pending as c_pending
from layers_mcp.contract import api_keys as c_api_keys
from layers_mcp.contract import app_media as c_app_media
from layers_mcp.contract import audit as c_audit
from layers_mcp.contract import billing as c_billing
from layers_mcp.contract import clones as c_clones
from layers_mcp.contract import content as c_content
from layers_mcp.contract import content_edits as c_edits
from layers_mcp.contract import content_formats as c_formats
from layers_mcp.contract import creatives as c_creatives
from layers_mcp.contract import engagement as c_engagement
from layers_mcp.contract import github as c_github
from layers_mcp.contract import influencers as c_influencers
from layers_mcp.contract import ingest as c_ingest
from layers_mcp.contract import jobs as c_jobs
from layers_mcp.contract import keywords as c_keywords
from layers_mcp.contract import leases as c_leases
from layers_mcp.contract import measurement as c_measurement
from layers_mcp.contract import organizations as c_organizations
from layers_mcp.contract import posting_extras as c_extras
from layers_mcp.contract import projects as c_projects
from layers_mcp.contract import publishing as c_publishing
from layers_mcp.contract import review as c_review
from layers_mcp.contract import sdk_apps as c_sdk_apps
from layers_mcp.contract import sdk_events as c_sdk_events
from layers_mcp.contract import social as c_social
from layers_mcp.contract import uploads as c_uploads
from layers_mcp.contract import webhooks as c_webhooks
from layers_mcp.contract.endpoint import Reply
from layers_mcp.sandbox import (
    account,
    api_keys,
    app_media,
    audit,
    billing,
    by_format,
    clones,
    content,
    creatives,
    engagement,
    github,
    influencers,
    ingest,
    inspiring,
    jobs,
    keywords,
    leases,
    listings,
    metrics,
    organizations,
    posting_extras,
    projects,
    publishing,
    recommendations,
    regenerating,
    review,
    sdk_apps,
    sdk_events,
    social,
    uploads,
    webhooks,
    winners,
)
from layers_mcp.sandbox.ads import authority, creating, editing, lifecycle, pending, reading, runs
from layers_mcp.sandbox.ads import metrics as ads_metrics
from layers_mcp.sandbox.visit import Answer

__all__ = ["ANSWERS", "MINTS"]

Answering = Callable[[Any, Any], Reply | Answer]

ANSWERS: dict[str, Answering] = {
    c_account.WHOAMI.name: account.whoami,
    c_account.CREDITS.name: account.credits_of,
    c_projects.CREATE.name: projects.create,
    c_projects.LIST.name: projects.listing,
    c_projects.GET.name: projects.get,
    c_projects.UPDATE.name: projects.update_project,
    c_projects.ARCHIVE.name: projects.archive,
    c_github.INSTALL_URL.name: github.install_url,
    c_github.REGISTER.name: github.register,
    c_github.GET_INSTALLATION.name: github.get,
    c_github.REPOS.name: github.repos,
    c_ingest.GITHUB.name: ingest.start_github,
    c_sdk_apps.CREATE.name: sdk_apps.create,
    c_sdk_apps.LIST.name: sdk_apps.listing,
    c_sdk_apps.GET.name: sdk_apps.get,
    c_sdk_apps.UPDATE.name: sdk_apps.update_app,
    c_sdk_apps.INSTALL_SPEC.name: sdk_apps.install_spec,
    c_keywords.LIST.name: keywords.listing,
    c_keywords.REFRESH.name: keywords.refresh,
    c_ingest.WEBSITE.name: listings.start_website,
    c_ingest.APPSTORE.name: listings.start_appstore,
    c_app_media.ADD.name: app_media.add,
    c_app_media.LIST.name: app_media.listing,
    c_app_media.REMOVE.name: app_media.remove,
    c_jobs.GET.name: jobs.get,
    c_jobs.CANCEL.name: jobs.cancel,
    c_influencers.LIST.name: influencers.listing,
    c_influencers.GET.name: influencers.get,
    c_influencers.CREATE.name: influencers.create,
    c_influencers.UPDATE.name: influencers.change,
    c_influencers.CLONE.name: influencers.clone,
    c_influencers.DELETE.name: influencers.delete,
    c_content.GENERATE.name: content.generate,
    c_content.GET.name: content.get,
    c_content.LIST.name: content.listing,
    c_content.PROGRESS.name: content.progress,
    c_content.ASSET.name: content.asset,
    c_edits.REGENERATE.name: regenerating.regenerate,
    c_edits.HOOKS.name: inspiring.hooks,
    c_edits.SOURCES.name: inspiring.sources,
    c_formats.BUILD_SLIDESHOW.name: by_format.build_slideshow,
    c_formats.REMIX_SLIDESHOW.name: by_format.remix_slideshow,
    c_formats.REMIX_VIDEO.name: by_format.remix_video,
    c_formats.REMIX_UGC.name: by_format.remix_ugc,
    c_uploads.UPLOAD.name: uploads.upload,
    c_uploads.RESERVE.name: uploads.reserve,
    c_uploads.FINALIZE.name: uploads.finalize,
    c_uploads.UPDATE.name: uploads.change,
    c_review.APPROVE.name: review.approve,
    c_review.REJECT.name: review.reject,
    c_review.GET_POLICY.name: review.get_policy,
    c_review.SET_POLICY.name: review.set_policy,
    c_social.OAUTH_URL.name: social.oauth_url,
    c_social.REAUTH_URL.name: social.reauth_url,
    c_social.OAUTH_STATUS.name: social.oauth_status,
    c_social.PROJECT_OAUTH_STATUS.name: social.project_oauth_status,
    c_social.ACCOUNTS.name: social.accounts,
    c_social.DISCONNECT.name: social.disconnect,
    c_publishing.SCHEDULE.name: publishing.schedule,
    c_publishing.PUBLISH.name: publishing.publish,
    c_publishing.LIST.name: publishing.listing,
    c_publishing.GET.name: publishing.get,
    c_publishing.RESCHEDULE.name: publishing.reschedule,
    c_publishing.CANCEL.name: publishing.cancel,
    c_extras.MUSIC.name: posting_extras.music,
    c_extras.NOTIFY.name: posting_extras.notify,
    c_clones.CLONE.name: clones.clone,
    c_measurement.METRICS.name: metrics.get,
    c_measurement.TOP.name: winners.top,
    c_creatives.LIST.name: creatives.listing,
    c_creatives.OVERRIDE.name: creatives.override,
    c_creatives.RECOMMENDATIONS.name: recommendations.listing,
    c_creatives.MARK.name: recommendations.mark,
    c_ad_accounts.OAUTH_URL.name: creating.oauth_url,
    c_ad_accounts.ACCOUNTS.name: reading.accounts,
    c_ads.CAMPAIGNS.name: reading.campaigns_listing,
    c_ads.GET_CAMPAIGN.name: reading.campaign,
    c_ads.CREATE_CAMPAIGN.name: creating.create_campaign,
    c_ads.ADSETS.name: reading.adsets_listing,
    c_ads.ADS.name: reading.ads_listing,
    c_authority.GET.name: authority.get,
    c_authority.SET.name: authority.set_authority,
    c_authority.GET_DEFAULTS.name: authority.get_defaults,
    c_authority.SET_DEFAULTS.name: authority.set_defaults,
    c_lifecycle.PAUSE.name: lifecycle.pause,
    c_lifecycle.RESUME.name: lifecycle.resume,
    c_pending.LIST.name: pending.listing,
    c_pending.COUNT.name: pending.count,
    c_pending.APPROVE.name: pending.approve,
    c_pending.REJECT.name: pending.reject,
    c_optimizer.RUN.name: runs.start,
    c_optimizer.GET_RUN.name: runs.get,
    c_ads_metrics.GET.name: ads_metrics.get,
    c_audit.LIST.name: audit.listing,
    c_webhooks.CREATE.name: webhooks.create,
    c_webhooks.LIST.name: webhooks.listing,
    c_webhooks.UPDATE.name: webhooks.change,
    c_webhooks.DELETE.name: webhooks.remove,
    c_webhooks.ROTATE.name: webhooks.rotate,
    c_webhooks.TEST.name: webhooks.ping,
    c_webhooks.DELIVERIES.name: webhooks.deliveries_of,
    c_webhooks.REPLAY.name: webhooks.replay,
    c_leases.REQUEST.name: leases.request,
    c_leases.GET_REQUEST.name: leases.get,
    c_leases.LIST.name: leases.listing,
    c_leases.RELEASE.name: leases.release,
    c_engagement.GET.name: engagement.get,
    c_engagement.UPDATE.name: engagement.change,
    c_organizations.CREATE.name: organizations.create,
    c_organizations.LIST.name: organizations.listing,
    c_organizations.MIGRATE.name: organizations.migrate,
    c_organizations.GET.name: organizations.get,
    c_organizations.UPDATE.name: organizations.update_one,
    c_organizations.ARCHIVE.name: organizations.archive,
    c_organizations.SUSPEND.name: organizations.suspend,
    c_organizations.RESUME.name: organizations.resume,
    c_api_keys.KILL.name: api_keys.kill,
    c_api_keys.DELETE.name: api_keys.delete,
    c_api_keys.ROTATE.name: api_keys.rotate,
    c_api_keys.MINT_CHILD.name: api_keys.mint,
    c_api_keys.LIST_CHILD.name: api_keys.list_children,
    c_api_keys.DELETE_CHILD.name: api_keys.delete_child,
    c_api_keys.ROTATE_CHILD.name: api_keys.rotate_child,
    c_billing.EVENTS.name: billing.events,
    c_billing.CHILD_CREDITS.name: billing.child_credits,
    c_billing.CHILD_EVENTS.name: billing.child_events,
    c_billing.ALLOCATE.name: billing.allocate,
    c_billing.GET_CONFIG.name: billing.get_config,
    c_billing.CONFIGURE.name: billing.configure,
    c_sdk_events.FORWARD.name: sdk_events.forward,
    c_sdk_events.LIST.name: sdk_events.listing,
    c_sdk_events.CONVERSIONS.name: sdk_events.conversions,
    c_sdk_events.VERIFY.name: sdk_events.verify,
    c_ads_edits.BUDGET.name: editing.budget,
    c_ads_edits.ADSET_BUDGET.name: editing.adset_budget,
    c_ads_edits.TARGETING.name: editing.targeting,
    c_ads_edits.PUSH.name: editing.push,
    c_ads_edits.REPLACE.name: editing.replace,
    c_ads_edits.PRUNE.name: editing.prune,
    c_ads_edits.REVIEWS.name: editing.reviews,
    c_ads_edits.CAPI_STATUS.name: editing.capi_status,
}
"""By the endpoint's name; every row of the table is answered, which a test proves."""

MINTS = frozenset({c_github.INSTALL_URL.name})
"""GETs that write: a state is minted."""
