"""An audience, and what it makes of posts and ads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from layers_mcp.database.made import Made

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


_PAID = (
    Made(
        "creatives",
        {"int": "seq", "text": "id project_id container_id? pool name override? note?", "big": "created_at"},
        refs={"project_id": "projects", "container_id": "containers"},
        unique=("id", "project_id name"),
        indexes="container_id project_id",
    ),
    Made(
        "ad_layers",
        {
            "int": "seq target_cpa_cents?",
            "text": "id project_id platform creative tactical structural modified_by?",
            "bool": "kill_switch",
            "big": "next_at modified_at? created_at",
        },
        refs={"project_id": "projects"},
        unique=("id", "project_id platform"),
        indexes="project_id",
    ),
    Made(
        "ad_accounts",
        {
            "int": "seq",
            "text": "id project_id layer_id platform external_id name currency timezone",
            "big": "connected_at token_expires_at",
        },
        refs={"project_id": "projects", "layer_id": "ad_layers"},
        unique=("id",),
        indexes="layer_id project_id",
    ),
    Made(
        "campaigns",
        {
            "int": "seq daily_budget_cents? lifetime_budget_cents?",
            "text": "id project_id account_id layer_id platform name outcome status creative? tactical? structural? authority_by?",
            "json": "bid_strategy?",
            "big": "starts_at ends_at? authority_at? budget_at? created_at",
        },
        refs={"project_id": "projects", "account_id": "ad_accounts", "layer_id": "ad_layers"},
        unique=("id",),
        indexes="account_id layer_id project_id",
    ),
    Made(
        "adsets",
        {
            "int": "seq people bid_cents? first_bid?",
            "text": "id campaign_id name status goal",
            "json": "targeting",
            "big": "bid_at? pushed_at? created_at",
        },
        refs={"campaign_id": "campaigns"},
        unique=("id",),
        indexes="campaign_id",
    ),
    Made(
        "ads",
        {"int": "seq", "text": "id project_id adset_id ads_content_id? name status", "json": "traits", "big": "changed_at? created_at"},
        refs={"project_id": "projects", "adset_id": "adsets"},
        unique=("id",),
        indexes="ads_content_id adset_id project_id",
    ),
    Made(
        "ad_stretches",
        {"int": "seq", "text": "ad_id", "big": "since until?", "float": "rate cpm spend shown clicks conversions wear"},
        refs={"ad_id": "ads"},
        unique=(),
        indexes="ad_id",
    ),
    Made(
        "optimizer_runs",
        {
            "int": "seq",
            "text": "id project_id layer_id job_id? trigger",
            "bool": "dry_run",
            "big": "started_at due_at done_at?",
            "json": "summary?",
        },
        refs={"project_id": "projects", "layer_id": "ad_layers", "job_id": "jobs"},
        unique=("id",),
        indexes="job_id layer_id project_id",
    ),
    Made(
        "decisions",
        {
            "int": "seq",
            "text": "id project_id run_id ad_id? adset_id? campaign_id "
            "ads_content_id? action state? reason blocked_by? outcome pending_id?",
            "big": "at",
            "json": "inputs guardrails replacement? current new",
        },
        refs={"project_id": "projects", "run_id": "optimizer_runs", "ad_id": "ads", "adset_id": "adsets", "campaign_id": "campaigns"},
        unique=("id",),
        indexes="ad_id adset_id campaign_id project_id run_id",
    ),
    Made(
        "pending_actions",
        {
            "int": "seq",
            "text": "id project_id layer_id decision_id action entity_type entity_id rationale status words? failure?",
            "big": "created_at expires_at decided_at? dispatched_at?",
        },
        refs={"project_id": "projects", "layer_id": "ad_layers", "decision_id": "decisions"},
        unique=("id",),
        indexes="decision_id layer_id project_id",
    ),
    Made(
        "audit",
        {
            "int": "seq",
            "text": "id event_type request_id? actor organization_id project_id? key_id?",
            "big": "occurred_at",
            "json": "data",
        },
        refs={"organization_id": "organizations", "project_id": "projects", "key_id": "keys"},
        unique=("id",),
        indexes="key_id organization_id project_id",
    ),
)
"""Ads, the optimizer, and the audit log."""


def upgrade() -> None:
    """Worlds so far had no audience; they get the one that every new world has."""
    with op.batch_alter_table("world") as world:
        world.add_column(sa.Column("seed", sa.String(), nullable=False, server_default="layers"))
        world.add_column(sa.Column("audience", sa.String(), nullable=False, server_default="lasting"))
    with op.batch_alter_table("world") as world:
        world.alter_column("seed", server_default=None)
        world.alter_column("audience", server_default=None)
    for table in _PAID:
        table.make()


def downgrade() -> None:
    """Forget the audience and the ads."""
    for table in reversed(_PAID):
        op.drop_table(table.name)
    with op.batch_alter_table("world") as world:
        world.drop_column("audience")
        world.drop_column("seed")
