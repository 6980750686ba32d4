"""A key is shown once: it stands in the answer that made it, and nowhere that outlives the answer."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr

from layers_mcp.contract.sdk_apps import SdkApp
from layers_mcp.contract.secret import SHOWN_ONCE, SHOWS
from layers_mcp.sandbox.faults import Fault
from layers_mcp.server import log

pytestmark = pytest.mark.anyio
APP = {"name": "Quinns Web", "platform": "web", "webDomain": "quinnscoffee.com"}


def kept(folder):
    """Every byte that lies in the state folder."""
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


async def test_a_key_is_in_its_answer_and_in_nothing_that_is_kept(story, tmp_path, capfd):
    """Issue 3: key shown once, never in audit or trail; replays, confirmations and the sandbox's own state included."""
    log.configure("debug")
    project = await story.project()
    made = await story.result("create_sdk_app", projectId=project, **APP)
    app = made.record["result"]["app"]
    rotate = {"projectId": project, "appId": app["appId"], "rotateKey": True}
    handle = await story.handle("update_sdk_app", **rotate)
    rotated = await story.result("update_sdk_app", **rotate, confirm=handle)
    await story.result("create_sdk_app", projectId=project, **APP)
    await story.result("update_sdk_app", **rotate, confirm=handle)
    await story.result("list_sdk_apps", projectId=project, appId=app["appId"])

    keys = [app["apiKey"], rotated.record["result"]["app"]["apiKey"]]
    written = kept(tmp_path)
    said = "".join(capfd.readouterr())

    assert [key in answer.text for key, answer in zip(keys, (made, rotated), strict=True)] == [True, True]
    assert len(set(keys)) == 2
    for key in keys:
        secret = key.split("_", 2)[2]
        assert key.encode() not in written
        assert secret.encode() not in written
        assert secret not in said
    for file in ("layers.db", "layers.db-wal", "sandbox.db", "sandbox.db-wal"):
        assert (tmp_path / file).is_file()
    assert app["appId"].encode() in written
    assert "create_sdk_app" in said


async def test_a_repeat_says_that_the_key_was_shown(story):
    """Design §5: the first outcome again; contract/secret: not its secret."""
    project = await story.project()
    first = await story.call("create_sdk_app", projectId=project, **APP)
    app = first["result"]["app"]["appId"]
    rotate = {"projectId": project, "appId": app, "rotateKey": True}
    handle = await story.handle("update_sdk_app", **rotate)
    await story.call("update_sdk_app", **rotate, confirm=handle)

    again = await story.call("create_sdk_app", projectId=project, **APP)
    acted = await story.call("update_sdk_app", **rotate, confirm=handle)

    assert again["result"]["app"]["appId"] == app
    assert "apiKey" not in again["result"]["app"]
    assert "earlier answer" in again["summary"]
    assert "nothing was done again" in acted["replayed"]
    assert "apiKey" not in acted["result"]["app"]
    assert acted["summary"].endswith("The key was in the first answer; to get one, rotate again with a new yes.")


async def test_a_key_whose_answer_was_lost_is_not_promised(story):
    """A lost answer is read back, never repeated; what it carried once is gone."""
    project = await story.project()
    story.world.script(Fault(method="POST", path="/v1/projects/{projectId}/sdk-apps", lose_answer=True))

    made = await story.call("create_sdk_app", projectId=project, **APP)
    listed = await story.call("list_sdk_apps", projectId=project)

    assert "rotateKey" in made["summary"]
    assert "apiKey" not in made["result"]["app"]
    assert listed["result"]["returned"] == 1


async def test_a_rotation_is_previewed_and_acts_once(story):
    """Issue 3: what can't be undone is a control action."""
    project = await story.project()
    app = (await story.call("create_sdk_app", projectId=project, **APP))["result"]["app"]["appId"]

    asked = await story.call("update_sdk_app", projectId=project, appId=app, rotateKey=True, name="Shop")

    assert asked["status"] == "confirmation_required"
    assert "the old one dies at once" in asked["confirmation"]["question"]
    assert asked["confirmation"]["items"][0]["facts"]["change"] == {"name": "Shop", "rotateKey": True}
    assert not [row for row in story.wire.rows if row.startswith("PATCH")]


