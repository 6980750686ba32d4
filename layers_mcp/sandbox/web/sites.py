"""Sites that do not come from the network: folders, files and servers that the setting names, and those of the sample customer."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated

import httpx2
from pydantic import BaseModel, ConfigDict, StringConstraints

__all__ = ["Site", "file_of", "listed", "named", "site_of"]

_SAMPLE_SITE = "quinnscoffee.com"
"""The website of the customer of seed 004."""
_SAMPLE_APP = ("coffee.quinns.app", "6502184417")
"""Bundle id and App Store id of the sample customer's app; both ours."""
_APPLE = "itunes.apple.com"
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}")


class Site(BaseModel):
    """A host and where it is answered from: `place`, a folder, a file, or the origin of a server that the user named.

    `asks`: it answers only URLs with one of these values in their query; empty means all of the host.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: Annotated[str, StringConstraints(min_length=1, max_length=253)]
    place: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    asks: tuple[str, ...] = ()

    @property
    def origin(self) -> str | None:
        """The server that answers, or None when files do."""
        return self.place.rstrip("/") if re.match(r"https?://", self.place) else None


def _samples() -> Iterator[Site]:
    folder = Path(str(resources.files("layers_mcp.sandbox.web") / "sample"))
    for host in (_SAMPLE_SITE, f"www.{_SAMPLE_SITE}"):
        yield Site(host=host, place=str(folder / _SAMPLE_SITE))
    yield Site(host=_APPLE, place=str(folder / "lookup.json"), asks=_SAMPLE_APP)


def listed(setting: Sequence[str]) -> tuple[Site, ...]:
    """Every site, those of the setting (`host=place`) over the sample's."""
    own: list[Site] = []
    for entry in setting:
        host, _, place = entry.partition("=")
        at = place if re.match(r"https?://", place) else str(Path(place).expanduser().resolve())
        own.append(Site(host=host.strip().lower().rstrip("."), place=at))
    return (*own, *_samples())


def site_of(url: httpx2.URL, sites: Sequence[Site]) -> Site | None:
    """The first site that answers for a URL."""
    host, asked = url.raw_host.decode("ascii").lower().rstrip("."), set(url.params.values())
    return next((site for site in sites if site.host == host and (not site.asks or asked.intersection(site.asks))), None)


def named(url: httpx2.URL, page: httpx2.URL, site: Site | None) -> httpx2.URL:
    """A URL that stood on a page of a site, by the page's own host where it names the server that answers for the site."""
    there = httpx2.URL(site.origin) if site is not None and site.origin is not None else None
    if there is None or (url.scheme, url.host, url.port) != (there.scheme, there.host, there.port):
        return url
    return url.copy_with(scheme=page.scheme, host=page.host, port=page.port)


def _names(url: httpx2.URL) -> Iterator[str]:
    """Where a static site keeps a URL, the plainest first."""
    path = url.path.strip("/")
    for value in url.params.values():
        if _SAFE.fullmatch(value):
            yield from (f"{path}/{value}.{kind}".lstrip("/") for kind in ("html", "json"))
            yield from (f"{value}.{kind}" for kind in ("html", "json"))
    if path:
        yield from (path, f"{path}.html", f"{path}/index.html")
    else:
        yield "index.html"


def _there(url: httpx2.URL, place: Path) -> Iterator[Path]:
    """The files of a folder that could be meant."""
    for name in _names(url):
        try:
            found = (place / name).resolve()
            if found.is_relative_to(place) and found.is_file():
                yield found
        except (OSError, ValueError):  # a name too long, or with a zero in it
            continue


def file_of(url: httpx2.URL, site: Site, types: frozenset[str] = frozenset()) -> Path | None:
    """The file that a site answers a URL with, one of these media types if it has one; never one outside its folder, never a pipe."""
    place = Path(site.place).resolve()
    if place.is_file():
        return place
    there = list(_there(url, place))
    return next((file for file in there if mimetypes.guess_type(file.name)[0] in types), next(iter(there), None))
