"""Learning from what was posted: winners with their verdict, clones within it, and a person's word over a score."""

from __future__ import annotations

from datetime import timedelta

import pytest

from layers_mcp.tool import size

pytestmark = pytest.mark.anyio
WEEK = timedelta(days=7)
ORDINARY = (-1.0, -1.1, -1.2, -1.3, -1.4)
"""Five posts that no audience likes much."""


async def _winner(story, *, best: float = 3.0):
    """A project with five ordinary posts and one that did well; the project and the good one's container and post."""
    project = await story.project()
    posts = await story.fed(project, *ORDINARY, best)
    return project, *posts[-1]


def _row(answer, container):
    return next(row for row in answer["result"]["items"] if row["containerId"] == container)


async def test_a_fresh_project_is_told_that_data_takes_weeks(story):
    """Issue 4: "no data yet, two to six weeks", not an empty list."""
    answer = await story.call("top_performers", projectId=await story.project())

    assert "two to six weeks" in answer["summary"]
    assert answer["next"][0]["tool"] == "list_content"


async def test_top_performers_says_by_what_why_and_what_to_clone(story):
    """Issue 4: picks the axis by the project's stage and says why; each row with the verdict."""
    project, container, post = await _winner(story)

    answer = await story.call("top_performers", projectId=project)
    row = _row(answer, container)

    assert answer["result"]["metric"] == "engagement_rate"
    assert "no conversions" in answer["result"]["why"]
    assert (row["rank"], row["verdict"], row["clones"]) == (1, "clone", 0)
    assert {one["verdict"] for one in answer["result"]["items"][1:]} == {"stop"}
    assert answer["next"][0]["arguments"] == {"projectId": project, "sourcePostId": post, "variations": 2}


async def test_the_suggested_call_makes_the_clones(story):
    """Issue 4: generate_content from a winner; long, priced."""
    project, container, _ = await _winner(story)
    step = (await story.call("top_performers", projectId=project))["next"][0]

    made = await story.call(step["tool"], **step["arguments"], waitSeconds=900)
    again = await story.call("top_performers", projectId=project)

    assert made["status"] == "done"
    assert [one["clonedFrom"] for one in made["result"]["containers"]] == [container] * 2
    assert made["cost"]["credits"] == 240
    assert _row(again, container)["clones"] == 2


async def test_the_same_call_again_makes_no_second_clone(story):
    """Design §5: a retry is the same operation."""
    project, container, post = await _winner(story)

    first = await story.call("generate_content", projectId=project, sourcePostId=post, waitSeconds=900)
    second = await story.call("generate_content", projectId=project, sourcePostId=post, waitSeconds=900)

    assert first["result"]["containerIds"] == second["result"]["containerIds"]
    assert second["replayed"]
    assert _row(await story.call("top_performers", projectId=project), container)["clones"] == 1


async def test_a_post_under_the_floor_is_not_cloned_and_nothing_is_charged(story):
    """Issue 4: refuses below the floor and says so."""
    project = await story.project()
    posts = await story.fed(project, *ORDINARY)
    before = (await story.call("list_content", projectId=project))["result"]["returned"]

    answer = await story.call("generate_content", projectId=project, sourcePostId=posts[0][1])

    assert answer["status"] == "needs_action"
    assert "floor 0.04" in answer["summary"]
    assert "clone_regardless" in answer["summary"]
    assert (await story.call("list_content", projectId=project))["result"]["returned"] == before


async def test_more_clones_than_help_are_refused(story):
    """Issue 4: refuses past the cap and says so."""
    project, _, post = await _winner(story)

    answer = await story.call("generate_content", projectId=project, sourcePostId=post, variations=6)

    assert answer["status"] == "needs_action"
    assert "only 5 are left" in answer["summary"]


async def test_a_person_may_go_on_regardless(story):
    """Issue 4: going on regardless is a control action."""
    project = await story.project()
    posts = await story.fed(project, *ORDINARY)
    asked = {"projectId": project, "sourcePostId": posts[0][1], "variations": 2}

    preview = await story.call("clone_regardless", **asked)
    made = await story.call("clone_regardless", **asked, waitSeconds=900, confirm=preview["confirmation"]["handle"])

    judged, cost = preview["confirmation"]["items"]
    assert (judged["facts"]["verdict"], cost["facts"]["creditsAtMost"]) == ("stop", 240)
    assert "floor" in preview["confirmation"]["question"]
    assert len(made["result"]["containerIds"]) == 2


