"""What is published is seen, measured, ranked, cloned and overridden."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from layers_mcp.clock import HandClock
from layers_mcp.sandbox.clockwork import Chance
from layers_mcp.sandbox.faults import Fault
from layers_mcp.sandbox.world import World

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("drawn_once")]
DAY_S = 86_400


async def _posted(house, project: str, account: str, **fields) -> tuple[str, str]:
    """A container and its post, which is out."""
    container = await house.content(project, **fields)
    target = {"targets": [{"socialAccountId": account}]}
    post = (await house.post(f"/v1/content/{container}/publish", target))["scheduledPostIds"][0]
    house.wait(DAY_S)
    return container, post


async def _story(house, posts: int = 3, name: str = "Quinns Coffee Co") -> tuple[str, list[tuple[str, str]]]:
    """A project that needs no approval, and some posts, a day after each other."""
    project = await house.project(name)
    await house.call("PATCH", f"{project}/content-review-policy", {"policy": "auto_approve"}, status=200)
    account = await house.account(project)
    return project, [await _posted(house, project, account, brief={"hook": f"Hook {place}."}) for place in range(posts)]


def _query(project: str, **more: str) -> str:
    known = {"scope": "project", "id": project.rpartition("/")[2]} | more
    return f"{project}/metrics?" + "&".join(f"{name}={value}" for name, value in known.items())


async def _views(house, project: str) -> list[int]:
    return [row["views"] for row in (await house.get(f"{project}/top-performers?metric=views"))["items"]]


async def test_posts_earn_with_time_and_never_lose(house):
    """Issue 4: posts earn views by quality, age and account, as a function of the clock."""
    project, posts = await _story(house)

    seen = []
    for _ in range(4):
        seen.append((await house.get(_query(project)))["totals"])
        house.wait(DAY_S)

    assert [one["views"] for one in seen] == sorted({one["views"] for one in seen})
    assert all(one["posts_published"] == len(posts) for one in seen)
    assert 0 < seen[-1]["engagement_rate"] < 0.5
    assert seen[0]["watch_time_ms"] > seen[0]["views"]


@pytest.fixture
async def worlds(tmp_path: Path, house) -> AsyncIterator:
    """More worlds, each with its own seed and audience."""
    made = []

    async def another(**chance: str):
        clock = HandClock(datetime(2026, 4, 18, 17, 22, 14, tzinfo=UTC))
        world = await World.open(tmp_path / f"world {len(made)}", wall=clock, chance=Chance(**chance))
        made.append(type(house)(world, clock))
        return made[-1]

    yield another
    for one in made:
        await one.client.aclose()
        await one.world.close()


async def test_the_same_seed_and_story_give_the_same_week(worlds):
    """Issue 4: a week can pass in a second and the same seed gives the same week; another seed gives another."""
    views = []
    for seed in ("a", "a", "b"):
        house = await worlds(seed=seed)
        project, _ = await _story(house)
        views.append(await _views(house, project))

    assert views[0] == views[1] != views[2]


async def test_a_world_keeps_its_chance(tmp_path, worlds):
    """LAYERS_SANDBOX_SEED is taken when a world is made, and not again."""
    house = await worlds(seed="a")
    project, _ = await _story(house, 1)
    first = await _views(house, project)
    await house.world.close()

    world = await World.open(tmp_path / "world 0", wall=house.clock, chance=Chance(seed="b", audience="null"))
    again = type(house)(world, house.clock)

    assert await _views(again, project) == first
    await again.client.aclose()
    await world.close()


async def test_drafts_canceled_and_failed_posts_earn_nothing(house):
    """Design: only what is out is seen."""
    project = await house.project()
    await house.call("PATCH", f"{project}/content-review-policy", {"policy": "auto_approve"}, status=200)
    account = await house.account(project)
    container = await house.content(project)
    target = {"targets": [{"socialAccountId": account, "mode": "draft_to_device"}]}
    await house.post(f"/v1/content/{container}/publish", target)
    house.world.script(Fault(path="/v1/content/{containerId}/publish", job_error="PLATFORM_REJECTED"))
    await house.post(f"/v1/content/{container}/publish", {"targets": [{"socialAccountId": account}]})
    late = await house.post(
        f"/v1/content/{container}/schedule",
        {"targets": [{"socialAccountId": account}], "scheduledFor": "2026-04-19T00:00:00Z"},
    )
    await house.call("DELETE", f"/v1/scheduled-posts/{late['scheduledPostIds'][0]}", status=200)
    house.wait(7 * DAY_S)

    seen = (await house.get(_query(project)))["totals"]

    assert (seen["views"], seen["posts_published"], seen["engagement_rate"]) == (0, 0, None)
    assert (await house.get(f"{project}/top-performers?metric=engagement_rate"))["items"] == []


@pytest.mark.parametrize("granularity", ["hour", "day", "week"])
async def test_buckets_add_up_to_the_totals(house, granularity):
    """layers-api: metrics, always a pair of series and totals."""
    project, _ = await _story(house)
    seen = await house.get(_query(project, granularity=granularity, metrics="views", since="2026-04-17T00:00:00Z"))

    starts = [point["bucketStart"] for point in seen["series"]]

    assert starts == sorted(set(starts))
    assert sum(point["views"] for point in seen["series"]) == seen["totals"]["views"] > 0
    assert set(seen["totals"]) == {"views"}


async def test_each_scope_measures_its_own(house):
    """layers-api: metrics, scope and id; the path's project is a guard."""
    project, posts = await _story(house, 2)
    whole = (await house.get(_query(project, metrics="views")))["totals"]["views"]
    account = (await house.get(f"{project}/social-accounts"))["items"][0]["socialAccountId"]
    layers = (await house.get(project))["layers"]
    organization = (await house.get("/v1/whoami"))["organizationId"]
    external = (await house.get(f"/v1/scheduled-posts/{posts[0][1]}"))["externalId"]

    async def views(scope: str, known_as: str) -> int:
        return (await house.get(_query(project, metrics="views", scope=scope, id=known_as)))["totals"]["views"]

    single = [await views("platform_post", post) for _, post in posts]

    assert sum(single) == whole
    assert await views("platform_post", external) == single[0]
    assert await views("social_account", account) == whole == await views("organization", organization)
    assert [await views("project_layer", layer["projectLayerId"]) for layer in layers] == [whole, whole, 0]
    await house.get(_query(project, scope="social_account", id="sa_unknown"), 404)
    await house.get(_query(project, scope="platform_post", id="sp_unknown"), 404)


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"since": "2027-01-01T00:00:00Z"}, "since"),
        ({"granularity": "hour", "since": "2025-01-01T00:00:00Z"}, "granularity"),
        ({"metrics": "joy"}, "metrics.0"),
    ],
)
async def test_a_window_that_can_not_be_measured_is_refused(house, more, path):
    """House: every refusal names the field."""
    project, _ = await _story(house, 1)

    problem = await house.get(_query(project, **more), 422)

    assert problem["error"]["details"]["issues"][0]["path"] == path


