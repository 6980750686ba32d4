"""The brand context of a repository: every source asked, the most deliberate one believed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from layers_mcp.sandbox.clean import clean, plain
from layers_mcp.sandbox.repository import brand_file, language, manifests, prose, readme, store_copy, web_copy
from layers_mcp.sandbox.repository.errand import Brand
from layers_mcp.sandbox.repository.tree import Tree

__all__ = ["ORDER", "SOURCES", "read_brand", "tidied"]

SOURCES: dict[str, Callable[[Tree], Brand]] = {
    "store": store_copy.read,
    "paper": brand_file.read,
    "manifest": manifests.read,
    "web": web_copy.read,
    "readme": readme.read,
    "package": manifests.read_package,
}
"""Where brand context is read, the most deliberate words first: what was written for customers, for the brand, for a home screen,
for visitors, for developers, for a registry."""

_USUAL = ("store", "paper", "manifest", "web", "readme", "package")
ORDER: dict[str, tuple[str, ...]] = {
    "app_name": _USUAL,
    "app_description": _USUAL,
    "tagline": _USUAL,
    "audience": _USUAL,
    "icp": _USUAL,
    "brand_voice": _USUAL,
    "bundle_id": _USUAL,
    "android_package": _USUAL,
    "web_domain": ("web", "package"),
}
"""Which source is believed for a field."""

_KEYWORD_ORDER = ("store", "paper", "web", "package")
_LENGTHS = {"app_name": 60, "app_description": 1000, "tagline": 80, "audience": 300, "icp": 300, "brand_voice": 300}
_KEYWORDS = 20
_KEYWORD = 40
_COPY = 20_000
_PLATFORMS = frozenset({"android", "flutter", "ios", "iphone", "swift", "swiftui"})
"""Words a repository's name says of its stack, not of its app."""
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)+")


def _tidy_words(said: Iterable[str]) -> tuple[str, ...]:
    """Keywords in lower case, each once, clean, at most 20."""
    words = (clean(plain(word), _KEYWORD) for word in said)
    return tuple(dict.fromkeys(word.lower() for word in words if word))[:_KEYWORDS]


def _tidy(field: str, said: str | None) -> str | None:
    return clean(plain(said), _LENGTHS.get(field, 200)) if said else None


def tidied(brand: Brand) -> Brand:
    """The same with every text clean and cut to length; a description that only repeats the name is none."""
    tidy = {field: _tidy(field, said) for field, said in brand if field != "keywords"}
    if tidy["app_description"] == tidy["app_name"]:
        tidy["app_description"] = None
    return Brand.model_validate(tidy | {"keywords": _tidy_words(brand.keywords)})


def _copy(tree: Tree) -> tuple[str, str]:
    """Prose for customers, and all prose."""
    customers = "\n".join([store_copy.copy(tree), web_copy.copy(tree), brand_file.copy(tree)]).strip()
    return customers[:_COPY], f"{customers}\n{readme.copy(tree)}".strip()[:_COPY]


def _repository_name(full_name: str) -> str:
    words = full_name.rpartition("/")[2].replace("_", "-").split("-")
    own = [word for word in words if word and word.lower() not in _PLATFORMS] or words
    return " ".join(word.capitalize() for word in own if word)


def read_brand(tree: Tree, *, full_name: str, app_name: str | None) -> Brand:
    """The brand context of a tree; `app_name` is what the partner calls the app and goes before everything found."""
    told = {name: source(tree) for name, source in SOURCES.items()}
    found: dict[str, str | None] = {}
    for field, order in ORDER.items():
        values = (_tidy(field, getattr(told[name], field)) for name in order)
        found[field] = next((value for value in values if value), None)
    if (name := found["app_name"]) and _SLUG.fullmatch(name):
        found["app_name"] = _repository_name(name)
    if found["app_description"] == name:
        found["app_description"] = None
    customers, everything = _copy(tree)
    said = next((told[name].keywords for name in _KEYWORD_ORDER if told[name].keywords), None) or prose.keywords(everything)
    tongue = language.primary_language(tree, everything)
    return Brand(
        app_name=clean(app_name, _LENGTHS["app_name"]) or found["app_name"] or clean(_repository_name(full_name), _LENGTHS["app_name"]),
        app_description=found["app_description"],
        tagline=found["tagline"],
        audience=found["audience"] or clean(prose.audience(everything), _LENGTHS["audience"]),
        icp=found["icp"],
        brand_voice=found["brand_voice"] or (prose.voice(customers) if tongue and tongue.startswith("en") else None),
        keywords=_tidy_words(said),
        primary_language=tongue,
        bundle_id=found["bundle_id"],
        android_package=found["android_package"],
        web_domain=found["web_domain"],
    )
