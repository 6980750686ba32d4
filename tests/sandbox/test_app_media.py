"""App media: fetched from a real server, known by their bytes, kept, replaced, served and removed."""

from __future__ import annotations

import asyncio
import io
import threading

import httpx2
import pytest
from PIL import Image

from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.faults import Fault
from layers_mcp.sandbox.web import child

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("drawn_once")]
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x09\0\0\0\x09\x08\x06\0\0\0" + b"\0" * 64
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 64
MP4 = b"\0\0\0\x18ftypisom" + b"\0" * 64


async def add(house, project, kind, name, status=201, **headers):
    """One file by its path on the shop's server."""
    return await house.post(f"{project}/app-media", {"kind": kind, "url": f"http://acme.example/{name}"}, status=status, **headers)


async def kinds(house, project, query=""):
    """The kinds of the files that are listed."""
    return [one["kind"] for one in (await house.get(f"{project}/app-media{query}"))["items"]]


async def test_a_logo_is_fetched_kept_and_served(shop, server):
    """layers-api: POST …/app-media: 201 with med_<uuid>; its role is `logo`; the bytes are served by URL."""
    server.pages["/logo"] = PNG
    server.types["/logo"] = "application/octet-stream"
    project = await shop.project()

    made = await add(shop, project, "logo", "logo")

    assert made["id"].startswith("med_")
    assert {name: made[name] for name in ("kind", "role", "contentType", "sizeBytes", "createdAt")} == {
        "kind": "logo",
        "role": "logo",
        "contentType": "image/png",
        "sizeBytes": len(PNG),
        "createdAt": "2026-04-18T17:22:14Z",
    }
    path = httpx2.URL(made["url"]).path
    served = await shop.client.get(path)
    assert path == f"/media/app/{made['projectId']}/{made['id']}.png"
    assert (served.content, served.headers["x-content-type-options"]) == (PNG, "nosniff")
    assert "sandbox" in served.headers["content-security-policy"]
    assert list(shop.world.ground.folder.glob(".incoming-*")) == []


async def test_a_file_of_another_kind_is_refused_and_not_kept(shop, server):
    """layers-api: POST …/app-media: wrong type or size is VALIDATION; every other case: web/test_media.py."""
    server.pages["/file"] = PNG
    project = await shop.project()

    refused = await add(shop, project, "demo-video", "file", status=422)

    issue = refused["error"]["details"]["issues"][0]
    assert (refused["error"]["code"], issue["path"]) == ("VALIDATION", "url")
    assert issue["message"].endswith("; give one that is")
    assert await kinds(shop, project) == []
    assert list(shop.world.ground.folder.rglob("med_*")) == []


@pytest.mark.parametrize(
    "url",
    ["http://example.com/logo.png", "https://127.0.0.1/logo.png", "https://me:secret@example.com/a.png", "https://example.com:8443/a.png"],
)
async def test_an_address_that_may_not_be_fetched_is_refused_without_fetching(shop, url):
    """layers-api: POST …/app-media: https, public, no credentials."""
    project = await shop.project()

    refused = await shop.post(f"{project}/app-media", {"kind": "logo", "url": url}, status=422)

    assert refused["error"]["details"]["issues"][0]["path"] == "url"
    assert "secret" not in shop.answer.text


async def test_a_redirect_to_metadata_is_refused(shop, server):
    """layers-api: POST …/app-media, SSRF guard: redirects are checked anew."""
    server.redirect("/logo", "https://169.254.169.254/latest/meta-data/")
    project = await shop.project()

    refused = await add(shop, project, "logo", "logo", status=422)

    assert "not public" in refused["error"]["message"]


