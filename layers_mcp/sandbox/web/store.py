"""Brand context out of app-store listings: Apple's look-up JSON, and the page of Google Play."""

from __future__ import annotations

import re

from layers_mcp.sandbox.repository import language, prose
from layers_mcp.sandbox.repository.brand import tidied
from layers_mcp.sandbox.repository.errand import Brand
from layers_mcp.sandbox.repository.parse import Json, at, html_page, json_value, list_at, text_at
from layers_mcp.sandbox.repository.readme import split_name
from layers_mcp.sandbox.repository.store_copy import opening
from layers_mcp.sandbox.repository.template import own_copy, own_name
from layers_mcp.sandbox.repository.web_copy import domain_of
from layers_mcp.sandbox.web import linked

__all__ = ["Found", "of_apple", "of_play"]

_PLAY_TITLE = re.compile(r"\s+[-\u2013—]\s+[^-\u2013—]*Google Play.*$")
_WORD = re.compile(r"[A-Z]+_[A-Z_]+")

Found = tuple[Brand, "str | None"]
"""What a listing says, and the address of its icon."""


def _brand(said: Brand, copy: str) -> Brand:
    """The listing's words, with what its prose suggests where it says nothing."""
    heard, declared = language.spoken(copy), said.primary_language
    tongue = declared if heard is None or (declared or "").startswith(heard) else heard
    english = (tongue or "").startswith("en")
    more = {"primary_language": tongue}
    if english:
        more |= {"audience": prose.audience(copy), "brand_voice": prose.voice(copy)}
        said = said.model_copy(update={"keywords": tuple(dict.fromkeys([*said.keywords, *prose.keywords(copy)]))})
    return tidied(said.model_copy(update=more))


def of_apple(text: str, app: str) -> Found | None:
    """The listing of `app` (a bundle id, or the number in its address) in an answer of Apple's look-up; None when it is not there.

    Fields: developer.apple.com, "iTunes Search API", "Understanding Search Results".
    """
    results = at(json_value(text), "results")
    for one in results if isinstance(results, list) else []:
        if app not in (at(one, "bundleId"), str(at(one, "trackId"))):
            continue
        name, rest = split_name(text_at(one, "trackName") or "")
        description = text_at(one, "description") or ""
        tongues = list_at(one, "languageCodesISO2A")
        genres = [genre for genre in (text_at(one, "primaryGenreName"), *list_at(one, "genres")) if genre]
        said = Brand(
            app_name=own_name(name),
            tagline=own_copy(rest),
            app_description=own_copy(opening(description)) if description else None,
            keywords=tuple(genres),
            primary_language=language.tag(tongues[0].lower()) if len(tongues) == 1 else None,
            bundle_id=text_at(one, "bundleId"),
            web_domain=domain_of(text_at(one, "sellerUrl")),
        )
        return _brand(said, description), text_at(one, "artworkUrl512") or text_at(one, "artworkUrl100")
    return None


def _category(node: Json) -> tuple[str, ...]:
    """`FOOD_AND_DRINK` as words."""
    said = text_at(node, "applicationCategory") or ""
    return (said.replace("_", " ").lower().replace(" and ", " & "),) if _WORD.fullmatch(said) or said.isalpha() else ()


def of_play(text: str, package: str) -> Found | None:
    """The listing on a page of Google Play: its JSON-LD SoftwareApplication and its Open Graph; None when it shows no app, or another."""
    page = html_page(text)
    node: Json = next(iter(linked.nodes(page.linked, only=linked.APPS)), None) if page is not None else None
    if page is None or node is None:
        return None
    address = text_at(node, "url") or page.metas.get("og:url") or page.links.get("canonical") or ""
    shown = re.search(r"[?&]id=([\w.]+)", address)
    if shown is not None and shown[1] != package:
        return None
    title = _PLAY_TITLE.sub("", page.metas.get("og:title", "") or page.title)
    name, rest = split_name(text_at(node, "name") or title)
    description = text_at(node, "description") or page.metas.get("og:description") or ""
    said = Brand(
        app_name=own_name(name),
        tagline=own_copy(rest),
        app_description=own_copy(opening(description)) if description else None,
        keywords=_category(node),
        primary_language=language.tag(page.lang),
        android_package=package,
        web_domain=domain_of(text_at(node, "author", "url")),
    )
    return _brand(said, description), linked.picture(node) or page.metas.get("og:image")
