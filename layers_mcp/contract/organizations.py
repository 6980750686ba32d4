"""Organizations below one's own: a customer with a wallet, keys and an audit log apart, one level deep (layers-api: organizations)."""

from __future__ import annotations

import json
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Credits, Id, Utc

__all__ = [
    "ADMIN", "ARCHIVE", "CREATE", "GET", "LIST", "METADATA_BYTES", "METADATA_KEYS", "MIGRATE", "RESUME", "SUSPEND", "UPDATE",
    "ArchivedOrganization", "CreateOrganization", "CreditConfig", "GetOrganization", "ListOrganizations", "Metadata", "MigrateProjects",
    "Migrated", "MovedTo", "Name", "Organization", "OrganizationPage", "OrganizationSummary", "OrganizationWhole", "UpdateOrganization",
]  # fmt: skip

ADMIN: Final = "org:admin"
"""The scope of whoever administers organizations; `*` does not cover it, and no key below has it (layers-api: concepts, "Scopes")."""
METADATA_KEYS, METADATA_BYTES = 50, 16 * 1024
"""At most so many keys, and so many bytes as compact JSON (layers-api: concepts/organizations)."""


def fits(given: dict[str, str]) -> dict[str, str]:
    """`given`, if all of it is short enough.

    Raises:
        ValueError: it is longer than 16 KB.
    """
    if len(json.dumps(given, separators=(",", ":"), ensure_ascii=False).encode()) > METADATA_BYTES:
        message = "is longer than 16 KB"
        raise ValueError(message)
    return given


Metadata = Annotated[
    dict[Annotated[str, StringConstraints(min_length=1, max_length=40)], Annotated[str, StringConstraints(max_length=500)]],
    Field(max_length=METADATA_KEYS),
    AfterValidator(fits),
]
"""Texts of one's own by name: keys up to 40 characters, values up to 500."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Email = Annotated[str, StringConstraints(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
Standing = Literal["active", "suspended", "archived"]


class Organization(Reply):
    """One organization below the caller's own."""

    id: str
    parent_organization_id: str | None = None
    name: str
    status: Standing
    metadata: dict[str, str] | None = None
    billing_email: str | None = None
    archived_at: Utc | None = None
    created_at: Utc | None = None
    updated_at: Utc | None = None


class CreateOrganization(Request):
    """A new organization; its wallet is empty."""

    name: Name
    metadata: Metadata | None = None
    billing_email: Email | None = None


class ListOrganizations(Request):
    """A page of the organizations below, newest first; `limit` 1 to 200."""

    status: Standing | None = None
    cursor: str | None = None
    limit: int = Field(default=25, ge=1, le=200)


class OrganizationPage(Reply):
    """A page of organizations."""

    items: tuple[Organization, ...]
    next_cursor: str | None = None


class GetOrganization(Request):
    """One organization directly below the caller's own."""

    org_id: Id


class CreditConfig(Reply):
    """How an organization spends and is refilled, in credits; None: off."""

    monthly_credit_cap: Credits | None = None
    refill_threshold: Credits | None = None
    refill_amount: Credits | None = None
    auto_refill_enabled: bool = False


class OrganizationSummary(Reply):
    """What an organization has, at a glance."""

    project_count: int
    balance: int
    available: int
    credit_config: CreditConfig


class OrganizationWhole(Organization):
    """One organization with what it has."""

    summary: OrganizationSummary | None = None


class UpdateOrganization(Request):
    """Only the fields given change. `metadata` is merged key by key: "" unsets one, null clears all."""

    org_id: Id
    name: Name | None = None
    metadata: Metadata | None = None
    billing_email: Email | None = None


class ArchivedOrganization(Reply):
    """An organization that was closed for good: its keys open nothing, its unspent credits are the parent's again."""

    id: str
    status: Literal["archived"]
    archived_at: Utc | None = None
    reclaimed_credits: Credits = 0
    revoked_api_keys: int = 0


class MigrateProjects(Request):
    """Projects of one's own by id, each with the name of the new organization that it moves to; all of them move, or none."""

    mapping: dict[Id, Name] = Field(min_length=1, max_length=1000)


class MovedTo(Reply):
    """A new organization, and the projects it got."""

    id: str
    name: str
    project_ids: tuple[str, ...]


class Migrated(Reply):
    """What a migration came to."""

    projects_moved: int
    children_created: int
    children: tuple[MovedTo, ...]


_ROOT = "/v1/organizations"
_ONE = f"{_ROOT}/{{orgId}}"
_SOURCE = "layers-api: organizations"
CREATE: Endpoint[CreateOrganization, Organization] = Endpoint(
    method="POST",
    path=_ROOT,
    request=CreateOrganization,
    reply=Organization,
    scope=ADMIN,
    rate="write-light",
    keyed=True,
    statuses=(201,),
    source=_SOURCE,
)
LIST: Endpoint[ListOrganizations, OrganizationPage] = Endpoint(
    method="GET",
    path=_ROOT,
    request=ListOrganizations,
    reply=OrganizationPage,
    scope=ADMIN,
    rate="read-light",
    source=_SOURCE,
)
MIGRATE: Endpoint[MigrateProjects, Migrated] = Endpoint(
    method="POST",
    path=f"{_ROOT}/migrate",
    request=MigrateProjects,
    reply=Migrated,
    scope=ADMIN,
    rate="write-light",
    keyed=True,
    statuses=(201,),
    codes=("CONFLICT",),
    source=_SOURCE,
)
GET: Endpoint[GetOrganization, OrganizationWhole] = Endpoint(
    method="GET",
    path=_ONE,
    request=GetOrganization,
    reply=OrganizationWhole,
    scope=ADMIN,
    rate="read-light",
    source=_SOURCE,
)
UPDATE: Endpoint[UpdateOrganization, Organization] = Endpoint(
    method="PATCH",
    path=_ONE,
    request=UpdateOrganization,
    reply=Organization,
    scope=ADMIN,
    rate="write-light",
    keyed=True,
    codes=("CONFLICT",),
    source=_SOURCE,
)
ARCHIVE: Endpoint[GetOrganization, ArchivedOrganization] = Endpoint(
    method="DELETE",
    path=_ONE,
    request=GetOrganization,
    reply=ArchivedOrganization,
    scope=ADMIN,
    rate="write-light",
    source=_SOURCE,
)
SUSPEND: Endpoint[GetOrganization, Organization] = Endpoint(
    method="POST",
    path=f"{_ONE}/suspend",
    request=GetOrganization,
    reply=Organization,
    scope=ADMIN,
    rate="write-light",
    keyed=True,
    codes=("CONFLICT",),
    source=_SOURCE,
)
RESUME: Endpoint[GetOrganization, Organization] = Endpoint(
    method="POST",
    path=f"{_ONE}/resume",
    request=GetOrganization,
    reply=Organization,
    scope=ADMIN,
    rate="write-light",
    keyed=True,
    codes=("CONFLICT",),
    source=_SOURCE,
)