async def test_top_performers_are_ranked_and_carry_what_a_clone_needs(house):
    """Seed 000, loop 2: metric, window, limit in; rank, metricValue, sourceId and platformPostId out."""
    project, posts = await _story(house, 4)

    items = (await house.get(f"{project}/top-performers?metric=engagement_rate&window=7d&limit=3"))["items"]

    assert [row["rank"] for row in items] == [1, 2, 3]
    assert [row["metricValue"] for row in items] == sorted((row["metricValue"] for row in items), reverse=True)
    assert {(row["sourceId"], row["platformPostId"]) for row in items} <= set(posts)
    assert {row["sourceType"] for row in items} == {"content_container"}


async def test_conversions_and_roas_rank_nothing_before_they_are_measured(house):
    """Seed 000: the axis follows the project's stage; without an SDK app or ads there is nothing to rank by."""
    project, _ = await _story(house)
    before = await house.get(f"{project}/top-performers?metric=conversions")
    await house.installation()
    await house.ingest(project)
    account = (await house.get(f"{project}/social-accounts"))["items"][0]["socialAccountId"]
    for place in range(3):
        await _posted(house, project, account, brief={"hook": f"After {place}."})
    house.wait(7 * DAY_S)

    after = await house.get(f"{project}/top-performers?metric=conversions")
    roas = await house.get(f"{project}/top-performers?metric=roas")

    assert before["items"] == roas["items"] == []
    assert len(after["items"]) == 6
    assert sum(row["conversions"] for row in after["items"]) > 0


