"""Every explanation of a decision against what the API answered: each number traced, and each input taken away in turn."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import httpx2
import pytest
from pydantic import SecretStr

from layers_mcp.client.desk import Desk
from layers_mcp.client.layers import Layers
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import principal_of
from layers_mcp.loops import decided
from layers_mcp.loops.habit import habit_of
from layers_mcp.tool.evidence import AT_MOST_WORDS
from layers_mcp.tool.perform import House

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)
ZONE = ZoneInfo("America/Los_Angeles")
AUTO = {"creative": "auto", "tactical": "auto", "structural": "auto"}
OFF = {"creative": "off", "tactical": "off", "structural": "off"}
NUMBER = re.compile(r"\d+(?:[.-]\d+)*")
OUTCOMES = {"pending", "approved", "rejected", "expired", "dispatched", "dispatch_failed", "denied", "held", "proposed"}
_IDS = ("decisionId", "pendingId", "eventId", "adId", "campaignId", "adsContentId", "recommendationId")


class Loss(NamedTuple):
    """An input that the wire lacks: in which replies, where in them, and what is said then of the `kinds` of decisions that use it."""

    name: str
    where: tuple[tuple[str, str], ...]
    says: str = ""
    kinds: tuple[str, ...] = ()


_RUN, _QUEUE, _LOG, _METRICS, _CREATIVES, _ADVICE = "/runs/", "/pending", "/audit-log", "/ads-metrics", "/ads-content", "/recommendations"
_PAUSES = ("pause_ad", "replace_creative")
_UNJUDGED = ("update_budget", "push_creative")
_OUTCOME = ((_RUN, "decisions.*.outcome"), (_LOG, "items.*.data.outcome"))
_WEEK = "What it spent and brought in the week before is not recorded."
_SPENT = tuple((_METRICS, f"series.*.{name}") for name in ("spend", "conversions"))
LOSSES = (
    Loss("inputs", ((_RUN, "decisions.*.inputs"),), "A target CPA is not recorded.", (*_PAUSES, "hold", "update_budget", "update_bid")),
    Loss("target", ((_RUN, "decisions.*.inputs.targetCpaCents"),), "A target CPA is not recorded.", (*_PAUSES, "update_budget")),
    Loss("spend", ((_RUN, "decisions.*.inputs.spend7dCents"), _SPENT[0]), _WEEK, (*_PAUSES, "update_budget", "update_bid")),
    Loss("conversions", ((_RUN, "decisions.*.inputs.conversions7d"), _SPENT[1]), _WEEK, (*_PAUSES, "update_budget", "update_bid")),
    Loss("frequency", ((_RUN, "decisions.*.inputs.frequency7d"), (_METRICS, "series.*.frequency"))),
    Loss("currency", ((_METRICS, "series.*.currency"),)),
    Loss("state", ((_RUN, "decisions.*.state"),), "What the optimizer took the ad for is not recorded.", (*_PAUSES, "hold")),
    Loss("guardrails", ((_RUN, "decisions.*.guardrails"),), "Which guardrails it passed is not recorded.", (*_PAUSES, "push_creative")),
    Loss("held by", ((_RUN, "decisions.*.blockedBy"),)),
    Loss("reasons", ((_RUN, "decisions.*.reason"), (_QUEUE, "items.*.rationale")), "Why is not recorded.", _UNJUDGED),
    Loss("values", tuple((route, f"{items}.*.{name}") for route, items in ((_RUN, "decisions"), (_QUEUE, "items"))
                         for name in ("currentValue", "newValue")), "before and after is not recorded.", ("update_budget", "update_bid")),
    Loss("replacement", ((_RUN, "decisions.*.replacement"),), "The score of the new creative is not recorded.", ("replace_creative",)),
    Loss("outcome", _OUTCOME, "What became of it is not recorded.", ("update_bid", "hold")),
    Loss("action", ((_RUN, "decisions.*.action"),), "something that is not recorded", ("hold",)),
    Loss("time", ((_RUN, "decisions.*.at"),)),
    Loss("runs", ((_RUN, "decisions"),), "Which guardrails it passed is not recorded.", _PAUSES),
    Loss("log", ((_LOG, "items.*.data"),)),
    Loss("expiry", ((_QUEUE, "items.*.expiresAt"),), "is not recorded", ("pending", "expired")),
    Loss("failure", ((_QUEUE, "items.*.dispatchFailureReason"),), "could not be done; why is not recorded.", ("dispatch_failed",)),
    Loss("answer", ((_LOG, "items.*.eventType"),)),
    Loss("score", ((_CREATIVES, "items.*.organicScore"),), "The score of its creative is not recorded.", _PAUSES),
    Loss("eligible", ((_CREATIVES, "items.*.eligible"),)),
    Loss("pool", ((_CREATIVES, "items.*.scoringPool"),)),
    Loss("creatives", ((_CREATIVES, "items"),), "The score of its creative is not recorded.", _PAUSES),
    Loss("advice", ((_ADVICE, "items"),)),
)  # fmt: skip


def _without(body: Any, path: list[str]) -> Any:
    """The body without what stands at `path`; a list at its end is emptied."""
    if isinstance(body, list):
        return [_without(one, path[1:]) for one in body]
    if not isinstance(body, dict) or path[0] not in body:
        return body
    if len(path) == 1:
        kept = {name: value for name, value in body.items() if name != path[0]}
        if path[0] == "eventType":
            return kept | {"eventType": "api.request"}
        return kept | ({path[0]: []} if isinstance(body[path[0]], list) else {})
    return body | {path[0]: _without(body[path[0]], path[1:])}


class Served(NamedTuple):
    """One answer: the path and the query it was asked with, and its body."""

    path: str
    body: Any
    query: dict[str, str]


class Lossy(httpx2.AsyncBaseTransport):
    """Answers from the sandbox, each once, without what is `lost`; keeps what it served."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self._known: dict[str, tuple[str, httpx2.Headers]] = {}
        self.lost: tuple[Loss, ...] = ()
        self.served: list[Served] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The known or the new answer, less the losses."""
        key = str(request.url)
        if key not in self._known:
            answer = await self._inner.handle_async_request(request)
            if answer.status_code != 200:
                return answer
            self._known[key] = ((await answer.aread()).decode(), answer.headers)
        text, headers = self._known[key]
        body = json.loads(text)
        for route, path in (where for loss in self.lost for where in loss.where):
            body = _without(body, path.split(".")) if route in request.url.path else body
        self.served.append(Served(request.url.path, body, dict(request.url.params)))
        return httpx2.Response(200, json=body, headers={"X-Sandbox-Time": headers["x-sandbox-time"]})


def _records(body: Any, record: str) -> Iterator[dict[str, Any]]:
    """Every object of a reply that bears the id."""
    if isinstance(body, list):
        for one in body:
            yield from _records(one, record)
    elif isinstance(body, dict):
        if record in (body.get(name) for name in _IDS):
            yield body
        for one in body.values():
            yield from _records(one, record)


def _forms(raw: Any, field: str) -> set[str]:
    """How a raw value may be said; only what is named cents is ever divided."""
    if isinstance(raw, list):
        return {str(len(raw)), *NUMBER.findall(" ".join(map(str, raw)))}
    if isinstance(raw, int | float):
        return {f"{raw / 100:.2f}"} if field.endswith("Cents") else {f"{raw:.0f}", f"{raw:.1f}", f"{raw:.2f}"}
    said = set(NUMBER.findall(str(raw)))
    try:
        return said | {datetime.fromisoformat(str(raw)).astimezone(ZONE).date().isoformat()}
    except ValueError:
        return said


def _minute(moment: datetime) -> str:
    return moment.astimezone(ZONE).isoformat(timespec="minutes")


def _ends(query: dict[str, str]) -> tuple[str, str]:
    since, until = (_minute(datetime.fromisoformat(query[name])) for name in ("since", "until"))
    return since, until


def check_window(fact: dict[str, Any], records: list[dict[str, Any]], served: list[Served]) -> None:
    """The time that a fact is about is the one that was asked after, or the one that its record is of."""
    window = fact.get("window", "")
    if fact["source"].startswith("GET audit-log, "):
        whole = [f"{since} to {until} ({ZONE.key})" for since, until in (_ends(one.query) for one in served if one.path == "/v1/audit-log")]
        assert window in (*whole, ""), fact
    elif not window.startswith("7 days until "):
        return
    elif fact["source"] == "GET ads-metrics":
        until = datetime.fromisoformat(window.removeprefix("7 days until "))
        asked = {_ends(one.query) for one in served if one.path.endswith("/ads-metrics")}
        assert asked == {(_minute(until - 7 * DAY), _minute(until))}, fact
    else:
        known = {one["at"] for one in records if "at" in one}
        assert not known or window.removeprefix("7 days until ") in {_minute(datetime.fromisoformat(one)) for one in known}, fact


def _at(record: dict[str, Any], path: str) -> Any:
    found: Any = record
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def check_fact(fact: dict[str, Any], facts: list[dict[str, Any]], served: list[Served]) -> None:
    """A fact is a rule of the docs, or a value of the record that it names, or follows from such values."""
    if fact["source"].startswith("Layers docs") or "record" not in fact:
        check_window(fact, [], served)
        return
    route = fact["source"].removeprefix("GET ").replace("ads pending", "/pending") + (f"/{fact['run']}" if "run" in fact else "")
    records = [one for path, body, _ in served if path.endswith(route) for one in _records(body, fact["record"])]
    assert records, fact
    check_window(fact, records, served)
    if "field" not in fact:
        known = {one["what"]: one for one in facts if one.get("record") == fact["record"]}
        if fact["what"] == "spend / conversions":
            spend, count = (float(NUMBER.findall(known[name]["value"])[0]) for name in ("spend", "conversions"))
            assert NUMBER.findall(fact["value"]) == [f"{round(spend * 100 / count) / 100:.2f}"], fact
        else:
            assert fact["value"] == "7 days", fact
        return
    raws = [_at(one, fact["field"]) for one in records]
    numbers = set(NUMBER.findall(fact["value"]))
    if fact["what"] == "override":
        assert any((raw or "none") == fact["value"] for raw in raws), fact
    elif "quoted" in fact["what"] or "name of" in fact["what"]:
        assert fact["value"] in raws, fact
    else:
        assert any(raw is not None and numbers <= _forms(raw, fact["field"]) for raw in raws), (fact, raws)


def check(told: dict[str, Any], served: list[Served]) -> str:
    """All that an explanation must keep, whatever was on the wire; every sentence of it, joined."""
    assert told["status"] == "done", told
    explanation = told["result"]["explanation"]
    records = {one["id"]: {name: one[name] for name in one if name != "id"} for one in explanation.get("records", [])}
    facts = {fact["id"]: fact | records.get(fact.get("record", ""), {}) for fact in explanation["evidence"]}
    for fact in facts.values():
        check_fact(fact, list(facts.values()), served)
    left = explanation["words"]
    for sentence in explanation["sentences"]:
        rests_on = sentence.get("restsOn", [])
        values = " ".join(facts[one]["value"] for one in rests_on)
        assert set(NUMBER.findall(sentence["words"])) <= set(NUMBER.findall(values)), sentence
        assert rests_on or "not recorded" in sentence["words"], sentence
        left = left.replace(sentence["words"], "", 1)
    assert not left.strip()
    assert len(explanation["words"].split()) <= AT_MOST_WORDS
    return " ".join(one["words"] for one in explanation["sentences"])


class Told:
    """explain_decision over a wire that may lose things."""

    def __init__(self, story: Any, project: str) -> None:
        self._story, self._project, self.wire = story, project, Lossy(story.wire)
        layers = Layers("http://sandbox", SecretStr(story.world.key), clock=story.clock, transport=self.wire, luck=lambda: 0.0)
        gate = Gate(lambda: story.store, story.clock, principal_of(SecretStr("x")))
        self.house = House(layers=layers, desk=Desk(layers), gate=gate, clock=story.clock, wait_s=45, sandbox=True, policy=story.policy)
        self._until = story.at()

    async def __call__(self, *lost: Loss, **asked: str) -> dict[str, Any]:
        """One call; what it was answered stands in `wire.served`."""
        self.wire.lost, self.wire.served = lost, []
        given = {"until": self._until} | asked
        return await self._story.call("explain_decision", house=self.house, projectId=self._project, **given)


async def _get(story: Any, path: str) -> Any:
    async with httpx2.AsyncClient(transport=story.wire, headers={"Authorization": f"Bearer {story.world.key}"}) as client:
        return (await client.get(f"http://sandbox/v1/projects/{path}")).json()


async def _pending(story: Any, project: str, status: str = "pending") -> list[dict[str, Any]]:
    return (await _get(story, f"{project}/ads/meta/pending?limit=200&status={status}"))["items"]


async def _answered(story: Any, project: str, pending: str, **more: str) -> None:
    done = await story.yes("review_pending_action", projectId=project, pendingId=pending, **more)
    assert done["status"] == "done", done


async def _history(story: Any, paid_of: Any) -> Any:
    """Ten days in which the optimizer does, asks, is denied, held, approved, rejected, left waiting, and fails."""
    paid = paid_of(story.world, await story.project(timezone=ZONE.key))
    account = paid.account()
    paid.campaign(account)
    paid.campaign(account, name="Second", authority=AUTO, hooks=("Hook 5", "Hook 6", "Hook 7", "Hook 8"))
    paid.campaign(account, name="Third", authority=OFF, hooks=("Hook 9", "Hook 10", "Hook 11"))
    paid.campaign(paid.account("apple_ads", name="Search"), name="Words", authority=AUTO, bid=300)
    paid.pool("Fresh one", "Fresh two", "Fresh three")
    paid.layer(target_cpa_cents=1200)
    story.clock.advance(2 * DAY)
    asked = [one["pendingId"] for one in await _pending(story, paid.id)]
    await _answered(story, paid.id, asked[0], decision="reject", reason="Keep it.")
    await _answered(story, paid.id, asked[1])
    story.clock.advance(DAY / 2)
    await _answered(story, paid.id, asked[2])
    paid.layer(kill_switch=True)
    story.clock.advance(DAY / 2)
    await _pending(story, paid.id)
    paid.layer(kill_switch=False)
    story.clock.advance(7 * DAY)
    fresh = await _pending(story, paid.id)
    if fresh:
        await _answered(story, paid.id, fresh[0]["pendingId"])
    return paid


def _log(told: Told) -> list[dict[str, Any]]:
    return [one for path, body, _ in told.wire.served if path == "/v1/audit-log" for one in body["items"]]


async def _kinds(story: Any, told: Told, project: str) -> dict[tuple[str, str], str]:
    """A decision of each action and outcome; an outcome is told as the queue has it, and one that nobody answered as expired."""
    stands: dict[str, str] = {}
    for status in ("pending", "approved", "rejected", "dispatched", "dispatch_failed"):
        stands |= {one["pendingId"]: status for one in await _pending(story, project, status)}
    await told()
    refused = {one["data"]["pendingId"] for one in _log(told) if one["eventType"] == "ads.pending.rejected"}
    late = {one["pendingId"] for one in await _pending(story, project, "rejected")} - refused
    found: dict[tuple[str, str], str] = {}
    for run in dict.fromkeys(one["data"]["runId"] for one in _log(told) if "runId" in one["data"]):
        for one in (await _get(story, f"{project}/ads/optimizer/runs/{run}"))["decisions"]:
            pending = one.get("pendingId") or ""
            outcome = "expired" if pending in late else stands.get(pending, one["outcome"])
            found.setdefault((one["action"], outcome), one["decisionId"])
    return found


async def test_each_number_is_traced_and_each_input_taken_away_is_said_to_be_missing(story, paid_of):
    """Issue 4, done when: each number traceable to a record, checked mechanically, and with an input removed "not recorded"."""
    paid = await _history(story, paid_of)
    dry = await story.call("run_optimizer", projectId=paid.id, platform="meta_ads", waitSeconds=900)
    told, luck, missing = Told(story, paid.id), random.Random(4), set[str]()
    kinds = await _kinds(story, told, paid.id)

    for kind, decision in kinds.items():
        whole = check(await told(decisionId=decision), told.wire.served)
        assert "this version" not in whole
        for loss in LOSSES:
            if set(kind) & set(loss.kinds) and loss.says not in whole:
                said = check(await told(loss, decisionId=decision), told.wire.served)
                alone = loss.name == "runs" and "proposed" in kind
                assert loss.says in said or (alone and "No decision about this" in said), (loss.name, kind, whole, said)
                missing.add(loss.name)
        for size in (1, 4):
            check(await told(*luck.sample(LOSSES, size), decisionId=decision), told.wire.served)

    assert dry["result"]["dryRun"]
    assert {outcome for _, outcome in kinds} >= OUTCOMES
    assert {action for action, _ in kinds} >= {"pause_ad", "replace_creative", "push_creative", "update_budget", "update_bid", "hold"}
    assert missing == {loss.name for loss in LOSSES if loss.says}


async def test_the_decisions_of_a_period_are_counted_as_they_stand_on_record(story, paid_of):
    """Issue 4: by period; the numbers in its words are traced as well."""
    paid = await _history(story, paid_of)
    told = Told(story, paid.id)

    answer = await told()
    words = check(answer, told.wire.served)

    runs = [body for path, body, _ in told.wire.served if "/runs/" in path]
    decided = {one["decisionId"]: one.get("pendingId") for run in runs for one in run["decisions"]}
    queue = {one["pendingId"] for path, body, _ in told.wire.served if path.endswith("/pending") for one in body["items"]}
    log = _log(told)
    logged = {one["data"]["decisionId"] for one in log if "decisionId" in one["data"]}
    pending = {one["data"]["pendingId"] for one in log if "pendingId" in one["data"] and "decisionId" in one["data"]}
    every = len(set(decided) | logged) + len(queue - set(decided.values()) - pending)
    counts = {fact["what"]: fact["value"] for fact in answer["result"]["explanation"]["evidence"] if fact["what"].startswith("decisions ")}
    assert sum(map(int, counts.values())) == every
    assert all(f"{count} {what.removeprefix('decisions ')}" in words for what, count in counts.items())
    assert not any(raw in words for raw in ("held", "dispatched", "unknown", "dispatch_failed"))
    refused = [one for one in log if one["eventType"] == "ads.pending.rejected"]
    assert int(counts["decisions turned down by a person"]) == len({one["data"]["pendingId"] for one in refused})
    assert int(counts["decisions lapsed without an answer"]) > 0
    assert answer["result"]["leftOut"] == every - len(answer["result"]["decisions"])


async def test_what_a_partner_changed_is_not_called_the_optimizers(story, paid_of):
    """layers-api: the log says who acted; what was asked for with an API key is no decision of the optimizer's."""
    paid = paid_of(story.world, await story.project(timezone=ZONE.key))
    campaign = paid.campaign(paid.account(), authority=AUTO)
    paid.layer(tactical="auto")
    async with httpx2.AsyncClient(transport=story.wire, headers={"Authorization": f"Bearer {story.world.key}"}) as client:
        url, headers = f"http://sandbox/v1/projects/{paid.id}/ads/meta/campaigns/{campaign}/budget", {"Idempotency-Key": "change"}
        made = await client.patch(url, json={"dailyBudgetCents": 40_000}, headers=headers)
    story.clock.advance(timedelta(minutes=1))
    told = Told(story, paid.id)

    words = check(await told(), told.wire.served)
    habit = await habit_of(told.house.layers, paid.id)

    assert made.json()["status"] == "dispatched"
    assert "somebody with an API key, not the optimizer, changed a daily budget" in words
    assert "guardrails" not in words
    assert "the optimizer changed" not in words
    assert habit.decided == 0


