"""A picture by its URL: small, soon, and without our key; or none."""

from __future__ import annotations

import asyncio
import re
from typing import NamedTuple

import httpx2

__all__ = ["AT_MOST_BYTES", "Picture", "fetch"]

AT_MOST_BYTES = 200_000
"""Issue 3: previews come back with the image, under 200 KB."""
_AT_MOST_S = 4.0


_BEGINS = {"image/jpeg": rb"\xff\xd8\xff", "image/png": rb"\x89PNG\r\n\x1a\n", "image/gif": rb"GIF8[79]a", "image/webp": rb"RIFF....WEBP"}
"""The pictures that every client shows, and how their files begin (WHATWG: MIME Sniffing, "Matching an image type pattern")."""


class Picture(NamedTuple):
    """A JPEG, PNG, GIF or WebP file: its bytes and its media type, such as `image/jpeg`."""

    content: bytes
    mime: str


def _fetchable(url: httpx2.URL, root: httpx2.URL) -> bool:
    """Whether to go there: by TLS, or in plain where the API itself is spoken to in plain, as on this machine."""
    return url.scheme == "https" or (url.scheme == "http" and root.scheme == "http")


async def _read(answer: httpx2.Response) -> Picture | None:
    mime = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not answer.is_success or mime not in _BEGINS:
        return None
    content = bytearray()
    async for piece in answer.aiter_bytes():
        content += piece
        if len(content) > AT_MOST_BYTES:
            return None
    return Picture(bytes(content), mime) if re.match(_BEGINS[mime], content, re.DOTALL) else None


async def fetch(http: httpx2.AsyncClient, url: str, *, root: str) -> Picture | None:
    """The picture at `url`, which an answer of the API at `root` named; None on any trouble. No redirect is followed."""
    try:
        where = httpx2.URL(url)
        if not _fetchable(where, httpx2.URL(root)):
            return None
        async with asyncio.timeout(_AT_MOST_S), http.stream("GET", where, headers={"Accept": "image/*"}) as answer:
            return await _read(answer)
    except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError):
        return None
