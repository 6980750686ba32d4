"""Everything that can be set, read once at the top of the house and handed down.

Flag beats environment beats default. An unknown `LAYERS_*` name stops the start, with the nearest known name.
"""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from layers_mcp.address import LOOPBACK
from layers_mcp.listening import Listening, parts

__all__ = ["PREFIX", "Settings", "UnknownSetting", "check_names", "read", "settings_or_exit"]

PREFIX = "LAYERS_"
_NOT_OURS = frozenset({"LAYERS_APP_ID", "LAYERS_INGEST_ENDPOINT"})
"""Names of the Layers SDK, which may stand in the same environment."""
_PAIR = re.compile(r"^[A-Za-z0-9_.\-]+/[A-Za-z0-9_.\-]+=.+$")
_PROJECT = re.compile(r"prj_[A-Za-z0-9\-]{1,96}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,251}[A-Za-z0-9.])?")
_ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{1,5}))?/?")
_MOST_PORT = 65_535


class UnknownSetting(ValueError):
    """A `LAYERS_*` name that nobody knows; the message names the nearest one."""


def _is_origin(place: str) -> bool:
    """Whether it is the origin of a server, its port one that there is."""
    found = _ORIGIN.fullmatch(place)
    return found is not None and (found["port"] is None or 0 < int(found["port"]) <= _MOST_PORT)


def _state_dir() -> Path:
    return Path(platformdirs.user_state_dir("layers-mcp", appauthor=False))