async def test_what_the_log_does_not_name_is_not_counted_twice(story, paid_of):
    """Without the log's `data`, which is on no page, each question is one decision, and there may be others."""
    paid = await _history(story, paid_of)
    told, bare = Told(story, paid.id), Loss("log", ((_LOG, "items.*.data"),))

    words = check(await told(bare), told.wire.served)
    queue = {one["pendingId"] for path, body, _ in told.wire.served if path.endswith("/pending") for one in body["items"]}
    shown = await story.call("list_ads_content", house=told.house, projectId=paid.id)
    creative = shown["result"]["items"][0]["adsContentId"]
    asked = {"projectId": paid.id, "creativeId": creative, "override": "exclude"}
    habit = (await story.call("override_creative", house=told.house, **asked))["confirmation"]["items"][0]["facts"]["overriddenIn28Days"]

    assert words.startswith("Decisions on record, at least: ")
    assert sum(map(int, NUMBER.findall(words.partition(". ")[0]))) == len(queue)
    assert "that lapsed or were turned down" in words
    assert f"against at least {len(queue)} decisions" in habit


async def test_a_later_answer_is_told_of_an_earlier_period(story, paid_of):
    """How a question stands is told as of now: what a person said after the period is not left out."""
    paid = paid_of(story.world, await story.project(timezone=ZONE.key))
    paid.campaign(paid.account())
    paid.layer(target_cpa_cents=300)
    story.clock.advance(DAY)
    told = Told(story, paid.id)
    asked = (await _pending(story, paid.id))[0]["pendingId"]
    story.clock.advance(DAY)
    await _answered(story, paid.id, asked, decision="reject", reason="Keep it.")
    story.clock.advance(9 * DAY)

    words = check(await told(decisionId=asked), told.wire.served)
    unsure = check(await told(Loss("log", ((_LOG, "items.*.data"),)), decisionId=asked), told.wire.served)

    assert "A person turned it down, so it is not done." in words
    assert "whether a person turned it down or nobody answered in time is not recorded" in unsure