async def test_what_ads_may_not_use_is_no_top_performer_unless_asked_for(house):
    """layers-api: top-performers, the eligibility gate: score 4.0 or an override; an unboosted creative falls below after 18 days."""
    project, posts = await _story(house, 2)
    house.wait(19 * DAY_S)
    creative = f"{project}/ads-content/adc_{posts[0][0].partition('_')[2]}"

    aged = await _views(house, project)
    every = await house.get(f"{project}/top-performers?metric=views&includeIneligible=true")
    await house.call("PATCH", creative, {"override": "include", "note": "the founder speaks"}, status=200)
    kept = await house.get(f"{project}/top-performers?metric=views")

    assert (len(aged), len(every["items"])) == (0, 2)
    assert [row["sourceId"] for row in kept["items"]] == [posts[0][0]]


async def test_an_override_stands_until_null_takes_it_back_and_is_logged(house):
    """Seed 000, "Overriding a decision"; layers-api: PATCH ads-content, note up to 280, visible in the audit log."""
    project, posts = await _story(house, 1)
    creative = f"{project}/ads-content/{posts[0][0].partition('_')[2]}"

    excluded = await house.call("PATCH", creative, {"override": "exclude", "note": "off brand"}, status=200)
    listed = await house.get(f"{project}/ads-content?override=exclude")
    freed = await house.call("PATCH", creative, {"override": None}, status=200)
    missing = await house.call("PATCH", creative, {}, status=422)
    long = await house.call("PATCH", creative, {"override": None, "note": "x" * 281}, status=422)
    log = (await house.get("/v1/audit-log?eventType=creative_override"))["items"]

    assert (excluded["override"], excluded["eligible"], excluded["note"]) == ("exclude", False, "off brand")
    assert [one["adsContentId"] for one in listed["items"]] == [excluded["adsContentId"]]
    assert (freed["override"], freed["eligible"]) == (None, True)
    assert missing["error"]["details"]["issues"][0]["path"] == "override"
    assert long["error"]["details"]["issues"][0]["path"] == "note"
    assert [row["data"]["override"] for row in log] == [None, "exclude"]
    assert log[1]["data"]["note"] == "off brand"


async def test_creatives_are_listed_by_score_page_by_page(house):
    """layers-api: ads-content; a forged cursor is the first page."""
    project, posts = await _story(house, 3)

    first = await house.get(f"{project}/ads-content?limit=2")
    second = await house.get(f"{project}/ads-content?limit=2&cursor={first['nextCursor']}")
    forged = await house.get(f"{project}/ads-content?limit=2&cursor=nonsense")
    scores = [one["organicScore"] for one in first["items"] + second["items"]]

    assert scores == sorted(scores, reverse=True)
    assert {one["sourceId"] for one in first["items"] + second["items"]} == {container for container, _ in posts}
    assert (second["nextCursor"], forged["items"]) == (None, first["items"])
    assert (await house.get(f"{project}/ads-content?scoringPool=ugc"))["items"] == []


async def test_the_audit_log_tells_what_was_decided_by_which_key(house):
    """layers-api: GET /v1/audit-log, newest first, with the request id of each change."""
    project, _ = await _story(house, 1)
    request_id = house.answer.headers["X-Request-Id"]
    key = (await house.get("/v1/whoami"))["apiKeyId"]

    page = await house.get(f"/v1/audit-log?projectId={project.rpartition('/')[2]}&limit=1")
    rest = await house.get(f"/v1/audit-log?cursor={page['nextCursor']}")

    assert [row["eventType"] for row in page["items"] + rest["items"]] == ["scheduled_post.created", "content_review_policy.updated"]
    assert (page["items"][0]["requestId"], page["items"][0]["apiKeyId"]) == (request_id, key)
    await house.get("/v1/audit-log?cursor=nonsense", 422)


