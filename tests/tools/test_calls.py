"""What each tool does, what it touches, and what it says when things go wrong."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from layers_mcp.contract import jobs, projects
from layers_mcp.contract.jobs import GetJob
from layers_mcp.contract.scalars import wire_time
from layers_mcp.sandbox import tables
from layers_mcp.sandbox.faults import Fault
from layers_mcp.server.calling import answer
from layers_mcp.store.asked import Customer, Option, Question
from layers_mcp.tools.catalog import TOOLS

pytestmark = pytest.mark.anyio
SAMPLE = "quinns-coffee/quinns-app"
RETURN = "https://app.your-partner.com/done"


async def ingested(story, project):
    """The ingest of the sample app, waited for."""
    asked = await story.call("ingest_repo", projectId=project, repoFullName=SAMPLE)
    started = await story.call("ingest_repo", **asked["next"][0]["arguments"], waitSeconds=0)
    await story.world.work_done()
    job = started["result"]["job"]["jobId"]
    return await story.call("wait_for_job", jobId=job, waitSeconds=900)


async def _learned(story, project):
    """Every tool that reads what was earned, or acts on it."""
    posts = await story.fed(project, 0, 0, 0, 0, 0, 3)
    await story.call("top_performers", projectId=project)
    await story.call("generate_content", projectId=project, sourcePostId=posts[-1][1], waitSeconds=900)
    await story.call("generate_content", projectId=project, sourcePostId="sp_unknown")
    await story.yes("clone_regardless", projectId=project, sourcePostId=posts[0][1], waitSeconds=900)
    await story.call("clone_regardless", projectId=project, sourcePostId="sp_unknown")
    await story.yes("override_creative", projectId=project, creativeId=posts[0][0], override="exclude")
    await story.call("read_metrics", projectId=project)
    await story.call("list_ads_content", projectId=project)
    found = (await story.call("list_recommendations", projectId=project))["result"]["items"]
    await story.call("update_recommendation", projectId=project, recommendationId=found[0]["recommendationId"], status="acknowledged")


async def _outlived(story, wanted):
    """A yes that goes on with a schedule whose answer nobody heard; its post was canceled since."""
    handle = await story.handle("schedule_content", **wanted)
    waiting = "/v1/projects/{projectId}/scheduled-posts"
    story.world.script(Fault(method="POST", path="/v1/content/{containerId}/schedule", lose_answer=True, times=4))
    story.world.script(Fault(method="GET", path=waiting, delay_s=0.0))  # the look before the act; the one after it fails
    story.world.script(Fault(method="GET", path=waiting, status=503, times=4))
    await story.call("schedule_content", **wanted, confirm=handle)
    await story.yes("schedule_content", **wanted)


async def _scheduled(story, project, post, account):
    """Every end of a schedule, and what is waited for after it."""
    late = await story.post(project, topic="tea")
    await story.yes("schedule_content", containerId=late, scheduledFor=story.at(minutes=5), targets=[{"socialAccountId": account}])
    story.world.advance(600)
    await story.yes("approve_content", containerIds=[late])
    done = await story.yes("schedule_content", containerId=post, scheduledFor=story.at(minutes=5), targets=[{"socialAccountId": account}])
    await story.call("wait_for_job", scheduledPostId=done["result"]["schedule"]["scheduledPostIds"][0], waitSeconds=900)
    await _outlived(story, {"containerId": post, "scheduledFor": story.at(hours=3), "targets": [{"socialAccountId": account}]})
    await story.call("wait_for_job", containerId=post)


async def _posted(story, project, post, account):
    """What is queued: looked at, moved and taken back."""
    made = await story.yes("schedule_content", containerId=post, scheduledFor=story.at(days=3), targets=[{"socialAccountId": account}])
    (queued,) = made["result"]["schedule"]["scheduledPostIds"]
    await story.call("list_posts", projectId=project)
    await story.call("list_posts", containerId=post)
    await story.yes("reschedule_post", scheduledPostId=queued, scheduledFor=story.at(days=4))
    await story.yes("cancel_post", scheduledPostId=queued)


async def _looped(story, project):
    """The tools of the loops, with nobody who works runs off."""
    customer = {"customerExternalId": "quinn-1", "name": "Quinn", "waitSeconds": 0}
    known = Customer(
        principal=story.house.gate.principal, external_id="quinn-1", name="Quinn", zone="UTC", asked={}, since=story.clock.now()
    )
    story.store.customers.keep(known.model_copy(update={"project_id": project}))
    await story.call("onboard_customer", house=replace(story.house, projects=frozenset({project})), **customer)
    await story.call("onboard_customer", **customer, repoFullName=SAMPLE, installationId=1, state="gh_1")
    await story.call("get_run", customerExternalId="quinn-1", waitSeconds=0)
    story.store.customers.move(known.principal, "quinn-1", "active", story.clock.now())
    await story.call("run_loop", loop="optimization", projectId=project, waitSeconds=0)
    await story.yes("pause_loops", projectId=project)
    await story.yes("resume_loops", projectId=project)
    await story.call("get_health")
    option = Option(word="exclude", means="Ads take it no more.", weighs=True)
    creative = (await story.call("list_ads_content", projectId=project))["result"]["items"][0]["adsContentId"]
    said = {"kind": "exclude", "words": "Leave it out?", "options": (option,), "facts": {"adsContentId": creative}, "project_id": project}
    asked = Question(id="q_1", principal=known.principal, asked_at=story.clock.now(), **said)
    story.store.questions.ask(asked)
    await story.call("list_questions", projectId=project)
    await story.yes("answer_question", questionId="q_1", answer="exclude")
    account = (await story.call("get_project", projectId=project))["result"]["accounts"][0]["socialAccountId"]
    await story.yes("set_plan", projectId=project, socialAccountIds=[account], slots=["10:00"], until=story.at(days=30)[:10])


async def _halted(story, paid, account):
    """The switch, with something to cancel and to pause."""
    project = paid.id
    paid.layer(structural="auto")
    post = await story.post(project, hook="The last one.")
    at = wire_time(story.layers.now() + timedelta(days=1))
    await story.yes("schedule_content", containerId=post, scheduledFor=at, targets=[{"socialAccountId": account}])
    await story.call("generate_content", projectId=project, hook="Never.", waitSeconds=0)
    story.world.script(Fault(method="DELETE", path="/v1/scheduled-posts/{scheduledPostId}", lose_answer=True, times=4))
    await story.yes("halt", projectId=project, cancel=True, pauseAds=True)  # read back
    await story.yes("halt", projectId=project, resume=True)


async def advertised(story, paid):
    """Every tool on ads, over an API of either edition."""
    paid.campaign(paid.account())
    paid.layer(target_cpa_cents=300)
    story.clock.advance(timedelta(days=1))
    await story.call("run_optimizer", projectId=paid.id, platform="meta_ads", waitSeconds=900)
    await story.call("run_optimizer", projectId=paid.id, platform="meta_ads", dryRun=False)
    listed = (await story.call("explain_decision", projectId=paid.id))["result"]["decisions"]
    asked = [one for one in listed if one.get("outcome") == "pending"]
    story.wire.ungrouped = True
    for one in asked:
        await story.call("explain_decision", projectId=paid.id, decisionId=one["pendingId"])
    creative = next(one["adsContentId"] for one in (await story.call("list_ads_content", projectId=paid.id))["result"]["items"])
    await story.yes("override_creative", projectId=paid.id, creativeId=creative, override="exclude")
    for group in ("ad", "adset", "project"):
        await story.call("read_ads_metrics", projectId=paid.id, groupBy=group)
    await story.call("top_performers", projectId=await story.project(customerExternalId="nothing is out"))
    first, second, *_ = (one["pendingId"] for one in asked)
    await story.yes("review_pending_action", projectId=paid.id, pendingId=first)
    await story.yes("review_pending_action", projectId=paid.id, pendingId=second, decision="reject", reason="No.")


@pytest.mark.timeout(400)  # it calls every tool
async def test_a_tool_touches_exactly_the_endpoints_it_declares(story, paid_of):
    """Design §3: `calls` gives scopes and rate class; a test proves that a tool touches exactly these."""
    touched: dict[str, set[str]] = {}
    call = story.result

    async def watched(tool, **arguments):
        before = len(story.wire.rows)
        answer = await call(tool, **arguments)
        touched.setdefault(tool, set()).update(story.wire.rows[before:])
        return answer

    story.result = watched
    project = await story.project(customerExternalId="quinn-1")
    await story.project(customerExternalId="quinn-1")
    await ingested(story, project)
    await story.call("ingest_repo", projectId=project, repoFullName=SAMPLE, idempotencyKey="again", waitSeconds=0)
    await story.call("get_project")
    await story.call("get_project", projectId=project)
    await story.call("update_project", projectId=project, brandContext={"tagline": "New."})
    account = await story.account(project)
    post = await story.post(project)
    await story.post(project, topic="beans")
    await story.yes("approve_content", containerIds=[post])
    other = (await story.call("list_content", projectId=project, approvalStatus="pending"))["result"]["items"][0]["id"]
    await story.yes("approve_content", containerIds=[other], decision="reject", regenerateBrief={"hook": "Better."})
    await story.call("list_content", containerId=post)
    await _scheduled(story, project, post, account)
    await _posted(story, project, post, account)
    await story.yes("update_review_policy", projectId=project, policy="review_all")
    app = (await story.call("create_sdk_app", projectId=project, name="Shop", platform="web", webDomain="acme.com"))["result"]["app"]
    await story.call("list_sdk_apps", projectId=project)
    await story.call("list_sdk_apps", projectId=project, appId=app["appId"])
    await story.yes("update_sdk_app", projectId=project, appId=app["appId"], rotateKey=True)
    await story.call("refresh_keywords", projectId=project, waitSeconds=900)
    await story.call("list_keywords", projectId=project)
    await story.call("ingest_listing", projectId=project, url="https://quinnscoffee.com", waitSeconds=0)
    await story.call("ingest_listing", projectId=project, iosBundleId="coffee.quinns.app", waitSeconds=0)
    media = await story.call("add_app_media", projectId=project, kind="logo", url="https://quinnscoffee.com/logo.svg")
    await story.call("list_app_media", projectId=project)
    await story.yes("remove_app_media", projectId=project, mediaId=media["result"]["media"]["id"])
    consent = await story.call("connect_account", projectId=project, platform="instagram", returnUrl=RETURN)
    await story.press(consent)
    await story.call("wait_for_job", state=consent["result"]["state"], projectId=project, waitSeconds=900)
    await story.call("connect_account", projectId=project, platform="tiktok", returnUrl=RETURN, socialAccountId=account)
    await _learned(story, project)
    paid = paid_of(story.world, project)
    await advertised(story, paid)
    await _halted(story, paid, account)

    await _looped(story, project)
    await story.call("read_resource", uri="layers://account")
    await story.call("find", words="what waits for an answer")
    await story.call("describe", name="list_questions")
    await story.call("call", name="list_questions")

    assert touched == {tool.name: {call.name for call in tool.calls} for tool in TOOLS}


async def test_an_ingest_without_an_installation_needs_action_with_url_and_state(story):
    """Issue 2: it answers `needs_action` with the URL to open and the state; that is a state, not a failure."""
    answer = await story.result("ingest_repo", projectId=await story.project(), repoFullName=SAMPLE)

    assert not answer.is_error
    assert answer.record["status"] == "needs_action"
    assert answer.record["result"]["state"] in answer.record["result"]["authorizeUrl"]
    assert answer.record["next"][0]["arguments"]["installationId"] == 48271993


async def test_a_state_without_its_installation_is_refused_by_name(story):
    """Principle: a refusal names the field."""
    answer = await story.result("ingest_repo", projectId=await story.project(), repoFullName=SAMPLE, installationId=48271993)

    assert answer.record["error"]["details"]["issues"][0]["path"] == "state"


async def test_an_ingest_brings_brand_context_pull_request_and_sdk_app(story):
    """Seed 004, step 3."""
    project = await story.project()

    done = await ingested(story, project)

    found = done["result"]["job"]["result"]
    read = await story.call("get_project", projectId=project)
    assert found["prUrl"] == "https://github.com/quinns-coffee/quinns-app/pull/142"
    assert sorted(found["platforms"]) == ["ios", "web"]
    assert read["result"]["project"]["brandContext"]["keywords"] == ["coffee", "cafe", "order ahead", "pacific northwest"]
    assert read["result"]["influencers"][0]["status"] == "ready"
    shares = [done for done, _ in story.told]
    assert shares == sorted(shares)


async def test_a_failed_ingest_says_so_and_how_to_try_again(story):
    """Seed 004, step 3, "Failure paths": no supported platform; no pull request was opened."""
    project = await story.project()
    asked = await story.call("ingest_repo", projectId=project, repoFullName=SAMPLE)
    story.world.script(Fault(method="POST", path="/v1/projects/{projectId}/ingest/github", job_error="SDK_PATCH_GENERATION_FAILED"))

    answer = await story.result("ingest_repo", **asked["next"][0]["arguments"], waitSeconds=900)

    assert answer.is_error
    assert answer.record["status"] == "failed"
    assert answer.record["result"]["job"]["error"]["code"] == "SDK_PATCH_GENERATION_FAILED"
    assert "react-native" in answer.record["summary"]


async def test_a_failed_operation_is_not_given_back_for_its_repeat(story):
    """Design §5: the same call again is a new try, because nothing stands that could be given back."""
    project = await story.project()
    story.world.script(Fault(method="POST", path="/v1/projects/{projectId}/content", job_error="INTERNAL"))

    failed = await story.call("generate_content", projectId=project, format="slideshow_remix", waitSeconds=900)
    done = await story.call("generate_content", projectId=project, format="slideshow_remix", waitSeconds=900)

    assert failed["status"] == "failed"
    assert done["status"] == "done"
    assert "replayed" not in done


@pytest.mark.parametrize("trouble", [{"lose_answer": True}, {"status": 500}, {"status": 503}, {"code": "RATE_LIMITED", "retry_after_s": 7}])
async def test_trouble_on_the_way_never_makes_two_of_one(story, trouble):
    """Seed 000, "Idempotency": retries on network failures won't create duplicates."""
    project = await story.project()
    story.world.script(Fault(method="POST", path="/v1/projects/{projectId}/content", times=2, **trouble))

    done = await story.call("generate_content", projectId=project, format="slideshow_remix", waitSeconds=900)

    assert done["status"] == "done"
    assert (await story.call("list_content", projectId=project))["result"]["returned"] == 1


