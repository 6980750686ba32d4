"""The GitHub of the sandbox: which repositories there are, whose installations, and what was registered of them."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from sqlalchemy import Row, insert, select, update

from layers_mcp.contract import errors, github
from layers_mcp.contract.endpoint import Empty
from layers_mcp.sandbox import ids, social, tables
from layers_mcp.sandbox.pages import Window, whole_page
from layers_mcp.sandbox.visit import Ground, Visit, invalid

__all__ = ["SAMPLE", "Repository", "get", "install_url", "register", "registered_repository", "repos", "repositories"]

SAMPLE = "quinns-coffee/quinns-app"
"""The repository of seed 004; it is there unless another folder was given for it."""
_SAMPLE_INSTALLATION = 48_271_993
"""The installation of `quinns-coffee` (seed 004, step 2)."""
_STATE_LIVES = timedelta(minutes=15)
"""layers-api: GET /v1/github/installation/install-url."""


class Repository(NamedTuple):
    """A repository that the sandbox can read: `owner/name`, and its folder; the sample's may not be made yet."""

    full_name: str
    source: Path

    @property
    def owner(self) -> str:
        """Whose it is."""
        return self.full_name.partition("/")[0]


def _is_git(folder: Path) -> bool:
    return (folder / ".git").exists() or (folder / "HEAD").is_file()


def _in_folder(folder: Path) -> list[Repository]:
    found = [place for place in sorted(folder.glob("*/*")) if place.is_dir() and _is_git(place)]
    return [Repository(f"{place.parent.name}/{place.name.removesuffix('.git')}", place) for place in found]


def repositories(ground: Ground) -> dict[str, Repository]:
    """Every repository, by its name in lower case: those of the setting over the sample."""
    known = {SAMPLE: Repository(SAMPLE, ground.folder / "repositories" / SAMPLE)}
    for entry in ground.repositories:
        name, pair, place = entry.partition("=")
        given = [Repository(name, Path(place).expanduser())] if pair and name.count("/") == 1 else _in_folder(Path(entry).expanduser())
        known |= {repository.full_name.lower(): repository for repository in given}
    return known


def _installation_id(owner: str) -> int:
    if owner.lower() == SAMPLE.partition("/")[0]:
        return _SAMPLE_INSTALLATION
    return 10_000_000 + int(sha256(owner.lower().encode()).hexdigest(), 16) % 80_000_000


def _offered(ground: Ground) -> dict[int, str]:
    return {_installation_id(repository.owner): repository.owner for repository in repositories(ground).values()}


def install_url(visit: Visit, request: github.GetInstallUrl) -> github.InstallUrl:
    """The page where the App is installed, and the state that its callback brings back."""
    if request.return_url is not None:
        social.check_return_url(visit, request.return_url)
    state = request.state or ids.stamped("gh_state", visit.now)
    row, expires_at = tables.install_states.c, visit.now + _STATE_LIVES
    mine = (row.key_id == visit.key.id, row.state == state)
    if visit.connection.execute(select(row.seq).where(*mine)).first() is None:
        new = {"key_id": visit.key.id, "state": state, "expires_at": expires_at}
        visit.connection.execute(insert(tables.install_states).values(new))
    else:
        visit.connection.execute(update(tables.install_states).where(*mine).values(expires_at=expires_at))
    url = f"https://github.com/apps/layers/installations/new?state={quote(state, safe='')}"
    offered = tuple(github.OfferedInstallation(installation_id=number, org_login=login) for number, login in _offered(visit.ground).items())
    return github.InstallUrl(
        authorize_url=url, auth_url=url, install_url=url, state=state, expires_at=expires_at, sandbox_installations=offered
    )


def _see(row: Row[Any], **more: Any) -> github.Installation:
    account = github.GithubAccount(login=row.login, type="Organization")
    return github.Installation(
        installation_id=row.installation_id,
        org_login=row.login,
        github_account=account,
        registered_at=row.registered_at,
        status="active",
        **more,
    )


