"""What pages and listings say, read as the child reads them."""

from __future__ import annotations

import io
import json
import re

import pytest

from layers_mcp.address import resolved
from layers_mcp.sandbox.child import inside
from layers_mcp.sandbox.child.running import Limits
from layers_mcp.sandbox.web import __main__ as edge
from layers_mcp.sandbox.web import child
from layers_mcp.sandbox.web.errand import Listing, ListingErrand, SiteErrand
from layers_mcp.sandbox.web.fetch import Unfetched, Wants, Web
from layers_mcp.sandbox.web.page import brand_of, read
from layers_mcp.sandbox.web.reading import read_listings, read_site
from layers_mcp.sandbox.web.sites import listed
from layers_mcp.sandbox.web.store import of_apple, of_play

pytestmark = pytest.mark.anyio
APPLE = {"trackId": 77777, "bundleId": "com.acme.tea", "trackName": "Acme Tea", "artworkUrl100": "https://acme.example/icon.svg"}
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9v9z"/></svg>'


def _sites(tmp_path, **files):
    for name, text in files.items():
        (tmp_path / name.replace("__", ".")).write_text(text)
    return listed([f"acme.example={tmp_path}", f"itunes.apple.com={tmp_path}", f"play.google.com={tmp_path}"])


def _listing(sites, store="apple", app="com.acme.tea", field="iosBundleId", country="us"):
    return ListingErrand(listings=(Listing(store=store, app=app, field=field),), country=country, sites=sites)


async def test_json_ld_fills_what_title_and_metas_leave_open(tmp_path):
    """schema.org in a graph; the logo is fetched by the same guard, and the first that is a safe image is kept."""
    graph = [
        {"@type": "BreadcrumbList", "name": "Crumbs"},
        {
            "@type": ["Organization", "Brand"],
            "name": "Acme Tea",
            "slogan": "Tea on time.",
            "logo": {"@type": "ImageObject", "url": "/logo.svg"},
            "audience": {"@type": "Audience", "audienceType": "Offices that drink tea"},
            "keywords": "Tea, oolong , tea",
            "url": "https://acme.example/",
        },
        {"@type": "https://schema.org/MobileApplication", "description": "Loose leaf tea.", "inLanguage": "en-GB", "image": ["/none.png"]},
    ]
    linked = f'<script type="application/ld+json">{{"@graph":{json.dumps(graph)}}}</script>'
    page = f'<html lang="en"><title>Welcome to our lovely little home page</title>{linked}'
    sites = _sites(tmp_path, index__html=page, logo__svg=SVG)

    outcome = await read_site(SiteErrand(url="https://acme.example", follow_links=False, most_pages=1, sites=sites), Web(sites))

    brand = outcome.brand
    assert (brand.app_name, brand.tagline, brand.app_description) == ("Acme Tea", "Tea on time.", "Loose leaf tea.")
    assert (brand.audience, brand.keywords, brand.primary_language) == ("Offices that drink tea", ("tea", "oolong"), "en-GB")
    assert (brand.web_domain, outcome.logo.media_type) == ("acme.example", "image/svg+xml")


def test_a_page_without_metas_is_read_from_its_prose():
    """Only what is there: a heading becomes the tagline, a first real paragraph the description; the language is heard."""
    german = "<p>Kurz.</p><p>Mit uns ist der Tee immer da, wenn du ihn brauchst, und das ist für alle gut, die ihn mögen.</p>"
    page = read(f"<html lang=en><h1>Tee, wenn du ihn brauchst</h1><svg><title>Icon</title></svg>{german}</html>")

    brand = brand_of([page])

    assert (brand.app_name, brand.tagline, brand.primary_language) == (None, "Tee, wenn du ihn brauchst", "de")
    assert brand.app_description.startswith("Mit uns ist der Tee")
    assert (brand.audience, brand.brand_voice) == (None, None)


