"""Ads, the optimizer, and creatives that were not generated here; overrides by the creative, and an audit log of who did it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from layers_mcp.database.made import Made

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


_PAID = (
    Made(
        "creatives",
        {"int": "seq", "text": "id project_id pool name", "big": "created_at"},
        refs={"project_id": "projects"},
        unique=("id", "project_id name"),
        indexes="project_id",
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
        "ad_consents",
        {"int": "seq", "text": "project_id platform", "big": "resolves_at"},
        refs={"project_id": "projects"},
        unique=("project_id platform",),
        indexes="project_id",
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
)
"""Ads and the optimizer."""


_OVERRIDES = Made(
    "overrides",
    {"int": "seq", "text": "project_id ads_content_id override? note?", "big": "updated_at"},
    refs={"project_id": "projects"},
    unique=("ads_content_id",),
    indexes="project_id",
)
"""By the creative, which need not be a container any more."""
_OVERRIDES_BEFORE = Made(
    "overrides",
    {"int": "seq", "text": "container_id override? note?", "big": "updated_at"},
    refs={"container_id": "containers"},
    unique=("container_id",),
)
_BY_CREATIVE = """
    INSERT INTO overrides (project_id, ads_content_id, override, note, updated_at)
    SELECT c.project_id, 'adc_' || substr(c.id, 5), o.override, o.note, o.updated_at
    FROM overrides_before AS o JOIN containers AS c ON c.id = o.container_id
"""
_BY_CONTAINER = """
    INSERT INTO overrides (container_id, override, note, updated_at)
    SELECT c.id, o.override, o.note, o.updated_at
    FROM overrides_before AS o JOIN containers AS c ON c.id = 'cnt_' || substr(o.ads_content_id, 5)
"""


def _replace_overrides(new: Made, carried: str) -> None:
    op.rename_table("overrides", "overrides_before")
    op.execute("DROP INDEX IF EXISTS ix_overrides_project_id")
    new.make()
    op.execute(carried)
    op.drop_table("overrides_before")


def upgrade() -> None:
    """What a partner overrode stays overridden; whatever was logged until now was done through the Partner API."""
    for table in _PAID:
        table.make()
    _replace_overrides(_OVERRIDES, _BY_CREATIVE)
    with op.batch_alter_table("audit") as audit:
        audit.add_column(sa.Column("actor", sa.String(), nullable=False, server_default="partner_api"))
        audit.alter_column("request_id", existing_type=sa.String(), nullable=True)
    with op.batch_alter_table("audit") as audit:
        audit.alter_column("actor", server_default=None)


def downgrade() -> None:
    """Forget the ads, what the optimizer did, and overrides of what was not generated here."""
    op.execute("DELETE FROM audit WHERE request_id IS NULL")
    with op.batch_alter_table("audit") as audit:
        audit.alter_column("request_id", existing_type=sa.String(), nullable=False)
        audit.drop_column("actor")
    _replace_overrides(_OVERRIDES_BEFORE, _BY_CONTAINER)
    for table in reversed(_PAID):
        op.drop_table(table.name)
