"""What a control call answers, to the word that matters, at each step of its way: preview, question, yes, no, act, and again."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from attacks import Carrying, Person

from layers_mcp.client.sent import Write, unchecked
from layers_mcp.contract import review
from layers_mcp.contract.errors import Conflict, TimedOut
from layers_mcp.gate.handle import fingerprint, new_handle
from layers_mcp.tool.advice import said
from layers_mcp.tool.asking import AskFirst

pytestmark = pytest.mark.anyio
HANDLE = r"cf_[a-z2-7]{32}"

OUTSIDE = "answers outside this conversation (layers-mcp confirm); then call again with confirm. They are asked: "


@pytest.fixture
async def scene(scene_of):
    """A change of the review policy: the cheapest of the control calls."""
    return await scene_of("policy")


def _row(scene, handle):
    return scene.story.store.confirmations.find(fingerprint(handle))


def _entries(scene, many=1):
    return scene.story.store.trail.recent(scene.story.house.gate.principal, limit=many)


@pytest.mark.parametrize(
    ("tier", "asker", "good_s", "then"),
    [
        ("ask", None, 600, "Ask the person: "),
        ("ask", Person("yes"), 600, "don't ask in chat. They are asked: "),
        ("human", None, 86_400, OUTSIDE),
        ("human", Person("yes"), 600, "don't ask in chat. They are asked: "),
        (
            "outside",
            Person("yes"),
            86_400,
            OUTSIDE,
        ),
    ],
)
async def test_a_preview_says_who_is_to_be_asked_and_how_long_it_is_good(scene, tier, asker, good_s, then):
    """Design §5: ten minutes; a day where a person comes by later."""
    scene.story.under(tier)

    told = await scene.call(asker=asker)

    shown = told["confirmation"]
    (item,) = shown["items"]
    assert (told["status"], shown["validForSeconds"]) == ("confirmation_required", good_s)
    assert told["summary"].startswith("Nothing was changed. ")
    assert told["summary"].endswith(then + shown["question"])
    assert "because" not in shown
    assert (item["id"], item["before"]) == (scene.facts["project"], "every post waits for a decision")
    row = _row(scene, shown["handle"])
    assert (row.project_id, row.question, row.items) == (scene.facts["project"], shown["question"], shown["items"])
    assert (row.tool, row.state, row.expires_at - row.minted_at) == (scene.case.tool, "minted", timedelta(seconds=good_s))
    assert (_entries(scene)[0].outcome, _entries(scene)[0].shown) == ("confirmation_required", row.shown)


async def test_a_preview_of_what_names_no_project_is_kept_with_the_one_it_touches(scene_of):
    """`layers-mcp forget PROJECT` has to find it."""
    scene = await scene_of("approve")

    assert _row(scene, await scene.handle()).project_id == scene.facts["project"]


async def test_of_what_is_shown_all_is_bound_but_what_reads_otherwise_at_each_look(scene_of):
    """Design §5.2; a signed URL is another at each look, the file it stands for is not."""
    scene = await scene_of("approve")
    handle = await scene.handle()
    scene.story.wire.signs = True

    done = await scene.call(confirm=handle)

    assert done["status"] == "done"


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("unknown", "not a handle given out"),
        ("expired", "the handle's time was over"),
        ("other", "other arguments"),
        ("changed", "has changed"),
    ],
)
async def test_a_handle_that_does_not_count_gets_the_preview_and_the_reason(scene, reason, word):
    """House rule 25: what happened, then what to do."""
    handle = await scene.handle(arguments=scene.case.other) if reason == "other" else await scene.handle()
    if reason == "changed":
        await scene.change()
    scene.story.clock.advance(timedelta(minutes=10 if reason == "expired" else 0))

    told = await scene.call(confirm=new_handle() if reason == "unknown" else handle)

    assert told["status"] == "confirmation_required"
    assert word in told["confirmation"]["because"]
    assert "nothing was changed" in told["confirmation"]["because"]
    assert told["confirmation"]["handle"] != handle


async def test_an_act_is_done_once_and_told_again_for_ten_minutes(scene):
    """Design §5: marked replayed; then the handle is used up."""
    handle = await scene.handle()

    first = await scene.call(confirm=handle)
    again = await scene.call(confirm=handle)
    scene.story.clock.advance(timedelta(minutes=10))
    later = await scene.call(confirm=handle)

    assert (first["status"], first["confirmedBy"], "replayed" in first) == ("done", "agent", False)
    assert {**first, "replayed": "this handle was used before; this is what it did, and nothing was done again"} == again
    assert "was used before; nothing was done again" in later["confirmation"]["because"]
    assert [one.outcome for one in _entries(scene, 5)] == [
        "confirmation_required", "replayed", "done", "acting", "confirmation_required",
    ]  # fmt: skip
    assert (_row(scene, handle).state, _row(scene, handle).confirmed_by, _entries(scene, 3)[2].how) == ("done", "agent", None)
    assert _entries(scene, 3)[2].shown == _row(scene, handle).shown


async def test_a_persons_yes_is_written_down_with_how_it_came(scene):
    """Issue 5: who said yes, in the result and in the trail."""
    handle = await scene.handle()

    done = await scene.call(confirm=handle, asker=Person("yes"))

    (entry,) = _entries(scene)
    assert (done["confirmedBy"], entry.confirmed_by, entry.how, entry.outcome) == ("person", "person", "client", "done")


@pytest.mark.parametrize(("answer", "status", "words", "state"), [
    ("no", "canceled", "that is final for this handle. Nothing was changed", "no"),
    ("dismissed", "canceled", "gave no answer. Nothing was changed", "asked"),
])  # fmt: skip
async def test_a_no_and_no_answer_are_told_apart(scene, answer, status, words, state):
    """Issue 5: decline and cancel have their own outcomes."""
    handle = await scene.handle()

    told = await scene.call(confirm=handle, asker=Person(answer))

    assert (told["status"], "confirmation" in told, "confirmedBy" in told) == (status, False, False)
    assert words in told["summary"]
    assert _row(scene, handle).state == state
    assert _entries(scene)[0].outcome == "canceled"


async def test_a_no_is_told_again_to_whoever_comes_with_the_handle(scene):
    """A decline is an answer, not a reason to ask again."""
    handle = await scene.handle()
    scene.story.store.confirmations.answer(fingerprint(handle), yes=False, how="command", now=scene.story.clock.now())

    told = await scene.call(confirm=handle)

    assert (told["status"], "confirmation" in told) == ("canceled", False)
    assert "The person said no" in told["summary"]


async def test_the_newer_client_is_told_what_to_ask_and_is_heard_once(scene):
    """mcp-notes §1: the question goes out as a result; a dismissal that comes along asks nobody anew."""
    handle = await scene.handle()
    asked = await scene.result(confirm=handle, asker=Carrying())
    dismissed = await scene.call(confirm=handle, asker=Carrying("dismissed", asked.token))
    done = await scene.call(confirm=handle, asker=Carrying("yes", asked.token))

    assert isinstance(asked, AskFirst)
    assert asked.question.startswith(_row(scene, handle).question)
    assert (dismissed["status"], "gave no answer" in dismissed["summary"]) == ("canceled", True)
    assert (done["status"], done["confirmedBy"]) == ("done", "person")
    assert [one.outcome for one in _entries(scene, 4)] == ["done", "acting", "canceled", "asked"]


async def test_the_newer_clients_no_is_final(scene):
    """The same with a decline that comes along."""
    handle = await scene.handle()
    asked = await scene.call(confirm=handle, asker=Carrying())

    told = await scene.call(confirm=handle, asker=Carrying("no", asked["token"]))

    assert (told["status"], _row(scene, handle).state) == ("canceled", "no")
    assert "The person said no" in told["summary"]


@pytest.mark.parametrize(("passed_s", "left_s"), [(0, 600), (599, 1)])
async def test_the_person_is_given_as_long_as_the_handle_is_good(scene, passed_s, left_s):
    """An answer that comes later would count for nothing."""
    given = []

    class Waiting(Person):
        async def ask(self, question, token, *, within_s):
            given.append(within_s)
            return await super().ask(question, token, within_s=within_s)

    handle = await scene.handle()
    scene.story.clock.advance(timedelta(seconds=passed_s))

    await scene.call(confirm=handle, asker=Waiting("dismissed"))

    assert given == [left_s]


@pytest.mark.parametrize("tier", ["human", "outside"])
async def test_without_a_person_it_waits_and_a_yes_from_outside_lets_it_through(scene, tier):
    """Design §5, 4: the refusal does not say how to get round it."""
    scene.story.under(tier)
    handle = await scene.handle()

    waits = await scene.call(confirm=handle)
    scene.story.store.confirmations.answer(fingerprint(handle), yes=True, how="page", now=scene.story.clock.now())
    done = await scene.call(confirm=handle)

    assert (waits["status"], "waits for a person's yes outside" in waits["summary"]) == ("needs_action", True)
    assert (done["status"], done["confirmedBy"], _entries(scene)[0].how) == ("done", "person", "page")


async def test_what_the_policy_denies_is_named(scene):
    """Issue 5: deny; what needs no yes still runs."""
    scene.story.under("deny")

    told = await scene.call()
    free = await scene.call(tool="run_optimizer", arguments={"projectId": scene.facts["project"], "platform": "meta_ads", "dryRun": True})

    assert (told["error"]["code"], "forbids update_review_policy" in told["error"]["message"]) == ("POLICY_FORBIDS", True)
    assert free["status"] == "running"
    assert _entries(scene, 2)[1].shown is None


@pytest.mark.parametrize(("problem", "state"), [(Conflict("taken"), "failed"), (TimedOut("lost"), "acting")])
async def test_an_act_that_is_refused_is_over_and_one_that_is_lost_is_not(scene, problem, state):
    """House rule 29; the reason is told again, with what to do."""
    handle, send = await scene.handle(), scene.story.layers.send

    async def refusing(endpoint, request, **more):
        if endpoint is review.SET_POLICY:
            Write(more["key"], unchecked).failed(problem)  # as the client does
            raise problem
        return await send(endpoint, request, **more)

    scene.story.layers.send = refusing
    first = await scene.call(confirm=handle)
    again = await scene.call(confirm=handle)

    assert first["error"]["code"] == problem.wire_code
    assert _row(scene, handle).state == state
    if state == "failed":
        assert (again["status"], again["confirmedBy"]) == ("failed", "agent")
        assert again["summary"] == f"{problem.wire_code}: {said(problem)}. {problem.advice}"
        assert "nothing was done again" in again["replayed"]
    else:
        assert "does nothing twice" in again["confirmation"]["because"]


async def test_an_act_that_went_wrong_in_part_is_kept_as_failed(scene_of):
    """The record says what became of each; nothing is done again."""
    scene = await scene_of("approve")
    handle, send = await scene.handle(), scene.story.layers.send

    async def refusing(endpoint, request, **more):
        if endpoint is review.APPROVE:
            raise Conflict("taken")
        return await send(endpoint, request, **more)

    scene.story.layers.send = refusing
    first = await scene.call(confirm=handle)
    again = await scene.call(confirm=handle)

    assert (first["status"], _row(scene, handle).state, again["status"]) == ("failed", "failed", "failed")
    assert again["result"] == first["result"]


async def test_a_secret_is_told_once_and_kept_nowhere(scene_of):
    """Seed 004: shown once; what is told again has all but the key, and says so."""
    scene = await scene_of("app")
    handle = await scene.handle()

    first = await scene.call(confirm=handle)
    again = await scene.call(confirm=handle)

    key = first["result"]["app"]["apiKey"]
    assert key.startswith("lsk_")
    assert again["result"]["app"] == {name: value for name, value in first["result"]["app"].items() if name != "apiKey"}
    assert again["summary"] != first["summary"]
    assert key not in str(_row(scene, handle).outcome)
    assert _row(scene, handle).outcome["result"]["app"]["appId"] == scene.facts["app"]


async def test_what_changed_while_the_person_thought_is_asked_about_anew(scene):
    """Design §5, 2; with a client that can't ask there was no time to think."""
    handle = await scene.handle()
    looks = []

    async def looking(scene) -> None:
        looks.append(len(scene.story.wire.rows))
        await scene.change()

    told = await scene.call(confirm=handle, asker=Person("yes", looking, scene))

    assert (told["status"], "has changed" in told["confirmation"]["because"]) == ("confirmation_required", True)
    assert scene.count().effects == ()