async def test_two_at_once_make_one_project_for_one_customer(story):
    """Design §4: never two for one customer, also when somebody else was quicker between our look and our call."""
    send, looked, looks = story.layers.send, asyncio.Barrier(2), iter(range(2))

    async def together(endpoint, request, **more):
        reply = await send(endpoint, request, **more)
        if endpoint is projects.LIST and next(looks, None) is not None:
            await looked.wait()  # neither creates before both have seen that there is none
        return reply

    story.layers.send = together
    one, two = await asyncio.gather(
        story.call("create_project", name="Quinn", customerExternalId="q"),
        story.call("create_project", name="Quinn Inc", customerExternalId="q"),
    )

    assert story.wire.rows.count("POST /v1/projects") == 2
    assert one["result"]["project"]["id"] == two["result"]["project"]["id"]
    assert sorted([one["result"]["created"], two["result"]["created"]]) == [False, True]


async def test_a_customer_who_is_found_is_no_replay(story):
    """A new idempotencyKey would not make another project, so the answer must not say that it does."""
    await story.project(customerExternalId="q")

    again = await story.call("create_project", name="Quinns Coffee Co", timezone="America/Los_Angeles", customerExternalId="q")

    assert again["result"]["created"] is False
    assert "replayed" not in again


@pytest.mark.parametrize("nothing", [{}, {"name": ""}, {"brandContext": {}}, {"brandContext": {"tagline": ""}}])
async def test_a_change_of_nothing_is_refused_and_changes_nothing(story, nothing):
    """An empty string is taken as not given (design §4); to say "changed" then would be a lie."""
    project = await story.project()

    answer = await story.result("update_project", projectId=project, **nothing)

    assert answer.record["error"]["code"] == "VALIDATION"
    assert "PATCH /v1/projects/{projectId}" not in story.wire.rows


