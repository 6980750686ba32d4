"""A picture or a film by its URL: small, soon, and without our key; or none."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import NamedTuple

import httpx2

from layers_mcp.address import LOOPBACK, Resolve, public, resolved, unfit

__all__ = ["AT_MOST_BYTES", "FILM", "LARGE", "SMALL", "Bounds", "Picture", "fetch"]

AT_MOST_BYTES = 200_000
"""Issue 3: previews come back with the image, under 200 KB."""
_AT_MOST_S = 4.0
_TLS_PORT = 443


_BEGINS = {"image/jpeg": rb"\xff\xd8\xff", "image/png": rb"\x89PNG\r\n\x1a\n", "image/gif": rb"GIF8[79]a", "image/webp": rb"RIFF....WEBP"}
"""The pictures that every client shows, and how their files begin (WHATWG: MIME Sniffing, "Matching an image type pattern")."""
_FILMS = {"video/mp4": rb"....ftyp", "video/quicktime": rb"....ftyp", "video/webm": rb"\x1a\x45\xdf\xa3"}
"""The films that browsers play, likewise ("Matching an audio or video type pattern")."""


class Bounds(NamedTuple):
    """What is fetched at most: files that begin so, by media type; bytes; and seconds."""

    begins: Mapping[str, bytes]
    at_most_bytes: int
    at_most_s: float


SMALL = Bounds(_BEGINS, AT_MOST_BYTES, _AT_MOST_S)
LARGE = Bounds(_BEGINS, 8_000_000, 20.0)
"""A picture for a person who looks at it alone (our choice)."""
FILM = Bounds(_FILMS, 64_000_000, 60.0)
"""A film of a post, likewise: a minute of upright video has about 30 MB."""


class Picture(NamedTuple):
    """A file that was fetched: its bytes and its media type, such as `image/jpeg`."""

    content: bytes
    mime: str


async def _target(url: httpx2.URL, root: httpx2.URL, resolve: Resolve) -> httpx2.URL | None:
    """Where to connect to: by TLS to an address of the public Internet, found once and by us; None where that is not to be.

    An API that is spoken to in plain is one of this machine, and so may its pictures be.
    """
    here = root.scheme == "http" and (url.host == root.host or url.host in LOOPBACK)
    if here and url.scheme in ("http", "https"):
        return url
    if unfit(str(url)) is not None:
        return None
    addresses = await asyncio.to_thread(resolve, url.raw_host.decode("ascii").strip("[]"), url.port or _TLS_PORT)
    return url.copy_with(host=addresses[0]) if addresses and all(public(one) for one in addresses) else None


async def _read(answer: httpx2.Response, bounds: Bounds) -> Picture | None:
    mime = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not answer.is_success or mime not in bounds.begins:
        return None
    content = bytearray()
    async for piece in answer.aiter_bytes():
        content += piece
        if len(content) > bounds.at_most_bytes:
            return None
    return Picture(bytes(content), mime) if re.match(bounds.begins[mime], content, re.DOTALL) else None


async def fetch(http: httpx2.AsyncClient, url: str, *, root: str, bounds: Bounds = SMALL, resolve: Resolve = resolved) -> Picture | None:
    """The file within `bounds` at `url`, which an answer of the API at `root` named; None on any trouble. No redirect is followed."""
    try:
        where = httpx2.URL(url)
        async with asyncio.timeout(bounds.at_most_s):
            target = await _target(where, httpx2.URL(root), resolve)
            if target is None:
                return None
            headers = {"Accept": ", ".join(bounds.begins), "Host": where.netloc.decode("ascii")}
            named = {"sni_hostname": where.raw_host.decode("ascii")} if target is not where else {}
            async with http.stream("GET", target, headers=headers, extensions=named, follow_redirects=False) as answer:
                return await _read(answer, bounds)
    except (TimeoutError, OSError, UnicodeError, httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError):
        return None
