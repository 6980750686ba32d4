"""The first schema of the sandbox."""

from __future__ import annotations

from alembic import op

from layers_mcp.database.made import Made

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


_TABLES = (
    Made("faults", {"int": "seq left", "text": "method path", "json": "trouble"}),
    Made("organizations", key="id", columns={"text": "id name", "int": "included_credits prepaid_credits"}, unique=("name",)),
    Made("world", key="id", columns={"int": "id", "big": "epoch anchor", "float": "speed"}),
    Made(
        "installations",
        {"int": "seq", "text": "organization_id login", "big": "installation_id registered_at"},
        refs={"organization_id": "organizations"},
        unique=("organization_id installation_id",),
        indexes="organization_id",
    ),
    Made(
        "keys",
        key="id",
        columns={"text": "id public_id env secret_sha256 organization_id tier", "json": "scopes return_hosts", "bool": "killed"},
        refs={"organization_id": "organizations"},
        unique=("public_id",),
        indexes="organization_id",
    ),
    Made(
        "projects",
        {
            "int": "seq first_n?",
            "text": "id organization_id name external_id? timezone language owner_email? status policy",
            "json": "metadata?",
            "big": "policy_updated_at? created_at updated_at",
        },
        refs={"organization_id": "organizations"},
        unique=("id", "organization_id external_id"),
        indexes="organization_id",
    ),
    Made(
        "accounts",
        {"int": "seq", "text": "id project_id platform handle", "big": "connected_at"},
        refs={"project_id": "projects"},
        unique=("id", "project_id platform"),
        indexes="project_id",
    ),
    Made("buckets", key="key_id name", columns={"text": "key_id name", "float": "left", "big": "at"}, refs={"key_id": "keys"}),
    Made(
        "install_states",
        {"int": "seq", "text": "key_id state", "big": "expires_at installation_id?"},
        refs={"key_id": "keys"},
        unique=("key_id state",),
        indexes="key_id",
    ),
    Made(
        "jobs",
        {
            "int": "seq gate? push_gate? fails_in?",
            "text": "id organization_id project_id kind",
            "json": "stages problem? request result?",
            "big": "started_at opened_at? pushed_at? canceled_at?",
        },
        refs={"organization_id": "organizations", "project_id": "projects"},
        unique=("id",),
        indexes="organization_id project_id",
    ),
    Made(
        "replies",
        {"int": "seq status", "text": "key_id endpoint idempotency_key digest body", "big": "stored_at"},
        refs={"key_id": "keys"},
        unique=("key_id endpoint idempotency_key",),
        indexes="key_id stored_at",
    ),
    Made(
        "brand_facts",
        {"int": "seq", "text": "project_id job_id?", "big": "at", "json": "fields"},
        refs={"job_id": "jobs", "project_id": "projects"},
        indexes="job_id project_id",
    ),
    Made(
        "influencers",
        {"int": "seq", "text": "id project_id job_id name gender age_range brand_voice? language", "big": "born_at ready_at"},
        refs={"job_id": "jobs", "project_id": "projects"},
        unique=("id",),
        indexes="job_id project_id",
    ),
    Made(
        "ledger",
        {"int": "seq credits", "text": "organization_id job_id", "big": "reserved_at settled_at", "bool": "charged"},
        refs={"job_id": "jobs", "organization_id": "organizations"},
        indexes="job_id organization_id",
    ),
    Made(
        "oauth_states",
        {
            "int": "seq",
            "text": "state key_id project_id platform return_url account_id? problem?",
            "big": "created_at expires_at resolved_at",
        },
        refs={"account_id": "accounts", "key_id": "keys", "project_id": "projects"},
        unique=("state",),
        indexes="account_id key_id project_id",
    ),
    Made(
        "pulls",
        {"int": "seq number", "text": "job_id repository"},
        refs={"job_id": "jobs"},
        unique=("repository number",),
        indexes="job_id",
    ),
    Made(
        "work",
        {"int": "seq claims crashes", "text": "job_id state holder?", "json": "errand", "big": "due_at? lease_until_ms"},
        refs={"job_id": "jobs"},
        unique=("job_id",),
    ),
    Made(
        "containers",
        {
            "int": "seq",
            "text": "id project_id job_id format hook cta? influencer_id? approval decided_by? note? regenerated_from?",
            "json": "brief captions media stash?",
            "big": "decided_at? created_at",
        },
        refs={"influencer_id": "influencers", "job_id": "jobs", "project_id": "projects"},
        unique=("id",),
        indexes="influencer_id job_id project_id",
    ),
    Made(
        "posts",
        {
            "int": "seq",
            "text": "id project_id container_id account_id mode problem?",
            "json": "target",
            "big": "scheduled_for starts_at ends_at canceled_at? created_at updated_at",
        },
        refs={"account_id": "accounts", "container_id": "containers", "project_id": "projects"},
        unique=("id",),
        indexes="account_id container_id project_id",
    ),
)


def upgrade() -> None:
    """Make every table, each after those it refers to."""
    for table in _TABLES:
        table.make()


def downgrade() -> None:
    """Before the first there was nothing."""
    for table in reversed(_TABLES):
        op.drop_table(table.name)