async def test_links_are_followed_within_the_host_and_one_that_fails_is_passed_over(tmp_path):
    """layers-api: POST …/ingest/website: followLinks, maxPages."""
    links = "".join(f'<a href="{to}">x</a>' for to in ("/gone", "http://[", "//b.example/", "/a.pdf", "#top", "/", "/b", "/features", "/c"))
    words = {
        "b__html": "<p>One two three four five six seven.</p>",
        "features__html": "<meta name=description content='All the tea.'>",
        "c__html": "x",
    }
    sites = _sites(tmp_path, index__html=f"<title>Acme</title>{links}", **words)
    errand = SiteErrand(url="https://acme.example", follow_links=True, most_pages=3, sites=sites)

    outcome = await read_site(errand, Web(sites))

    assert (outcome.pages, outcome.brand.app_name, outcome.brand.app_description) == (3, "Acme", "All the tea.")


async def test_a_listing_is_found_by_its_id_or_not_at_all(tmp_path):
    """Apple answers with several; Google with one page, which must be of the app that was asked for."""
    page = '<script type="application/ld+json">{"@type":"SoftwareApplication","name":"Acme Tea","url":"https://play.google.com/?id=%s"}</script>'
    sites = _sites(
        tmp_path,
        icon__svg=SVG,
        **{
            "com.acme.tea__json": json.dumps({"results": [APPLE]}),
            "77777__json": json.dumps({"results": [APPLE]}),
            "com.acme.tea__html": page % "com.acme.tea",
            "com.acme.other__html": page % "com.acme.tea",
        },
    )
    web = Web(sites)

    by_bundle, by_number = [await read_listings(_listing(sites, app=app), web) for app in ("com.acme.tea", "77777")]
    google = await read_listings(_listing(sites, "google", field="androidPackage"), web)
    wrong = await read_listings(_listing(sites, "google", "com.acme.other", "androidPackage"), web)
    gone = await read_listings(_listing(sites, app="com.acme.none"), web)

    assert by_bundle == by_number
    assert by_bundle.logo is not None
    assert (google.brand.app_name, google.brand.android_package) == ("Acme Tea", "com.acme.tea")
    for trouble, field in ((wrong, "androidPackage"), (gone, "iosBundleId")):
        assert (trouble.code, trouble.field) == ("SCRAPE_FAILED", field)
        assert trouble.message == f"{field} names an app that the store does not show in this country; check it, and countryCode"


async def test_a_store_that_is_down_is_no_fault_of_the_id(server):
    """A way out that helps: later, not another id."""
    sites = listed([f"itunes.apple.com={server.url}"])
    server.pages["/lookup?bundleId=com.acme.tea&country=us"] = lambda to: to.send_error(503)

    trouble = await read_listings(_listing(sites), Web(sites))

    assert trouble.message == "iosBundleId names an app whose store could not be read; try again later"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"results": 3}', '{"results": [3, null, {}]}', "[" * 100_000, "<html>"])
def test_an_answer_without_the_app_is_none(text):
    """Whatever the store sends."""
    assert of_apple(text, "com.acme.tea") is None
    assert of_play(text, "com.acme.tea") is None


def test_a_listing_with_wrong_types_gives_what_can_be_read():
    """A stranger's JSON is Any until it was looked at."""
    odd = {"bundleId": "a.b", "trackName": 3, "description": ["x"], "languageCodesISO2A": "EN,DE", "genres": {"a": 1}, "sellerUrl": 7}

    brand, icon = of_apple(json.dumps({"results": [odd]}), "a.b")

    assert (brand.app_name, brand.app_description, brand.keywords, icon) == (None, None, (), None)


def test_a_play_page_without_structured_words_falls_back_to_open_graph():
    """og: tags; the voice and the audience are guessed from prose."""
    page = (
        '<html lang="pt-BR"><meta property="og:title" content="Chá: na hora - Apps no Google Play">'
        '<meta property="og:description" content="O chá que você gosta, com a gente não falta mais em casa e no trabalho para você.">'
        '<script type="application/ld+json">{"@type":"SoftwareApplication","applicationCategory":"<b>"}</script>'
    )

    brand, _ = of_play(page, "com.cha")

    assert (brand.app_name, brand.tagline, brand.primary_language, brand.keywords) == ("Chá", "na hora", "pt-BR", ())
    assert brand.app_description.startswith("O chá que")