async def test_a_clone_is_a_generation_with_the_callers_id(house):
    """Seed 000, loop 2: clone-from-post with a new UUID; the job carries containerId at its top."""
    project, posts = await _story(house, 1)
    target = str(uuid.uuid4())
    asked = {"projectId": project.rpartition("/")[2], "sourcePlatformPostId": posts[0][1], "mode": "fork", "variations": 2}

    started = await house.post(f"/v1/content/{target}/clone-from-post", asked, status=202)
    again = await house.post(f"/v1/content/{target}/clone-from-post", asked, status=202)
    await house.world.work_done()
    house.wait(135)
    job = await house.get(f"/v1/jobs/{started['jobId']}")
    made = [await house.get(f"/v1/content/{one}") for one in job["containerIds"]]
    source = await house.get(f"/v1/content/{posts[0][0]}")

    assert again["jobId"] == started["jobId"]
    assert (job["status"], job["containerId"]) == ("completed", f"cnt_{target}")
    assert [one["clonedFrom"] for one in made] == [posts[0][0]] * 2
    assert {(one["hook"], one["format"]) for one in made} == {(source["hook"], source["format"])}


async def test_a_clone_takes_the_platforms_id_and_says_otherwise_what_it_is_told(house):
    """layers-api: clone-from-post, internal or platform id; overrides caption and cta; reimagine keeps the premise only."""
    project, posts = await _story(house, 1)
    external = (await house.get(f"/v1/scheduled-posts/{posts[0][1]}"))["externalId"]
    asked = {"projectId": project.rpartition("/")[2], "sourcePlatformPostId": external, "mode": "reimagine"}
    asked["overrides"] = {"caption": "Said by hand.", "cta": "Come in."}

    started = await house.post(f"/v1/content/{uuid.uuid4()}/clone-from-post", asked, status=202)
    await house.world.work_done()
    house.wait(135)
    made = await house.get(f"/v1/content/{started['containerId']}")

    assert {caption["text"] for caption in made["captionVariants"]} == {"Said by hand."}
    assert (made["cta"], made["brief"]["topic"]) == ("Come in.", "Hook 0.")
    assert made["hook"] != ""


async def test_a_clone_of_nothing_is_refused_by_name(house):
    """House: every refusal names the field and the way out."""
    project, posts = await _story(house, 1)
    known = project.rpartition("/")[2]

    async def refused(target: str, status: int, **asked: str) -> str:
        body = {"projectId": known, "sourcePlatformPostId": posts[0][1], **asked}
        problem = await house.post(f"/v1/content/{target}/clone-from-post", body, status=status)
        details = problem["error"]["details"]
        return details["issues"][0]["path"] if "issues" in details else details["field"]

    assert await refused(str(uuid.uuid4()), 422, sourcePlatformPostId="sp_unknown") == "sourcePlatformPostId"
    assert await refused("not-a-uuid", 422) == "containerId"
    assert await refused(posts[0][0], 409) == "containerId"
    assert await refused(str(uuid.uuid4()), 422, projectLayerId="pl_unknown") == "projectLayerId"


async def test_recommendations_follow_from_what_was_earned_and_keep_their_mark(house):
    """layers-api: recommendations; both shipped kinds, an action to forward, a mark that outlives the next look."""
    project, posts = await _story(house, 3)
    await house.call("PATCH", project, {"brandContext": {"keywords": ["coffee", "order ahead"]}}, status=200)
    fresh = await house.get(f"{project}/recommendations")
    house.wait(20 * DAY_S)

    aged = await house.get(f"{project}/recommendations?kind=refresh_fatigued")
    tired = aged["items"][0]
    marked = await house.call("PATCH", f"{project}/recommendations/{tired['recommendationId']}", {"status": "dismissed"}, status=200)
    still = await house.get(f"{project}/recommendations?status=dismissed")

    assert [one["kind"] for one in fresh["items"]] == ["value_propositions"]
    assert fresh["items"][0]["suggestedAction"]["brief"] == {"valuePropositions": ["coffee", "order ahead"]}
    assert tired["suggestedAction"]["sourcePlatformPostId"] in {post for _, post in posts}
    assert marked["status"] == "dismissed"
    assert [one["recommendationId"] for one in still["items"]] == [tired["recommendationId"]]
    await house.call("PATCH", f"{project}/recommendations/rec_unknown", {"status": "open"}, status=404)


