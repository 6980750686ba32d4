"""Where old and new spellings of one request meet: what newer pages call otherwise becomes the table's word (`drift`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from layers_mcp.contract import content, ingest, projects, publishing
from layers_mcp.contract.endpoint import Endpoint, Reply, Request

__all__ = ["OTHER_PATHS", "Wire", "as_the_table"]

OTHER_PATHS = {"/v1/projects/{projectId}/github/ingest": ingest.GITHUB.name}
"""Paths that the table does not hold, and the endpoint each is another spelling of (seed 000, loop 1)."""

Wire = dict[str, Any]
"""A request as it came, by wire names; nothing of it was checked."""

_BRAND = ("appName", "appDescription", "tagline", "brandVoice")
"""Flat on newer pages, in `brandContext` here."""
_BRIEF = ("hook", "cta", "influencerId", "topic", "angle", "language")
_MODES = {"publish": "direct_publish", "draft": "draft_to_device"}
_FORMATS = {"video-remix": "video_remix", "slideshow-remix": "slideshow_remix", "ugc-remix": "ugc_remix"}
_STATUSES = {"processing": "generating"}


def _nested(wire: Wire, names: tuple[str, ...], under: str) -> Wire:
    flat = {name: wire[name] for name in names if name in wire}
    inner = wire.get(under, {})
    if not flat or not isinstance(inner, dict):
        return wire
    return {name: value for name, value in wire.items() if name not in flat} | {under: flat | inner}


def _respelled(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_respelled(item, words) for item in cast("list[Any]", value)]
    return words.get(value, value) if isinstance(value, str) else value


def _field(wire: Wire, name: str, words: Mapping[str, str]) -> Wire:
    return wire | {name: _respelled(wire[name], words)} if name in wire else wire


def _brand(wire: Wire) -> Wire:
    return _nested(wire, _BRAND, "brandContext")


def _generation(wire: Wire) -> Wire:
    return _field(_nested(wire, _BRIEF, "brief"), "format", _FORMATS)


def _ingest(wire: Wire) -> Wire:
    """`repo` is seed 000's word; beside `repoFullName` it is a field nobody knows."""
    return wire if "repoFullName" in wire else {("repoFullName" if name == "repo" else name): value for name, value in wire.items()}


def _filters(wire: Wire) -> Wire:
    return _field(_field(wire, "status", _STATUSES), "format", _FORMATS)


def _targets(wire: Wire) -> Wire:
    targets = wire.get("targets")
    if not isinstance(targets, list):
        return wire
    spelled = [
        _field(cast("Wire", target), "mode", _MODES) if isinstance(target, dict) else target for target in cast("list[Any]", targets)
    ]
    return wire | {"targets": spelled}


_RESPELL: dict[str, Callable[[Wire], Wire]] = {
    projects.CREATE.name: _brand,
    projects.UPDATE.name: _brand,
    ingest.GITHUB.name: _ingest,
    content.GENERATE.name: _generation,
    content.LIST.name: _filters,
    publishing.SCHEDULE.name: _targets,
    publishing.PUBLISH.name: _targets,
}


def as_the_table(endpoint: Endpoint[Request, Reply], wire: Wire) -> Wire:
    """`wire` in the table's words; what it does not know it leaves for the table to judge."""
    respell = _RESPELL.get(endpoint.name)
    return wire if respell is None else respell(wire)