async def test_the_end_of_a_period_is_not_part_of_it(story, paid_of):
    """A period goes up to its end, and without it."""
    paid = paid_of(story.world, await story.project(timezone=ZONE.key))
    paid.campaign(paid.account())
    paid.layer(target_cpa_cents=300)
    story.clock.advance(DAY)
    told, first = Told(story, paid.id), (await _pending(story, paid.id))[-1]

    before = await told(since=story.at(days=-2), until=first["createdAt"])
    after = await told(since=first["createdAt"])

    assert first["pendingId"] not in {one.get("pendingId") for one in before["result"].get("decisions", [])}
    assert after["result"]["decisions"]
    assert "No decision about this is recorded" in before["summary"]


async def test_what_was_only_not_found_is_not_said_to_be_not_recorded(story, paid_of, monkeypatch):
    """Only so many runs are looked through for one decision; there were more."""
    paid = await _history(story, paid_of)
    monkeypatch.setattr(decided, "_MOST_RUNS", 2)

    told = await story.call("explain_decision", projectId=paid.id, decisionId="dec_unknown")

    assert "was found in what was looked through, which is not all of the period." in told["summary"]
    assert "Ask again with since and until nearer the day." in told["summary"]
    assert "is recorded in the period" not in told["summary"]


async def test_a_creative_is_told_by_its_container_with_score_pool_and_recommendation(story):
    """Issue 4: works from ads content and recommendations too, and names the source of each fact."""
    project = await story.project(timezone=ZONE.key)
    posts = await story.fed(project, 3.0, -1.0)
    story.clock.advance(21 * DAY)
    await story.yes("override_creative", projectId=project, creativeId=posts[1][0], override="include")
    told = Told(story, project)

    answer = await told(adsContentId=posts[0][0])
    tired = check(answer, told.wire.served)
    included = check(await told(adsContentId=posts[1][0]), told.wire.served)
    unknown = check(await told(adsContentId="adc_unknown"), told.wire.served)

    sources = {fact["source"] for fact in answer["result"]["explanation"]["evidence"]}
    assert "No decision about this is recorded" in tired
    assert "of 10 in the pool generated; ads may not use it, with no override." in tired
    assert "Layers recommends to make something new after it (confidence 0." in tired
    assert {"GET ads-content", "GET recommendations"} <= sources
    assert "ads may use it, include was set by a person." in included
    assert "The score of its creative is not recorded." in unknown
