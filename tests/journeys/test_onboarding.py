"""The onboarding guide over real stdio, by a client that knows nothing but JSON lines."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

SAMPLE = "quinns-coffee/quinns-app"
ERAS = ("2026-07-28", pytest.param("2025-11-25", marks=pytest.mark.long), pytest.param("2025-06-18", marks=pytest.mark.long))


def a_project(wire):
    """Its id."""
    made = wire.call("create_project", {"name": "Quinns Coffee Co", "customerExternalId": "quinn-1", "timezone": "America/Los_Angeles"})
    return made["result"]["project"]["id"]


def ingested(wire, project, *, progress=False):
    """The ingest of the sample app, done."""
    asked = wire.call("ingest_repo", {"projectId": project, "repoFullName": SAMPLE})
    return wire.call("ingest_repo", {**asked["next"][0]["arguments"], "waitSeconds": 60}, progress=progress)


def a_post(wire, project):
    """Its id, pending."""
    made = wire.call("generate_content", {"projectId": project, "format": "slideshow_remix", "hook": "Skip the line.", "waitSeconds": 60})
    return made["result"]["containers"][0]["id"]


def an_account(wire, project):
    """Its id, connected."""
    url = "https://app.your-partner.com/done"
    asked = wire.call("connect_account", {"projectId": project, "platform": "tiktok", "returnUrl": url})
    state = asked["result"]["state"]
    assert wire.allow(asked["result"]["authorizeUrl"]) == f"{url}?layers_state={state}&status=success"
    done = wire.call("wait_for_job", {"state": state, "projectId": project, "waitSeconds": 60})
    return done["result"]["account"]["socialAccountId"]


def soon(seconds):
    """An instant that comes soon."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


@pytest.mark.parametrize("era", ERAS)
def test_a_customer_is_onboarded_end_to_end(serve, era):
    """Seed 004, all ten steps, in both protocol eras."""
    wire = serve(era)
    project = a_project(wire)
    report = ingested(wire, project)
    read = wire.call("get_project", {"projectId": project})
    post = a_post(wire, project)
    preview = wire.call("approve_content", {"containerIds": [post]})
    approved = wire.call("approve_content", {"containerIds": [post], "confirm": preview["confirmation"]["handle"]})
    account = an_account(wire, project)
    wanted = {"containerId": post, "scheduledFor": soon(2), "targets": [{"socialAccountId": account}]}
    asked = wire.call("schedule_content", wanted)
    queued = wire.call("schedule_content", {**wanted, "confirm": asked["confirmation"]["handle"]})

    published = wire.call("wait_for_job", {"scheduledPostId": queued["result"]["schedule"]["scheduledPostIds"][0], "waitSeconds": 60})

    assert report["result"]["job"]["result"]["prUrl"].startswith("https://github.com/quinns-coffee/quinns-app/pull/")
    assert read["result"]["project"]["brandContext"]["appName"] == "Quinn's Coffee"
    assert approved["result"]["items"][0]["outcome"] == "approved"
    assert approved["confirmedBy"] == "agent"
    assert published["status"] == "done"
    assert re.match(r"https://www\.tiktok\.com/@\w+/video/\d+", published["result"]["post"]["externalUrl"])
    assert wire.close() == 0


def test_an_ingest_shows_at_least_five_rising_steps_of_progress(serve):
    """Issue 2, done when: rising progress notifications, then PR, SDK app and brand context."""
    wire = serve(LAYERS_SANDBOX_SPEED="60")
    project = a_project(wire)

    report = ingested(wire, project, progress=True)

    shares = [step["progress"] for step in wire.progress]
    assert len(shares) >= 5
    assert shares == sorted(set(shares))
    assert all(0 <= share <= 1 for share in shares)
    assert all(step["message"] and step["total"] == 1 for step in wire.progress)
    found = report["result"]["job"]["result"]
    assert found["prNumber"] == 142
    assert found["sdkAppId"].startswith("app_")
    assert found["brandContext"]["tagline"] == "Your cafe, skip the line."
    assert "files changed" in found["diffstat"]


