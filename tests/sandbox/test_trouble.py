"""Scripted trouble does what it says, as often as it says."""

from __future__ import annotations

import httpx2
import pytest

from layers_mcp.sandbox.faults import Fault

pytestmark = pytest.mark.anyio


async def test_a_scripted_status_answers_without_effect_and_then_is_over(house):
    """Design §8: trouble is scripted by route and count."""
    house.world.script(Fault(method="POST", path="/v1/projects", times=2, code="UNAVAILABLE", retry_after_s=1.5))

    for _ in range(2):
        refused = await house.post("/v1/projects", {"name": "A"}, status=503)
        assert refused["error"]["code"] == "UNAVAILABLE"
        assert house.answer.headers["Retry-After"] == "2"
    assert (await house.get("/v1/projects"))["items"] == []
    await house.project()


@pytest.mark.parametrize(("status", "code"), [(500, "INTERNAL"), (503, "UNAVAILABLE"), (429, "RATE_LIMITED"), (418, "VALIDATION")])
async def test_a_bare_status_has_a_plain_code(house, status, code):
    """Design §8."""
    house.world.script(Fault(status=status))

    refused = await house.get("/v1/whoami", status=status)

    assert refused["error"]["code"] == code


async def test_an_unknown_code_needs_a_status_and_travels_as_it_is(house):
    """house-style 27: codes are never lost."""
    with pytest.raises(ValueError, match="give one"):
        Fault(code="ODD_ONE")
    house.world.script(Fault(code="ODD_ONE", status=451))

    assert (await house.get("/v1/whoami", status=451))["error"]["code"] == "ODD_ONE"


async def test_a_lost_answer_keeps_its_effect(house):
    """Design §8: answer lost after commit."""
    house.world.script(Fault(path="/v1/projects", lose_answer=True))

    with pytest.raises(httpx2.TransportError):
        await house.post("/v1/projects", {"name": "A"}, Idempotency_Key="k")
    again = await house.post("/v1/projects", {"name": "A"}, status=201, Idempotency_Key="k")

    assert [item["id"] for item in (await house.get("/v1/projects"))["items"]] == [again["id"]]


async def test_a_connection_that_is_reset_has_no_effect(house):
    """Issue 5, "Prove it: Faults": connection reset."""
    house.world.script(Fault(method="POST", path="/v1/projects", reset=True))

    with pytest.raises(httpx2.TransportError):
        await house.post("/v1/projects", {"name": "A"})

    assert (await house.get("/v1/projects"))["items"] == []
    with pytest.raises(ValueError, match="has no answer"):
        Fault(reset=True, status=503)


async def test_trouble_can_come_to_every_so_manieth_request(house):
    """Issue 5: a sandbox that fails a part of the calls; one trouble waits while another one comes."""
    house.world.script(Fault(path="/v1/whoami", status=503, every=3, times=2))
    house.world.script(Fault(path="/v1/whoami", status=500, every=2, times=2))

    seen = [(await house.call("GET", "/v1/whoami"), house.answer.status_code)[1] for _ in range(8)]

    assert seen == [200, 500, 503, 200, 500, 503, 200, 200]


async def test_a_slow_answer_takes_wall_time(house):
    """Design §8: slow."""
    house.world.script(Fault(delay_s=7))
    before = house.clock.elapsed_s()

    await house.get("/v1/whoami")

    assert house.clock.elapsed_s() - before == 7


async def test_a_job_fails_with_the_scripted_code_and_costs_nothing(house):
    """Design §8: job failed with a given code."""
    project = await house.project()
    house.world.script(Fault(path="/v1/projects/{projectId}/content", job_error="SCRAPE_FAILED"))
    started = await house.post(f"{project}/content", {}, status=202)

    house.wait(135)
    job = await house.get(f"/v1/jobs/{started['jobId']}")

    assert (job["status"], job["error"]["code"], job["stage"]) == ("failed", "SCRAPE_FAILED", "generating_visuals")
    container = await house.get(f"/v1/content/{started['containerIds'][0]}")
    assert (container["status"], container["lastError"]["code"]) == ("failed", "SCRAPE_FAILED")
    assert (await house.get("/v1/credits"))["available"] == 6000