class Settings(Listening):
    """The settings of one process; immutable. Each is `LAYERS_<NAME>` in the environment."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    api_key: SecretStr | None = Field(
        default=None, description="API key of the live Partner API; without one the embedded sandbox is used."
    )
    api_key_file: Path | None = Field(
        default=None,
        description="File with the API key in place of LAYERS_API_KEY, read again when it changes; while it is rotated, the new "
        "one and under it the old one.",
    )
    base_url: str = Field(
        default="https://api.layers.com", pattern=r"^https?://", description="Where the Partner API is; read only with an API key."
    )
    state_dir: Path = Field(default_factory=_state_dir, description="Folder of our databases; made on first use.")
    database_url: SecretStr | None = Field(
        default=None,
        description="postgresql://… of the database that replaces the files of our store and of the loops, so that many machines share it.",
    )
    tools: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("start",),
        description="Which tools are shown: presets (start, publish, ads, loops, admin, search, all) and single tools; comma-separated.",
    )
    exclude_tools: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Presets and single tools that are never shown, whatever LAYERS_TOOLS says; comma-separated."
    )
    read_only: bool = Field(default=False, description="Whether only tools that change nothing are shown; no loops run here then.")
    return_url: str | None = Field(
        default=None,
        max_length=2000,
        description="Page that people come back to after a consent when connect_account names none; its host is on the key's allow-list.",
    )
    wait_seconds: int = Field(default=45, ge=0, le=900, description="How long a long tool waits when the call does not say, in seconds.")
    timeout_seconds: float = Field(default=30.0, gt=0, le=600, description="The longest one HTTP exchange may take, in seconds.")
    confirm: Literal["ask", "human", "outside", "deny"] = Field(
        default="ask",
        description="Whose yes a control action needs: ask (the client asks its person; one that can't leaves it to the agent), human (a "
        "person's), outside (a person's, outside the conversation), deny.",
    )
    policy: Path | None = Field(
        default=None,
        description="TOML file that says the same per action; the tighter holds: default = …, and a table actions of tool names.",
    )
    person_token: SecretStr | None = Field(
        default=None,
        description="Secret that opens the page where a person answers (24 letters or more), never given to an agent; without one it is "
        "made at first use and kept in the state folder.",
    )
    budget_call: int = Field(default=600, ge=0, description="Credits that one call may cost without a yes; 0: none.")
    budget_day: int = Field(
        default=3000, ge=0, description="Credits that may be spent in one project on one UTC day without a yes, by all who share the state."
    )
    budget_total: int = Field(
        default=30_000,
        ge=0,
        description="Credits that may be spent in all projects together, for good, without a yes, as far as the state has it on record.",
    )
    projects: Annotated[tuple[str, ...] | None, NoDecode] = Field(
        default=None,
        description="The only projects to touch: ids, comma-separated; with one, no tool asks for it. Without it, all of the key's.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="What is logged to stderr.")
    sandbox_speed: float = Field(
        default=60.0, ge=1, le=100_000, description="How many times faster than life the sandbox's jobs run; its calendar stays real."
    )
    sandbox_repos: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Where the sandbox finds repositories: folders of owner/name checkouts or bare repositories, or owner/name=path pairs; "
        "comma-separated.",
    )
    sandbox_push: bool = Field(
        default=False,
        description="Whether the sandbox pushes the branch it wrote back to the repository; else the patch is kept beside its state.",
    )
    sandbox_seed: str = Field(
        default="layers", min_length=1, max_length=200, description="What chance depends on in a new sandbox: the same, the same week."
    )
    sandbox_audience: Literal["lasting", "null"] = Field(
        default="lasting", description="A new sandbox's audience: lasting, or null, where quality does not outlast its post."
    )

    sandbox_sites: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Where the sandbox finds websites and app-store listings without the network: host=place pairs, comma-separated; a "
        "place is a folder or file of HTML or JSON, or the origin of a server (http://127.0.0.1:8080). Hosts not listed must be public.",
    )

    _split = field_validator("sandbox_repos", "sandbox_sites", "tools", "exclude_tools", "projects", mode="before")(parts)

    @field_validator("projects")
    @classmethod
    def _some(cls, given: tuple[str, ...] | None) -> tuple[str, ...] | None:
        wrong = next((place for place, one in enumerate(given or (), 1) if not _PROJECT.fullmatch(one)), None)
        if given == () or wrong is not None:
            message = "it names no project" if wrong is None else f"number {wrong} of them is no id of a project"
            raise ValueError(f"{message}; give ids like prj_… or bare UUIDs, comma-separated, or leave it out for all")
        return given

    @field_validator("api_key")
    @classmethod
    def _fits_a_header(cls, given: SecretStr | None) -> SecretStr | None:
        secret = "-" if given is None else given.get_secret_value().strip()
        if not (secret and secret.isascii() and secret.isprintable()):
            message = "it is blank, or holds characters that no HTTP header can carry"
            raise ValueError(message)
        return given

    @field_validator("person_token")
    @classmethod
    def _hard_to_guess(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None and not re.fullmatch(r"[\x21-\x7e]{24,500}", given.get_secret_value()):
            message = "it must be 24 to 500 letters, digits and signs, without spaces"
            raise ValueError(message)
        return given

    @field_validator("base_url")
    @classmethod
    def _no_key_in_the_clear(cls, given: str) -> str:
        if given.startswith("http://") and urlsplit(given).hostname not in LOOPBACK:
            message = "the key would travel in the clear; use https, or a host of this machine"
            raise ValueError(message)
        return given.rstrip("/").removesuffix("/v1")  # seed 004 prints both; whoever shares a key shares a budget

    @field_validator("database_url")
    @classmethod
    def _a_server(cls, given: SecretStr | None) -> SecretStr | None:
        try:
            parts = urlsplit("postgresql://-" if given is None else given.get_secret_value())
            fits = parts.scheme in ("postgresql", "postgres") and (parts.port is None or parts.port > 0)
        except ValueError:  # a bracket too few, or no port
            fits = False
        if not fits:
            message = "it must be like postgresql://user:password@host:5432/name; without it, files in LAYERS_STATE_DIR are used"
            raise ValueError(message)
        return given

    @field_validator("return_url")
    @classmethod
    def _a_page(cls, given: str | None) -> str | None:
        try:
            parts = urlsplit(given or "https://-")
            fits = bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))
            named = "@" in parts.netloc
            fits = fits and (parts.port is None or parts.port > 0)
        except ValueError:  # a bracket too few, or no port
            fits, named = False, False
        if named:
            message = "must not carry a user name or password; give the plain address of the page"
            raise ValueError(message)
        if not fits:
            message = "must be an https URL, like https://app.example.com/done; http is for hosts of this machine only"
            raise ValueError(message)
        return given

    @model_validator(mode="after")
    def _repos_exist(self) -> Self:
        for entry in self.sandbox_repos:
            place = Path(entry.partition("=")[2] if _PAIR.match(entry) else entry).expanduser()
            if not place.exists():
                message = f"LAYERS_SANDBOX_REPOS: {place} does not exist; give a folder, or owner/name=path pairs"
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _one_place_for_the_key(self) -> Self:
        if self.api_key is not None and self.api_key_file is not None:
            message = "LAYERS_API_KEY and LAYERS_API_KEY_FILE are both set; keep one"
            raise ValueError(message)
        return self

    @field_validator("sandbox_sites")
    @classmethod
    def _sites_are_pairs(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for entry in given:
            host, _, place = entry.partition("=")
            if not _HOST.fullmatch(host.strip()) or not place.strip():
                message = f"{entry} is no host=place pair; write it like example.com=/srv/pages"
                raise ValueError(message)
            if not _is_origin(place) and (place.startswith(("http:", "https:")) or not Path(place).expanduser().exists()):
                message = f"{place} is neither a folder or file that exists nor an origin like http://127.0.0.1:8080"
                raise ValueError(message)
        return given

    @property
    def live(self) -> bool:
        """Whether calls go to the live API rather than to the embedded sandbox."""
        return self.api_key is not None or self.api_key_file is not None

    def kept_in(self, name: str) -> Path | str:
        """Where a database of ours is: the file of that name in the state folder, or the URL that replaces it."""
        return self.state_dir / name if self.database_url is None else self.database_url.get_secret_value()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags and the environment, nothing else: no file is read behind the user's back."""
        del settings_cls, dotenv_settings, file_secret_settings
        return init_settings, env_settings


