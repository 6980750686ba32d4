"""A customer without a repository: website or store listing read, and files of their own kept."""

from __future__ import annotations

import pytest

from layers_mcp.sandbox.faults import Fault

pytestmark = pytest.mark.anyio
SITE = "https://quinnscoffee.com"
LOGO = f"{SITE}/logo.svg"


async def read(story, **arguments):
    """A reading, waited for."""
    started = await story.call("ingest_listing", waitSeconds=0, **arguments)
    await story.world.work_done()
    return started, await story.call("ingest_listing", waitSeconds=900, **arguments)


async def test_a_website_fills_the_brand_context_and_the_next_call_shows_it(story):
    """Issue 3: ingest_listing; waits with progress, resumable, a repeat is the same operation."""
    project = await story.project()

    started, done = await read(story, projectId=project, url=SITE)

    assert (started["status"], started["next"][0]["tool"]) == ("running", "wait_for_job")
    assert (done["status"], done["result"]["job"]["jobId"]) == ("done", started["result"]["job"]["jobId"])
    assert [(mark["at"], mark["kind"]) for mark in done["readFrom"]] == [("job.result.brandContext", "website")]
    assert done["next"][0] == {
        "tool": "get_project",
        "arguments": {"projectId": project},
        "why": "Show the brand context to the customer.",
    }
    found = await story.call("get_project", projectId=project)
    assert found["result"]["project"]["brandContext"]["appName"] == "Quinn's Coffee"
    assert found["result"]["project"]["brandContext"]["audience"] == "People who would rather talk to their barista than wait for one."


async def test_a_store_listing_is_read_by_bundle_id(story):
    """Seed 000, loop 1, step 2: the mobile path."""
    project = await story.project()

    _, done = await read(story, projectId=project, iosBundleId="coffee.quinns.app", countryCode="us")

    assert done["result"]["job"]["kind"] == "project_ingest_appstore"
    assert done["readFrom"] == [{"at": "job.result.brandContext", "kind": "appstore", "name": "coffee.quinns.app"}]
    assert done["result"]["job"]["result"]["brandContext"]["tagline"] == "Skip the line"
    assert "fetching what is published" in {stage for _, stage in story.told}


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({}, "url"),
        ({"url": SITE, "iosBundleId": "coffee.quinns.app"}, "iosBundleId"),
        ({"iosBundleId": "a.b", "androidPackage": "a.b", "appStoreUrl": "https://x.y"}, "androidPackage"),
        ({"url": SITE, "countryCode": "us"}, "countryCode"),
        ({"url": "http://127.0.0.1:9/"}, "url"),
        ({"appStoreUrl": "https://example.com/"}, "appStoreUrl"),
        ({"iosBundleId": "../../etc"}, "iosBundleId"),
    ],
)
async def test_what_to_read_is_named_exactly_once(story, arguments, path):
    """Principle: a refusal names the field."""
    answer = await story.result("ingest_listing", projectId=await story.project(), **arguments)

    assert answer.is_error
    assert answer.record["error"]["details"]["issues"][0]["path"] == path


async def test_a_failed_reading_says_so_and_can_be_tried_again(story):
    """SCRAPE_FAILED: the error names the argument and the way out; a repeat of the call is a new attempt."""
    project = await story.project()
    story.world.script(Fault(method="POST", path="/v1/projects/{projectId}/ingest/website", job_error="SCRAPE_FAILED"))

    failed = await story.result("ingest_listing", projectId=project, url=SITE, waitSeconds=900)
    _, again = await read(story, projectId=project, url=SITE)

    assert failed.is_error
    assert (failed.record["status"], failed.record["result"]["job"]["error"]["code"]) == ("failed", "SCRAPE_FAILED")
    assert again["status"] == "done"


async def test_a_logo_is_added_listed_and_removed_with_a_yes(story):
    """Issue 3: app media; removing is a control action, and a yes is good for one file."""
    project = await story.project()

    added = (await story.call("add_app_media", projectId=project, kind="logo", url=LOGO))["result"]["media"]
    asked = await story.call("remove_app_media", projectId=project, mediaId=added["id"])
    kept = await story.call("list_app_media", projectId=project, kind="logo")
    removed = await story.call("remove_app_media", projectId=project, mediaId=added["id"], confirm=asked["confirmation"]["handle"])
    left = await story.call("list_app_media", projectId=project)

    assert (added["contentType"], added["role"]) == ("image/svg+xml", "logo")
    assert asked["status"] == "confirmation_required"
    assert asked["confirmation"]["items"][0]["facts"]["kind"] == "logo"
    assert [one["id"] for one in kept["result"]["items"]] == [added["id"]]
    assert removed["result"] == {"id": added["id"], "deleted": True}
    assert (left["result"]["returned"], left["result"]["hasMore"]) == (0, False)


async def test_a_file_that_is_not_there_is_not_asked_about(story):
    """A question about nothing is a refusal; so is a file of another kind or place."""
    project = await story.project()

    missing = await story.result("remove_app_media", projectId=project, mediaId="med_00000000-0000-0000-0000-000000000000")
    wrong = await story.result("add_app_media", projectId=project, kind="screenshot", url=LOGO)
    inside = await story.result("add_app_media", projectId=project, kind="logo", url="https://169.254.169.254/logo.png")

    assert missing.record["error"]["code"] == "NOT_FOUND"
    assert wrong.record["error"]["details"]["issues"][0]["path"] == "url"
    assert inside.record["error"]["details"]["issues"][0]["path"] == "url"
