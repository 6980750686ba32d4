"""Every tool there is, in the order an agent meets them."""

from __future__ import annotations

from typing import Any

from layers_mcp.tool.declaration import Tool
from layers_mcp.tools.accounts import connect_account
from layers_mcp.tools.ads import read_ads_metrics
from layers_mcp.tools.approval import approve_content
from layers_mcp.tools.content import list_content
from layers_mcp.tools.decisions import explain_decision
from layers_mcp.tools.generation import generate_content
from layers_mcp.tools.optimizer import review_pending_action, run_optimizer
from layers_mcp.tools.policy import update_review_policy
from layers_mcp.tools.projects import create_project, get_project, update_project
from layers_mcp.tools.repositories import ingest_repo
from layers_mcp.tools.scheduling import schedule_content
from layers_mcp.tools.waits import wait_for_job

__all__ = ["TOOLS"]

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
    read_ads_metrics,
    explain_decision,
    wait_for_job,
    run_optimizer,
    review_pending_action,
    update_review_policy,
)
