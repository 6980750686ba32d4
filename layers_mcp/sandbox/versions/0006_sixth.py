"""Leased accounts, of which a project may have many on one platform, and the auto-pilot."""

from __future__ import annotations

from alembic import op

from layers_mcp.database.made import Made

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NEW = (
    Made(
        "lease_requests",
        {"int": "seq count", "text": "id project_id target? note? outcome", "json": "niche", "big": "submitted_at decides_at"},
        refs={"project_id": "projects"},
        unique=("id",),
        indexes="project_id",
    ),
    Made("engagements", {"text": "project_id", "json": "said", "big": "updated_at"}, refs={"project_id": "projects"}, key="project_id"),
)
_OWN = "id project_id platform handle"
_ACCOUNTS_BEFORE = Made(
    "accounts",
    {"int": "seq", "text": _OWN, "big": "connected_at token_expires_at"},
    refs={"project_id": "projects"},
    unique=("id", "project_id platform"),
    indexes="project_id",
)
_ACCOUNTS = Made(
    "accounts",
    {"int": "seq", "text": f"{_OWN} lease_id?", "big": "connected_at token_expires_at disconnected_at?"},
    refs={"project_id": "projects", "lease_id": "lease_requests"},
    unique=("id", "project_id platform handle"),
    indexes="project_id lease_id",
)
_STATES = Made(
    "oauth_states",
    {
        "int": "seq",
        "text": "state key_id project_id platform return_url account_id? problem?",
        "json": "scopes?",
        "big": "created_at expires_at resolved_at?",
    },
    refs={"account_id": "accounts", "key_id": "keys", "project_id": "projects"},
    unique=("state",),
    indexes="account_id key_id project_id",
)
_POSTS = Made(
    "posts",
    {
        "int": "seq",
        "text": "id project_id container_id account_id mode problem?",
        "json": "target",
        "big": "scheduled_for starts_at ends_at canceled_at? created_at updated_at",
    },
    refs={"project_id": "projects", "container_id": "containers", "account_id": "accounts"},
    unique=("id",),
    indexes="project_id container_id account_id",
)
_FORGET = (
    "DELETE FROM awaited WHERE kind = 'lease'",
    "DELETE FROM posts WHERE account_id IN (SELECT id FROM accounts WHERE lease_id IS NOT NULL)",
    "DELETE FROM awaited WHERE kind = 'post' AND subject NOT IN (SELECT id FROM posts)",
    "DELETE FROM accounts WHERE lease_id IS NOT NULL",
)


def _names(table: Made) -> list[str]:
    return [column.rstrip("?") for names in table.columns.values() for column in names.split()]


def _rebuild(accounts: Made, *, before: Made) -> None:
    """Make the accounts anew with other bounds. Posts and consents refer to them, so those are made anew as well."""
    for table in (_STATES, _POSTS, before):
        op.rename_table(table.name, f"{table.name}_before")
        for name in table.indexes.split():
            op.execute(f"DROP INDEX IF EXISTS ix_{table.name}_{name}")
    kept = [name for name in _names(accounts) if name in _names(before)]
    for table, names in ((accounts, kept), (_STATES, _names(_STATES)), (_POSTS, _names(_POSTS))):
        table.make()
        listed = ", ".join(names)
        op.execute(f"INSERT INTO {table.name} ({listed}) SELECT {listed} FROM {table.name}_before")  # noqa: S608  names of ours
    for table in (_STATES, _POSTS, before):
        op.drop_table(f"{table.name}_before")


def upgrade() -> None:
    """Every account so far was its owner's."""
    for table in _NEW:
        table.make()
    _rebuild(_ACCOUNTS, before=_ACCOUNTS_BEFORE)


def downgrade() -> None:
    """Forget leased accounts with what went out on them, and the auto-pilot."""
    for statement in _FORGET:
        op.execute(statement)
    _rebuild(_ACCOUNTS_BEFORE, before=_ACCOUNTS)
    for table in reversed(_NEW):
        op.drop_table(table.name)
