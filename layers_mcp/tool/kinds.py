"""What kinds of things the ids of a call's arguments name, as far as their prefixes tell (layers-api: concepts, "Identifiers")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar, cast

from pydantic import BaseModel, JsonValue
from pydantic.alias_generators import to_camel

from layers_mcp.contract.errors import Invalid
from layers_mcp.contract.scalars import full_id
from layers_mcp.tool.declaration import Arguments, Tool

__all__ = ["KINDS", "NAMED", "check", "spelled"]

A = TypeVar("A", bound=Arguments)

KINDS = {
    "prj": "a project",
    "cnt": "content",
    "job": "a job",
    "sp": "a scheduled post",
    "sa": "a social account",
    "inf": "an influencer",
    "app": "an SDK app",
    "med": "a media file",
    "rec": "a recommendation",
    "pa": "a pending action",
    "dec": "a decision",
    "adc": "a creative",
    "cmp": "a campaign",
    "adg": "an ad set",
    "aac": "an ad account",
    "run": "a run of the optimizer",
    "pl": "a layer",
    "lyr": "a layer",
    "st": "a consent",
    "cf": "a yes",
    "q": "a question",
    "key": "an API key",
    "org": "an organization",
}
"""By prefix. An id without one of these (a bare UUID, a platform's own id) could be anything, and is let through."""
NAMED = {
    "project_id": ("prj",),
    "container_id": ("cnt",),
    "container_ids": ("cnt",),
    "job_id": ("job",),
    "scheduled_post_id": ("sp",),
    "source_post_id": ("sp",),
    "social_account_id": ("sa",),
    "social_account_ids": ("sa",),
    "question_id": ("q",),
    "influencer_id": ("inf",),
    "app_id": ("app",),
    "media_id": ("med",),
    "recommendation_id": ("rec",),
    "pending_id": ("pa",),
    "decision_id": ("dec", "pa"),
    "ad_id": ("ad",),
    "ads_content_id": ("adc", "cnt"),
    "creative_id": ("adc", "cnt"),
}
"""What each argument names; `id` (of metrics) and `state` name things of several kinds."""


_UUIDS = frozenset({"prj", "cnt", "inf", "sa", "sp"})
"""Prefixes of what Layers prints as a UUID, and takes without the prefix too (layers-api: concepts, "Identifiers")."""


def _spelled(value: object, name: str) -> object:
    if isinstance(value, BaseModel):
        parts = {field: getattr(value, field) for field in type(value).model_fields}
        changed = {field: made for field, part in parts.items() if (made := _spelled(part, field)) != part}
        return value.model_copy(update=changed) if changed else value
    if isinstance(value, tuple):
        return tuple(_spelled(entry, name) for entry in cast("tuple[object, ...]", value))
    prefix = NAMED.get(name, ("",))[0]
    return full_id(prefix, value) if isinstance(value, str) and prefix in _UUIDS else value


def spelled(request: A) -> A:
    """The same arguments with each id in its one spelling, so that one thing is one thing to digests, keys and rows."""
    return cast("A", _spelled(request, ""))


def _wrong(value: object, name: str, path: str) -> Iterator[tuple[str, str]]:
    """Each id at or below an argument that is of another kind, by its path, with what it is."""
    if isinstance(value, BaseModel):
        for field in type(value).model_fields:
            yield from _wrong(getattr(value, field), field, f"{path}.{to_camel(field)}" if path else to_camel(field))
    elif isinstance(value, tuple):
        for place, entry in enumerate(cast("tuple[object, ...]", value)):
            yield from _wrong(entry, name, f"{path}.{place}")
    elif isinstance(value, str) and name in NAMED:
        prefix = value.partition("_")[0]
        if prefix in KINDS and prefix not in NAMED[name]:
            yield path, f"is the id of {KINDS[prefix]}; give one that begins with {' or '.join(f'{one}_' for one in NAMED[name])}"


def check(declared: Tool[Any], request: Arguments) -> None:
    """Refuse a call that names a thing of one kind where one of another belongs.

    Raises:
        Invalid: naming each argument.
    """
    said = list(_wrong(request, "", ""))
    if said:
        issues: list[JsonValue] = [{"path": path, "message": words} for path, words in said]
        named = "; ".join(f"{path} {words}" for path, words in said[:5])
        raise Invalid(f"{declared.name} got an id of another kind: {named}", details={"issues": issues})
