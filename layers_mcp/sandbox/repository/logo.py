"""The picture a repository shows its app by."""

from __future__ import annotations

import base64
import re
from typing import Literal

from layers_mcp.sandbox.clean import words
from layers_mcp.sandbox.repository.errand import LogoFile
from layers_mcp.sandbox.repository.tree import Tree

__all__ = ["AT_MOST", "harmless", "logo_of", "read_logo", "sides_of"]

AT_MOST = 150_000
"""Bytes of an image; 200 KB in base64."""
_SIDE_AT_MOST = 4096
"""Pixels a side."""
_MediaType = Literal["image/png", "image/jpeg", "image/webp", "image/svg+xml"]
_TYPES: dict[str, _MediaType] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "svg": "image/svg+xml",
}
_FIRST_BYTES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/webp": b"RIFF"}
_KIND = r"\.(?:png|jpe?g|webp|svg)$"
_PLACES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:^|/)(?:brand|branding|marketing|press)/(?:[^/]+/)*[^/]*logo[^/]*{_KIND}",
        rf"AppIcon[^/]*\.appiconset/[^/]+{_KIND}",
        rf"(?:^|/)fastlane/metadata/(?:[^/]+/)*(?:images/)?(?:icon|app_icon){_KIND}",
        rf"(?:^|/)(?:public|static|assets|src/assets|images|img|app/assets|assets/images)/(?:images/|img/|logo/|icons?/)?(?:app-?)?logo{_KIND}",
        rf"(?:^|/)(?:assets|assets/images|src/assets|assets/icons?|resources)/(?:app[-_]?)?icon{_KIND}",
        rf"res/mipmap-x{{0,3}}hdpi[^/]*/ic_launcher(?:_foreground|_round)?{_KIND}",
        rf"(?:^|/)(?:apple-touch-icon|icon-(?:512|192)[^/]*|android-chrome-[^/]+|logo(?:192|512)|Icon-(?:512|192)){_KIND}",
        rf"^(?:[^/]+/){{0,3}}[^/]*logo[^/]*{_KIND}",
        rf"(?:^|/)(?:app|src/app|public)/(?:icon|favicon){_KIND}",
    )
)
_OTHERS = re.compile(
    r"(?:^|/)(?:vite|react|next|vercel|vue|svelte|angular|expo|typescript|javascript|nuxt|electron|solid|preact|lit)(?:-?logo)?[\w@.-]*\.\w+$",
    re.IGNORECASE,
)
_GENERATED = words(
    "03d6f6b6c672 115a4c768a20 1b5239980811 21b9bd26634a 2229b130ad5b 22a1f2c7442f 31df827b18bb 3a9e5016dca4 408bd7466157 422202d5e195",
    "459ca609d3ae 4aeed11d00ba 4c19a13c239c 51d367673789 5ffefc5bb57a 67c777a45423 6893eb132370 6b1642a0b70c 7165a53c7475 73d8258344a7",
    "77484ebdbca2 8ca12fe024be 8e19b410a1b1 9d72a9ffcbb3 a2f5908281d0 a99b2032221d ad5699c4295d b824ebdd48db b9250b1242fd d61da15d2410",
    "dcd3cd808335 e9522193d9f7 e9d5474519c7 edc99be1b65e eefea2424626 ef243aab6c07 f5d1f9a41eef ff10afd6e182",
)
"""First digits of git's ids of the icons in the templates of React Native, Expo, Next.js, Vite and Cordova (npm, November 2026)."""
_UNSAFE = re.compile(
    rb"<script|[\s/\"']on\w+\s*=|@import|url\(\s*[\"']?(?!#|data:image/)|<foreignObject|javascript:|<!ENTITY|href\s*=\s*[\"'](?!#|data:image/)",
    re.IGNORECASE,
)


def sides_of(png: bytes) -> tuple[int, int] | None:
    """Width and height in pixels that a PNG says it has, None when it does not begin like one (PNG specification, 11.2.1)."""
    sides = (int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big"))
    begins = png.startswith(b"\x89PNG\r\n\x1a\n") and png[12:16] == b"IHDR"
    return sides if begins and min(sides) > 0 else None


def _modest(png: bytes) -> bool:
    """Whether a PNG says it is no larger than an icon may be; few bytes can claim to be a picture of gigabytes."""
    sides = sides_of(png)
    return sides is not None and max(sides) <= _SIDE_AT_MOST


def harmless(svg: bytes) -> bool:
    """Whether an SVG draws by itself: no script, nothing fetched from elsewhere, no entities, in an encoding that we can tell by."""
    return b"<svg" in svg and b"\0" not in svg and not _UNSAFE.search(svg)


def logo_of(path: str, raw: bytes | None) -> LogoFile | None:
    """The logo in these bytes, if they are a safe image of the type that the path's ending says."""
    media = _TYPES[path.rpartition(".")[2].lower()]
    if (
        not raw
        or (media == "image/svg+xml" and not harmless(raw))
        or not raw.startswith(_FIRST_BYTES.get(media, b""))
        or (media == "image/png" and not _modest(raw))
    ):
        return None
    return LogoFile(path=path, media_type=media, content=base64.b64encode(raw).decode())


def _image(tree: Tree, path: str) -> LogoFile | None:
    return logo_of(path, tree.blob(path, AT_MOST))


def read_logo(tree: Tree) -> LogoFile | None:
    """The logo from the likeliest place that has a safe image of at most 200 KB, the largest there; None when there is none."""
    own = [path for path, entry in tree.entries.items() if entry.sha[:12] not in _GENERATED]
    images = [path for path in own if path.lower().endswith(tuple(f".{kind}" for kind in _TYPES)) and not _OTHERS.search(path)]
    for place in _PLACES:
        there = [path for path in images if place.search(path)]
        for path in sorted(there, key=lambda path: (path.count("/") if "/" in path else 0, -tree.entries[path].size)):
            if (logo := _image(tree, path)) is not None:
                return logo
    return None
