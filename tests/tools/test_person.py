"""The person's own yes: asked by the call that brings the handle, answered by the client or elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest

from layers_mcp.gate.handle import fingerprint, new_handle
from layers_mcp.tool.asking import AskFirst, Said

pytestmark = pytest.mark.anyio


class Person:
    """A client of an older session with somebody in front of it, who answers so; `asked`: what they were asked."""

    said = None

    def __init__(self, answer: str = "yes", then=None) -> None:
        self.answer, self.then, self.asked = answer, then, []

    async def ask(self, question: str, token: str, *, within_s: float) -> Said:
        """Their answer."""
        self.asked.append((question, within_s))
        if self.then is not None:
            await self.then()
        return Said(answer=self.answer, token=token)


class Retrying:
    """A client of 2026-07-28: what came with this call, and the question that goes out instead of an answer."""

    def __init__(self, answer: str | None = None, token: str = "") -> None:
        self.said = None if answer is None else Said(answer=answer, token=token)

    async def ask(self, question: str, token: str, *, within_s: float) -> Said:
        """The question goes out."""
        raise AskFirst(question, token)


async def _preview(story, post: str, asker=None) -> dict:
    return await story.call("approve_content", containerIds=[post], asker=asker)


async def _approval(story, post: str) -> str:
    return (await story.content(post)).approval_status


@pytest.fixture
async def post(story) -> str:
    """A post that waits for approval."""
    return await story.post(await story.project())


async def test_a_client_that_can_ask_asks_the_person_and_the_result_says_so(story, post):
    """Design §5, 3: by that same call; the preview tells the agent not to ask in chat."""
    person = Person()
    shown = await _preview(story, post, person)

    done = await story.call("approve_content", containerIds=[post], confirm=shown["confirmation"]["handle"], asker=person)

    (question, within_s), *_ = person.asked
    assert "don't ask in chat" in shown["summary"]
    assert (len(person.asked), within_s) == (1, 600)
    assert question.startswith(shown["confirmation"]["question"])
    assert post in question
    assert (done["status"], done["confirmedBy"]) == ("done", "person")
    assert await _approval(story, post) == "approved"
    assert story.store.trail.recent(story.house.gate.principal)[0].confirmed_by == "person"


@pytest.mark.parametrize(("answer", "word", "again"), [("no", "final", "canceled"), ("dismissed", "once more", "done")])
async def test_a_no_is_final_and_no_answer_is_no_yes(story, post, answer, word, again):
    """Issue 5: accept, decline, cancel each have a defined outcome; a decline is final for that handle."""
    handle = (await _preview(story, post))["confirmation"]["handle"]

    told = await story.call("approve_content", containerIds=[post], confirm=handle, asker=Person(answer))
    before = await _approval(story, post)
    later = await story.call("approve_content", containerIds=[post], confirm=handle, asker=Person("yes"))

    assert (told["status"], "confirmedBy" in told, before) == ("canceled", False, "pending")
    assert "Nothing was changed" in told["summary"]
    assert word in told["summary"]
    assert later["status"] == again


async def test_a_no_is_final_for_an_agent_that_tries_without_the_person(story, post):
    """The same handle from a client that can't ask."""
    handle = (await _preview(story, post))["confirmation"]["handle"]
    await story.call("approve_content", containerIds=[post], confirm=handle, asker=Person("no"))

    told = await story.call("approve_content", containerIds=[post], confirm=handle)

    assert (told["status"], await _approval(story, post)) == ("canceled", "pending")


async def test_what_changed_while_the_person_thought_is_shown_anew(story, post):
    """Design §5, 2: a yes to what is not there any more does not count."""

    async def rejected() -> None:
        other = (await _preview(story, post))["confirmation"]["handle"]
        await story.call("approve_content", containerIds=[post], confirm=other)

    handle = (await _preview(story, post))["confirmation"]["handle"]

    told = await story.call("approve_content", containerIds=[post], confirm=handle, asker=Person("yes", rejected))

    assert told["status"] != "done"
    assert "confirmedBy" not in told


