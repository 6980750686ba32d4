"""Repositories to choose from, music, and a post sent to a phone."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("drawn_once")]


async def test_repositories_are_those_of_registered_installations(house):
    """Layers-api, github/repos: search in the full name; nothing before an installation is registered."""
    before = await house.get("/v1/github/repos")
    await house.installation()

    (one,) = (await house.get("/v1/github/repos?search=QUINNS-app"))["items"]

    assert (before["items"], one["fullName"], one["owner"]) == ([], "quinns-coffee/quinns-app", "quinns-coffee")
    assert (await house.get("/v1/github/repos?search=other"))["items"] == []
    await house.call("GET", "/v1/github/repos", key=house.world.add_key(scopes=("jobs:read",)), status=403)


async def test_there_is_no_music_here(house):
    """Layers-api, tiktok-music."""
    assert await house.get("/v1/tiktok-music") == {"tracks": [], "total": 0}


async def test_a_phone_is_told_only_of_what_was_let_through(house):
    """Layers-api, notify-device: PHONE_REQUIRED; ours: not before a decision."""
    project = await house.project()
    container = await house.content(project)
    path, phone = f"/v1/content/{container}/notify-device", {"phoneNumber": "+14155550100"}

    early = await house.post(path, phone, status=403)
    await house.post(f"/v1/content/{container}/approve")
    nobody = await house.post(path, {}, status=422)
    told = await house.post(path, phone)

    assert [one["error"]["code"] for one in (early, nobody)] == ["APPROVAL_REQUIRED", "PHONE_REQUIRED"]
    assert (told["containerId"], told["status"]) == (container, "sent")
    assert (await house.get(f"{project}/scheduled-posts"))["items"] == []
    await house.post(path, {"phoneNumber": "0100"}, status=422)
