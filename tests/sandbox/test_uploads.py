"""A customer's own media: fetched or sent, published unchanged, and decided on anew when the caption changes."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("drawn_once")]
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x09\0\0\0\x09\x08\x06\0\0\0" + b"\0" * 64
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 64
MP4 = b"\0\0\0\x18ftypisom" + b"\0" * 64


def _file(data, kind="image/png", name="a.png"):
    return {"filename": name, "contentType": kind, "sizeBytes": len(data)}


async def _put(house, reserved, data, *, kind=None):
    """The status of one file's sending."""
    sent = await house.client.put(
        urlsplit(reserved["uploadUrl"]).path, content=data, headers={"content-type": kind or reserved["contentType"]}
    )
    return sent.status_code


async def _uploaded(house, project, caption="Our own words."):
    """The id of one image, sent and finalized."""
    made = await house.post(f"{project}/content/uploads", {"files": [_file(PNG)], "grouping": "per-file"}, status=201)
    assert await _put(house, made["uploads"][0], PNG) == 200
    (container,) = made["containerIds"]
    await house.post(f"/v1/content/{container}/finalize-upload", {"caption": caption})
    return container


async def test_files_are_fetched_and_are_content_at_once(shop, server):
    """Layers-api, content/upload: 201 completed; format, hook null; bytes and caption unchanged; atomic."""
    server.pages |= {"/1": PNG, "/2": JPEG, "/v": MP4, "/t": "<html>"}
    project = await shop.project()

    async def upload(*names, status=201):
        media = [{"url": f"http://acme.example/{name}"} for name in names]
        return await shop.post(f"{project}/content/upload", {"media": media, "caption": "Ours."}, status=status)

    made = await upload("1", "2")
    asset = await shop.get(f"/v1/content/{made['id']}/assets/{made['mediaAssets'][1]['id']}")
    refused = [await upload("1", "t", status=422), await upload("1", "v", status=422)]

    assert (made["status"], made["creativeType"], made["format"], made["hook"]) == ("completed", "uploaded", None, None)
    assert (made["approvalStatus"], {one["text"] for one in made["captionVariants"]}) == ("pending", {"Ours."})
    assert (asset["mimeType"], (await shop.client.get(asset["url"])).content) == ("image/jpeg", JPEG)
    assert [one["error"]["details"]["issues"][0]["path"] for one in refused] == ["media.1.url", "media.1"]
    listed = [(await shop.get(f"{project}/content?creativeType={kind}"))["items"] for kind in ("uploaded", "generated")]
    assert [[one["id"] for one in items] for items in listed] == [[made["id"]], []]


async def test_files_are_sent_and_are_content_once_they_are_finalized(house):
    """Layers-api, content/uploads and finalize-upload: one item each, or one slideshow; a repeat ignores the new caption."""
    project = await house.project()
    asked = {"files": [_file(PNG), _file(JPEG, "image/jpeg", "b.jpg")], "grouping": "slideshow"}
    made = await house.post(f"{project}/content/uploads", asked, status=201)
    (container,) = made["containerIds"]
    first, second = made["uploads"]

    waits = await house.get(f"/v1/content/{container}")
    sent = [await _put(house, first, PNG), await _put(house, second, JPEG, kind="image/png"), await _put(house, second, JPEG + b"+")]
    early = await house.post(f"/v1/content/{container}/finalize-upload", {"caption": "Ours."}, status=422)
    assert await _put(house, second, JPEG) == 200
    done = await house.post(f"/v1/content/{container}/finalize-upload", {"caption": "Ours."})
    again = await house.post(f"/v1/content/{container}/finalize-upload", {"caption": "Others."})

    assert (waits["status"], waits["mediaAssets"], sent) == ("queued", [], [200, 400, 413])
    assert [one["path"] for one in early["error"]["details"]["issues"]] == ["files.1"]
    assert (done["status"], len(done["mediaAssets"]), again) == ("completed", 2, done)
    assert (await house.client.get(done["mediaAssets"][0]["url"])).content == PNG


async def test_a_place_for_a_file_expires_and_takes_only_what_was_declared(house):
    """Layers-api, content/uploads: presigned URLs; types, sizes and groupings are bounded."""
    project = await house.project()
    made = await house.post(f"{project}/content/uploads", {"files": [_file(JPEG)], "grouping": "per-file"}, status=201)
    assert await _put(house, made["uploads"][0], JPEG) == 200
    lied = await house.post(f"/v1/content/{made['containerIds'][0]}/finalize-upload", {"caption": ""}, status=422)
    house.wait(3601)

    assert lied["error"]["details"]["issues"][0]["path"] == "files.0"
    assert await _put(house, made["uploads"][0], PNG) == 403
    big = {"filename": "v.mp4", "contentType": "video/mp4", "sizeBytes": 100 * 1024 * 1024 + 1}
    await house.post(f"{project}/content/uploads", {"files": [big], "grouping": "per-file"}, status=422)
    await house.post(f"{project}/content/uploads", {"files": [_file(MP4, "video/mp4")], "grouping": "slideshow"}, status=422)
    stranger = house.world.add_key(organization="Others")
    await house.call("POST", f"/v1/content/{made['containerIds'][0]}/finalize-upload", {"caption": ""}, key=stranger, status=404)


async def test_a_changed_caption_needs_a_new_yes_and_what_was_queued_keeps_the_old_one(house):
    """Layers-api, PATCH content: uploaded items only; silent on approval, so nothing new goes out under an old yes."""
    project = await house.project()
    account, container = await house.account(project), await _uploaded(house, project)
    await house.post(f"/v1/content/{container}/approve")
    later = {"targets": [{"socialAccountId": account}], "scheduledFor": (house.clock.now() + timedelta(days=2)).isoformat()}
    await house.post(f"/v1/content/{container}/schedule", later)

    same = await house.call("PATCH", f"/v1/content/{container}", {"caption": "Our own words."}, status=200)
    changed = await house.call("PATCH", f"/v1/content/{container}", {"caption": "Other words."}, status=200)

    assert (same["approvalStatus"], changed["approvalStatus"]) == ("approved", "pending")
    await house.post(f"/v1/content/{container}/publish", {"targets": [{"socialAccountId": account}]}, status=403)
    await house.post(f"/v1/content/{container}/schedule", later, status=202)
    await house.call("PATCH", f"/v1/content/{container}", {"caption": "Third words."}, status=200)
    decision = await house.post(f"/v1/content/{container}/approve")
    assert "pendingSchedulePromotion" not in decision
    assert [one["caption"] for one in (await house.get(f"{project}/scheduled-posts"))["items"]] == ["Our own words."]


async def test_generated_content_is_not_changed_so_and_an_upload_is_not_generated_anew(house):
    """Layers-api: PATCH is for uploads; ours: what was not generated has nothing to make anew."""
    project = await house.project()
    generated, own = await house.content(project), await _uploaded(house, project)

    await house.call("PATCH", f"/v1/content/{generated}", {"caption": "x"}, status=409)
    await house.post(f"/v1/content/{own}/regenerate", {}, status=409)
    await house.post(f"/v1/content/{own}/reject", {"regenerateBrief": {"hook": "x"}}, status=422)
    await house.call("PATCH", f"/v1/content/{own}", {"caption": "x" * 2201}, status=422)

    assert (await house.get(f"{project}/content-review-policy"))["pendingCount"] == 2