async def test_what_was_changed_is_named_as_the_wire_spells_it(story):
    """Issue 2: arguments use the wire's spelling, and so do results that name them."""
    project = await story.project()

    made = await story.call("update_project", projectId=project, primaryLanguage="de", brandContext={"appName": "Q", "icp": "All."})

    assert made["result"]["changed"] == ["brandContext.appName", "brandContext.icp", "primaryLanguage"]


async def test_too_few_credits_are_told_before_anything_starts(story):
    """Design §4: quotes credits first; here no budget asks before the wallet is empty."""
    story.within(day=1_000_000)
    project = await story.project()
    last = None
    for number in range(20):
        last = await story.result("generate_content", projectId=project, variantCount=5, idempotencyKey=str(number), waitSeconds=0)
        if last.is_error:
            break

    assert last.record["error"]["code"] == "INSUFFICIENT_CREDITS"
    assert last.record["error"]["details"]["required"] == 600
    assert last.record["error"]["details"]["available"] < 600


async def test_a_repeat_is_answered_also_when_the_credits_are_gone(story):
    """Design §5: the same call gets the first outcome back; it costs nothing more, so nothing is quoted."""
    project = await story.project()
    wanted = {"projectId": project, "format": "slideshow_remix", "hook": "First."}
    first = await story.call("generate_content", **wanted, waitSeconds=0)
    with story.world.engine.begin() as connection:
        connection.execute(update(tables.organizations).values(included_credits=60, prepaid_credits=0))
    refused = await story.call("generate_content", **{**wanted, "hook": "Second."}, waitSeconds=0)

    again = await story.call("generate_content", **wanted, waitSeconds=900)

    assert refused["error"]["code"] == "INSUFFICIENT_CREDITS"
    assert again["status"] == "done"
    assert again["result"]["containerIds"] == first["result"]["containerIds"]
    assert "cost" not in again