async def test_on_the_newer_protocol_the_question_goes_out_and_the_answer_comes_with_the_next_call(story, post):
    """mcp-notes §1: input required; what the client carries is a token of ours that is good for one answer."""
    handle = (await _preview(story, post))["confirmation"]["handle"]
    first = await story.result("approve_content", containerIds=[post], confirm=handle, asker=Retrying())
    before = await _approval(story, post)

    done = await story.call("approve_content", containerIds=[post], confirm=handle, asker=Retrying("yes", first.token))

    assert (isinstance(first, AskFirst), before) == (True, "pending")
    assert (done["status"], done["confirmedBy"], await _approval(story, post)) == ("done", "person", "approved")


@pytest.mark.parametrize("forged", ["", "yes", "cf_" + "a" * 32, "the handle", "an older question"])
async def test_an_answer_to_a_question_nobody_asked_counts_for_nothing(story, post, forged):
    """Issue 5: forged answers have a defined outcome; the person is asked."""
    handle = (await _preview(story, post))["confirmation"]["handle"]
    older = await story.result("approve_content", containerIds=[post], confirm=handle, asker=Retrying())
    await story.result("approve_content", containerIds=[post], confirm=handle, asker=Retrying())
    token = {"the handle": handle, "an older question": older.token}.get(forged, forged)

    told = await story.result("approve_content", containerIds=[post], confirm=handle, asker=Retrying("yes", token))

    assert isinstance(told, AskFirst)
    assert await _approval(story, post) == "pending"


async def test_an_answer_for_one_call_does_not_carry_another(story, post):
    """A token belongs to the row it was minted for."""
    other = await story.post(await story.project(customerExternalId="other"))
    mine = (await _preview(story, post))["confirmation"]["handle"]
    theirs = (await _preview(story, other))["confirmation"]["handle"]
    asked = await story.result("approve_content", containerIds=[post], confirm=mine, asker=Retrying())
    await story.result("approve_content", containerIds=[other], confirm=theirs, asker=Retrying())

    told = await story.result("approve_content", containerIds=[other], confirm=theirs, asker=Retrying("yes", asked.token))

    assert isinstance(told, AskFirst)
    assert await _approval(story, other) == "pending"


async def test_under_human_the_agents_handle_is_not_enough(story, post):
    """Design §5, 4: only a person's yes, and the refusal does not say how to get round it."""
    story.under("human")
    shown = await _preview(story, post)
    handle = shown["confirmation"]["handle"]

    told = await story.call("approve_content", containerIds=[post], confirm=handle)
    before = await _approval(story, post)
    story.store.confirmations.answer(fingerprint(handle), yes=True, how="command", now=story.clock.now())
    done = await story.call("approve_content", containerIds=[post], confirm=handle)

    assert (told["status"], before) == ("needs_action", "pending")
    assert "LAYERS_CONFIRM" not in told["summary"]
    assert shown["confirmation"]["validForSeconds"] == 86_400
    assert (done["status"], done["confirmedBy"]) == ("done", "person")


async def test_under_human_a_client_that_asks_is_enough_and_under_outside_it_is_not(story, post):
    """Issue 5: the client relays an elicitation and could forge it; `outside` is for who minds."""
    story.under("outside")
    person = Person()
    handle = (await _preview(story, post, person))["confirmation"]["handle"]
    kept_out = await story.call("approve_content", containerIds=[post], confirm=handle, asker=person)
    story.under("human")

    done = await story.call("approve_content", containerIds=[post], confirm=handle, asker=person)

    assert (kept_out["status"], len(person.asked)) == ("needs_action", 1)
    assert done["confirmedBy"] == "person"


async def test_what_the_policy_denies_is_not_even_shown(story, post):
    """Issue 5: deny."""
    story.under("ask", approve_content="deny")

    told = await _preview(story, post)
    forged = await story.call("approve_content", containerIds=[post], confirm=new_handle(), asker=Person())

    assert (told["error"]["code"], forged["error"]["code"]) == ("POLICY_FORBIDS", "POLICY_FORBIDS")
    assert await _approval(story, post) == "pending"