async def test_a_file_of_a_listed_folder_is_bound_like_any_other(tmp_path):
    """Types and bytes are bounded, wherever a page comes from."""
    sites = _sites(tmp_path, index__html="a" * 200_000, data__json="{}", plain="x")
    wants = Wants(what="web page", types=frozenset({"text/html"}), at_most=100_000)

    for path, words in (("/", "smaller"), ("/data.json", "content type"), ("/plain", "content type"), ("/none", "check the path")):
        with pytest.raises(Unfetched, match=words):
            await Web(sites).get(f"https://acme.example{path}", wants, io.BytesIO())


async def test_a_server_that_is_not_there_is_said_so():
    """A connection that fails is tried at every address of the name, then said."""
    with pytest.raises(Unfetched, match="could not be fetched"):
        await Web(listed(["acme.example=http://127.0.0.1:9"])).get("https://acme.example/", Wants(what="page", at_most=9), io.BytesIO())


async def test_a_child_that_takes_too_long_fails_the_reading_and_names_the_field(tmp_path):
    """A page that breaks its reader would break it again: the job fails with its field rather than being tried anew."""
    sites = _sites(tmp_path)
    limits = Limits(at_most_s=0.01)

    site = await child.read(SiteErrand(url="https://acme.example", follow_links=False, most_pages=1, sites=sites), limits)
    app = await child.read(_listing(sites, "google", field="androidPackage"), limits)

    assert [(one.code, one.field) for one in (site, app)] == [("SCRAPE_FAILED", "url"), ("SCRAPE_FAILED", "androidPackage")]


async def test_the_listing_that_broke_its_reader_is_the_one_that_is_named(tmp_path, monkeypatch):
    """House rule: every refusal names the field, and the way out that fits what was asked for."""
    sites = _sites(tmp_path, **{"com.acme.tea__json": json.dumps({"results": [APPLE]})})
    both = ListingErrand(
        listings=(
            Listing(store="apple", app="com.acme.tea", field="iosBundleId"),
            Listing(store="google", app="com.acme.tea", field="androidPackage"),
        ),
        country="us",
        sites=sites,
    )
    truly = child.run_child

    async def slow_at_google(workshop, errand, limits):
        return await truly(workshop, errand, Limits(at_most_s=0.01) if errand.listings[0].store == "google" else limits)

    monkeypatch.setattr(child, "run_child", slow_at_google)

    trouble = await child.read(both)

    assert (trouble.code, trouble.field) == ("SCRAPE_FAILED", "androidPackage")
    assert trouble.message == (
        "androidPackage: the reading of the listing took longer than 0.01 seconds; try again later, or read the customer's website instead"
    )


@pytest.mark.parametrize(
    ("errand", "words"),
    [
        (
            {"work": "website", "url": "x", "follow_links": False, "most_pages": 1},
            "the reading of the page .*; give the address of a plainer",
        ),
        (
            {"work": "listing", "listings": [{"store": "apple", "app": "a", "field": "iosBundleId"}], "country": "us"},
            "the reading of the listing .*; try again later",
        ),
        (
            {"work": "media", "url": "x", "kind": "logo", "folder": "/none", "stem": "a"},
            "the fetching of the file .*; give the address of a smaller",
        ),
    ],
)
def test_a_child_that_breaks_names_its_work_and_the_way_out(monkeypatch, capsys, errand, words):
    """House-style 25: what happened, then what to do; a file is no page."""

    def broken(sites):
        raise RuntimeError(sites)

    monkeypatch.setattr(edge, "Web", broken)
    monkeypatch.setattr(inside, "limit", lambda **_: None)
    monkeypatch.setattr(inside.sys, "stdin", io.StringIO(json.dumps(errand | {"sites": []})))

    edge.main([])

    assert re.match(words, json.loads(capsys.readouterr().out)["result"]["message"])


def test_a_keyword_list_of_megabytes_is_cut_before_it_is_split():
    """A page has 2 MB, its reader 75 s."""
    listed = "tea, oolong, " + "a," * 1_000_000

    read_so_far = read(f'<title>Acme</title><meta name="keywords" content="{listed}">')

    assert read_so_far.brand.keywords[:2] == ("tea", "oolong")
    assert len(read_so_far.brand.keywords) < 10_000


def test_names_are_resolved_as_this_machine_does():
    """The default resolver; what it finds is judged by the guard."""
    assert {"127.0.0.1", "::1"} & set(resolved("localhost", 80))