async def test_what_was_started_is_on_record(story):
    """Issue 2: the store records every job and post we start."""
    project = await story.project()
    account = await story.account(project)
    post = await story.approved(project)
    await story.yes("schedule_content", containerId=post, scheduledFor=story.at(hours=1), targets=[{"socialAccountId": account}])

    begun = story.house.gate.recent()

    assert {one.kind for one in begun} == {"job", "post", "oauth"}
    job = next(one for one in begun if one.kind == "job")
    assert (await story.layers.send(jobs.GET, GetJob(job_id=job.id))).status == "completed"


async def test_every_call_leaves_a_row_in_the_trail_without_its_arguments(story):
    """Design §5: record; house-style 27: never a secret anywhere."""
    await story.project(name="A name nobody keeps")
    await story.result("list_content")

    rows = story.store.trail.recent(story.house.gate.principal)

    assert {(row.tool, row.outcome) for row in rows} >= {("create_project", "done"), ("list_content", "VALIDATION")}
    assert "A name nobody keeps" not in repr(rows)


async def test_a_call_with_wrong_arguments_leaves_a_row_in_the_trail_too(story):
    """Design §5: every call is recorded, also one that was refused before it began."""
    await story.result("create_project", name="")

    assert [row.outcome for row in story.store.trail.recent(story.house.gate.principal)] == ["VALIDATION"]


