"""Websites and app-store listings: really read, from servers of this machine, revealed when the job ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from layers_mcp.sandbox.breaker import cooling_until
from layers_mcp.sandbox.faults import Fault
from layers_mcp.sandbox.world import World

pytestmark = pytest.mark.anyio
HOME = """<!doctype html><html lang="en"><head><title>Acme Tea | Tea on time</title>
<meta name="description" content="Loose leaf tea, delivered before you run out.">
<link rel="apple-touch-icon" href="/icon.png"></head>
<body><h1>Tea on time</h1><a href="/press.pdf">Press</a><a href="/legal">Legal</a><a href="/about#us">About</a>
<a href="https://other.example/">Friends</a><a href="mailto:a@b.c">Mail</a></body></html>"""
ABOUT = """<html lang="en"><title>About | Acme Tea</title><p>Acme Tea is made for people who never want to run out of oolong.</p></html>"""
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x40\0\0\0\x40\x08\x06\0\0\0"
APP = {
    "trackId": 123456789,
    "bundleId": "com.acme.tea",
    "trackName": "Acme Tea: Tea on time",
    "description": "Loose leaf tea, delivered before you run out.\n\nPick a tea, and we watch the tin for you.",
    "primaryGenreName": "Food & Drink",
    "genres": ["Food & Drink", "Shopping"],
    "languageCodesISO2A": ["EN"],
    "sellerUrl": "https://acme.example/",
}
LOOK_UP = "/lookup?bundleId=com.acme.tea&country=us"
PLAY = "/store/apps/details?id=com.acme.tea&gl=us"
PLAY_PAGE = """<html lang="en-US"><meta property="og:title" content="Acme Tea - Apps on Google Play">
<script type="application/ld+json">{"@context":"https://schema.org","@type":"SoftwareApplication","name":"Acme Tea",
"url":"https://play.google.com/store/apps/details/Acme?id=com.acme.tea","description":"Tea for phones, delivered on time.",
"applicationCategory":"FOOD_AND_DRINK","author":{"@type":"Person","name":"Acme","url":"https://acme.example/"}}</script></html>"""


async def read(house, project, route, **asked):
    """A job of a reading, ended."""
    started = await house.post(f"{project}/ingest/{route}", asked, status=202)
    await house.world.work_done()
    house.wait(10)
    return await house.get(f"/v1/jobs/{started['jobId']}")


async def test_a_website_is_fetched_analyzed_and_merged_into_the_brand_context(shop, server):
    """layers-api: POST …/ingest/website: 202 with the kind, fetching first, less than 10 s; the result merges into brandContext."""
    server.pages |= {"/": HOME, "/icon.png": PNG}
    server.types["/icon.png"] = "image/png"
    project = await shop.project(brandContext={"icp": "Offices.", "tagline": "Old."})

    started = await shop.post(f"{project}/ingest/website", {"url": "https://acme.example/"}, status=202)
    await shop.world.work_done()
    shop.wait(8.999)
    before = await shop.get(project)
    shop.wait(0.001)
    after, job = await shop.get(project), await shop.get(f"/v1/jobs/{started['jobId']}")

    assert (started["kind"], started["stage"], started["status"]) == ("project_ingest_website", "fetching", "running")
    assert (before["brandContext"]["tagline"], before["ingestState"]["website"]["status"]) == ("Old.", "running")
    assert after["ingestState"]["website"] == {"status": "completed", "jobId": started["jobId"], "completedAt": "2026-04-18T17:22:23Z"}
    assert (job["status"], job["finishedAt"]) == ("completed", "2026-04-18T17:22:23Z")
    brand = after["brandContext"]
    assert (brand["appName"], brand["tagline"], brand["icp"]) == ("Acme Tea", "Tea on time", "Offices.")
    assert brand["appDescription"] == "Loose leaf tea, delivered before you run out."
    assert "/brand/logo_" in brand["logoUrl"]
    assert "icp" not in job["result"]["brandContext"]


async def test_the_pages_of_the_same_host_are_read_when_they_are_asked_for(shop, server):
    """layers-api: POST …/ingest/website: followLinks, maxPages; those that tell of the product come first."""
    server.pages |= {"/": HOME, "/about": ABOUT, "/legal": "<title>Legal</title>"}
    project = await shop.project()

    await read(shop, project, "website", url="http://acme.example")
    alone = [path for path, _ in server.asked]
    job = await read(shop, project, "website", url="http://acme.example", followLinks=True, maxPages=2)

    assert alone == ["/", "/icon.png"]
    assert [path for path, _ in server.asked[2:]] == ["/", "/about", "/icon.png"]
    assert job["result"]["brandContext"]["audience"] == "People who never want to run out of oolong."
    assert job["result"]["brandContext"]["tagline"] == "Tea on time"


async def test_a_first_influencer_is_in_training_when_a_page_was_read(shop, server):
    """Seed 004, step 5: every project has at least one; a reading is shorter than a training."""
    server.pages["/"] = HOME
    project = await shop.project()
    await shop.post(f"{project}/ingest/website", {"url": "https://acme.example/"}, status=202)
    await shop.world.work_done()

    shown = []
    for wait_s in (8.9, 0.1, 20):
        shop.wait(wait_s)
        shown.append([one["status"] for one in (await shop.get(f"{project}/influencers"))["items"]])

    assert shown == [[], ["training"], ["ready"]]


@pytest.mark.parametrize(
    ("url", "field"),
    [
        ("ftp://acme.example/", "url"),
        ("https://me:secret@acme.example/", "url"),
        ("http://127.0.0.1/", "url"),
        ("http://169.254.169.254/latest/meta-data/", "url"),
        ("http://[::ffff:7f00:1]/", "url"),
        ("https://example.com:8080/", "url"),
        ("acme.example", "url"),
    ],
)
async def test_what_can_be_seen_at_once_is_refused_before_a_job_starts(shop, url, field):
    """Scheme, credentials, private addresses, unlisted ports: 422 on the field, with the way out, and no job."""
    project = await shop.project()

    refused = await shop.post(f"{project}/ingest/website", {"url": url}, status=422)

    issue = refused["error"]["details"]["issues"][0]
    assert (refused["error"]["code"], issue["path"]) == ("VALIDATION", field)
    assert any(way in issue["message"] for way in ("; give", "; leave", "like https://"))
    assert "secret" not in shop.answer.text
    assert (await shop.get(project))["ingestState"]["website"] is None


async def test_pages_go_with_follow_links(shop):
    """layers-api: POST …/ingest/website: maxPages only with followLinks."""
    project = await shop.project()

    for more, path in (({"maxPages": 3}, "maxPages"), ({"followLinks": True, "maxPages": 26}, "maxPages"), ({"depth": 1}, "depth")):
        refused = await shop.post(f"{project}/ingest/website", {"url": "https://acme.example/", **more}, status=422)
        assert refused["error"]["details"]["issues"][0]["path"] == path


async def test_what_only_shows_on_fetching_fails_the_job(shop, server):
    """A missing page, a name that leads inside: SCRAPE_FAILED with the field and the way out; the brand stays as it was."""
    server.redirect("/", "http://localhost/")
    project = await shop.project(brandContext={"tagline": "Old."})

    missing = await read(shop, project, "website", url="https://acme.example/none")
    inside = await read(shop, project, "website", url="https://acme.example/")

    for job in (missing, inside):
        assert (job["status"], job["stage"], job["error"]["code"]) == ("failed", "fetching", "SCRAPE_FAILED")
        assert job["error"]["details"]["issues"][0] == {"path": "url", "message": job["error"]["message"]}
    assert "HTTP 404" in missing["error"]["message"]
    assert "LAYERS_SANDBOX_SITES" in inside["error"]["message"]
    after = await shop.get(project)
    assert (after["brandContext"]["tagline"], after["ingestState"]["website"]["status"]) == ("Old.", "failed")


async def test_a_canceled_reading_leaves_nothing(shop, server):
    """A job that was canceled made nothing."""
    server.pages |= {"/": HOME, "/icon.png": PNG}
    server.types["/icon.png"] = "image/png"
    project = await shop.project()
    started = await shop.post(f"{project}/ingest/website", {"url": "https://acme.example/"}, status=202)
    await shop.world.work_done()

    await shop.post(f"/v1/jobs/{started['jobId']}/cancel", status=202)
    shop.wait(10)
    await shop.world.work_done()

    assert (await shop.get(f"/v1/jobs/{started['jobId']}"))["status"] == "canceled"
    assert (await shop.get(project))["brandContext"] is None
    assert list((shop.world.ground.folder / "logos").glob("*")) == []


async def test_an_app_store_listing_fills_the_brand_context(shop, server):
    """Seed 000, loop 1, step 2: the App Store listing is the mobile path; Apple's look-up JSON as text/javascript."""
    server.pages[LOOK_UP] = json.dumps({"resultCount": 1, "results": [APP]})
    server.types[LOOK_UP] = "text/javascript; charset=utf-8"
    project = await shop.project()

    job = await read(shop, project, "appstore", iosBundleId="com.acme.tea")

    assert (job["kind"], job["finishedAt"]) == ("project_ingest_appstore", "2026-04-18T17:22:19Z")
    assert job["result"]["brandContext"] == {
        "appName": "Acme Tea",
        "tagline": "Tea on time",
        "appDescription": "Loose leaf tea, delivered before you run out.",
        "keywords": ["food & drink", "shopping"],
        "primaryLanguage": "en",
    }
    state = (await shop.get(project))["ingestState"]
    assert (state["github"], state["website"], state["appstore"]["status"]) == (None, None, "completed")


