"""Brand context out of web pages: what they say of themselves first, what can only be guessed from their prose last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from layers_mcp.sandbox.clean import plain
from layers_mcp.sandbox.repository import language, prose
from layers_mcp.sandbox.repository.brand import tidied
from layers_mcp.sandbox.repository.errand import Brand
from layers_mcp.sandbox.repository.parse import Json, Page, html_page, list_at, text_at
from layers_mcp.sandbox.repository.template import own_copy, own_name
from layers_mcp.sandbox.repository.web_copy import domain_of, of_page
from layers_mcp.sandbox.web import linked

__all__ = ["Reading", "brand_of", "read"]

_COPY = 20_000
_PARAGRAPHS = 60
_WORDS_AT_LEAST = 6
_TAGLINE = 80
_ICONS = ("apple-touch-icon", "apple-touch-icon-precomposed", "icon", "shortcut icon")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What one page says: `brand` as it stands there, `copy` its prose, `lang` what it declares, `anchors` and `logos` as addresses."""

    brand: Brand
    copy: str
    lang: str | None
    anchors: tuple[str, ...]
    logos: tuple[str, ...]


def _of_node(node: dict[str, Json]) -> Brand:
    audience = text_at(node, "audience", "audienceType") or text_at(node, "audience")
    return Brand(
        app_name=own_name(text_at(node, "name")),
        tagline=own_copy(text_at(node, "slogan")),
        app_description=own_copy(text_at(node, "description")),
        audience=own_copy(audience),
        keywords=list_at(node, "keywords"),
        primary_language=language.tag(text_at(node, "inLanguage")),
        web_domain=domain_of(text_at(node, "url")),
    )


def _paragraphs(page: Page) -> list[str]:
    texts = (" ".join(plain(text).split()) for text in page.copy[:_PARAGRAPHS])
    return [text for text in texts if text and own_copy(text)]


def _of_prose(page: Page, name: str | None) -> Brand:
    heading = " ".join(page.heading.split())
    fits = len(heading.split()) > 1 and len(heading) <= _TAGLINE and heading.casefold() != (name or "").casefold()
    first = next((text for text in _paragraphs(page) if len(text.split()) >= _WORDS_AT_LEAST and text != heading), None)
    return Brand(tagline=own_copy(heading) if fits else None, app_description=first)


def _first(*brands: Brand) -> Brand:
    """Field by field, the first that says anything."""
    return Brand.model_validate(
        {field: next((said for brand in brands if (said := getattr(brand, field))), None) or empty for field, empty in Brand()}
    )


def read(text: str) -> Reading:
    """One HTML page."""
    page = html_page(text) or Page()
    things = linked.nodes(page.linked)
    told = _first(of_page(page), *(_of_node(node) for node in things))
    pictures = [picture for node in things if (picture := linked.picture(node))]
    icons = [page.links[rel] for rel in _ICONS if page.links.get(rel)]
    return Reading(
        brand=_first(told, _of_prose(page, told.app_name)),
        copy="\n".join(_paragraphs(page))[:_COPY],
        lang=page.lang,
        anchors=tuple(page.anchors),
        logos=(*pictures, *icons),
    )


def brand_of(readings: Sequence[Reading]) -> Brand:
    """The brand context of a site, the first page before those it links to."""
    told = _first(*(reading.brand for reading in readings))
    copy = "\n".join([told.app_description or "", *(reading.copy for reading in readings)])[:_COPY]
    declared = next((found for reading in readings if (found := language.tag(reading.lang))), None)
    tongue = told.primary_language or (declared if declared and not declared.startswith("en") else language.spoken(copy) or declared)
    english = (tongue or "").startswith("en")
    guessed = Brand(
        audience=prose.audience(copy) if english else None,
        brand_voice=prose.voice(copy) if english else None,
        keywords=prose.keywords(copy) if english else (),
        primary_language=tongue,
    )
    return tidied(_first(told, guessed))
