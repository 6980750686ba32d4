"""Addresses that stand on pages of strangers: where they may lead, and whose word counts."""

from __future__ import annotations

import io
import json

import httpx2
import pytest

from layers_mcp.sandbox.web import fetch
from layers_mcp.sandbox.web.errand import Listing, ListingErrand, SiteErrand
from layers_mcp.sandbox.web.fetch import Unfetched, Wants, Web
from layers_mcp.sandbox.web.reading import read_listings, read_site
from layers_mcp.sandbox.web.sites import listed

pytestmark = pytest.mark.anyio
PUBLIC, SECOND = "93.184.216.34", "1.1.1.1"
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9v9z"/></svg>'
PAGE = Wants(what="web page", types=frozenset({"text/html"}), at_most=1_000_000, at_most_s=5.0)


class Network(httpx2.AsyncHTTPTransport):
    """The Internet by host and path; hosts of this machine are really asked."""

    answers: dict[str, httpx2.Response]
    asked: list[str]
    silent: frozenset[str] = frozenset()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer by the Host that was sent; an address that swallows packets is given up after the time for connecting."""
        if request.headers["host"].startswith("127."):
            return await super().handle_async_request(request)
        Network.asked.append(request.headers["host"] + request.url.path)
        if request.url.host in Network.silent:
            assert 0 < request.extensions["timeout"]["connect"] < PAGE.at_most_s
            raise httpx2.ConnectTimeout("")
        return Network.answers.get(request.headers["host"] + request.url.path, httpx2.Response(404))


@pytest.fixture
def network(monkeypatch):
    """An Internet of our own beside the servers of this machine."""
    Network.answers, Network.asked, Network.silent = {}, [], frozenset()
    monkeypatch.setattr(fetch.httpx2, "AsyncHTTPTransport", Network)
    return Network


def _answer(text: str, media_type: str = "text/html") -> httpx2.Response:
    return httpx2.Response(200, headers={"content-type": media_type}, stream=httpx2.ByteStream(text.encode()))


def _web(sites):
    return Web(sites, resolve=lambda *_: (PUBLIC,))


def _errand(url, sites, pages=1):
    return SiteErrand(url=url, follow_links=pages > 1, most_pages=pages, sites=sites)


async def test_a_page_of_the_network_cannot_make_us_ask_a_listed_server(network, server):
    """Listing a server opens it to the user's own errands, not to icons that a stranger's page names."""
    sites = listed([f"inside.example={server.url}"])
    server.pages["/logo.svg"] = SVG
    server.types["/logo.svg"] = "image/svg+xml"
    icon = "<title>Stranger</title><link rel=icon href='http://inside.example:80/logo.svg'>"
    network.answers["stranger.example/"] = _answer(icon)

    outcome = await read_site(_errand("https://stranger.example/", sites), _web(sites))

    assert (server.asked, outcome.logo) == ([], None)


@pytest.mark.parametrize("store", ["apple", "google"])
async def test_a_store_of_the_network_cannot_either(network, server, store):
    """The same for the icon of a listing."""
    sites = listed([f"inside.example={server.url}"])
    server.pages["/logo.svg"] = SVG
    server.types["/logo.svg"] = "image/svg+xml"
    icon = "http://inside.example/logo.svg"
    app = {"bundleId": "com.acme.tea", "trackName": "Acme", "artworkUrl512": icon}
    node = {"@type": "SoftwareApplication", "name": "Acme", "image": icon}
    network.answers["itunes.apple.com/lookup"] = _answer(json.dumps({"results": [app]}), "application/json")
    page = f'<script type="application/ld+json">{json.dumps(node)}</script>'
    network.answers["play.google.com/store/apps/details"] = _answer(page)
    listing = Listing(store=store, app="com.acme.tea", field="iosBundleId")

    outcome = await read_listings(ListingErrand(listings=(listing,), country="us", sites=sites), _web(sites))

    assert outcome.brand.app_name == "Acme"
    assert (server.asked, outcome.logo) == ([], None)


async def test_a_listed_host_that_leads_out_does_not_lead_back_in(network, server):
    """A first page that came from the network in the end is one of the network."""
    sites = listed([f"acme.example={server.url}"])
    server.redirect("/", "https://stranger.example/")
    network.answers["stranger.example/"] = _answer("<title>Stranger</title><link rel=icon href='http://acme.example/logo.svg'>")

    await read_site(_errand("https://acme.example/", sites), _web(sites))

    assert [path for path, _ in server.asked] == ["/"]


async def test_a_linked_page_that_leads_to_another_host_writes_nothing(network):
    """layers-api: POST …/ingest/website: pages of the same host; a redirect does not make another host the customer's."""
    network.answers["acme.example/"] = _answer("<title>Acme</title><a href=/about>x</a><a href=/features>x</a>")
    network.answers["acme.example/about"] = httpx2.Response(302, headers={"location": "https://stranger.example/"})
    network.answers["stranger.example/"] = _answer("<meta name=description content='Buy from us.'><link rel=icon href=/evil.svg>")
    network.answers["acme.example/features"] = _answer("<meta name=description content='All the tea.'>")

    outcome = await read_site(_errand("https://acme.example/", (), 3), _web(()))

    assert (outcome.pages, outcome.brand.app_description) == (2, "All the tea.")
    assert "stranger.example/evil.svg" not in network.asked


async def test_a_logo_is_found_from_the_page_that_names_it(network):
    """URLs on a page are relative to that page (RFC 3986, 5.1)."""
    network.answers["acme.example/"] = _answer("<title>Acme</title><a href=/about/us/>x</a>")
    network.answers["acme.example/about/us/"] = _answer("<link rel=icon href=logo.svg>")
    network.answers["acme.example/about/us/logo.svg"] = _answer(SVG, "image/svg+xml")

    outcome = await read_site(_errand("https://acme.example/", (), 3), _web(()))

    assert outcome.logo is not None


async def test_an_address_that_swallows_packets_is_passed_over(network):
    """A host with two addresses is there when one of them is."""
    network.silent = frozenset({PUBLIC})
    network.answers["acme.example/"] = _answer("<title>Acme</title>")
    sink = io.BytesIO()

    await Web((), resolve=lambda *_: (PUBLIC, SECOND)).get("https://acme.example/", PAGE, sink)

    assert sink.getvalue() == b"<title>Acme</title>"
    network.silent = frozenset({PUBLIC, SECOND})
    with pytest.raises(Unfetched, match="try again later"):
        await Web((), resolve=lambda *_: (PUBLIC, SECOND)).get("https://acme.example/", PAGE, io.BytesIO())


async def test_a_listed_server_may_name_itself_by_its_own_address(server):
    """A development server redirects and links to the Host that it was asked by."""
    sites = listed([f"acme.example={server.url}"])
    server.redirect("/", f"{server.url}/home")
    server.pages |= {
        "/home": f"<title>Acme</title><a href='{server.url}/about'>x</a><link rel=icon href='{server.url}/logo.svg'>",
        "/about": "<meta name=description content='All the tea.'>",
        "/logo.svg": SVG,
    }
    server.types["/logo.svg"] = "image/svg+xml"

    outcome = await read_site(_errand("https://acme.example/", sites, 2), Web(sites))

    assert (outcome.pages, outcome.brand.app_description) == (2, "All the tea.")
    assert outcome.logo is not None