async def test_what_the_verdict_allows_needs_no_yes_of_a_person(story):
    """Issue 4: going on regardless is a control action; within the verdict there is nothing to go on regardless of."""
    project, container, post = await _winner(story)

    refused = (await story.call("clone_regardless", projectId=project, sourcePostId=post))["error"]

    assert refused["code"] == "VALIDATION"
    assert refused["details"]["issues"][0]["path"] == "sourcePostId"
    assert "generate_content" in refused["message"]
    assert _row(await story.call("top_performers", projectId=project), container)["clones"] == 0


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"mode": "reimagine"}, "mode"),
        ({"variations": 2}, "variations"),
        ({"sourcePostId": "sp_1", "hook": "New."}, "hook"),
        ({"sourcePostId": "sp_1", "variantCount": 2}, "variantCount"),
    ],
)
async def test_a_brief_and_a_clone_do_not_mix(story, more, path):
    """House: every refusal names the field and the way out."""
    answer = await story.call("generate_content", projectId=await story.project(), **more)

    assert answer["error"]["details"]["issues"][0]["path"] == path


async def test_what_clones_say_otherwise_is_what_they_say(story):
    """Issue 4: overrides."""
    project, _, post = await _winner(story)
    overrides = {"caption": "By hand.", "cta": "Come in."}

    made = await story.call("generate_content", projectId=project, sourcePostId=post, overrides=overrides, waitSeconds=900)
    container = made["result"]["containers"][0]

    assert {caption["text"] for caption in container["captionVariants"]} == {"By hand."}
    assert container["cta"] == "Come in."


async def test_the_verdict_holds_for_every_post_of_a_container(story):
    """A container may be out on two accounts: its clones are counted together, whichever post is named."""
    project, container, tiktok = await _winner(story)
    instagram = await story.out(container, await story.account(project, "instagram"), 3.0)
    story.clock.advance(timedelta(days=3))

    made = [await story.call("generate_content", projectId=project, sourcePostId=one, waitSeconds=900) for one in (tiktok, instagram)]

    assert [one["status"] for one in made] == ["done", "done"]
    assert _row(await story.call("top_performers", projectId=project), container)["clones"] == 2


async def test_clones_that_were_turned_down_do_not_count(story):
    """Only what may reach an audience tires it."""
    project, container, post = await _winner(story)
    await story.yes("update_review_policy", projectId=project, policy="review_all")
    made = await story.call("generate_content", projectId=project, sourcePostId=post, variations=5, waitSeconds=900)
    full = _row(await story.call("top_performers", projectId=project), container)

    await story.yes("approve_content", containerIds=made["result"]["containerIds"], decision="reject", reason="Off brand.")
    free = _row(await story.call("top_performers", projectId=project), container)

    assert (full["verdict"], full["clones"]) == ("stop", 5)
    assert (free["verdict"], free["clones"]) == ("clone", 0)


async def test_the_verdict_does_with_what_is_documented(story):
    """layers-api: top-performers documents rank, metricValue, sourceType and sourceId; the rest of a row is ours."""
    project, container, post = await _winner(story)
    full = _row(await story.call("top_performers", projectId=project), container)
    story.wire.drops = ("views", "engagementRate", "publishedAt", "conversions", "roas", "organicScore", "override")

    bare = _row(await story.call("top_performers", projectId=project), container)
    made = await story.call("generate_content", projectId=project, sourcePostId=post, waitSeconds=900)

    assert (bare["verdict"], bare["reason"]) == (full["verdict"], full["reason"])
    assert "views" not in bare
    assert made["status"] == "done"


async def test_when_nothing_is_worth_cloning_a_fresh_post_is_suggested(story):
    """Seed 000, loop 2: losers are not cloned."""
    project = await story.project()
    await story.fed(project, *ORDINARY)

    answer = await story.call("top_performers", projectId=project, metric="views")

    assert (answer["result"]["metric"], answer["result"]["why"]) == ("views", "it was asked for")
    assert answer["next"][0] == {
        "tool": "generate_content",
        "arguments": {"projectId": project},
        "why": "Nothing is worth cloning now: make a fresh post.",
    }


async def test_a_creative_that_a_person_excluded_is_not_cloned(story):
    """layers-api: top-performers, override exclude is never eligible."""
    project, container, _ = await _winner(story)
    await story.yes("override_creative", projectId=project, creativeId=container, override="exclude")

    row = _row(await story.call("top_performers", projectId=project), container)

    assert row["verdict"] == "stop"
    assert "excluded" in row["reason"]


async def test_the_floor_can_be_lowered_but_then_a_person_has_to_say_so(story):
    """Issue 4: the floor is settable; generate_content keeps to its own."""
    project = await story.project()
    await story.fed(project, *ORDINARY)

    answer = await story.call("top_performers", projectId=project, floor=0.001)

    assert "clone" in {row["verdict"] for row in answer["result"]["items"]}
    assert answer["next"][0]["arguments"] == {"projectId": project}
    assert "Nothing is worth cloning" not in answer["next"][0]["why"]
    assert "clone_regardless" in answer["next"][0]["why"]


async def test_a_lowered_floor_still_suggests_what_is_above_the_usual_one(story):
    """A lower floor adds to what is worth cloning and takes nothing away."""
    project, _, post = await _winner(story)

    answer = await story.call("top_performers", projectId=project, floor=0.001)

    assert answer["next"][0]["arguments"] == {"projectId": project, "sourcePostId": post, "variations": 2}


