"""What goes with posting: music for TikTok, and a post sent to somebody's own phone."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from layers_mcp.contract.endpoint import Empty, Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, Utc

__all__ = ["MUSIC", "NOTIFY", "NotifiedDevice", "NotifyDevice", "Track", "Tracks"]


class Track(Reply):
    """One piece of music; `duration` in seconds."""

    id: str
    title: str
    author: str | None = None
    album: str | None = None
    duration: float | None = None
    preview_url: str | None = None
    cover_url: str | None = None
    language: str | None = None
    user_count: int | None = None
    is_commerce_music: bool | None = None


class Tracks(Reply):
    """Music that a post on TikTok may carry, most used first."""

    tracks: tuple[Track, ...]
    total: int = Field(ge=0)


class NotifyDevice(Request):
    """The container whose media, caption and instructions are sent to a phone now; left out: the one of the key's owner."""

    container_id: Id
    phone_number: Annotated[str, StringConstraints(pattern=r"^\+[1-9]\d{6,14}$")] | None = None


class NotifiedDevice(Reply):
    """What was sent; no post came of it (shape ours, see `drift`)."""

    container_id: str
    status: str
    sent_at: Utc


MUSIC: Endpoint[Empty, Tracks] = Endpoint(
    method="GET",
    path="/v1/tiktok-music",
    request=Empty,
    reply=Tracks,
    scope="publish:read",
    rate="read-light",
    source="layers-api: GET /v1/tiktok-music",
)
NOTIFY: Endpoint[NotifyDevice, NotifiedDevice] = Endpoint(
    method="POST",
    path="/v1/content/{containerId}/notify-device",
    request=NotifyDevice,
    reply=NotifiedDevice,
    scope="publish:write",
    rate="write-light",
    keyed=True,
    codes=("APPROVAL_REQUIRED", "CONTENT_REJECTED", "CONFLICT"),
    source="layers-api: POST /v1/content/:containerId/notify-device",
)