async def test_logo_and_end_card_replace_and_the_others_append(shop, server):
    """layers-api: POST …/app-media, "behaviour"; a role never stands in for another."""
    server.pages |= {"/a": PNG, "/b": JPEG, "/v": MP4}
    project = await shop.project()

    first = await add(shop, project, "logo", "a")
    for kind, name in (("logo", "b"), ("end-card", "a"), ("end-card", "b"), ("screenshot", "a"), ("screenshot", "b"), ("demo-video", "v")):
        shop.wait(1)
        await add(shop, project, kind, name)

    assert await kinds(shop, project) == ["demo-video", "screenshot", "screenshot", "end-card", "logo"]
    assert await kinds(shop, project, "?kind=screenshot") == ["screenshot", "screenshot"]
    page = await shop.get(f"{project}/app-media?limit=3")
    rest = await shop.get(f"{project}/app-media?limit=3&cursor={page['nextCursor']}")
    assert [len(page["items"]), len(rest["items"])] == [3, 2]
    assert (await shop.client.get(httpx2.URL(first["url"]).path)).status_code == 404


async def test_a_removed_file_is_gone_everywhere_at_once(shop, server):
    """layers-api: DELETE …/app-media/:mediaId: 200 {id, deleted}, then 404; another project's is 404; no med_<uuid> is 422."""
    server.pages["/a"] = PNG
    project, other = await shop.project(), await shop.project("Other")
    made = await add(shop, project, "logo", "a")
    path = f"{project}/app-media/{made['id']}"

    malformed = await shop.call("DELETE", f"{project}/app-media/logo", status=422)
    await shop.call("DELETE", f"{other}/app-media/{made['id']}", status=404)
    gone = await shop.call("DELETE", path.replace("med_", ""), status=200)
    await shop.call("DELETE", path, status=404)

    assert malformed["error"]["details"]["issues"][0]["path"] == "mediaId"
    assert gone == {"id": made["id"], "deleted": True}
    assert await kinds(shop, project) == []
    assert (await shop.client.get(httpx2.URL(made["url"]).path)).status_code == 404


async def test_a_repeated_request_fetches_and_stores_once(shop, server):
    """layers-api: concepts, "Idempotency": the same key gets the first answer; its scope and its project come before the fetch."""
    server.pages["/a"] = PNG
    project = await shop.project()
    weak = shop.world.add_key(scopes=("projects:read",))

    first = await add(shop, project, "screenshot", "a", Idempotency_Key="k")
    again = await add(shop, project, "screenshot", "a", Idempotency_Key="k")
    await add(shop, project, "screenshot", "b", status=409, Idempotency_Key="k")
    await add(shop, "/v1/projects/prj_none", "screenshot", "a", status=404)
    await add(shop, project, "screenshot", "a", status=403, key=weak)
    await add(shop, project, "banner", "a", status=422)

    assert again == first
    assert len(server.asked) == 1


async def test_nobody_waits_while_a_file_is_fetched(shop, server):
    """The write lock is not held for a stranger's server, and one request counts once."""
    reached, go_on = threading.Event(), threading.Event()

    def slow(to):
        reached.set()
        go_on.wait(20)
        to.send_response(200)
        to.send_header("Content-Length", str(len(PNG)))
        to.end_headers()
        to.wfile.write(PNG)

    server.pages["/slow"] = slow
    project = await shop.project()
    left = int(
        (await shop.client.patch(project, json={}, headers={"Authorization": f"Bearer {shop.key}"})).headers["X-RateLimit-Remaining"]
    )
    adding = asyncio.create_task(add(type(shop)(shop.world, shop.clock), project, "logo", "slow"))

    assert await asyncio.to_thread(reached.wait, 20)
    await shop.call("PATCH", project, {"name": "Meanwhile"}, status=200)
    remaining = int(shop.answer.headers["X-RateLimit-Remaining"])
    go_on.set()
    made = await adding

    assert made["kind"] == "logo"
    assert remaining == left - 2


