"""What containers look like, for the answer to a call: previews, fetched together, soon or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pydantic import ValidationError

from layers_mcp.client.layers import Layers
from layers_mcp.client.picture import FILM, LARGE, Picture
from layers_mcp.contract import content
from layers_mcp.contract.content import Container, GetAsset
from layers_mcp.contract.errors import LayersError
from layers_mcp.store.rows import Look
from layers_mcp.tool.call import Call
from layers_mcp.tool.outcome import Pictures, ShownPicture

__all__ = ["AT_MOST", "looked", "looks", "pictured"]

AT_MOST = 4
"""Pictures of one answer (our choice: a megabyte of base64 is as much as a client should have to take)."""
_AT_MOST_S = 6.0
"""How long an answer waits for its pictures; each look and each fetch has shorter bounds of its own."""


async def _preview(one: Container, call: Call) -> ShownPicture | None:
    """The preview of a container; None on any trouble: an answer never fails for a picture."""
    try:
        async with asyncio.timeout(_AT_MOST_S):
            seen = await call.layers.look(content.ASSET, GetAsset(container_id=one.id, asset_id=one.media_assets[0].id))
            url = seen.reply.thumbnail_url if seen.reply else None
            picture = await call.layers.picture(url) if url else None
    except Exception:  # noqa: BLE001  whatever it is, the answer is worth more
        return None
    return ShownPicture(title=f"preview of {one.id}: {url}", content=picture.content, mime=picture.mime) if picture else None


async def pictured(containers: Sequence[Container], call: Call) -> Pictures:
    """The previews of the first containers that have media."""
    made = [one for one in containers if one.media_assets]
    found = await asyncio.gather(*(_preview(one, call) for one in made[:AT_MOST]))
    return Pictures(shown=tuple(picture for picture in found if picture is not None), left_out=len(made[AT_MOST:]))


def looks(containers: Sequence[Container]) -> tuple[Look, ...]:
    """The media files of containers by their ids, for a person who looks later."""
    return tuple(Look(container_id=one.id, asset_id=asset.id, kind=asset.kind) for one in containers for asset in one.media_assets)


async def looked(layers: Layers, look: Look, *, film: bool = False) -> Picture | None:
    """A media file as it is now, for a person: its film, or else its picture; None on any trouble."""
    try:
        seen = await layers.look(content.ASSET, GetAsset(container_id=look.container_id, asset_id=look.asset_id))
    except (LayersError, ValidationError):
        return None
    asset = seen.reply
    if asset is None:
        return None
    if film:
        return await layers.picture(asset.url, FILM)
    url = asset.url if look.kind == "image" else asset.thumbnail_url
    return await layers.picture(url, LARGE) if url else None
