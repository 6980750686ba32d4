"""Files for an app: fetched through the guard, and known by their bytes, never by what the server calls them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal, NamedTuple

from layers_mcp.contract.app_media import MediaKind
from layers_mcp.contract.uploads import MOST_BYTES
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.repository.logo import harmless, sides_of
from layers_mcp.sandbox.web.errand import MediaErrand, MediaFile
from layers_mcp.sandbox.web.fetch import Unfetched, Wants, Web
from layers_mcp.sandbox.web.guard import Refused

__all__ = ["ENDINGS", "KINDS", "Kind", "fetch", "known_by_its_bytes"]

_MB = 1024 * 1024
_AT_MOST_S = 22.0
"""Seconds for the whole file; the caller waits for it."""
ENDINGS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/svg+xml": "svg",
    "image/heic": "heic",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
}
"""How a file of each type is called."""
_PICTURES = ("image/png", "image/jpeg", "image/webp")
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"})
_MP4 = frozenset({b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"M4VH", b"MSNV", b"dash", b"f4v "})
_HEAD = 4096


class Kind(NamedTuple):
    """One kind of app media (layers-api: POST …/app-media): its stored role, its types, bytes at most, whether a new one replaces."""

    role: str
    types: tuple[str, ...]
    at_most: int
    replaces: bool


KINDS: dict[MediaKind | Literal["post"], Kind] = {
    "logo": Kind("logo", (*_PICTURES, "image/svg+xml"), 5 * _MB, replaces=True),
    "screenshot": Kind("app-screenshot", (*_PICTURES, "image/heic"), 10 * _MB, replaces=False),
    "demo-video": Kind("app-demo", ("video/mp4", "video/quicktime", "video/webm"), 200 * _MB, replaces=False),
    "end-card": Kind("end-card", _PICTURES, 5 * _MB, replaces=True),
    "post": Kind("post", (*_PICTURES, "video/mp4", "video/quicktime"), MOST_BYTES["video"], replaces=False),
}
"""By the word of the request; `post`: a file of an upload, which is content and no app media."""


def _boxed(head: bytes) -> str | None:
    """Which of the formats made of ISO boxes it is."""
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand == b"qt  ":
            return "video/quicktime"
        return "image/heic" if brand in _HEIC else "video/mp4" if brand in _MP4 else None
    return "video/quicktime" if head[4:8] in {b"moov", b"mdat", b"wide"} else None


def _sniffed(head: bytes) -> str | None:
    """The media type of a file by its first bytes, None for one we do not take."""
    if sides_of(head) is not None:
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else None
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"<svg", b"<?xml", b"<!--", b"<!DOCTYPE svg")) and b"<svg" in head:
        return "image/svg+xml"
    return _boxed(head)


def known_by_its_bytes(file: Path) -> str | None:
    """The media type of a file, None for one we do not take."""
    with file.open("rb") as opened:
        return _sniffed(opened.read(_HEAD))


def _judged(file: Path, kind: Kind) -> str:
    """The media type of a file that came.

    Raises:
        Unfetched: it is none of this kind's types, or a picture that does more than show itself.
    """
    mime = known_by_its_bytes(file)
    if mime is None or mime not in kind.types:
        known = ", ".join(ENDINGS[one] for one in kind.types)
        raise Unfetched(f"does not lead to a file of this kind: its bytes are none of {known}; give one that is")
    if mime == "image/svg+xml" and not harmless(file.read_bytes()):
        raise Unfetched("leads to an SVG with scripts or outside references; save it as plain shapes, or give a PNG")
    return mime


def fetch(errand: MediaErrand, web: Web) -> MediaFile | Trouble:
    """Fetch one file into the errand's folder; nothing is left there when it is not one of its kind."""
    kind = KINDS[errand.kind]
    half = Path(errand.folder, f"{errand.stem}.half")
    try:
        with half.open("wb") as sink:
            asyncio.run(web.get(errand.url, Wants(what="file", at_most=kind.at_most, at_most_s=_AT_MOST_S, tls=True), sink))
        mime = _judged(half, kind)
        name = f"{errand.stem}.{ENDINGS[mime]}"
        half.rename(Path(errand.folder, name))
        return MediaFile(name=name, mime=mime, size=Path(errand.folder, name).stat().st_size)
    except (Refused, Unfetched) as problem:
        return Trouble(code="VALIDATION", message=str(problem), field="url")
    finally:
        half.unlink(missing_ok=True)
