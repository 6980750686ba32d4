"""The closed words, ids and instants that the nouns of the contract share.

Ids: the sandbox mints `prj_<uuid>` and the like; a bare UUID is accepted everywhere (seed 004 prints both forms).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, PlainSerializer, StringConstraints

__all__ = [
    "ApprovalStatus",
    "ContainerStatus",
    "ContentFormat",
    "Credits",
    "Id",
    "JobStatus",
    "Language",
    "Platform",
    "PostStatus",
    "ProjectStatus",
    "PublishMode",
    "RateClass",
    "SocialPlatform",
    "SocialPlatforms",
    "Text",
    "Utc",
    "allowed_project",
    "any_project",
    "full_id",
    "full_project",
    "wire_time",
]

Platform = Literal["ios", "android", "web", "react-native", "flutter", "expo"]
"""Stacks the SDK can be written into (layers-api: POST …/ingest/github, `sdkConfig.includePlatforms`)."""

SocialPlatform = Literal["tiktok", "instagram"]
"""Where a social account lives (layers-api: POST …/social/oauth-url)."""

_SEEDS_WORD = {
    "processing": "generating",
    "video-remix": "video_remix",
    "slideshow-remix": "slideshow_remix",
    "slideshow-builder": "slideshow_remix",
    "ugc-remix": "ugc_remix",
    "publish": "direct_publish",
    "draft": "draft_to_device",
    "managed": "direct_publish",
}
"""Words of the newer pages that the seeds print otherwise (`drift`), each with the seeds' word."""


def _seeds_word(given: object) -> object:
    return _SEEDS_WORD.get(given, given) if isinstance(given, str) else given


_Newer = BeforeValidator(_seeds_word)
"""Reads the newer pages' word for a thing as the seeds' word, so that an API of either edition is understood."""


def _each_once(given: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(given)) != len(given):
        message = "names one twice; name each once"
        raise ValueError(message)
    return given


SocialPlatforms = Annotated[
    tuple[SocialPlatform, ...], AfterValidator(_each_once), Field(max_length=2, json_schema_extra={"uniqueItems": True})
]
"""Some of them, each once: a caption is written for each, and two for one platform would leave it open which goes out (ours)."""

ContentFormat = Annotated[Literal["auto", "video_remix", "slideshow_remix", "ugc_remix"], _Newer]
"""What is generated; `auto` lets Layers pick (seed 004, "Generate the first piece of content")."""

ProjectStatus = Literal["active", "archived"]
JobStatus = Literal["running", "completed", "failed", "canceled"]
ContainerStatus = Annotated[Literal["queued", "generating", "completed", "failed", "canceled"], _Newer]
ApprovalStatus = Literal["not_required", "pending", "approved", "rejected"]
PostStatus = Literal["queued", "publishing", "published", "failed", "canceled", "draft"]
"""Seed 004, step 10; `draft`: it lies in the platform's inbox and is not out (layers-api: publishing)."""
PublishMode = Annotated[Literal["direct_publish", "draft_to_device", "reels", "feed"], _Newer]
"""How a target is published; seed 004 prints `direct_publish` (newer pages: publish, draft, managed; see `drift`)."""

RateClass = Literal["read-light", "write-light", "long-running"]
"""The three rate buckets (layers-api: operational/rate-limits)."""

Credits = Annotated[int, Field(ge=0, description="Whole credits.")]
Id = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_\-]+$")]
"""An id as Layers prints it: a prefix and a UUID or ULID, or a bare UUID; 1 to 100 characters."""

_PROJECT = re.compile(r"prj_[A-Za-z0-9\-]{1,96}")
_BARE = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def full_id(prefix: str, given: str) -> str:
    """The one spelling of an id of a kind: its prefix with the UUID in lower case; what is no UUID stands as it is."""
    bare = given.removeprefix(f"{prefix}_")
    return f"{prefix}_{bare.lower()}" if _BARE.fullmatch(bare) else given


def full_project(given: str) -> str:
    """The one spelling of a project's id: a bare UUID is the same as a prefixed one, in either case (layers-api: concepts)."""
    return full_id("prj", given)


def allowed_project(given: str) -> str | None:
    """The one spelling of a project's id that a list of projects may name, or None for what is no such id."""
    spelt = full_project(given)
    return spelt if _PROJECT.fullmatch(spelt) else None


def any_project(given: str) -> str:
    """What every spelling of a project's id has in common, in either case, whatever it is made of.

    For holding back, counting and forgetting, where it is safe to take two for one; who allows compares `full_project`.
    """
    return f"prj_{given.removeprefix('prj_').lower()}"


Language = Annotated[str, StringConstraints(min_length=2, max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
"""A BCP-47 tag such as `en` or `pt-BR`."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
"""Words of a person, 1 to 2000 characters."""


def wire_time(moment: datetime) -> str:
    """The instant as Layers prints it: UTC with `Z`, milliseconds only where there are any."""
    spec = "milliseconds" if moment.microsecond // 1000 else "seconds"
    return moment.astimezone(UTC).isoformat(timespec=spec).replace("+00:00", "Z")


def _from_iso(given: object) -> datetime:
    """The instant that an ISO 8601 text names; a number, which could be seconds or milliseconds, names none."""
    if isinstance(given, datetime):
        return given
    try:
        return datetime.fromisoformat(str(given))
    except ValueError:
        message = "is not an ISO 8601 instant"
        raise ValueError(message) from None


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        message = "lies outside the calendar"
        raise ValueError(message) from error


Utc = Annotated[
    AwareDatetime, BeforeValidator(_from_iso), AfterValidator(_to_utc), PlainSerializer(wire_time, return_type=str, when_used="json")
]
"""An instant: ISO 8601 with an offset or `Z` on the way in, UTC with `Z` on the way out."""