async def test_google_play_is_read_from_its_page_and_apple_is_believed_first(shop, server):
    """layers-api: POST …/ingest/appstore: at least one of; both are read when both are named."""
    server.pages |= {LOOK_UP: json.dumps({"results": [APP]}), PLAY: PLAY_PAGE}
    server.types[LOOK_UP] = "application/json"
    project = await shop.project()

    play = await read(shop, project, "appstore", androidPackage="com.acme.tea")
    both = await read(shop, project, "appstore", androidPackage="com.acme.tea", iosBundleId="com.acme.tea")

    assert play["result"]["brandContext"]["appDescription"] == "Tea for phones, delivered on time."
    assert play["result"]["brandContext"]["keywords"] == ["food & drink"]
    assert both["result"]["brandContext"]["appDescription"] == "Loose leaf tea, delivered before you run out."


@pytest.mark.parametrize(
    ("url", "more", "path"),
    [
        ("https://apps.apple.com/de/app/acme-tea/id123456789?l=en", {}, "/lookup?id=123456789&country=de"),
        ("https://apps.apple.com/de/app/id123456789", {"countryCode": "AT"}, "/lookup?id=123456789&country=at"),
        ("https://itunes.apple.com/app/id123456789", {}, "/lookup?id=123456789&country=us"),
        ("https://play.google.com/store/apps/details?id=com.acme.tea&gl=FR", {}, "/store/apps/details?id=com.acme.tea&gl=fr"),
    ],
)
async def test_the_address_of_a_store_page_names_app_and_country(shop, server, url, more, path):
    """layers-api: POST …/ingest/appstore: appStoreUrl, countryCode."""
    project = await shop.project()

    job = await read(shop, project, "appstore", appStoreUrl=url, **more)

    assert [asked for asked, _ in server.asked] == [path]
    assert (job["error"]["code"], job["error"]["details"]["issues"][0]["path"]) == ("SCRAPE_FAILED", "appStoreUrl")
    assert "countryCode" in job["error"]["message"]


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({}, "iosBundleId"),
        ({"appStoreUrl": "https://example.com/app/id1"}, "appStoreUrl"),
        ({"appStoreUrl": "https://apps.apple.com.evil.example/app/id123456789"}, "appStoreUrl"),
        ({"appStoreUrl": "https://play.google.com/store/apps/details?id=../x"}, "appStoreUrl"),
        ({"appStoreUrl": "http://[::1"}, "appStoreUrl"),
        ({"appStoreUrl": "https://apps.apple.com/app/id123456789", "iosBundleId": "com.acme"}, "appStoreUrl"),
        ({"appStoreUrl": "https://play.google.com/store/apps/details?id=com.acme", "androidPackage": "com.acme"}, "appStoreUrl"),
        ({"iosBundleId": "com.acme/../x"}, "iosBundleId"),
        ({"iosBundleId": "com.acme", "countryCode": "usa"}, "countryCode"),
    ],
)
async def test_an_app_that_is_not_named_rightly_is_refused_by_field(shop, asked, path):
    """A refusal names the field and the way out."""
    project = await shop.project()

    refused = await shop.post(f"{project}/ingest/appstore", asked, status=422)

    assert refused["error"]["details"]["issues"][0]["path"] == path


