"""What can be set about serving over HTTP: a part of the settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode

from layers_mcp.address import LOOPBACK

__all__ = ["Listening", "beyond", "parts"]

_HOST = re.compile(r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{1,5}))?")
_ORIGIN = re.compile(rf"https?://{_HOST.pattern}")
_MOST_PORT = 65_535
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]{24,512}=*")
"""What RFC 6750 lets a bearer token be, long enough that nobody guesses it."""


def beyond(hosts: tuple[str, ...]) -> bool:
    """Whether one of these hosts (`name` or `name:port`) is more than this machine."""
    names = [found["name"].strip("[]").lower() for host in hosts if (found := _HOST.fullmatch(host))]
    return any(name not in LOOPBACK for name in names)


def parts(given: object) -> object:
    """What a setting lists, written with commas; anything else as it is."""
    return tuple(part.strip() for part in given.split(",") if part.strip()) if isinstance(given, str) else given


def _fits(found: re.Match[str] | None) -> bool:
    return found is not None and (found["port"] is None or 0 < int(found["port"]) <= _MOST_PORT)


class Listening(BaseSettings):
    """Who may come in over HTTP, under which names, and how often."""

    http_token: SecretStr | None = Field(
        default=None, description="Over HTTP: the bearer token that every client sends; layers-mcp token NAME makes one."
    )
    access: Path | None = Field(
        default=None,
        description="Over HTTP: TOML file of clients, each with its own token, projects, tools and policy; read again when it changes.",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Over HTTP: names (or name:port) beside this machine's own that a request's Host may say; comma-separated.",
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Over HTTP: web pages that may call, like https://app.example.com; comma-separated."
    )
    http_rate: int = Field(
        default=12_000, ge=1, le=10_000_000, description="Over HTTP: how many requests a minute one client may make; beyond it 429."
    )
    http_sessions: int = Field(
        default=1_000,
        ge=1,
        le=100_000,
        description="Over HTTP: how many sessions of both transports may be open; beyond it 503.",
    )

    _listed = field_validator("allowed_hosts", "allowed_origins", mode="before")(parts)

    @field_validator("http_token")
    @classmethod
    def _is_a_token(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None and not _TOKEN.fullmatch(given.get_secret_value()):
            message = "must be 24 or more letters, digits and -._~+/; layers-mcp token NAME makes a good one"
            raise ValueError(message)
        return given

    @field_validator("allowed_hosts")
    @classmethod
    def _are_hosts(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for host in given:
            if not _fits(_HOST.fullmatch(host)):
                message = f"{host} is no host; write it like mcp.example.com or mcp.example.com:8443"
                raise ValueError(message)
        return given

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for origin in given:
            if not _fits(_ORIGIN.fullmatch(origin)):
                message = f"{origin} is no origin; write it like https://app.example.com, without a path"
                raise ValueError(message)
        return given