async def test_a_call_that_breaks_leaves_a_row_in_the_trail_too(story):
    """Design §5: every call is recorded, also one whose client went away in the middle."""
    project = await story.project()

    async def gone(done, stage):
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await answer(story.house, "generate_content", {"projectId": project}, gone, shown=["generate_content"])

    assert [row.outcome for row in story.store.trail.recent(story.house.gate.principal, limit=1)] == ["broken_off"]


async def test_exactly_one_thing_is_waited_for(story):
    """Principle: the refusal names the way out."""
    none = await story.result("wait_for_job")
    two = await story.result("wait_for_job", jobId="job_1", containerId="cnt_1")

    assert none.record["error"]["code"] == two.record["error"]["code"] == "VALIDATION"


async def test_a_change_set_twice_is_applied_twice(story):
    """A, then B, then A again ends as A: what sets is never taken for a repeat."""
    project = await story.project()
    for tagline in ("A", "B", "A"):
        last = await story.call("update_project", projectId=project, brandContext={"tagline": tagline})

    assert last["result"]["project"]["brandContext"]["tagline"] == "A"


async def test_a_page_that_is_too_long_is_taken_in_smaller_ones(story):
    """Design §4: a result never exceeds 8,000 tokens; nothing is lost, the next call brings the rest."""
    project = await story.project()
    for number in range(3):
        wanted = {"format": "slideshow_remix", "variantCount": 5, "hook": f"{number} " + "long " * 380}
        await story.call("generate_content", projectId=project, **wanted, waitSeconds=900)

    brief = await story.call("list_content", projectId=project)
    full = await story.call("list_content", projectId=project, detail="full")
    again = await story.call("list_content", **full["next"][0]["arguments"])

    assert brief["result"]["returned"] == 15
    assert len(brief["result"]["items"][0]["hook"]) == 120
    assert full["result"]["hasMore"] is True
    assert 0 < full["result"]["returned"] < 15
    assert again["result"]["items"] == full["result"]["items"]
    assert again["result"]["nextCursor"]