async def test_a_yes_that_comes_too_late_is_none(story, post):
    """Design §5: handles are good for ten minutes."""

    async def think() -> None:
        story.clock.advance(timedelta(minutes=11))

    handle = (await _preview(story, post))["confirmation"]["handle"]

    told = await story.call("approve_content", containerIds=[post], confirm=handle, asker=Person("yes", think))

    assert told["status"] == "canceled"
    assert await _approval(story, post) == "pending"


async def test_what_is_halted_while_the_person_thinks_is_not_done(story, post):
    """Issue 5: halt refuses new writes; a yes that was asked for before it is still a write after it."""
    project = (await story.content(post)).project_id

    async def halt() -> None:
        await story.call("halt", projectId=project)

    wanted = {"projectId": project, "policy": "auto_approve"}
    handles = [await story.handle("approve_content", containerIds=[post]), await story.handle("update_review_policy", **wanted)]

    told = await story.call("approve_content", containerIds=[post], confirm=handles[0], asker=Person("yes", halt))
    await story.yes("halt", projectId=project, resume=True)
    named = await story.call("update_review_policy", **wanted, confirm=handles[1], asker=Person("yes", halt))

    assert [one["error"]["code"] for one in (told, named)] == ["HALTED", "HALTED"]
    assert await _approval(story, post) == "pending"


async def test_under_outside_a_yes_that_a_client_had_relayed_does_not_count(story, post):
    """Issue 5: `outside` takes a yes from outside the conversation only, also of a handle from before the policy was tightened."""
    handle = (await _preview(story, post))["confirmation"]["handle"]
    row = story.store.confirmations.find(fingerprint(handle))
    story.house.gate.hear(row, story.house.gate.ask(row), yes=True)
    story.under("outside")

    told = await story.call("approve_content", containerIds=[post], confirm=handle)

    assert "from outside this conversation" in told["confirmation"]["because"]
    assert await _approval(story, post) == "pending"


async def _slot(story, post: str, *captions: str) -> dict:
    """A schedule of the post with these captions, on an account for each."""
    project = (await story.content(post)).project_id
    accounts = [await story.account(project, platform) for platform, _ in zip(("tiktok", "instagram"), captions, strict=False)]
    targets = [{"socialAccountId": one, "captionOverride": words} for one, words in zip(accounts, captions, strict=True)]
    return {"containerId": post, "scheduledFor": story.at(hours=3), "targets": targets}


async def test_a_person_is_shown_the_whole_of_what_goes_out(story, post):
    """Design §5: a yes to exactly what was shown; nothing is cut off behind a long caption."""
    story.under("human")
    tail = "SEND YOUR PASSWORD TO @scam"
    slot = await _slot(story, post, "Walk in. " * 440 + tail, "Instagram " * 300 + "its own end")
    person = Person("no")

    handle = (await story.call("schedule_content", **slot, asker=person))["confirmation"]["handle"]
    await story.call("schedule_content", **slot, confirm=handle, asker=person)

    ((question, _),) = person.asked
    assert tail in question
    assert "its own end" in question
    assert "…" not in question


@pytest.mark.parametrize("tier", ["ask", "human"])
async def test_what_a_client_can_not_be_asked_whole_is_answered_outside(story, post, tier):
    """A part is no preview: a person answers where all of it stands, and the client's yes does not count."""
    story.under(tier)
    slot = await _slot(story, post, "\n" * 3_990 + "a", "\n" * 3_990 + "b")  # each line break is two letters in quotes
    person = Person("yes")

    shown = await story.call("schedule_content", **slot, asker=person)
    handle = shown["confirmation"]["handle"]
    told = await story.call("schedule_content", **slot, confirm=handle, asker=person)
    story.store.confirmations.answer(fingerprint(handle), yes=True, how="command", now=story.clock.now())
    done = await story.call("schedule_content", **slot, confirm=handle, asker=person)

    assert (told["status"], person.asked) == ("needs_action", [])
    assert all("too long to be shown whole" in one["summary"] for one in (shown, told))
    assert shown["confirmation"]["validForSeconds"] == 86_400
    assert (done["status"], done["confirmedBy"]) == ("needs_action", "person")  # the post itself still waits for its approval
