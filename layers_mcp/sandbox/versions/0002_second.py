"""Trades of work; consents that are decided, tokens that end; SDK apps, keywords, app media, readings; media without a site's address."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _make_sdk_apps() -> None:
    op.create_table(
        "sdk_apps",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("job_id", sa.String()),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("bundle_id", sa.String()),
        sa.Column("android_package", sa.String()),
        sa.Column("web_domain", sa.String()),
        sa.Column("capi", sa.JSON(), nullable=False),
        sa.Column("key_prefix", sa.String()),
        sa.Column("key_sha256", sa.String()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("rotated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_sdk_apps"),
        sa.UniqueConstraint("id", name="uq_sdk_apps_id"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_sdk_apps_project_id"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_sdk_apps_job_id"),
    )
    for name in ("project_id", "job_id"):
        op.create_index(f"ix_sdk_apps_{name}", "sdk_apps", [name])


def _make_keywords() -> None:
    op.create_table(
        "keywords",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("hashtags", sa.JSON(), nullable=False),
        sa.Column("refreshed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_keywords"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_keywords_project_id"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_keywords_job_id"),
    )
    for name in ("project_id", "job_id"):
        op.create_index(f"ix_keywords_{name}", "keywords", [name])


def _upgrade_media() -> None:
    """Media were addresses that led nowhere; logos lie beside the state, and are served now."""
    op.execute("UPDATE containers SET media = '[]'")
    op.execute("UPDATE brand_facts SET fields = replace(fields, '\"https://cdn.layers.com/brand/', '\"/brand/')")
    op.execute("UPDATE jobs SET result = replace(result, '\"https://cdn.layers.com/brand/', '\"/brand/')")


def _make_scrapes() -> None:
    op.create_table(
        "scrapes",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("app", sa.String(), nullable=False, comment="store:id"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_scrapes_job_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_scrapes"),
    )
    op.create_index("ix_scrapes_app", "scrapes", ["app"])
    op.create_index("ix_scrapes_job_id", "scrapes", ["job_id"])


def _make_app_media() -> None:
    op.create_table(
        "app_media",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("mime", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_app_media_project_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_app_media"),
        sa.UniqueConstraint("id", name="uq_app_media_id"),
    )
    op.create_index("ix_app_media_project_id", "app_media", ["project_id"])


def upgrade() -> None:
    """All work was on repositories so far; a token lived 60 days from the connection; no SDK app was made that could be read."""
    _make_sdk_apps()
    _make_keywords()
    _upgrade_media()
    with op.batch_alter_table("work") as work:
        work.add_column(sa.Column("trade", sa.String(), nullable=False, server_default="repository"))
    with op.batch_alter_table("work") as work:
        work.alter_column("trade", server_default=None)
    # Posts refer to accounts, so that table is not copied: a column with a default is added in place.
    op.add_column("accounts", sa.Column("token_expires_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE accounts SET token_expires_at = connected_at + 5184000000")  # 60 days in milliseconds
    with op.batch_alter_table("oauth_states") as states:
        states.add_column(sa.Column("scopes", sa.JSON(), nullable=True))
        states.alter_column("resolved_at", existing_type=sa.BigInteger(), nullable=True)
    _make_scrapes()
    _make_app_media()


def _downgrade_media() -> None:
    """No media, and no generation that waits for some."""
    op.execute("UPDATE containers SET media = '[]'")
    op.execute("UPDATE jobs SET gate = NULL WHERE kind = 'content_generate'")
    op.execute("UPDATE brand_facts SET fields = replace(fields, '\"/brand/', '\"https://cdn.layers.com/brand/')")
    op.execute("UPDATE jobs SET result = replace(result, '\"/brand/', '\"https://cdn.layers.com/brand/')")


def downgrade() -> None:
    """Keep the repositories' work and the consents that were decided, and no media."""
    _downgrade_media()
    op.drop_table("keywords")
    op.drop_table("sdk_apps")
    op.execute("DELETE FROM oauth_states WHERE resolved_at IS NULL")
    with op.batch_alter_table("oauth_states") as states:
        states.alter_column("resolved_at", existing_type=sa.BigInteger(), nullable=False)
        states.drop_column("scopes")
    op.drop_column("accounts", "token_expires_at")
    op.drop_table("app_media")
    op.drop_table("scrapes")
    op.execute("DELETE FROM work WHERE trade <> 'repository'")
    with op.batch_alter_table("work") as work:
        work.drop_column("trade")
