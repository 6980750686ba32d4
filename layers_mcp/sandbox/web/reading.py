"""Websites and listings read through the guard, each errand within a time of its own."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterator, Sequence

import httpx2

from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.repository.errand import LogoFile
from layers_mcp.sandbox.repository.logo import AT_MOST as LOGO_AT_MOST
from layers_mcp.sandbox.repository.logo import logo_of
from layers_mcp.sandbox.web import page, store
from layers_mcp.sandbox.web.errand import Listing, ListingErrand, Outcome, SiteErrand, merged
from layers_mcp.sandbox.web.fetch import Got, Unfetched, Wants, Web
from layers_mcp.sandbox.web.guard import Refused
from layers_mcp.sandbox.web.text import decoded

__all__ = ["read_listings", "read_site"]

_MB = 1024 * 1024
_PAGE = Wants(what="web page", types=frozenset({"text/html", "application/xhtml+xml"}), at_most=2 * _MB, cut=True)
_JSON = Wants(
    what="listing",
    types=frozenset({"application/json", "text/json", "text/javascript", "application/javascript", "application/x-javascript"}),
    at_most=2 * _MB,
)
_LOGO_TYPES = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/svg+xml": "svg"}
_LOGO = Wants(what="logo", types=frozenset(_LOGO_TYPES), at_most=LOGO_AT_MOST, at_most_s=5.0)
_NOT_FOUND = 404
_LOGOS = 3
"""Pictures of a page that are tried."""
_IN_ALL_S = 30.0
"""Seconds after which no more pages are asked for; with the first page, the last one and the logos it stays within the child's time."""
_LOOK_UP = "https://itunes.apple.com/lookup"
_PLAY = "https://play.google.com/store/apps/details"
_TELLING = re.compile(r"/(?:about|features?|product|how|story|mission|why|pricing)\b", re.IGNORECASE)
_NOT_PAGES = re.compile(r"\.(?:pdf|zip|png|jpe?g|gif|webp|svg|mp4|webm|mp3|css|js|json|xml|txt|ics|dmg|exe|apk)$", re.IGNORECASE)
_EMPTY = "is a page that says nothing of an app: no title, no description; give the page that presents it"
_NOT_LISTED = "names an app that the store does not show in this country; check it, and countryCode"


def _failed(field: str, problem: Exception) -> Trouble:
    return Trouble(code="SCRAPE_FAILED", message=f"{field} {problem}", field=field)


async def _text(web: Web, url: str, wants: Wants, *, at_home: bool = True) -> tuple[Got, str]:
    sink = io.BytesIO()
    got = await web.get(url, wants, sink, at_home=at_home)
    return got, decoded(sink.getvalue(), got.charset)


async def _logo(web: Web, named: Sequence[tuple[Got, str]]) -> LogoFile | None:
    """The first picture that is a safe image, of those that pages named; none when none is, which is no trouble."""
    for page_of, address in named[:_LOGOS]:
        sink = io.BytesIO()
        try:
            got = await web.get(str(page_of.link(address)), _LOGO, sink, at_home=page_of.at_home)
        except (Refused, Unfetched, httpx2.InvalidURL, ValueError):
            continue
        if (logo := logo_of(f"logo.{_LOGO_TYPES[got.media_type]}", sink.getvalue())) is not None:
            return logo
    return None


def _links(got: Got, anchors: Sequence[str]) -> Iterator[str]:
    """Pages of the same host that a page links to, those that tell of the product first."""
    base = got.url
    found: dict[str, None] = {}
    for anchor in anchors[:500]:
        try:
            there = got.link(anchor).copy_with(fragment=None)
        except (httpx2.InvalidURL, ValueError):
            continue
        if there.host == base.host and there.scheme in ("http", "https") and not there.userinfo and not _NOT_PAGES.search(there.path):
            found.setdefault(str(there))
    found.pop(str(base.copy_with(fragment=None)), None)
    yield from sorted(found, key=lambda url: not _TELLING.search(url))


async def _more(web: Web, errand: SiteErrand, got: Got, first: page.Reading) -> list[tuple[Got, page.Reading]]:
    """The pages that the first one links to; one that can't be read, or leads to another host in the end, is passed over."""
    readings: list[tuple[Got, page.Reading]] = []
    until = time.monotonic() + _IN_ALL_S
    if not errand.follow_links:
        return readings
    for url in _links(got, first.anchors):
        if len(readings) + 1 >= errand.most_pages or time.monotonic() > until:
            break
        try:
            there, text = await _text(web, url, _PAGE, at_home=got.at_home)
        except (Refused, Unfetched):
            continue
        if there.url.host == got.url.host:
            readings.append((there, page.read(text)))
    return readings


async def read_site(errand: SiteErrand, web: Web) -> Outcome | Trouble:
    """The brand of a website; that its first page can't be read is trouble with `url`."""
    try:
        got, text = await _text(web, errand.url, _PAGE)
    except (Refused, Unfetched) as problem:
        return _failed("url", problem)
    first = page.read(text)
    readings = [(got, first), *await _more(web, errand, got, first)]
    brand = page.brand_of([reading for _, reading in readings])
    if brand.app_name is None and brand.app_description is None and brand.tagline is None:
        return Trouble(code="SCRAPE_FAILED", message=f"url {_EMPTY}", field="url")
    logo = await _logo(web, [(there, address) for there, reading in readings for address in reading.logos])
    return Outcome(brand=brand, logo=logo, pages=len(readings))


async def _read(web: Web, listing: Listing, country: str) -> tuple[Got, store.Found]:
    """One listing, and where it came from.

    Raises:
        Refused, Unfetched: it is not there, or can't be had.
    """
    if listing.store == "apple":
        asked = {"id" if listing.app.isdigit() else "bundleId": listing.app, "country": country}
        address, wants, read = httpx2.URL(_LOOK_UP, params=asked), _JSON, store.of_apple
    else:
        address, wants, read = httpx2.URL(_PLAY, params={"id": listing.app, "gl": country}), _PAGE, store.of_play
    reader: Callable[[str, str], store.Found | None] = read
    try:
        got, text = await _text(web, str(address), wants)
    except Unfetched as problem:
        if problem.status == _NOT_FOUND:
            raise Unfetched(_NOT_LISTED) from None
        raise Unfetched("names an app whose store could not be read; try again later") from None
    found = reader(text, listing.app)
    if found is None:
        raise Unfetched(_NOT_LISTED)
    return got, found


async def read_listings(errand: ListingErrand, web: Web) -> Outcome | Trouble:
    """The brand of an app by its listings, field by field the first one's word."""
    found: list[Outcome] = []
    for listing in errand.listings:
        try:
            got, (brand, icon) = await _read(web, listing, errand.country)
        except (Refused, Unfetched) as problem:
            return _failed(listing.field, problem)
        logo = await _logo(web, [(got, icon)] if icon else [])
        found.append(Outcome(brand=brand, logo=logo, pages=1))
    return merged(found)