async def test_no_more_clones_are_suggested_than_are_left(story):
    """Design §4: a suggested call can be made; five clones of one source help, and four of them are made."""
    project, container, post = await _winner(story)
    made = await story.call("generate_content", projectId=project, sourcePostId=post, variations=4, waitSeconds=900)

    answer = await story.call("top_performers", projectId=project)

    assert made["status"] == "done"
    assert _row(answer, container)["verdict"] == "clone"
    assert answer["next"][0]["arguments"]["variations"] == 1


async def test_an_override_shows_score_pool_and_effect_first(story):
    """Issue 4: a control action; shows score, pool, what the selection would do and what changes."""
    project = await story.project()
    posts = await story.fed(project, *ORDINARY)
    asked = {"projectId": project, "creativeId": posts[0][0], "override": "exclude", "note": "off brand"}

    preview = await story.call("override", **asked)
    item = preview["confirmation"]["items"][0]
    before = await story.call("list_ads_content", projectId=project, override="exclude")
    done = await story.call("override_creative", **asked, confirm=preview["confirmation"]["handle"])

    assert (item["facts"]["scoringPool"], item["facts"]["override"], item["facts"]["note"]) == ("generated", "none", "off brand")
    assert "place" in item["before"]
    assert item["after"] == "not selected: ads never take it"
    assert before["result"]["returned"] == 0
    assert (done["result"]["creative"]["override"], done["result"]["overridden"]) == ("exclude", 1)


async def test_a_score_too_low_for_ads_is_said_with_what_include_would_do(story):
    """layers-api: ad-eligibility, include bypasses 4.0."""
    project = await story.project()
    posts = await story.fed(project, *ORDINARY)
    story.clock.advance(3 * WEEK)

    preview = await story.call("override_creative", projectId=project, creativeId=posts[0][0], override="include")
    item = preview["confirmation"]["items"][0]

    assert "below 4.0" in item["before"]
    assert "place 1" in item["after"]


async def test_a_creative_goes_back_to_its_score(story):
    """Seed 000: the override column is include, exclude or null."""
    project = await story.project()
    posts = await story.fed(project, *ORDINARY)
    await story.yes("override_creative", projectId=project, creativeId=posts[0][0], override="include")

    back = await story.yes("override_creative", projectId=project, creativeId=posts[0][0].partition("_")[2], override="score")
    nobody = await story.call("override_creative", projectId=project, creativeId="adc_unknown", override="include")

    assert "override" not in back["result"]["creative"]
    assert nobody["error"]["code"] == "NOT_FOUND"


async def test_metrics_are_read_by_scope_in_buckets_that_fit(story):
    """Issue 4: read_metrics; design §4: a result stays within its limit and says how to go on."""
    project = await story.project()
    posts = await story.fed(project, *ORDINARY)
    since = story.at(days=-30)

    whole = await story.call("read_metrics", projectId=project)
    one = await story.call("read_metrics", projectId=project, scope="platform_post", id=posts[0][1], metrics=["views"])
    hours = await story.call("read_metrics", projectId=project, granularity="hour", since=since)
    unnamed = await story.call("read_metrics", projectId=project, scope="social_account")

    assert whole["result"]["totals"]["posts_published"] == 5
    assert 0 < one["result"]["totals"]["views"] < whole["result"]["totals"]["views"]
    assert hours["result"]["hasMore"]
    assert hours["next"][0]["arguments"]["since"] > since
    assert unnamed["error"]["details"]["issues"][0]["path"] == "id"


async def test_recommendations_are_listed_and_marked(story):
    """layers-api: recommendations."""
    project = await story.project()
    await story.fed(project, *ORDINARY)
    story.clock.advance(3 * WEEK)

    found = (await story.call("list_recommendations", projectId=project))["result"]["items"]
    marked = await story.call(
        "update_recommendation", projectId=project, recommendationId=found[0]["recommendationId"], status="dismissed", note="not now"
    )
    still = await story.call("list_recommendations", projectId=project, status="open")

    assert {one["kind"] for one in found} == {"refresh_fatigued"}
    assert marked["result"]["recommendation"]["status"] == "dismissed"
    assert len(still["result"].get("items", [])) == len(found) - 1


async def test_lists_that_do_not_fit_are_taken_in_smaller_pages(story, monkeypatch):
    """Design §4: a result never exceeds its limit; what does not fit is said, with the call that gets it."""
    project = await story.project()
    await story.fed(project, *ORDINARY)
    story.clock.advance(3 * WEEK)
    monkeypatch.setattr(size, "AT_MOST_CHARACTERS", 700)

    for tool in ("list_ads_content", "list_recommendations"):
        answer = await story.call(tool, projectId=project)
        step = answer["next"][0]
        again = await story.call(step["tool"], **step["arguments"])
        after = await story.call(tool, projectId=project, cursor=again["result"]["nextCursor"])

        assert answer["result"]["hasMore"]
        assert again["result"]["items"] == answer["result"]["items"]
        assert after["result"]["items"][0] not in again["result"]["items"]
