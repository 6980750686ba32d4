"""Every tool there is, in the order an agent meets them."""

from __future__ import annotations

from typing import Any

from layers_mcp.contract import (
    ad_accounts,
    ads,
    ads_authority,
    ads_lifecycle,
    ads_optimizer,
    ads_pending,
    audit,
    influencers,
    jobs,
    publishing,
    review,
)
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.table import TABLE
from layers_mcp.tool.declaration import Effect, Tool
from layers_mcp.tools.accounts import connect_account
from layers_mcp.tools.ads import read_ads_metrics
from layers_mcp.tools.app_media import add_app_media, list_app_media, remove_app_media
from layers_mcp.tools.approval import approve_content
from layers_mcp.tools.content import list_content
from layers_mcp.tools.creatives import list_ads_content, override_creative
from layers_mcp.tools.decisions import explain_decision
from layers_mcp.tools.generation import clone_regardless, generate_content
from layers_mcp.tools.halting import halt
from layers_mcp.tools.health import get_health
from layers_mcp.tools.keywords import list_keywords, refresh_keywords
from layers_mcp.tools.listings import ingest_listing
from layers_mcp.tools.loops import get_run, onboard_customer, run_loop
from layers_mcp.tools.metrics import read_metrics
from layers_mcp.tools.optimizer import review_pending_action, run_optimizer
from layers_mcp.tools.pauses import pause_loops, resume_loops
from layers_mcp.tools.plans import set_plan
from layers_mcp.tools.policy import update_review_policy
from layers_mcp.tools.posts import cancel_post, list_posts, reschedule_post
from layers_mcp.tools.projects import create_project, get_project, update_project
from layers_mcp.tools.questions import answer_question, list_questions
from layers_mcp.tools.recommendations import list_recommendations, update_recommendation
from layers_mcp.tools.repositories import ingest_repo
from layers_mcp.tools.resources import read_resource
from layers_mcp.tools.scheduling import schedule_content
from layers_mcp.tools.sdk_apps import create_sdk_app, list_sdk_apps, update_sdk_app
from layers_mcp.tools.searching import call, describe, find
from layers_mcp.tools.waits import wait_for_job
from layers_mcp.tools.winners import top_performers

__all__ = ["ENDPOINTS", "TOOLS"]

TOOLS: tuple[Tool[Any], ...] = (
    create_project,
    get_project,
    update_project,
    ingest_repo,
    connect_account,
    generate_content,
    list_content,
    approve_content,
    schedule_content,
    list_posts,
    reschedule_post,
    cancel_post,
    top_performers,
    read_ads_metrics,
    explain_decision,
    override_creative,
    wait_for_job,
    halt,
    clone_regardless,
    run_optimizer,
    review_pending_action,
    read_metrics,
    list_ads_content,
    list_recommendations,
    update_recommendation,
    update_review_policy,
    list_sdk_apps,
    create_sdk_app,
    update_sdk_app,
    list_keywords,
    refresh_keywords,
    ingest_listing,
    add_app_media,
    list_app_media,
    remove_app_media,
    onboard_customer,
    run_loop,
    get_run,
    list_questions,
    answer_question,
    set_plan,
    pause_loops,
    resume_loops,
    get_health,
    read_resource,
    find,
    describe,
    call,
)

_ON_THE_WAY: frozenset[Endpoint[Any, Any]] = frozenset({
    publishing.GET, jobs.CANCEL, ads_lifecycle.PAUSE, ads_lifecycle.RESUME, audit.LIST,
    ad_accounts.ACCOUNTS, ads.CAMPAIGNS, ads.GET_CAMPAIGN, ads.ADSETS, ads.ADS, ads_authority.GET, ads_authority.GET_DEFAULTS,
    ads_pending.LIST, ads_optimizer.GET_RUN, influencers.LIST, review.GET_POLICY,
})  # fmt: skip
"""Endpoints that tools use for something wider: `halt` pauses all there is, a post is looked at before it is changed; none is for one.

So are the reads whose record no tool shows as it is: a campaign's budget, an ad set's targeting, who may decide.
"""
_COVERED = {used for one in TOOLS for used in one.calls} - _ON_THE_WAY
COVERED: dict[str, tuple[Tool[Any], ...]] = {
    row.name: tuple(one for one in TOOLS if row in one.calls and (one.effect is Effect.READS or row.method != "GET"))
    or tuple(one for one in TOOLS if row in one.calls)
    for row in TABLE
    if row in _COVERED
}
"""Every other one, by its name, with the tools that do it; a read is done by what reads, where there is such a tool."""
ENDPOINTS: tuple[Endpoint[Request, Reply], ...] = tuple(row for row in TABLE if row not in _COVERED)
"""Every endpoint that no tool covers; what a tool covers goes by its checks and previews only."""
