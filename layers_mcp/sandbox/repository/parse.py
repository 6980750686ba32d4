"""Formats a repository keeps its facts in, each read by a real parser that a stranger's file cannot turn against us."""

from __future__ import annotations

import json
import plistlib
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import TypeAlias, cast
from xml.parsers.expat import ExpatError

import yaml

__all__ = ["Json", "Page", "at", "html_page", "json_value", "list_at", "plist_value", "split_words", "text_at", "xml_root", "yaml_value"]

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
_DEPTH_AT_MOST = 40
_VALUES_AT_MOST = 50_000
_YAML_AT_MOST = 64 * 1024
_BRACKETS_AT_MOST = 500
_LIST_LETTERS = 4000
_LIST_ITEMS = 500
"""Of one list of words, such as keywords."""
_LETTERS_AT_MOST = 20_000
"""Of one piece of a page's text; adding a letter to a long text copies it."""


def _as_json(value: object, left: list[int], depth: int = 0) -> Json:
    """The value as JSON; `left` holds how many more values are taken, so that aliases cannot be made to multiply."""
    left[0] -= 1
    if depth > _DEPTH_AT_MOST or left[0] < 0:
        return None
    match value:
        case Mapping():
            return {str(key): _as_json(item, left, depth + 1) for key, item in cast("Mapping[object, object]", value).items()}
        case str() | bool() | int() | float() | None:
            return value
        case Sequence():
            return [_as_json(item, left, depth + 1) for item in cast("Sequence[object]", value)]
        case _:
            return str(value)


def json_value(text: str | None) -> Json:
    """A JSON document, or None when it is none."""
    try:
        return _as_json(json.loads(text.removeprefix("\ufeff")), [_VALUES_AT_MOST]) if text else None
    except (ValueError, RecursionError):
        return None


class _Plain(yaml.SafeLoader):
    """YAML without merge keys, which a few lines make multiply; Dart's own reader has none either."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Leave the mapping as it stands."""


def _modest(yaml_text: str) -> bool:
    """Whether YAML is read in about a second; its reader goes back over every bracket that is open."""
    return len(yaml_text) <= _YAML_AT_MOST and yaml_text.count("[") + yaml_text.count("{") <= _BRACKETS_AT_MOST


def yaml_value(text: str | None) -> Json:
    """A YAML document, or None when it is none."""
    try:
        return _as_json(yaml.load(text, _Plain), [_VALUES_AT_MOST]) if text and _modest(text) else None  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def plist_value(raw: bytes | None) -> Json:
    """A property list, or None when it is none; plistlib itself refuses entities."""
    try:
        return _as_json(plistlib.loads(raw), [_VALUES_AT_MOST]) if raw else None
    except (plistlib.InvalidFileException, ExpatError, ValueError, KeyError, IndexError, AttributeError, RecursionError, OverflowError):
        return None


def xml_root(text: str | None) -> ET.Element | None:
    """The root of an XML document, or None when it is none or declares a type or an entity."""
    if not text or "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None
    try:
        return ET.fromstring(text)  # noqa: S314 - what expat could be made to expand is refused above
    except (ET.ParseError, ValueError, RecursionError):
        return None


def at(value: Json, *keys: str) -> Json:
    """What stands under these keys, or None."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def text_at(value: Json, *keys: str) -> str | None:
    """The text under these keys, or None."""
    found = at(value, *keys)
    return found if isinstance(found, str) and found.strip() else None


def split_words(text: str) -> tuple[str, ...]:
    """The parts of a text with commas; of a very long one, those it begins with."""
    return tuple(part.strip() for part in text[:_LIST_LETTERS].split(",") if part.strip())


def list_at(value: Json, *keys: str) -> tuple[str, ...]:
    """The texts of a list under these keys, or of one text with commas."""
    found = at(value, *keys)
    if isinstance(found, str):
        return split_words(found)
    return tuple(item for item in found[:_LIST_ITEMS] if isinstance(item, str)) if isinstance(found, list) else ()


class Page(HTMLParser):
    """What an HTML page says of itself.

    `title`, `lang`, `metas` by lower-case name, `links` by rel, the `heading` of its first h1, its `copy`; the targets of its
    `anchors`; `linked`: its JSON-LD, unread.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.lang: str | None = None
        self.metas: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.modules: list[str] = []
        self.copy: list[str] = []
        self.anchors: list[str] = []
        self.linked: list[str] = []
        self.heading = ""
        self._headed = False
        self._drawing = False
        self._inside: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in one opening tag."""
        given = {key: value or "" for key, value in attrs}
        if tag == "html":
            self.lang = given.get("lang") or None
        elif tag == "meta":
            name = (given.get("name") or given.get("property") or "").lower()
            self.metas.setdefault(name, given.get("content", ""))
        elif tag == "link":
            self.links.setdefault(given.get("rel", "").lower(), given.get("href", ""))
        elif tag == "script" and given.get("type") == "module" and given.get("src"):
            self.modules.append(given["src"])
        elif tag == "a" and given.get("href"):
            self.anchors.append(given["href"])
        self._enter(tag, linked=given.get("type", "").strip().lower() == "application/ld+json")

    def _enter(self, tag: str, *, linked: bool) -> None:
        if tag in {"h1", "h2", "p", "li"}:
            self.copy.append("")
        if tag in {"h1", "h2", "p", "li"} or (tag == "title" and not self._drawing and not self.title.strip()):
            self._inside = tag
        elif tag == "script" and linked:
            self.linked.append("")
            self._inside = tag
        elif tag in {"script", "style", "svg"}:
            self._inside = None
        self._drawing = self._drawing or tag == "svg"

    def handle_endtag(self, tag: str) -> None:
        """Take in one closing tag."""
        if tag == self._inside:
            self._inside = None
        if tag == "h1" and self.heading.strip():
            self._headed = True
        elif tag == "svg":
            self._drawing = False

    def handle_data(self, data: str) -> None:
        """Take in text."""
        if self._inside == "title" and len(self.title) < _LETTERS_AT_MOST:
            self.title += data
        elif self._inside == "script":
            self.linked[-1] += data
        elif self._inside not in {None, "title"} and len(self.copy[-1]) < _LETTERS_AT_MOST:
            self.copy[-1] += data
            if self._inside == "h1" and not self._headed:
                self.heading += data


def html_page(text: str | None) -> Page | None:
    """An HTML page, or None when there is no text."""
    if not text:
        return None
    page = Page()
    try:
        page.feed(text)
    except (AssertionError, ValueError):  # the standard parser gives up so on marked sections and on endless numbers
        return None
    return page