async def test_a_file_that_no_place_is_free_for_is_put_off_at_once(shop, server):
    """A client waits 30 s for an answer; one that had to queue would give up on work that is still to come."""
    reached, go_on = threading.Semaphore(0), threading.Event()

    def slow(to):
        reached.release()
        go_on.wait(20)
        to.send_response(404)
        to.end_headers()

    server.pages |= {"/slow": slow, "/a": PNG}
    project = await shop.project()
    others = [type(shop)(shop.world, shop.clock) for _ in range(4)]
    waiting = [asyncio.create_task(add(other, project, "logo", "slow", status=422)) for other in others]
    for _ in others:
        assert await asyncio.to_thread(lambda: reached.acquire(timeout=20))

    put_off = await add(shop, project, "screenshot", "a", status=503, Idempotency_Key="k")
    told = shop.answer.headers
    go_on.set()
    await asyncio.gather(*waiting)

    assert put_off["error"]["code"] == "UNAVAILABLE"
    assert int(told["Retry-After"]) > 0
    assert (await add(shop, project, "screenshot", "a", Idempotency_Key="k"))["kind"] == "screenshot"


async def test_a_project_archived_meanwhile_keeps_nothing(shop, server):
    """The noun is asked again after the fetch, and says what is so then."""
    project = await shop.project()

    def archive(to):
        asyncio.run_coroutine_threadsafe(shop.call("DELETE", project, status=200), loop).result(20)
        to.send_response(200)
        to.send_header("Content-Length", str(len(PNG)))
        to.end_headers()
        to.wfile.write(PNG)

    loop = asyncio.get_running_loop()
    server.pages["/a"] = archive
    await add(type(shop)(shop.world, shop.clock), project, "logo", "a", status=409)

    assert list(shop.world.ground.folder.rglob("med_*")) == []


async def test_a_fetch_that_breaks_for_a_reason_of_ours_can_be_sent_again(shop, server, monkeypatch):
    """A failure of ours is no fault of the url."""

    async def broken(errand):
        return Trouble(code="INTERNAL", message="it broke")

    server.pages["/a"] = PNG
    project = await shop.project()
    with monkeypatch.context() as patch:
        patch.setattr(child, "fetch", broken)
        refused = await add(shop, project, "logo", "a", status=503)

    assert refused["error"]["code"] == "UNAVAILABLE"
    await add(shop, project, "logo", "a")


async def test_scripted_trouble_comes_once_with_a_request_that_prepares(shop, server):
    """Design §8: an answer lost after the commit; the file is there, and the same key brings the answer again."""
    server.pages["/a"] = PNG
    project = await shop.project()
    shop.world.script(Fault(method="POST", path="/v1/projects/{projectId}/app-media", lose_answer=True))

    with pytest.raises(httpx2.RemoteProtocolError):
        await add(shop, project, "screenshot", "a", Idempotency_Key="k")
    again = await add(shop, project, "screenshot", "a", Idempotency_Key="k")

    assert [one["id"] for one in (await shop.get(f"{project}/app-media"))["items"]] == [again["id"]]


def _pink(slide: bytes) -> int:
    """How many of its dots are as pink as the logo."""
    with Image.open(io.BytesIO(slide)) as picture:
        dots = picture.convert("RGB").resize((108, 192))
    return sum(1 for red, green, blue in dots.get_flattened_data() if red > 200 and green < 80 and blue > 120)


async def test_slides_carry_the_current_logo_and_lose_the_one_that_was_removed(shop, server):
    """layers-api: app media: roles are strict labels; what was removed is gone from generation at once."""
    drawn = io.BytesIO()
    Image.new("RGB", (256, 256), (255, 0, 170)).save(drawn, "PNG")
    server.pages["/a"] = drawn.getvalue()
    project = await shop.project()
    pink: list[bool] = []

    async def generated():
        container = await shop.content(project, format="slideshow_remix")
        shown = await shop.get(f"/v1/content/{container}")
        slides = [(await shop.client.get(httpx2.URL(asset["url"]).path)).content for asset in shown["mediaAssets"]]
        pink.append(max(_pink(slide) for slide in slides) > 100)

    await generated()
    await add(shop, project, "screenshot", "a")
    await generated()
    logo = await add(shop, project, "logo", "a")
    await generated()
    await shop.call("DELETE", f"{project}/app-media/{logo['id']}", status=200)
    await generated()

    assert pink == [False, False, True, False]
