"""What the sandbox keeps, as tables. Instants are of the world's time unless a column says wall."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from layers_mcp.sandbox.columns import TABLES, Instant, at, identity, json, of, seq, word
from layers_mcp.sandbox.edge_tables import buckets, faults, replies
from layers_mcp.sandbox.event_tables import app_events
from layers_mcp.sandbox.hook_tables import awaited, deliveries, events, webhooks
from layers_mcp.sandbox.learned import audit, overrides, recommendations
from layers_mcp.sandbox.lease_tables import engagements, lease_requests
from layers_mcp.sandbox.listing_tables import app_media, scrapes, uploads
from layers_mcp.sandbox.organization_tables import children, transfers

__all__ = [
    "HEAD", "TABLES", "VERSIONS", "accounts", "app_events", "app_media", "audit", "awaited", "brand_facts", "buckets", "children",
    "containers", "deliveries", "engagements", "events", "faults", "influencers", "install_states", "installations", "jobs", "keys",
    "keywords", "lease_requests", "ledger", "oauth_states", "organizations", "overrides", "posts", "projects", "pulls", "recommendations",
    "replies", "scrapes", "sdk_apps", "transfers", "uploads", "webhooks", "work", "world",
]  # fmt: skip

HEAD: Final = "0012"
VERSIONS = Path(__file__).parent / "versions"

world = Table(
    "world",
    TABLES,
    Column("id", Integer, primary_key=True),
    at("epoch"),
    Column("anchor", Instant, nullable=False, comment="wall"),
    Column("speed", Float, nullable=False),
    Column("seed", String, nullable=False, comment="what chance depends on"),
    Column("audience", String, nullable=False, comment="lasting, or null: quality does not outlast its post"),
)
organizations = Table(
    "organizations",
    TABLES,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("included_credits", Integer, nullable=False),
    Column("prepaid_credits", Integer, nullable=False),
)
keys = Table(
    "keys",
    TABLES,
    Column("id", String, primary_key=True),
    Column("public_id", String, nullable=False, unique=True),
    Column("env", String, nullable=False),
    Column("secret_sha256", String, nullable=False),
    of("organizations", "organization_id"),
    Column("scopes", json(), nullable=False),
    Column("tier", String, nullable=False),
    Column("return_hosts", json(), nullable=False),
    Column("killed", Boolean, nullable=False),
    word("name", empty=True),
    at("created_at", empty=True),
    at("last_used_at", empty=True),
    at("rotated_at", empty=True),
    Column("revoked_at", Instant, comment="from when it opens nothing; later than now while it is superseded"),
    word("superseded_by", empty=True),
)
projects = Table(
    "projects",
    TABLES,
    seq(),
    identity(),
    of("organizations", "organization_id"),
    word("name"),
    word("external_id", empty=True),
    word("timezone"),
    word("language"),
    word("owner_email", empty=True),
    Column("metadata", json()),
    word("status"),
    word("policy"),
    Column("first_n", Integer),
    at("policy_updated_at", empty=True),
    at("created_at"),
    at("updated_at"),
    UniqueConstraint("organization_id", "external_id"),
    Index(None, "organization_id", "created_at", "seq"),
)
jobs = Table(
    "jobs",
    TABLES,
    seq(),
    identity(),
    of("organizations", "organization_id"),
    of("projects", "project_id"),
    word("kind"),
    Column("stages", json(), nullable=False, comment="[[name, world seconds], ...]"),
    at("started_at"),
    Column("gate", Integer, comment="index of the stage that ends only when the real work is done"),
    at("opened_at", empty=True),
    Column("push_gate", Integer, comment="index of the stage that ends only when what can't be taken back is done"),
    at("pushed_at", empty=True),
    Column("fails_in", Integer, comment="index of the stage at whose end it fails"),
    Column("problem", json()),
    at("canceled_at", empty=True),
    Column("request", json(), nullable=False),
    Column("result", json()),
)
brand_facts = Table(
    "brand_facts",
    TABLES,
    seq(),
    of("projects", "project_id"),
    of("jobs", "job_id", empty=True),
    at("at"),
    Column("fields", json(), nullable=False),
)
installations = Table(
    "installations",
    TABLES,
    seq(),
    of("organizations", "organization_id"),
    Column("installation_id", BigInteger, nullable=False),
    word("login"),
    at("registered_at"),
    UniqueConstraint("organization_id", "installation_id"),
)
install_states = Table(
    "install_states",
    TABLES,
    seq(),
    of("keys", "key_id"),
    word("state"),
    at("expires_at"),
    Column("installation_id", BigInteger),
    UniqueConstraint("key_id", "state"),
)
work = Table(
    "work",
    TABLES,
    seq(),
    Column("job_id", String, ForeignKey("jobs.id"), nullable=False, unique=True),
    word("trade"),
    Column("errand", json(), nullable=False),
    word("state"),
    at("due_at", empty=True),
    Column("claims", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    word("holder", empty=True),
    Column("lease_until_ms", BigInteger, nullable=False, comment="wall; 0 when nobody holds it"),
)
pulls = Table(
    "pulls",
    TABLES,
    seq(),
    of("jobs", "job_id"),
    word("repository"),
    Column("number", Integer, nullable=False),
    UniqueConstraint("repository", "number"),
)
sdk_apps = Table(
    "sdk_apps",
    TABLES,
    seq(),
    identity(),
    of("projects", "project_id"),
    of("jobs", "job_id", empty=True),
    word("name"),
    word("platform"),
    word("bundle_id", empty=True),
    word("android_package", empty=True),
    word("web_domain", empty=True),
    Column("capi", json(), nullable=False, comment="ad platform: whether it is on; those that were ever switched"),
    word("key_prefix", empty=True),
    word("key_sha256", empty=True),
    at("created_at"),
    at("rotated_at"),
)
keywords = Table(
    "keywords",
    TABLES,
    seq(),
    of("projects", "project_id"),
    of("jobs", "job_id"),
    Column("hashtags", json(), nullable=False),
    at("refreshed_at"),
)
influencers = Table(
    "influencers",
    TABLES,
    seq(),
    identity(),
    of("projects", "project_id"),
    of("jobs", "job_id"),
    word("name"),
    word("gender"),
    word("age_range", empty=True),
    word("brand_voice", empty=True),
    word("language"),
    word("trouble", empty=True),
    word("cloned_from", empty=True),
    at("born_at"),
    at("ready_at"),
    at("changed_at", empty=True),
    at("deleted_at", empty=True),
)
containers = Table(
    "containers",
    TABLES,
    seq(),
    identity(),
    of("projects", "project_id"),
    of("jobs", "job_id"),
    word("format"),
    word("hook"),
    word("cta", empty=True),
    of("influencers", "influencer_id", empty=True),
    Column("brief", json(), nullable=False),
    Column("captions", json(), nullable=False),
    Column("media", json(), nullable=False),
    word("approval"),
    at("decided_at", empty=True),
    word("decided_by", empty=True),
    word("note", empty=True),
    Column("stash", json(), comment="the schedule that waits for the approval"),
    word("regenerated_from", empty=True),
    at("created_at"),
    Column("luck", String, nullable=False, comment="what its chance is called; no random id is in it"),
    Column("quality", Float, nullable=False, comment="in deviations from the average post"),
    Column("source_post_id", String, comment="the post it is a clone of"),
    Column("cloned_from", String, index=True, comment="the container of that post"),
    Index(None, "project_id", "created_at", "seq"),
)
ledger = Table(
    "ledger",
    TABLES,
    seq(),
    of("organizations", "organization_id"),
    of("jobs", "job_id"),
    Column("credits", Integer, nullable=False),
    at("reserved_at"),
    at("settled_at"),
    Column("charged", Boolean, nullable=False),
)
accounts = Table(
    "accounts",
    TABLES,
    seq(),
    identity(),
    of("projects", "project_id"),
    word("platform"),
    word("handle"),
    at("connected_at"),
    at("token_expires_at"),
    of("lease_requests", "lease_id", empty=True),
    at("disconnected_at", empty=True),
    UniqueConstraint("project_id", "platform", "handle"),
)
oauth_states = Table(
    "oauth_states",
    TABLES,
    seq(),
    Column("state", String, nullable=False, unique=True),
    of("keys", "key_id"),
    of("projects", "project_id"),
    word("platform"),
    word("return_url"),
    Column("scopes", json(), comment="what was asked for; NULL in rows that resolved by themselves"),
    at("created_at"),
    at("expires_at"),
    at("resolved_at", empty=True),
    of("accounts", "account_id", empty=True),
    word("problem", empty=True),
)
posts = Table(
    "posts",
    TABLES,
    seq(),
    identity(),
    of("projects", "project_id"),
    of("containers", "container_id"),
    of("accounts", "account_id"),
    word("mode"),
    Column("target", json(), nullable=False),
    word("caption", empty=True),
    at("scheduled_for"),
    at("starts_at"),
    at("ends_at"),
    word("problem", empty=True),
    at("canceled_at", empty=True),
    at("created_at"),
    at("updated_at"),
    Index(None, "project_id", "scheduled_for", "seq"),
    Index(None, "account_id", "starts_at", "seq"),
)
