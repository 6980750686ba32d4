"""Where the files of a world lie in its folder, and their addresses on its site.

Addresses are made when they are shown: the site's port is another one at every start, so rows keep names and paths only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from layers_mcp.sandbox.visit import Ground

__all__ = [
    "BRAND", "MEDIA", "address", "details", "logo_address", "logo_file", "logo_id_of", "media_folder", "shown",
    "unaddressed",
]  # fmt: skip

MEDIA = "/media"
BRAND = "/brand"
_LOGO = re.compile(rf"{BRAND}/(logo_[0-9a-f-]{{36}})")


def media_folder(folder: Path, container_id: str) -> Path:
    """Where a container's files lie in the world's folder."""
    return folder / "media" / container_id


def _media_address(ground: Ground, container_id: str, name: str) -> str:
    """The address of one of a container's files."""
    return f"{ground.site_url}{MEDIA}/{container_id}/{name}"


def logo_file(folder: Path, logo_id: str) -> Path:
    """Where a logo lies, as `repository.errand.LogoFile` in JSON."""
    return folder / "logos" / f"{logo_id}.json"


def logo_address(logo_id: str) -> str:
    """A logo's address as it is kept: without the site's own."""
    return f"{BRAND}/{logo_id}"


def logo_id_of(kept: str | None) -> str | None:
    """The logo that an address, as it is kept, stands for; None when it is somebody else's."""
    found = _LOGO.fullmatch(kept or "")
    return found[1] if found else None


def address(ground: Ground, kept: str | None) -> str | None:
    """An address as it is shown, from the one that is kept."""
    return f"{ground.site_url}{kept}" if kept and logo_id_of(kept) else kept


def unaddressed(ground: Ground, shown: str | None) -> str | None:
    """An address as it is kept, from the one that was shown."""
    kept = (shown or "").removeprefix(ground.site_url)
    return kept if logo_id_of(kept) else shown


def shown(ground: Ground, container: str, kept: Mapping[str, Any]) -> dict[str, Any]:
    """One asset as containers and jobs show it."""
    url = _media_address(ground, container, kept["name"])
    return {"id": kept["id"], "kind": kept["kind"], "url": url, "duration_ms": kept["duration_ms"]}


def details(ground: Ground, container: str, kept: Mapping[str, Any]) -> dict[str, Any]:
    """One asset with all that is known of its file."""
    return {
        **{name: kept[name] for name in ("kind", "width", "height", "duration_ms")},
        "asset_id": kept["id"],
        "url": _media_address(ground, container, kept["name"]),
        "thumbnail_url": _media_address(ground, container, kept["preview"]) if kept["preview"] else None,
        "mime_type": kept["mime"],
        "size_bytes": kept["size"],
    }