async def test_an_app_whose_listing_fails_five_times_is_left_alone_for_seven_days(shop, server):
    """layers-api: POST …/ingest/appstore: circuit breaker per app; jobs fail SCRAPE_FAILED in the cooldown, saying until when."""
    project = await shop.project()
    shop.world.script(Fault(path="/v1/projects/{projectId}/ingest/appstore", times=4, job_error="SCRAPE_FAILED"))
    for _ in range(5):
        await read(shop, project, "appstore", iosBundleId="com.acme.tea")
    server.pages[LOOK_UP] = json.dumps({"results": [APP]})
    server.types[LOOK_UP] = "application/json"
    asked = len(server.asked)

    cooling = await read(shop, project, "appstore", iosBundleId="com.acme.tea")
    other = await read(shop, project, "appstore", androidPackage="com.acme.tea")
    shop.wait(7 * 86_400)
    again = await read(shop, project, "appstore", iosBundleId="com.acme.tea")

    assert (cooling["status"], cooling["error"]["code"]) == ("failed", "SCRAPE_FAILED")
    assert cooling["error"]["message"].endswith("start the ingest again after 2026-04-25T17:22:57Z")
    assert cooling["error"]["details"]["issues"][0]["path"] == "iosBundleId"
    assert other["error"]["details"]["issues"][0]["path"] == "androidPackage"
    assert [path for path, _ in server.asked[asked:]] == [PLAY, LOOK_UP]
    assert again["status"] == "completed"


