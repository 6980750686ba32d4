"""What the repository's own brand and marketing papers say under telling headings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from layers_mcp.sandbox.clean import plain
from layers_mcp.sandbox.repository.errand import Brand
from layers_mcp.sandbox.repository.markdown import sections
from layers_mcp.sandbox.repository.template import own_copy, own_name
from layers_mcp.sandbox.repository.tree import Tree

__all__ = ["copy", "read"]

_PAPER = re.compile(
    r"^(?:docs?/|marketing/|brand(?:ing)?/|\.github/)*(?:(?:brand|marketing|positioning|messaging|voice|style-?guide)[^/]*\.(?:md|markdown|mdx|txt)"
    r"|(?<=marketing/)[^/]+\.(?:md|markdown|txt)|(?<=brand/)[^/]+\.(?:md|markdown|txt))$",
    re.IGNORECASE,
)
_TOPICS = {
    "app_name": r"(?:app |product |brand )?name",
    "tagline": r"(?:our )?(?:tag\s?line|slogan|headline|strap\s?line|one[- ]liner)",
    "app_description": r"(?:app |product |short )?description|about(?: us| the app)?|elevator pitch|positioning(?: statement)?"
    r"|what (?:it|we) (?:is|do|does)",
    "icp": r"(?:our )?(?:icp|ideal customers?(?: profile)?|customer profile|personas?|target customers?)(?: \(icp\))?",
    "audience": r"(?:our |target |primary )?(?:audience|users)|who (?:it'?s|we'?re|this is|it is) for|target market",
    "brand_voice": r"(?:our )?(?:brand )?(?:voice|tone)(?: (?:of voice|and tone|& tone|& voice))?|how we (?:sound|talk|speak|write)"
    r"|personality",
    "keywords": r"(?:seo |aso |search )?keywords?|search terms",
}
_INLINE = re.compile(r"^\s*(?:[-*]\s+)?(?:\*\*|__)?([A-Za-z][A-Za-z '&/()-]{2,30}?)(?:\*\*|__)?\s*:\s*(?:\*\*|__)?\s*(\S.*)$")


def _papers(tree: Tree) -> Iterator[str]:
    for path in tree.ending(".md", ".markdown", ".mdx", ".txt", ".MD"):
        if _PAPER.match(path) and (text := tree.read(path)):
            yield text


def _topic(heading: str) -> str | None:
    bare = re.sub(r"^[\W\d_]+|[\W_]+$", "", heading)
    return next((field for field, pattern in _TOPICS.items() if re.fullmatch(pattern, bare, re.IGNORECASE)), None)


def _said(text: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Topic, words, and the words as a list where the paper has one."""
    for section in sections(text):
        topic = _topic(section.heading)
        if topic is not None and section.body is not None:
            yield topic, section.body, section.bullets
    for line in text.splitlines():
        if (found := _INLINE.match(line)) is not None and (topic := _topic(found[1])) is not None:
            yield topic, plain(found[2]), ()


def read(tree: Tree) -> Brand:
    """Everything a brand paper names by a heading or a `Tagline: …` line; the first word on a topic stands."""
    said: dict[str, str] = {}
    keywords: tuple[str, ...] = ()
    for text in _papers(tree):
        for topic, words, bullets in _said(text):
            said.setdefault(topic, words)
            if topic == "keywords" and not keywords:
                keywords = bullets or tuple(word.strip() for word in words.rstrip(".").split(",") if word.strip())
    return Brand(
        app_name=own_name(said.get("app_name")),
        tagline=own_copy(said.get("tagline")),
        app_description=own_copy(said.get("app_description")),
        icp=own_copy(said.get("icp")),
        audience=own_copy(said.get("audience")),
        brand_voice=own_copy(said.get("brand_voice")),
        keywords=keywords,
    )


def copy(tree: Tree) -> str:
    """The papers' prose, for what can only be guessed from prose."""
    return "\n".join(text for paper in _papers(tree) for section in sections(paper) for text in section.paragraphs[:4])
