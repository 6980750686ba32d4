"""Keywords: a bank made of the brand's own words, there when its job finishes."""

from __future__ import annotations

import unicodedata
from functools import partial

import pytest

from layers_mcp.contract.projects import BrandContext
from layers_mcp.sandbox.keywords import bank_of

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("drawn_once")]
REFRESH_S = 270
normal = partial(unicodedata.normalize, "NFKC")
BRAND = {"appName": "Quinns", "appDescription": "Order-ahead pour-over coffee from your corner shop.", "keywords": ["#Morning Routine"]}


async def test_the_bank_shows_when_its_job_finishes(house):
    """layers-api: keywords; sorted by score, then by views; null before the first refresh."""
    project = await house.project(brandContext=BRAND)
    empty = await house.get(f"{project}/keywords")
    job = (await house.post(f"{project}/keywords/refresh", status=202))["jobId"]
    house.wait(REFRESH_S - 0.001)
    running = await house.get(f"{project}/keywords")

    house.wait(0.001)
    bank = await house.get(f"{project}/keywords")

    assert (empty["hashtags"], empty["refreshedAt"]) == ([], None)
    assert running == empty
    assert bank["refreshedAt"] == "2026-04-18T17:26:44Z"
    assert (await house.get(f"/v1/jobs/{job}"))["status"] == "completed"
    hashtags = bank["hashtags"]
    assert {one["hashtag"]: one["phrase"] for one in hashtags}["morningroutine"] == "morning routine"
    assert hashtags == sorted(hashtags, key=lambda one: (-one["score"], -one["viewCount"]))
    assert all(70 <= one["score"] <= 100 and one["viewCount"] > one["useCount"] > 0 for one in hashtags)


async def test_a_canceled_refresh_makes_nothing(house):
    """layers-api: concepts/jobs."""
    project = await house.project(brandContext=BRAND)
    job = (await house.post(f"{project}/keywords/refresh", status=202))["jobId"]

    await house.post(f"/v1/jobs/{job}/cancel", status=202)
    house.wait(3600)

    assert (await house.get(f"{project}/keywords"))["refreshedAt"] is None


async def test_without_a_description_the_missing_field_is_named(house):
    """layers-api: POST …/keywords/refresh: 422 with missingFields."""
    project = await house.project(brandContext={"appName": "Quinns"})

    refused = await house.post(f"{project}/keywords/refresh", status=422)

    assert refused["error"]["details"]["missingFields"] == ["appDescription"]
    assert [issue["path"] for issue in refused["error"]["details"]["issues"]] == ["brandContext.appDescription"]


async def test_a_refresh_after_a_change_keeps_what_was_there(house):
    """layers-api: upserts the bank."""
    project = await house.project(brandContext=BRAND)
    await house.post(f"{project}/keywords/refresh", status=202)
    house.wait(REFRESH_S)
    first = {one["hashtag"] for one in (await house.get(f"{project}/keywords"))["hashtags"]}
    await house.call("PATCH", project, {"brandContext": {"keywords": ["latte art"]}}, status=200)

    await house.post(f"{project}/keywords/refresh", status=202)
    house.wait(REFRESH_S)

    assert {one["hashtag"] for one in (await house.get(f"{project}/keywords"))["hashtags"]} == first | {"latteart"}


def test_hashtags_are_letters_and_digits_of_any_script():
    """layers-api: hashtag without #."""
    words = ("#Café au lait", "カフェ", "قهوة عربية", "कॉफ़ी", "24/7!", "#", "a b c d e f", "x" * 90)

    made = {one.hashtag: one.phrase for one in bank_of(BrandContext(keywords=words))}

    assert made == {"caféaulait": "café au lait", "カフェ": "カフェ", "قهوةعربية": "قهوة عربية", normal("कॉफ़ी"): "कॉफ़ी", "247": "24/7!"}
    assert bank_of(BrandContext(keywords=words)) == bank_of(BrandContext(keywords=words))