async def test_scripted_failures_count_and_canceled_ones_do_not(house):
    """Trouble that was scripted looks like the real thing to the breaker; a canceled job never failed."""
    project = await house.project()
    house.world.script(Fault(path="/v1/projects/{projectId}/ingest/appstore", times=5, job_error="SCRAPE_FAILED"))
    asked = {"iosBundleId": "coffee.quinns.app"}
    first = (await house.post(f"{project}/ingest/appstore", asked, status=202))["jobId"]
    await house.post(f"/v1/jobs/{first}/cancel", status=202)
    for _ in range(4):
        await house.post(f"{project}/ingest/appstore", asked, status=202)
    house.wait(60)

    job = await read(house, project, "appstore", **asked)

    assert job["status"] == "completed"


def test_a_success_and_a_served_cooldown_start_the_count_anew():
    """Ours (`drift`): five in a row; what ends a count."""
    start = datetime(2026, 4, 18, tzinfo=UTC)
    hour = timedelta(hours=1)

    def until(told: str):
        return cooling_until((start + number * hour, letter == "x") for number, letter in enumerate(told))

    assert until("xxxx") is None
    assert until("xxxx.xxxx") is None
    assert until("xxxxx") == start + 4 * hour + timedelta(days=7)
    assert until("xxxxxxxxx") == until("xxxxx")
    assert until("xxxxxxxxxx") == start + 9 * hour + timedelta(days=7)


async def test_the_sample_customer_has_a_website_and_a_listing_without_a_network(house):
    """Design §8: it works with no network; the sample's README and brand say the same of it."""
    project = await house.project()

    site = await read(house, project, "website", url="https://quinnscoffee.com", followLinks=True, maxPages=5)
    app = await read(house, project, "appstore", iosBundleId="coffee.quinns.app")

    found = site["result"]["brandContext"]
    assert (found["appName"], found["tagline"]) == ("Quinn's Coffee", "Your cafe, skip the line.")
    assert found["keywords"] == ["coffee", "cafe", "order ahead", "pacific northwest"]
    assert app["result"]["brandContext"]["appDescription"] == "Order-ahead for third-wave coffee shops in the PNW."
    assert found["logoUrl"] != app["result"]["brandContext"]["logoUrl"]


async def test_a_file_may_stand_for_a_store(tmp_path, clock, house):
    """The setting: a place is a folder or file of HTML or JSON."""
    (tmp_path / "apple.json").write_text(json.dumps({"results": [{}, APP | {"bundleId": "x.y"}, APP]}))
    (tmp_path / "play").mkdir()
    (tmp_path / "play" / "com.acme.tea.html").write_text(PLAY_PAGE)
    sites = [f"itunes.apple.com={tmp_path / 'apple.json'}", f"play.google.com={tmp_path / 'play'}"]
    world = await World.open(tmp_path / "own", wall=clock, sites=sites)
    own = type(house)(world, clock)
    project = await own.project()

    job = await read(own, project, "appstore", iosBundleId="com.acme.tea", androidPackage="com.acme.tea")
    other = await read(own, project, "appstore", iosBundleId="com.acme.coffee")

    assert job["result"]["brandContext"]["appName"] == "Acme Tea"
    assert other["error"]["details"]["issues"][0]["path"] == "iosBundleId"
    await own.client.aclose()
    await world.close()


async def test_a_shop_without_scope_reads_nothing(shop, server):
    """layers-api: concepts, "Scopes": ingest:write."""
    project = await shop.project()
    weak = shop.world.add_key(scopes=("projects:read",))

    for route, asked in (("website", {"url": "https://acme.example/"}), ("appstore", {"iosBundleId": "com.acme.tea"})):
        await shop.call("POST", f"{project}/ingest/{route}", asked, status=403, key=weak)

    assert server.asked == []