async def test_followers_are_what_an_account_had_and_has_gained(house):
    """layers-api: metrics, followers and follower_delta; neither followers nor published posts are measured for one post."""
    project, posts = await _story(house, 4)
    wanted = "followers&metrics=follower_delta"
    before = (await house.get(_query(project, metrics=wanted)))["totals"]
    house.wait(7 * DAY_S)

    after = (await house.get(_query(project, metrics=wanted)))["totals"]
    refused = await house.get(_query(project, scope="platform_post", id=posts[0][1], metrics="followers"), 422)

    gained = after["follower_delta"] - before["follower_delta"]
    assert after["followers"] - before["followers"] == gained > 0
    assert refused["error"]["details"]["issues"][0]["path"] == "metrics"


async def test_top_performers_are_filtered_by_platform_and_source(house):
    """layers-api: top-performers, platform and sourceType."""
    project, _ = await _story(house, 2)

    async def how_many(**more: str) -> int:
        asked = "&".join(f"{name}={value}" for name, value in more.items())
        return len((await house.get(f"{project}/top-performers?metric=views&{asked}"))["items"])

    assert (await how_many(platform="tiktok"), await how_many(platform="instagram")) == (2, 0)
    assert (await how_many(sourceType="content_container"), await how_many(sourceType="manual")) == (2, 0)


async def test_creatives_are_sorted_and_filtered_as_asked(house):
    """layers-api: ads-content, sort, minScore and eligible."""
    project, posts = await _story(house, 3)
    await house.call("PATCH", f"{project}/ads-content/{posts[0][0].partition('_')[2]}", {"override": "exclude"}, status=200)

    async def listed(asked: str) -> list[str]:
        return [one["sourceId"] for one in (await house.get(f"{project}/ads-content?{asked}"))["items"]]

    best_first = await listed("sort=score_desc")

    assert await listed("sort=score_asc") == best_first[::-1]
    assert set(await listed("sort=scored_at_desc")) == set(best_first)
    assert await listed("eligible=false") == [posts[0][0]]
    assert await listed("minScore=7.01") == []


async def test_the_audit_log_is_filtered(house):
    """layers-api: GET /v1/audit-log, apiKeyId, since and until inclusive."""
    await _story(house, 2)
    key = (await house.get("/v1/whoami"))["apiKeyId"]
    every = (await house.get("/v1/audit-log"))["items"]
    last = every[0]["occurredAt"]

    async def how_many(asked: str) -> int:
        return len((await house.get(f"/v1/audit-log?{asked}"))["items"])

    assert await how_many(f"apiKeyId={key}") == len(every)
    assert await how_many("apiKeyId=key_unknown") == 0
    assert (await how_many(f"since={last}"), await how_many(f"until={last}")) == (1, len(every))


async def test_a_mark_may_change_and_each_is_stamped_once(house):
    """layers-api: PATCH recommendations, idempotent."""
    project, _ = await _story(house, 2)
    nothing = await house.get(f"{await house.project('Empty')}/recommendations")
    house.wait(20 * DAY_S)
    first = (await house.get(f"{project}/recommendations?sort=created_desc&minConfidence=0.01"))["items"][0]["recommendationId"]

    statuses = []
    for status in ("acknowledged", "acknowledged", "acted_on", "open"):
        await house.call("PATCH", f"{project}/recommendations/{first}", {"status": status, "note": "seen"}, status=200)
        shown = (await house.get(f"{project}/recommendations"))["items"]
        statuses.append(next(one["status"] for one in shown if one["recommendationId"] == first))

    assert nothing["items"] == []
    assert statuses == ["acknowledged", "acknowledged", "acted_on", "open"]
