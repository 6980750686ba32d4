"""Events of the customer's app at the sandbox's edge."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.anyio
AT = "2026-04-18T10:0{}:00Z"


@pytest.fixture
async def app(house):
    """A project with an SDK app: its path, its id and the app's."""
    project = await house.project()
    made = await house.post(f"{project}/sdk-apps", {"name": "Shop", "platform": "ios", "bundleId": "co.quinn.shop"}, status=201)
    return project, project.rpartition("/")[2], made["appId"]


async def _forward(house, app, *events, status=202, **headers):
    asked = {"projectId": app[1], "sdkAppId": app[2], "events": list(events)}
    return await house.post("/v1/events", asked, status=status, **headers)


def _event(minute, name="purchase_success", **more):
    return {"name": name, "occurredAt": AT.format(minute), **more}


async def test_an_event_is_taken_once_and_read_back_newest_first(house, app):
    """Layers-api: POST /v1/events, eventId dedupes in its app; GET events, newest first, by name, user and time, by pages."""
    first = await _forward(house, app, _event(1, eventId="e1", appUserId="u1"), _event(2, "sign_up", eventId="e2"))
    again = await _forward(house, app, _event(1, eventId="e1"), _event(3, eventId="e3", appUserId="u1"))
    project = app[0]

    page = await house.get(f"{project}/events?limit=2")
    rest = await house.get(f"{project}/events?limit=2&cursor={page['nextCursor']}")
    named = await house.get(f"{project}/events?eventNames=sign_up,screen_view")
    users = await house.get(f"{project}/events?userId=u1&since={AT.format(1)}&until={AT.format(3)}")

    assert (first, again) == ({"accepted": 2, "duplicates": 0}, {"accepted": 1, "duplicates": 1})
    assert [one["eventId"] for one in [*page["items"], *rest["items"]]] == ["e3", "e2", "e1"]
    assert [one["eventId"] for one in named["items"]] == ["e2"]
    assert [one["eventId"] for one in users["items"]] == ["e1"]
    assert page["items"][0]["receivedAt"] == page["items"][0]["occurredAt"] == AT.format(3)
    assert (await house.get(f"{project}/sdk-apps/{app[2]}"))["lastEventAt"] == "2026-04-18T17:22:14Z"


async def test_what_an_event_says_of_a_person_is_shown_to_a_key_that_may_by_name_only(house, app):
    """Layers-api: GET events, [redacted] unless events:read+pii; big integers as texts."""
    told = {
        "userEmail": "ann@example.com",
        "deep": {"ip_address": "10.0.0.1", "ship": "Main"},
        "note": "write bo@example.com",
        "big": 2**60,
    }
    await _forward(house, app, _event(1, properties=told, appUserId="bo@example.com"))
    seen = {}
    for scopes in (["*"], ["events:read"], ["events:read", "events:read+pii"]):
        answer = await house.call("GET", f"{app[0]}/events", key=house.world.add_key(scopes=scopes), status=200)
        seen[scopes[-1]] = answer["items"][0]

    hidden = {
        "userEmail": "[redacted]",
        "deep": {"ip_address": "[redacted]", "ship": "Main"},
        "note": "write [redacted]",
        "big": str(2**60),
    }
    assert seen["*"]["properties"] == seen["events:read"]["properties"] == hidden
    assert seen["*"]["appUserId"] == "[redacted]"
    assert seen["events:read+pii"]["properties"] == {**told, "big": str(2**60)}


async def test_conversions_are_counted_in_all_and_by_what_they_share(house, app):
    """Layers-api: conversions, value of the first field that is there, currency null where there are several."""
    await _forward(
        house,
        app,
        _event(1, properties={"revenue": 9.99, "currency": "USD"}),
        _event(2, properties={"price_amount": "5.01", "value": 7, "currency": "USD"}),
        _event(3, "trial_start"),
        _event(4, "screen_view"),
    )
    window = "since=2026-04-18T00:00:00Z&until=2026-04-19T00:00:00Z"
    path = f"{app[0]}/conversions?{window}"

    counted = await house.get(f"{path}&groupBy=eventName,day")
    named = await house.get(f"{path}&eventNames=screen_view")
    await _forward(house, app, _event(5, properties={"revenue": 1, "currency": "EUR"}))
    mixed = await house.get(path)

    assert counted["totals"] == {"count": 3, "value": 15.0, "currency": "USD"}
    assert counted["window"] == {"since": "2026-04-18T00:00:00Z", "until": "2026-04-19T00:00:00Z"}
    assert counted["groups"] == [
        {"eventName": "purchase_success", "day": "2026-04-18", "count": 2, "value": 15.0, "currency": "USD"},
        {"eventName": "trial_start", "day": "2026-04-18", "count": 1, "value": 0.0, "currency": None},
    ]
    assert (named["totals"]["count"], named["groups"], named["truncated"]) == (1, [], False)
    assert mixed["totals"] == {"count": 4, "value": None, "currency": None}
    await house.get(f"{app[0]}/conversions?since=2026-04-18T00:00:00Z", status=422)
    await house.get(f"{app[0]}/conversions?since=2026-04-18T00:00:00Z&until=2026-04-17T00:00:00Z", status=422)


async def test_tracking_is_verified_by_a_sample_and_by_what_came(house, app):
    """Layers-api: verify-tracking."""
    path = f"{app[0]}/sdk-apps/{app[2]}/verify-tracking"

    lacking = await house.post(path, {"expectedEvents": ["app_open", "sign_up"]})
    await _forward(house, app, _event(1, "app_open"))
    healthy = await house.post(path, {})

    assert (lacking["status"], lacking["missing"]) == ("missing_events", ["app_open", "sign_up"])
    assert (healthy["status"], healthy["missing"], healthy["lastEventAt"]) == ("healthy", [], "2026-04-18T17:22:14Z")
    assert [one["name"] for one in (await house.get(f"{app[0]}/events"))["items"]] == ["layers_test_event", "layers_test_event", "app_open"]


async def test_events_out_of_bounds_of_others_or_without_the_scope_are_refused(house, app):
    """Layers-api: events[1-100]; another organization's project is not found; events:write, events:read."""
    await _forward(house, app, status=422)
    await _forward(house, app, *[_event(1)] * 101, status=422)
    await _forward(house, app, {"name": "x"}, status=422)
    await _forward(house, (app[0], app[1], "app_none"), _event(1), status=404)
    weak = house.world.add_key(scopes=["projects:read"])
    await house.call("GET", f"{app[0]}/events", key=weak, status=403)
    house.key = house.world.add_key(organization="Another")
    await _forward(house, app, _event(1), status=404)
    await house.get(f"{app[0]}/events", status=404)
    await house.post(f"{app[0]}/sdk-apps/{app[2]}/verify-tracking", {}, status=404)


async def test_a_forwarding_is_replayed_by_its_key(house, app):
    """Layers-api: idempotent."""
    first = await _forward(house, app, _event(1), Idempotency_Key="k")
    again = await _forward(house, app, _event(1), Idempotency_Key="k")

    assert first == again
    assert len((await house.get(f"{app[0]}/events"))["items"]) == 1