def _use_state(visit: Visit, state: str, installation_id: int) -> None:
    row = tables.install_states.c
    found = visit.connection.execute(select(tables.install_states).where(row.key_id == visit.key.id, row.state == state)).first()
    if found is None:
        raise invalid("state", "was not made by install-url of this key")
    if found.installation_id not in (None, installation_id):
        raise invalid("state", "was used for another installation")
    if found.installation_id is None and found.expires_at <= visit.now:
        raise invalid("state", "has expired; ask for another install-url")
    visit.connection.execute(update(tables.install_states).where(row.seq == found.seq).values(installation_id=installation_id))


def _registered(visit: Visit, installation_id: int, login: str) -> Row[Any]:
    """The row of an installation of this organization, made when there is none."""
    row, organization = tables.installations.c, visit.key.organization_id
    query = select(tables.installations).where(row.organization_id == organization, row.installation_id == installation_id)
    found = visit.connection.execute(query).first()
    if found is not None:
        return found
    new = {"organization_id": organization, "installation_id": installation_id, "login": login, "registered_at": visit.now}
    visit.connection.execute(insert(tables.installations).values(new))
    return visit.connection.execute(query).one()


def register(visit: Visit, request: github.RegisterInstallation) -> github.Installation:
    """Register an installation; doing it again changes nothing."""
    login = _offered(visit.ground).get(request.installation_id)
    if login is None:
        raise invalid("installationId", "is not an installation of the Layers App")
    _use_state(visit, request.state, request.installation_id)
    return _see(_registered(visit, request.installation_id, login))


def get(visit: Visit, _request: Empty) -> github.Installation:
    """The installation that was registered last; an organization may have several (seed 004), the route shows one."""
    row = tables.installations.c
    query = select(tables.installations).where(row.organization_id == visit.key.organization_id).order_by(row.seq.desc())
    found = visit.connection.execute(query.limit(1)).first()
    if found is None:
        raise errors.NotFound("no GitHub installation is registered")
    return _see(found, last_verified_at=visit.now)


def _repo(repository: Repository) -> github.Repo:
    name = repository.full_name
    number = int(sha256(name.lower().encode()).hexdigest(), 16) % 900_000_000 + 100_000_000
    return github.Repo(repo_id=number, full_name=name, owner=repository.owner, private=True, html_url=f"https://github.com/{name}")


def repos(visit: Visit, request: github.ListRepos) -> github.RepoPage:
    """A page of the repositories that this organization's installations cover, by name."""
    row = tables.installations.c
    query = select(row.login).where(row.organization_id == visit.key.organization_id)
    owners, words = {login.lower() for login in visit.connection.execute(query).scalars()}, (request.search or "").lower()
    known = sorted(repositories(visit.ground).items())
    found = [_repo(one) for name, one in known if one.owner.lower() in owners and words in name]
    items, cursor = whole_page(found, Window(request.cursor, request.limit), known_as="full_name")
    return github.RepoPage(items=items, next_cursor=cursor)


def registered_repository(visit: Visit, full_name: str, *, installation_id: int | None = None) -> Repository:
    """The repository `full_name`, if an installation of this organization covers it (seed 004, step 3, "Failure paths").

    Naming the installation of its owner registers it (seed 000, loop 1, names one and registers none).

    Raises:
        errors.PlatformError: its owner's installation is not registered here, or another one was named.
        errors.Invalid: the owner has no such repository.
    """
    owner = full_name.partition("/")[0]
    row = tables.installations.c
    query = select(row.login).where(row.organization_id == visit.key.organization_id)
    if installation_id is not None:
        login = _offered(visit.ground).get(installation_id, "")
        if login.lower() == owner.lower():
            _registered(visit, installation_id, login)
        query = query.where(row.installation_id == installation_id)
    if owner.lower() not in {login.lower() for login in visit.connection.execute(query).scalars()}:
        raise errors.PlatformError(
            "no registered installation belongs to the owner of this repository", details={"platformCode": "installation_not_found"}
        )
    repository = repositories(visit.ground).get(full_name.lower())
    if repository is None:
        raise invalid("repoFullName", "is not covered by the installation")
    return repository
