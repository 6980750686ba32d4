"""What a page says of its app in JSON-LD (schema.org), the words that search engines read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from layers_mcp.sandbox.repository.parse import Json, at, json_value, list_at, text_at

__all__ = ["APPS", "nodes", "picture"]

APPS = frozenset({"SoftwareApplication", "MobileApplication", "WebApplication", "VideoGame"})
_BRANDS = APPS | {"Organization", "Corporation", "LocalBusiness", "Restaurant", "CafeOrCoffeeShop", "Store", "Brand", "Product", "WebSite"}
_DEEP = 4
_AT_MOST = 40


def _within(value: Json, depth: int = 0) -> Iterator[dict[str, Json]]:
    if depth > _DEEP:
        return
    if isinstance(value, list):
        for item in value[:_AT_MOST]:
            yield from _within(item, depth + 1)
    elif isinstance(value, dict):
        yield value
        yield from _within(value.get("@graph"), depth + 1)


def _types(node: dict[str, Json]) -> frozenset[str]:
    return frozenset(name.rpartition("/")[2] for name in list_at(node, "@type"))


def nodes(linked: Sequence[str], *, only: frozenset[str] = _BRANDS) -> list[dict[str, Json]]:
    """The things of a page's JSON-LD that stand for an app or a brand, apps first."""
    found = [node for text in linked[:_AT_MOST] for node in _within(json_value(text)) if _types(node) & only]
    return sorted(found, key=lambda node: not _types(node) & APPS)


def picture(node: Json) -> str | None:
    """The address of a node's logo or image."""
    for name in ("logo", "image"):
        found = at(node, name)
        first = found[0] if isinstance(found, list) and found else found
        if (address := text_at(node, name) or (first if isinstance(first, str) else text_at(first, "url"))) is not None:
            return address
    return None