async def test_refusals_use_our_own_words(story):
    """Principle: a refusal can be read aloud; no tuple, no class names."""
    answer = await story.result("schedule_content", containerId="cnt_1", scheduledFor="2030-01-01T00:00:00", targets="x", when="now")

    words = answer.text
    assert "targets.0 must be an object" in words
    assert "when is no argument of schedule_content, which takes" in words
    assert "tuple" not in words.lower()
    assert "Arguments" not in words


async def test_an_unknown_name_inside_an_argument_is_refused_with_the_names_known_there(story):
    """House style: what happened, with the value's name, then what to do."""
    answer = await story.result("update_project", projectId="prj_1", brandContext={"name": "Q"})

    assert "brandContext.name is no argument of brandContext, which takes appName, appDescription, tagline" in answer.text


async def test_an_id_that_leads_nowhere_is_refused_by_its_argument(story):
    """Issue 5, "Bad input": a refusal names the field; Layers only says that something is not there."""
    project = await story.project()

    alone = await story.call("list_content", projectId="prj_00000000-0000-0000-0000-000000000000")
    listed = await story.call("approve_content", containerIds=["cnt_00000000-0000-0000-0000-000000000000"])
    second = await story.call("list_sdk_apps", projectId=project, appId="app_00000000-0000-0000-0000-000000000000")

    paths = [[issue["path"] for issue in refused["error"]["details"]["issues"]] for refused in (alone, listed, second)]
    assert paths == [["projectId"], ["containerIds.0"], ["appId"]]


@pytest.mark.parametrize(
    ("name", "path"), [("\x12", r"'\x12'"), ("", "''"), ("\u200b", r"'\u200b'"), ("\ud800", "arguments"), ("x" * 300, "x" * 100)]
)
async def test_a_name_that_can_not_be_shown_is_named_all_the_same(story, name, path):
    """Issue 5, "Bad input": a refusal names the field; what is cleaned away names nothing."""
    refused = await story.call("get_project", **{name: "1"})

    assert [issue["path"] for issue in refused["error"]["details"]["issues"]] == [path]
    assert path in refused["error"]["message"]


@pytest.mark.parametrize("metrics", [[], ["views"] * 13])
async def test_metrics_that_can_not_be_asked_for_are_refused_by_name(story, metrics):
    """Issue 5, "Bad input": found by the fuzz, which was answered with a mistake of ours."""
    refused = await story.call("read_metrics", projectId=await story.project(), metrics=metrics)

    assert [issue["path"] for issue in refused["error"]["details"]["issues"]] == ["metrics"]
