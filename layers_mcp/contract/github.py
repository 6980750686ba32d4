"""The GitHub App: where a customer installs it, and which installations a key has registered."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from layers_mcp.contract.endpoint import Empty, Endpoint, Reply, Request
from layers_mcp.contract.scalars import Utc

__all__ = [
    "GET_INSTALLATION",
    "INSTALL_URL",
    "NOT_INSTALLED",
    "REGISTER",
    "REPOS",
    "GetInstallUrl",
    "GithubAccount",
    "InstallUrl",
    "Installation",
    "ListRepos",
    "OfferedInstallation",
    "RegisterInstallation",
    "Repo",
    "RepoPage",
]

NOT_INSTALLED: Final = "installation_not_found"
"""Platform code of a repository whose owner has no registered installation (seed 004, step 3, "Failure paths")."""


class GetInstallUrl(Request):
    """Where the customer comes back to, and the caller's own state; both may be left out (seed 004 sends neither)."""

    return_url: Annotated[str, StringConstraints(max_length=2000)] | None = None
    state: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


class OfferedInstallation(Reply):
    """What the sandbox's GitHub would hand back: nobody can open its page, so it says so here (ours, see `drift`)."""

    installation_id: int
    org_login: str


class InstallUrl(Reply):
    """The page to open; seed 004 calls it `authorizeUrl`, newer pages `authUrl` and `installUrl`: all three say the same."""

    authorize_url: str
    auth_url: str | None = None
    install_url: str | None = None
    state: str
    expires_at: Utc | None = None
    sandbox_installations: tuple[OfferedInstallation, ...] = ()


class GithubAccount(Reply):
    """The GitHub account an installation belongs to."""

    login: str
    type: Literal["Organization", "User"]


class RegisterInstallation(Request):
    """The pair that GitHub hands to the callback."""

    installation_id: int = Field(ge=1)
    state: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Installation(Reply):
    """A registered installation."""

    installation_id: int
    org_login: str
    github_account: GithubAccount
    registered_at: Utc
    status: Literal["active", "uninstalled"] = "active"
    last_verified_at: Utc | None = None


class ListRepos(Request):
    """A page of what the registered installations cover, by name; `search`: a part of the full name; `limit` 1 to 200."""

    cursor: str | None = None
    limit: int = Field(default=30, ge=1, le=200)
    search: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


class Repo(Reply):
    """One repository; `language` is an older name of `primary_language`."""

    repo_id: int
    full_name: str
    owner: str
    private: bool
    default_branch: str | None = None
    language: str | None = None
    primary_language: str | None = None
    html_url: str | None = None


class RepoPage(Reply):
    """A page of repositories."""

    items: tuple[Repo, ...]
    next_cursor: str | None = None


INSTALL_URL: Endpoint[GetInstallUrl, InstallUrl] = Endpoint(
    method="GET",
    path="/v1/github/installation/install-url",
    request=GetInstallUrl,
    reply=InstallUrl,
    scope="github:admin",
    rate="read-light",
    codes=("RETURN_URL_NOT_ALLOWED",),
    source="seed 004, step 2",
)
REGISTER: Endpoint[RegisterInstallation, Installation] = Endpoint(
    method="POST",
    path="/v1/github/installation",
    request=RegisterInstallation,
    reply=Installation,
    scope="github:admin",
    rate="write-light",
    keyed=True,
    source="seed 004, step 2",
)
GET_INSTALLATION: Endpoint[Empty, Installation] = Endpoint(
    method="GET",
    path="/v1/github/installation",
    request=Empty,
    reply=Installation,
    scope="github:admin",
    rate="read-light",
    codes=("NOT_FOUND",),
    source="layers-api: GET /v1/github/installation",
)
REPOS: Endpoint[ListRepos, RepoPage] = Endpoint(
    method="GET",
    path="/v1/github/repos",
    request=ListRepos,
    reply=RepoPage,
    scope="github:admin",
    rate="read-light",
    source="layers-api: GET /v1/github/repos",
)
