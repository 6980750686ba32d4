"""SDK apps: made by hand or by an ingest, with a key that is shown once and an install spec that says what an ingest writes."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from layers_mcp.sandbox import tables
from layers_mcp.sandbox.repository.packages import WEB

pytestmark = pytest.mark.anyio
WEB_APP = {"name": "Quinns Web", "platform": "web", "webDomain": "quinnscoffee.com"}


def paths(refused):
    """The fields that a refusal names."""
    return [issue["path"] for issue in refused["error"]["details"]["issues"]]


async def test_a_new_app_shows_its_key_once(house):
    """layers-api: POST …/sdk-apps; the response adds apiKey, shown once."""
    project = await house.project()

    made = await house.post(f"{project}/sdk-apps", WEB_APP, status=201)
    read = await house.get(f"{project}/sdk-apps/{made['appId']}")
    listed = (await house.get(f"{project}/sdk-apps"))["items"]

    key = made.pop("apiKey")
    assert key.startswith("lsk_")
    assert read == made
    assert read | {"appId": "", "createdAt": "", "lastRotatedAt": ""} == {
        "appId": "",
        "name": "Quinns Web",
        "platform": "web",
        "bundleId": None,
        "androidPackage": None,
        "webDomain": "quinnscoffee.com",
        "ingestEndpoint": "https://in.layers.com/l/events",
        "capi": {},
        "createdAt": "",
        "lastRotatedAt": "",
        "lastEventAt": None,
    }
    assert [set(item) for item in listed] == [set(made) - {"ingestEndpoint", "capi", "lastRotatedAt"}]


async def test_a_repeat_gets_the_same_app_without_its_key(house):
    """Drift, "repeating what shows a key": what is replayed is kept, and a key is kept nowhere."""
    project = await house.project()

    first = await house.post(f"{project}/sdk-apps", WEB_APP, status=201, Idempotency_Key="k1")
    again = await house.post(f"{project}/sdk-apps", WEB_APP, status=201, Idempotency_Key="k1")

    assert house.answer.headers["Idempotency-Replayed"] == "true"
    assert again == {name: value for name, value in first.items() if name != "apiKey"}


async def test_a_rotated_key_replaces_the_old_one_at_once(house):
    """layers-api: PATCH …/sdk-apps/:appId, rotateKey."""
    project = await house.project()
    made = await house.post(f"{project}/sdk-apps", WEB_APP, status=201)
    house.wait(60)
    app = f"{project}/sdk-apps/{made['appId']}"

    def digest():
        with house.world.engine.connect() as connection:
            return connection.execute(select(tables.sdk_apps.c.key_sha256)).scalar_one()

    before = digest()
    rotated = await house.call("PATCH", app, {"rotateKey": True, "name": "Renamed"}, status=200)

    assert rotated["apiKey"] != made["apiKey"]
    assert (rotated["name"], rotated["lastRotatedAt"]) == ("Renamed", "2026-04-18T17:23:14Z")
    assert digest() != before
    assert "apiKey" not in await house.get(app)
    assert "apiKey" not in await house.call("PATCH", app, {"name": "Again"}, status=200)


@pytest.mark.parametrize(
    ("platform", "given", "field"),
    [
        ("ios", {}, "bundleId"),
        ("android", {}, "androidPackage"),
        ("web", {}, "webDomain"),
        ("nextjs", {}, "webDomain"),
        ("ios", {"bundleId": "com.acme.app", "webDomain": "acme.com"}, "webDomain"),
        ("ios", {"bundleId": "not an id"}, "bundleId"),
        ("flutter", {"webDomain": "acme.com"}, "webDomain"),
        ("symbian", {}, "platform"),
    ],
)
async def test_an_identifier_that_is_missing_or_does_not_fit_is_named(house, platform, given, field):
    """layers-api: POST …/sdk-apps, required by platform."""
    project = await house.project()

    refused = await house.post(f"{project}/sdk-apps", {"name": "A", "platform": platform, **given}, status=422)

    assert paths(refused) == [field]
    assert (await house.get(f"{project}/sdk-apps"))["items"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [({"name": None}, "name"), ({"webDomain": None}, "webDomain"), ({"bundleId": "com.a.b"}, "bundleId")],
)
async def test_a_change_that_does_not_fit_the_app_is_named(house, change, field):
    """layers-api: PATCH …/sdk-apps/:appId; what a creation must have can't be taken away."""
    project = await house.project()
    made = await house.post(f"{project}/sdk-apps", WEB_APP, status=201)

    refused = await house.call("PATCH", f"{project}/sdk-apps/{made['appId']}", change, status=422)

    assert paths(refused) == [field]


async def test_conversions_go_nowhere_without_a_pixel(house):
    """layers-api: CAPI needs a configured pixel and ad credential first; `capi` is {} until toggled."""
    project = await house.project()
    made = await house.post(f"{project}/sdk-apps", WEB_APP, status=201)
    app = f"{project}/sdk-apps/{made['appId']}"

    refused = await house.call("PATCH", app, {"name": "B", "capi": {"meta": {"enabled": True}}}, status=422)
    off = await house.call("PATCH", app, {"capi": {"meta": {"enabled": False}}}, status=200)

    assert paths(refused) == ["capi.meta.enabled"]
    assert "pixel" in refused["error"]["message"]
    assert off["name"] == "Quinns Web"
    assert off["capi"] == {"meta": {"enabled": False, "pixelId": None, "lastForwardAt": None}}