async def test_a_consent_and_a_post_can_fail_too(house):
    """Seed 004, step 10: on failed, lastError carries the platform code."""
    project = await house.project()
    account, container = await house.account(project), await house.content(project)
    house.world.script(Fault(path="/v1/projects/{projectId}/social/oauth-url", job_error="CREDENTIAL_INVALID"))
    house.world.script(Fault(path="/v1/content/{containerId}/publish", job_error="CREDENTIAL_INVALID"))
    asked = {"platform": "instagram", "returnUrl": "https://app.your-partner.com/x"}
    url = await house.post(f"{project}/social/oauth-url", asked)
    back = await house.press(url["authorizeUrl"])
    await house.post(f"/v1/content/{container}/approve", {})
    out = await house.post(f"/v1/content/{container}/publish", {"targets": [{"socialAccountId": account}]})

    house.wait(20)

    assert back.headers["location"].endswith("&status=error&layers_oauth_error=credential_invalid")
    assert (await house.get(f"/v1/social/oauth-status/{url['state']}"))["error"]["code"] == "CREDENTIAL_INVALID"
    assert len((await house.get(f"{project}/social-accounts"))["items"]) == 1
    post = await house.get(f"/v1/scheduled-posts/{out['scheduledPostIds'][0]}")
    assert (post["status"], post["lastError"]["code"], post["externalId"]) == ("failed", "CREDENTIAL_INVALID", None)


async def test_what_breaks_inside_is_an_envelope_and_leaves_nothing_behind(house, monkeypatch, caplog):
    """layers-api: operational/errors: the envelope on every 5xx."""
    from layers_mcp.sandbox import projects  # noqa: PLC0415

    monkeypatch.setattr(projects, "brand_at", lambda *_: 1 / 0)

    refused = await house.post("/v1/projects", {"name": "A"}, status=500)

    assert refused["error"]["code"] == "INTERNAL"
    assert "ZeroDivisionError" in caplog.text
    assert house.key not in caplog.text
    assert (await house.get("/v1/projects"))["items"] == []


async def test_the_control_routes_move_time_and_script_trouble(house):
    """Design §8: the clock is moved, trouble is scripted."""
    start = await house.get("/_sandbox")
    later = await house.post("/_sandbox/advance", {"seconds": 60})
    fast = await house.post("/_sandbox/clock", {"speed": 10})
    house.wait(6)
    await house.post("/_sandbox/faults", {"path": "/v1/whoami", "code": "UNAVAILABLE"})

    assert start["key"] == house.key
    assert start["repositories"] == ["quinns-coffee/quinns-app"]
    assert (start["time"], later["time"]) == ("2026-04-18T17:22:14Z", "2026-04-18T17:23:14Z")
    assert fast["speed"] == 10
    assert (await house.get("/_sandbox"))["time"] == "2026-04-18T17:24:14Z"
    await house.get("/v1/whoami", status=503)
    for path, body in (
        ("clock", {"at": "2020-01-01T00:00:00Z"}),
        ("advance", {"seconds": -1}),
        ("faults", {"times": 0}),
        ("clock", {"x": 1}),
    ):
        assert (await house.post(f"/_sandbox/{path}", body, status=422))["error"]["code"] == "VALIDATION"


async def test_the_control_routes_are_for_this_machine_only(house):
    """Design §8."""
    transport = httpx2.ASGITransport(app=house.client._transport.app, client=("203.0.113.9", 1))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as stranger:
        answer = await stranger.get("/_sandbox")

    assert answer.status_code == 404
    assert house.key not in answer.text


@pytest.mark.parametrize(
    ("status", "code"), [(401, "UNAUTHENTICATED"), (402, "INSUFFICIENT_CREDITS"), (404, "NOT_FOUND"), (409, "CONFLICT")]
)
async def test_a_bare_status_has_the_code_of_its_page(house, status, code):
    """layers-api: operational/errors."""
    house.world.script(Fault(status=status))

    assert (await house.get("/v1/whoami", status=status))["error"]["code"] == code


@pytest.mark.parametrize("route", [{"path": "/v1/nope"}, {"path": "/v1/projects/prj_1"}, {"path": "/v1/whoami", "method": "POST"}])
async def test_trouble_for_a_route_that_is_not_there_is_refused(house, route):
    """It would wait for ever, and its author would never know."""
    refused = await house.post("/_sandbox/faults", {"code": "UNAVAILABLE", **route}, status=422)

    assert "no route" in refused["error"]["details"]["issues"][0]["message"]