async def test_a_preview_shows_the_values_that_change(story):
    """Design §5: the before and after; what can only fail is refused before anyone is asked."""
    project = await story.project()
    app = (await story.call("create_sdk_app", projectId=project, **APP))["result"]["app"]["appId"]

    change = {"name": "Shop", "webDomain": "shop.example", "capi": {"meta": False}}
    asked = await story.call("update_sdk_app", projectId=project, appId=app, **change)
    refused = await story.call("update_sdk_app", projectId=project, appId=app, bundleId="com.acme.app")
    await story.yes("update_sdk_app", projectId=project, appId=app, capi={"meta": False})
    unfit = await story.call("update_sdk_app", projectId=project, appId=app, capi={"meta": True})

    item = asked["confirmation"]["items"][0]
    assert item["before"] == 'name: "Quinns Web"; webDomain: "quinnscoffee.com"; capi.meta: off'
    assert item["after"] == 'name: "Shop"; webDomain: "shop.example"; capi.meta: off'
    assert refused["error"]["details"]["issues"] == [
        {"path": "bundleId", "message": "does not go with web, but with ios, react-native, flutter, expo; leave it out"}
    ]
    assert unfit["error"]["details"]["issues"][0]["path"] == "capi.meta"


@pytest.mark.parametrize(("more", "path"), [({"platforms": ["web"]}, "platforms"), ({"appId": "app_1", "cursor": "abc"}, "cursor")])
async def test_what_does_not_go_with_a_page_or_with_one_app_is_refused_by_name(story, more, path):
    """House: every refusal names the field and the way out; nothing that was given is dropped in silence."""
    refused = await story.call("list_sdk_apps", projectId=await story.project(), **more)

    assert refused["error"]["details"]["issues"][0]["path"] == path
    assert "leave" in refused["error"]["message"]


async def test_a_relay_without_a_pixel_is_refused_by_field(story):
    """layers-api: CAPI needs a configured pixel first."""
    project = await story.project()
    app = (await story.call("create_sdk_app", projectId=project, **APP))["result"]["app"]["appId"]

    done = await story.yes("update_sdk_app", projectId=project, appId=app, capi={"tiktok": True})
    nothing = await story.call("update_sdk_app", projectId=project, appId=app, capi={})

    assert [issue["path"] for issue in done["error"]["details"]["issues"]] == ["capi.tiktok.enabled"]
    assert nothing["error"]["details"]["issues"][0]["path"] == "appId"


async def test_the_tools_of_keywords_wait_and_read(story):
    """layers-api: keywords; 4 to 5 minutes."""
    project = await story.project()
    refused = await story.call("refresh_keywords", projectId=project)
    empty = await story.call("list_keywords", projectId=project)
    await story.call("update_project", projectId=project, brandContext={"appDescription": "Order-ahead coffee.", "keywords": ["beans"]})

    begun = await story.call("refresh_keywords", projectId=project, waitSeconds=0)
    made = await story.call("refresh_keywords", projectId=project, waitSeconds=900)
    waited = await story.call("wait_for_job", jobId=begun["next"][0]["arguments"]["jobId"], waitSeconds=900)

    assert refused["error"]["details"]["missingFields"] == ["appDescription"]
    assert "update_project" in refused["error"]["message"]
    assert "PATCH" not in json.dumps(refused)
    assert empty["next"][0]["tool"] == "refresh_keywords"
    assert begun["status"] == "running"
    assert "beans" in [one["hashtag"] for one in made["result"]["keywords"]["hashtags"]]
    assert waited["next"][0]["tool"] == "list_keywords"
    assert "scoring" in [stage for _, stage in story.told]


def test_a_dump_shows_no_secret_unless_it_is_told_to():
    """Safe by default: whatever is written down without a thought holds no secret."""
    app = SdkApp(app_id="app_1", name="A", platform="ios", api_key=SecretStr("lsk_x"))

    assert SHOWN_ONCE in app.model_dump_json()
    assert "lsk_x" not in repr(app) + json.dumps(app.model_dump(mode="json"))
    assert app.model_dump(mode="json", context=SHOWS)["api_key"] == "lsk_x"