async def test_the_app_of_an_ingest_shows_from_the_instant_the_job_finishes(house):
    """Seed 004, step 3: the result names sdkAppId; layers-api: ingest creates the SDK app."""
    project = await house.project()
    await house.installation()
    await house.post(f"{project}/ingest/github", {"repoFullName": "quinns-coffee/quinns-app"}, status=202)
    await house.world.work_done()
    house.wait(329.999)
    before = (await house.get(f"{project}/sdk-apps"))["items"]

    house.wait(0.001)
    job = (await house.get(project))["ingestState"]["github"]["jobId"]
    named = (await house.get(f"/v1/jobs/{job}"))["result"]["sdkAppId"]
    app = await house.get(f"{project}/sdk-apps/{named}")

    assert before == []
    assert [item["appId"] for item in (await house.get(f"{project}/sdk-apps"))["items"]] == [named]
    assert (app["name"], app["createdAt"]) == ("Quinn's Coffee", "2026-04-18T17:27:44Z")
    assert "apiKey" not in app
    assert (await house.call("PATCH", f"{project}/sdk-apps/{named}", {"rotateKey": True}, status=200))["apiKey"]


async def test_a_canceled_ingest_leaves_no_app(house):
    """layers-api: concepts/jobs: a job that was canceled has made nothing."""
    project = await house.project()
    await house.installation()
    job = (await house.post(f"{project}/ingest/github", {"repoFullName": "quinns-coffee/quinns-app"}, status=202))["jobId"]
    await house.world.work_done()

    await house.post(f"/v1/jobs/{job}/cancel", status=202)
    house.wait(3600)

    assert (await house.get(f"{project}/sdk-apps"))["items"] == []
    with house.world.engine.connect() as connection:
        assert connection.execute(select(tables.sdk_apps)).all() == []


async def test_an_install_spec_says_what_the_ingest_wrote(house):
    """layers-api: install-spec; spec and ingest agree, to the letter."""
    project = await house.project()
    await house.installation()
    job = await house.ingest(project, platforms=["web"])
    with open(job["result"]["patchPath"], encoding="utf-8") as patch:  # noqa: ASYNC230, PTH123  a small file of the test
        written = [line[1:] for line in patch.read().splitlines() if line.startswith("+") and not line.startswith("+++")]
    app = f"{project}/sdk-apps/{job['result']['sdkAppId']}"

    spec = await house.get(f"{app}/install-spec")
    again = await house.get(f"{app}/install-spec?platforms=web")
    (web,) = spec["platforms"]

    assert spec == again
    assert web["dependency"] == {"manager": "npm", "name": WEB.name, "url": None, "from": WEB.version}
    assert {f"{one['name']}={one['value']}" for one in web["envVars"]} <= set(written)
    assert f'  appId: "{job["result"]["sdkAppId"]}",' in web["initSnippet"].splitlines()
    constructed = [line for line in web["initSnippet"].splitlines() if "LayersClient" in line or "appId" in line]
    assert {line.replace('"', "'").rstrip(";") for line in constructed} <= {line.replace('"', "'").rstrip(";") for line in written}


async def test_an_install_spec_of_every_platform_is_whole(house):
    """layers-api: install-spec, platforms with commas between, in one order."""
    project = await house.project()
    made = await house.post(f"{project}/sdk-apps", {"name": "A", "platform": "android", "androidPackage": "com.acme.shop"}, status=201)
    every = "ios,android,web,react-native,flutter,expo,nextjs,vite,react-router"
    spec = f"{project}/sdk-apps/{made['appId']}/install-spec"

    all_of_them = (await house.get(f"{spec}?platforms={every}"))["platforms"]
    own = (await house.get(spec))["platforms"]

    assert [one["platform"] for one in all_of_them] == every.split(",")
    for one in all_of_them:
        assert made["appId"] in one["initSnippet"]
        assert {file["action"] for file in one["files"]} == {"create", "add_lines"}
        assert [var["name"] for var in one["envVars"]] == ["LAYERS_APP_ID", "LAYERS_INGEST_ENDPOINT"]
    assert own[0]["files"][0]["path"] == "app/src/main/java/com/acme/shop/LayersSdk.kt"
    assert own[0]["initSnippet"].startswith("package com.acme.shop\n")


@pytest.mark.parametrize("wrong", ["ios,ios", "ios,symbian", ",", "ios web"])
async def test_a_list_of_platforms_that_is_none_is_named(house, wrong):
    """Every refusal names the field and the way out."""
    project = await house.project()
    made = await house.post(f"{project}/sdk-apps", WEB_APP, status=201)

    refused = await house.get(f"{project}/sdk-apps/{made['appId']}/install-spec?platforms={wrong}", status=422)

    assert paths(refused) == ["platforms"]
    assert "react-router" in refused["error"]["message"]


async def test_an_app_is_its_projects_alone_and_not_of_an_archived_one(house):
    """Existence is hidden; archiving pauses all else."""
    project, other = await house.project(), await house.project("Another")
    made = await house.post(f"{project}/sdk-apps", WEB_APP, status=201)
    app = f"{project}/sdk-apps/{made['appId']}"
    await house.get(f"{other}/sdk-apps/{made['appId']}", status=404)
    assert (await house.get(f"{project}/sdk-apps?platform=ios"))["items"] == []
    await house.call("DELETE", project, status=200)

    await house.post(f"{project}/sdk-apps", WEB_APP, status=409)
    await house.call("PATCH", app, {"name": "B"}, status=409)

    assert (await house.get(app))["name"] == "Quinns Web"
