"""What an onboarding is asked for, and what came of it."""

from __future__ import annotations

from typing import Final, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from layers_mcp.clock import zone_of
from layers_mcp.contract.ingest import AppId, Branch, Repo
from layers_mcp.contract.projects import ExternalId, Name, Zone
from layers_mcp.contract.scalars import Language, Platform, SocialPlatforms
from layers_mcp.gate.handle import digest
from layers_mcp.loops.run import Came, Given, Whose

__all__ = ["MOST_PAGES", "Onboard", "Onboarded", "Source", "run_id_of"]

MOST_PAGES: Final = 5
"""Pages of a website that are read: the one named and those it links to first; our choice of the 25 that Layers allows."""
Source = Literal["github", "website", "appstore", "none"]
"""What the brand context is read from."""
_OF_AN_APP = ("ios_bundle_id", "android_package", "app_store_url")


class Onboard(Given):
    """One customer to onboard, and how.

    `repo_full_name`, `url`, or one of the three of an app: what the brand context is read from, one of them or none. `installation_id`,
    `state`: what GitHub handed back when the customer installed the App, if they did. `connect`: the accounts to ask for; `return_url`:
    where their owner comes back to. `posts`: how many make the first batch; 0: none. `priority`: the higher goes first where not all can.
    """

    customer_external_id: ExternalId
    name: Name
    timezone: Zone = "UTC"
    primary_language: Language | None = None
    repo_full_name: Repo | None = None
    branch: Branch | None = None
    platforms: tuple[Platform, ...] = Field(default=(), max_length=6)
    installation_id: int | None = Field(default=None, ge=1)
    state: str | None = Field(default=None, max_length=200)
    url: str | None = Field(default=None, min_length=1, max_length=2000)
    ios_bundle_id: AppId | None = None
    android_package: AppId | None = None
    app_store_url: str | None = Field(default=None, min_length=1, max_length=2000)
    connect: SocialPlatforms = ()
    return_url: str | None = Field(default=None, max_length=2000)
    posts: int = Field(default=1, ge=0, le=5)
    hook: str | None = Field(default=None, min_length=1, max_length=2000)
    priority: int = Field(default=0, ge=-1_000_000, le=1_000_000)

    def whose(self) -> Whose:
        """The customer's; the project comes with the first step."""
        return Whose(customer=self.customer_external_id)

    @field_validator("timezone")
    @classmethod
    def _known(cls, timezone: str) -> str:
        if zone_of(timezone) is None:
            raise ValueError(f"there is no time zone {timezone!r}; give one of the IANA's, like America/New_York")
        return timezone

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("repo_full_name", "url", *_OF_AN_APP) if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{to_camel(given[0])} and {to_camel(given[1])}: give one thing to read the brand from")
        if (self.installation_id is None) != (self.state is None) or (self.installation_id is not None and self.repo_full_name is None):
            raise ValueError("installationId and state go together, and with repoFullName")
        return self

    @property
    def source(self) -> Source:
        """What it is read from."""
        if self.repo_full_name is not None:
            return "github"
        if self.url is not None:
            return "website"
        return "none" if all(getattr(self, name) is None for name in _OF_AN_APP) else "appstore"


class Onboarded(Came):
    """What came of it.

    `created`: whether the project was made for this; `ingest`: how the reading ended, `found` where it was there before; `accounts`: those
    connected; `sdk_key_unseen`: the SDK app was made here, and nobody has its key; `containers`: the first batch, of which a person
    `approved` and `rejected` some, or they are gone; `scheduled`: the posts that went into the queue by a standing plan; `failed`: codes
    of what was refused there.
    """

    project_id: str
    created: bool
    ingest: Literal["completed", "found", "skipped", "none"]
    pull_request_url: str | None = None
    sdk_app_id: str | None = None
    sdk_key_unseen: bool = False
    sdk_platforms: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    approved: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    scheduled: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def run_id_of(owner: str, customer_external_id: str) -> str:
    """The id of a customer's onboarding: one for good, however often it is asked for."""
    return f"onboard:{digest([owner, customer_external_id])[:32]}"
