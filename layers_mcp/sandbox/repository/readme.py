"""What the README says: its first heading and its first real paragraph."""

from __future__ import annotations

import re

from layers_mcp.sandbox.repository.errand import Brand
from layers_mcp.sandbox.repository.markdown import Section, sections
from layers_mcp.sandbox.repository.template import own_copy, own_name
from layers_mcp.sandbox.repository.tree import Tree

__all__ = ["copy", "read", "split_name"]

_WORDS_AT_LEAST = 4
_TAGLINE = 80
_SEPARATOR = re.compile(r"\s+[-\u2013—|•·]\s+|:\s+")
_ABOUT = re.compile(r"^(?:about|overview|introduction|what is\b.*|description|summary|the app)", re.IGNORECASE)
_NOISE = re.compile(
    r"^(?:build status|travis|license|note|warning|important|status|english|中文|\[!|table of contents|read this in|⚠|🚧|👉"
    r"|see\b|click\b|available on|download\b|get it on|follow us|join\b|sponsor|this project was\b"
    r"|this repo(?:sitory)? (?:is|contains|has|hosts|holds)"
    r"|https?://\S+$|\$|npm |yarn |git clone)",
    re.IGNORECASE,
)
_EMOJI = re.compile(r"^[^\w(\"'¡¿]+|[^\w)!?.\"']+$")


def split_name(text: str) -> tuple[str, str | None]:
    """A title such as `Name — what it does` as its two halves."""
    parts = _SEPARATOR.split(text, maxsplit=1)
    return (parts[0].strip(), parts[1].strip()) if len(parts) > 1 else (text.strip(), None)


def _sections(tree: Tree) -> tuple[Section, ...]:
    for path in tree.named("README.md", "README.markdown", "README.mdx", "README.rst", "README.txt", "README"):
        if path.count("/") <= 2 and (text := tree.read(path)):
            return sections(text)
    return ()


def _real(paragraph: str) -> bool:
    return len(paragraph.split()) >= _WORDS_AT_LEAST and not _NOISE.match(paragraph) and own_copy(paragraph) is not None


def _description(found: tuple[Section, ...]) -> str | None:
    """The first real paragraph under the first heading or above it, else the one under an `About`."""
    opening = [section for section in found[:2] if section.level <= 1] or list(found[:1])
    about = [section for section in found if _ABOUT.match(section.heading)]
    return next((text for section in [*opening, *about] for text in section.paragraphs if _real(text)), None)


def _generated(found: tuple[Section, ...]) -> bool:
    return any(own_copy(text) is None for section in found[:2] for text in (section.heading, *section.paragraphs[:2]) if text)


def read(tree: Tree) -> Brand:
    """Name, tagline and description as the README gives them; nothing of a generator's README."""
    found = _sections(tree)
    if not found or _generated(found):
        return Brand()
    heading = next((section.heading for section in found if section.heading and section.level <= 2), "")
    name, rest = split_name(_EMOJI.sub("", heading))
    quote = next((text for section in found[:2] for text in section.quotes if _real(text) and len(text) <= _TAGLINE), None)
    return Brand(app_name=own_name(name), tagline=own_copy(rest) or quote, app_description=_description(found))


def copy(tree: Tree) -> str:
    """The README's opening prose, for what can only be guessed from prose."""
    found = _sections(tree)
    if not found or _generated(found):
        return ""
    return "\n".join(text for section in found[:4] for text in section.paragraphs[:6] if _real(text))