def check_names(environment: Mapping[str, str]) -> None:
    """Refuse a `LAYERS_*` name nobody knows.

    Raises:
        UnknownSetting: with the name and the nearest known one.
    """
    known = sorted(PREFIX + name.upper() for name in Settings.model_fields)
    for name in sorted(environment):
        if name.upper().startswith(PREFIX) and name.upper() not in known and name.upper() not in _NOT_OURS:
            near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.0)
            message = f"{name} is not a setting of layers-mcp; the nearest is {near[0]}"
            raise UnknownSetting(message)


def read(flags: Mapping[str, Any] | None = None) -> Settings:
    """The settings of this process: `flags` (those that were given) over `os.environ` over the defaults.

    Raises:
        UnknownSetting: a `LAYERS_*` name nobody knows.
        pydantic.ValidationError: a value out of range, by name.
    """
    check_names(os.environ)
    return Settings(**{name: given for name, given in (flags or {}).items() if given is not None})


def settings_or_exit(flags: Mapping[str, Any] | None = None) -> Settings:
    """The settings of a command; when they are wrong, each problem on stderr and exit code 2."""
    try:
        return read(flags)
    except UnknownSetting as problem:
        lines = [str(problem)]
    except ValidationError as problem:
        lines = [
            f"{PREFIX}{'_'.join(str(step) for step in issue['loc']).upper()}: {issue['msg']}"
            for issue in problem.errors(include_url=False, include_input=False)
        ]
    for line in lines:
        sys.stderr.write(f"layers-mcp: {line.removeprefix(PREFIX + ': ')}\n")
    raise SystemExit(2)
