"""All that a loop may send of itself, as data: nothing here approves, overrides, releases, or lets anything out but by a person's plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from layers_mcp.contract import account, clones, content, github, ingest, projects, publishing, sdk_apps, social

__all__ = ["MAKES", "PLANNED", "RANKS", "WRITES"]

WRITES: Final[Mapping[str, str]] = {
    projects.CREATE.name: "create_project",
    github.REGISTER.name: "ingest_repo",
    ingest.GITHUB.name: "ingest_repo",
    ingest.WEBSITE.name: "ingest_listing",
    ingest.APPSTORE.name: "ingest_listing",
    social.OAUTH_URL.name: "connect_account",
    sdk_apps.CREATE.name: "create_sdk_app",
    publishing.CANCEL.name: "halt",
}
"""All that a loop writes of itself, with the tool that does the same: what the policy denies of that, it denies a loop."""
MAKES: Final[Mapping[str, str]] = {content.GENERATE.name: "generate_content", clones.CLONE.name: "generate_content"}
"""What it does for credits; where the policy names the tool, each asks first."""
PLANNED: Final[Mapping[str, str]] = {publishing.SCHEDULE.name: "schedule_content"}
"""What it does by a standing plan only."""
RANKS: Final[Mapping[str, int]] = {
    projects.LIST.name: 2,
    projects.CREATE.name: 2,
    projects.GET.name: 3,
    github.REGISTER.name: 3,
    ingest.GITHUB.name: 2,
    ingest.WEBSITE.name: 2,
    ingest.APPSTORE.name: 2,
    account.CREDITS.name: 3,
    content.LIST.name: 3,
    content.GENERATE.name: 1,
    sdk_apps.LIST.name: 1,
}
"""How far before the rest a request of a loop stands, so that many customers are onboarded soonest (`client/pace`)."""