def test_the_text_alone_is_enough_to_onboard(serve):
    """Issue 2: ids and handles stand in the text too."""
    wire = serve()

    def said(tool, pattern, **arguments):
        words = wire.result(tool, arguments)["content"][0]["text"]
        found = re.search(pattern, words)
        assert found, words
        return found[0] if found.re.groups == 0 else found[1]

    project = said("create_project", r"prj_[0-9a-f-]+", name="Quinns Coffee Co")
    state = said("ingest_repo", r"state: (\S+)", projectId=project, repoFullName=SAMPLE)
    ingest = {"projectId": project, "repoFullName": SAMPLE, "installationId": 48271993, "state": state, "waitSeconds": 60}
    said("ingest_repo", r"https://github.com/quinns-coffee/quinns-app/pull/142", **ingest)
    said("get_project", r"inf_[0-9a-f-]+", projectId=project)
    post = said("generate_content", r"cnt_[0-9a-f-]+", projectId=project, waitSeconds=60)
    handle = said("approve_content", r"confirm=(cf_\S+)", containerIds=[post])
    said("approve_content", "approved", containerIds=[post], confirm=handle)
    url = said("connect_account", r'authorizeUrl: "(\S+)"', projectId=project, platform="tiktok", returnUrl="https://localhost/x")
    wire.allow(url)
    state = re.search(r"state=(st_\w+)", url)[1]
    account = said("wait_for_job", r"sa_[0-9a-f-]+", state=state, projectId=project, waitSeconds=60)
    schedule = {"containerId": post, "scheduledFor": soon(2), "targets": [{"socialAccountId": account}]}
    handle = said("schedule_content", r"confirm=(cf_\S+)", **schedule)
    scheduled = said("schedule_content", r"sp_[0-9a-f-]+", **schedule, confirm=handle)
    said("wait_for_job", r"https://www\.tiktok\.com/\S+", scheduledPostId=scheduled, waitSeconds=60)


def test_a_wait_that_ends_first_hands_back_the_call_that_goes_on(serve):
    """Issue 2: `running` with the resuming call when `waitSeconds` ends."""
    wire = serve(LAYERS_SANDBOX_SPEED="60")
    project = a_project(wire)
    asked = wire.call("ingest_repo", {"projectId": project, "repoFullName": SAMPLE})

    early = wire.call("ingest_repo", {**asked["next"][0]["arguments"], "waitSeconds": 0})
    step = early["next"][0]
    late = wire.call(step["tool"], {**step["arguments"], "waitSeconds": 60})

    assert early["status"] == "running"
    assert late["status"] == "done"
    assert late["result"]["job"]["jobId"] == early["result"]["job"]["jobId"]


def test_a_job_goes_on_when_the_server_is_killed(serve):
    """Issue 2: state survives a restart and kill -9; orphaned work is restarted by whoever opens the world next."""
    wire = serve(LAYERS_SANDBOX_SPEED="60")
    project = a_project(wire)
    asked = wire.call("ingest_repo", {"projectId": project, "repoFullName": SAMPLE})
    job = wire.call("ingest_repo", {**asked["next"][0]["arguments"], "waitSeconds": 0})["result"]["job"]["jobId"]
    wire.kill()

    done = serve(LAYERS_SANDBOX_SPEED="60").call("wait_for_job", {"jobId": job, "waitSeconds": 60})

    assert done["status"] == "done"
    assert done["result"]["job"]["result"]["brandContext"]["appName"] == "Quinn's Coffee"


def test_the_same_call_within_ten_minutes_is_the_same_operation(serve):
    """Design §5: a repeated call gets the first outcome back, marked; a new idempotencyKey makes another."""
    wire = serve()
    project = a_project(wire)
    first = wire.call("generate_content", {"projectId": project, "format": "slideshow_remix", "hook": "Hi.", "waitSeconds": 60})
    again = wire.call("generate_content", {"projectId": project, "format": "slideshow_remix", "hook": "Hi.", "waitSeconds": 60})
    other = wire.call(
        "generate_content",
        {"projectId": project, "format": "slideshow_remix", "hook": "Hi.", "waitSeconds": 60, "idempotencyKey": "second"},
    )

    ids = [made["result"]["containerIds"] for made in (first, again, other)]
    assert ids[0] == ids[1] != ids[2]
    assert "replayed" not in first
    assert "idempotencyKey" in again["replayed"]
    assert "replayed" not in other
    assert wire.call("list_content", {"projectId": project})["result"]["returned"] == 2


def test_one_customer_never_gets_two_projects(serve):
    """Design §4: find by customerExternalId, else create; also with another name, and after a restart."""
    first = a_project(serve())
    again = serve().call("create_project", {"name": "Quinn", "customerExternalId": "quinn-1"})

    assert again["result"]["project"]["id"] == first
    assert again["result"]["created"] is False