async def test_an_act_ends_although_its_client_went_away(scene):
    """What was begun is finished and recorded."""
    handle, send, begun, go_on = await scene.handle(), scene.story.layers.send, asyncio.Event(), asyncio.Event()

    async def slowly(endpoint, request, **more):
        if endpoint is review.SET_POLICY:
            begun.set()
            await go_on.wait()
        return await send(endpoint, request, **more)

    scene.story.layers.send = slowly
    call = asyncio.ensure_future(scene.call(confirm=handle))
    await begun.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    go_on.set()
    async with asyncio.timeout(20):
        while _row(scene, handle).state != "done":  # noqa: ASYNC110  it goes on behind everybody's back
            await asyncio.sleep(0.01)

    assert len(scene.count().effects) == 1
    assert [one.outcome for one in _entries(scene, 2)] == ["done", "acting"]


@pytest.mark.parametrize(("name", "many"), [("app", 2), ("policy", 3)])
async def test_the_key_of_a_lost_act_is_used_again_but_for_what_is_set_and_a_new_act_has_its_own(scene_of, name, many):
    """Design §5: a yes after a lost answer continues the same operation; what is set is set anew, whatever was set since."""
    scene = await scene_of(name)
    keys, send, lost = [], scene.story.layers.send, [True, False, False]

    async def losing(endpoint, request, **more):
        if more.get("key") is None:
            return await send(endpoint, request, **more)
        keys.append(more["key"])
        if lost.pop(0):
            Write(more["key"], unchecked).begins()  # as the client does
            raise TimedOut("lost")
        return await send(endpoint, request, **more)

    scene.story.layers.send = losing
    for _ in range(2):
        await scene.call(confirm=await scene.handle())
    await scene.change()
    await scene.call(confirm=await scene.handle())

    assert len(keys) == 3
    assert (len(set(keys)), keys[2] in keys[:2]) == (many, False)