async def test_time_has_an_end_that_nobody_passes(house):
    """A world beyond the calendar could never be asked again, and never goes back."""
    far = await house.post("/_sandbox/clock", {"at": "9999-12-31T00:00:00Z"}, status=422)
    await house.post("/_sandbox/clock", {"at": "2199-12-31T00:00:00Z", "speed": 100_000})
    house.wait(400 * 365 * 86_400)

    shown = await house.get("/_sandbox")

    assert far["error"]["details"]["issues"][0]["path"] == "at"
    assert shown["time"] == "2200-01-01T00:00:00Z"
    await house.get("/v1/credits")
    await house.post("/_sandbox/advance", {"seconds": 86_400}, status=422)


@pytest.mark.parametrize(
    "sent", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:3000"}, {"Host": "evil.example"}]
)
async def test_a_web_page_can_not_move_the_clock(house, sent):
    """Design §8: for this machine; a page in its browser is not its user (cross-site requests, DNS rebinding)."""
    before = await house.get("/_sandbox")
    refused = await house.post("/_sandbox/advance", {"seconds": 60}, status=403, **sent)
    shown = await house.client.get("/_sandbox", headers=sent)

    assert refused["error"]["code"] == "FORBIDDEN"
    assert "evil" not in house.answer.text
    assert (shown.status_code, house.key in shown.text) == (403, False)
    assert (await house.get("/_sandbox"))["time"] == before["time"]


async def test_the_sandboxs_own_page_and_curl_may_move_the_clock(house):
    """Design §8: curl sends no Origin, a page of ours sends our own."""
    for sent in ({}, {"Origin": "http://localhost"}, {"Host": "127.0.0.1:8787"}, {"Host": "[::1]:8787", "Origin": "http://[::1]:8787"}):
        await house.post("/_sandbox/advance", {"seconds": 1}, **sent)


async def test_keys_of_every_kind_can_be_made(house):
    """Design §8, for curl: scopes, tiers and other organizations can be tried."""
    asked = {"scopes": ["projects:read"], "tier": "pilot", "organization": "Another", "returnHosts": ["app.example"]}
    made = await house.post("/_sandbox/keys", asked)
    plain = await house.post("/_sandbox/keys", {})
    unknown = [
        await house.post("/_sandbox/keys", wrong, status=422)
        for wrong in ({"scopes": ["fly"]}, {"tier": "golden"}, {"organization": ""}, {"returnHosts": "x"}, {"admin": True})
    ]
    await house.project()

    home = await house.call("GET", "/v1/projects", key=plain["key"], status=200)
    me = await house.call("GET", "/v1/whoami", key=made["key"], status=200)

    assert set(made) == {"key"}
    assert (me["scopes"], me["rateLimitTier"]) == (["projects:read"], "pilot")
    assert (await house.call("GET", "/v1/projects", key=made["key"], status=200))["items"] == []
    assert len(home["items"]) == 1
    await house.call("POST", "/v1/projects", {"name": "A"}, key=made["key"], status=403)
    paths = [refused["error"]["details"]["issues"][0]["path"] for refused in unknown]
    assert paths == ["scopes.0", "tier", "organization", "returnHosts", "admin"]


async def test_a_scripted_429_says_when_to_come_back(house):
    """layers-api: operational/rate-limits: every 429 carries Retry-After."""
    house.world.script(Fault(status=429))
    house.world.script(Fault(code="RATE_LIMITED"))

    for _ in range(2):
        await house.get("/v1/whoami", status=429)

        assert house.answer.headers["Retry-After"] == "1"


async def test_a_scripted_429_with_a_code_nobody_knows_says_when_to_come_back_too(house):
    """layers-api: operational/rate-limits: every 429 carries Retry-After."""
    house.world.script(Fault(status=429, code="TOO_MANY_BEANS"))
    house.world.script(Fault(status=429, code="TOO_MANY_BEANS", retry_after_s=7))

    for pause in ("1", "7"):
        refused = await house.get("/v1/whoami", status=429)

        assert refused["error"]["code"] == "TOO_MANY_BEANS"
        assert house.answer.headers["Retry-After"] == pause
