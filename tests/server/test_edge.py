"""The edge of the HTTP server, without a socket: what gets in, and what is told why not."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace

import httpx2
import pytest
import structlog
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse

from layers_mcp.server import edge, log
from layers_mcp.server.access import Access
from layers_mcp.server.caller import SCOPE
from layers_mcp.server.edge import BODY_BYTES, Edge
from layers_mcp.server.names import Names
from layers_mcp.server.rate import Rate, wrong_ones

pytestmark = pytest.mark.anyio
TOKEN = "a-token-that-nobody-guesses"
AUTH = {"Authorization": f"Bearer {TOKEN}"}


async def told(scope, receive, send):
    """An app that says who came, with how much."""
    caller, body = scope[SCOPE], await Request(scope, receive).body()
    structlog.get_logger().info("inside")
    user = scope["user"].username if "user" in scope else None
    await JSONResponse({"principal": caller.principal, "user": user, "bytes": len(body)})(scope, receive, send)


def made(token: str | None = TOKEN, *, rate: int = 1000, ending: bool = False, elapsed_s=lambda: 0.0, hooks=()) -> Edge:
    """An edge before `told`."""
    access = Access(None if token is None else SecretStr(token), None, shown=["halt"])
    names = Names(["mcp.example.com", "other.example.com:8443"], ["https://app.example.com"])
    return Edge(app=told, names=names, access=access, rate=Rate(rate, elapsed_s), ending=lambda: ending, hooks=hooks)


def to(app: Edge) -> httpx2.AsyncClient:
    """A client of it."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1:8000")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:9"}, 200),
        ({"Host": "LOCALHOST"}, 200),
        ({"Host": "[::1]:8000"}, 200),
        ({"Host": "mcp.example.com"}, 200),
        ({"Host": "mcp.example.com:443"}, 200),
        ({"Host": "other.example.com:8443"}, 200),
        ({"Host": "other.example.com"}, 421),
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Host": "mcp.example.com.evil.example"}, 421),
        ({"Host": "mcp.example.com@evil.example"}, 421),
        ({"Host": ""}, 421),
        ({"Origin": "http://localhost:6274"}, 200),
        ({"Origin": "https://app.example.com"}, 200),
        ({"Host": "mcp.example.com", "Origin": "https://mcp.example.com"}, 200),
        ({"Origin": "https://mcp.example.com"}, 403),
        ({"Origin": "https://app.example.com:444"}, 403),
        ({"Origin": "http://app.example.com"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
    ],
)
async def test_host_and_origin_decide_before_the_token(headers, status):
    """Mcp-notes §7: DNS rebinding, 421 for a foreign Host and 403 for a foreign Origin, with a token and without."""
    async with to(made()) as client:
        answers = [(await client.get(path, headers=headers | AUTH)).status_code for path in ("/mcp", "/sse", "/messages/", "/else")]
        unknown = (await client.get("/mcp", headers=headers)).status_code
        health = (await client.get("/healthz", headers=headers)).status_code

    assert answers == [status] * 4
    assert unknown == (401 if status == 200 else status)
    assert health == 200


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer x {TOKEN}", TOKEN, "Bearer ü"]
)
async def test_without_a_known_token_there_is_no_way_in(authorization):
    """Issue 5; RFC 6750: 401 with WWW-Authenticate: Bearer."""
    headers = {} if authorization is None else {b"Authorization": authorization.encode()}
    async with to(made()) as client:
        answer = await client.post("/mcp", headers=headers, json={})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer realm="layers-mcp"')
    assert "token" in answer.json()["error"]["message"]


async def test_a_token_gets_in_under_its_principal_and_goes_no_further_itself():
    """Mcp-notes §7: the SDK binds sessions to this user; the token stays at the edge."""
    async with to(made()) as client:
        answer = await client.post("/mcp", headers={"Authorization": f"bEaReR {TOKEN}"}, json={})
    async with to(made(token=None)) as client:
        free = await client.post("/mcp", json={})

    assert answer.json() == {"principal": "http", "user": "http", "bytes": 2}
    assert free.json() == {"principal": None, "user": None, "bytes": 2}


async def test_a_body_over_the_limit_is_refused_also_without_a_length():
    """Issue 5: body limits, 413."""

    async def chunks(size: int):
        for _ in range(size // 65536):
            yield b"x" * 65536

    async with to(made()) as client:
        said = await client.post("/mcp", headers=AUTH, content=b"x" * (BODY_BYTES + 1))
        unsaid = await client.post("/mcp", headers=AUTH, content=chunks(2 * BODY_BYTES))
        most = await client.post("/mcp", headers=AUTH, content=chunks(BODY_BYTES))

    assert [answer.status_code for answer in (said, unsaid, most)] == [413, 413, 200]
    assert most.json()["bytes"] == BODY_BYTES


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    """Issue 5: slow bodies."""
    monkeypatch.setattr(edge, "_BODY_S", 0.05)
    sent: list[dict] = []
    scope = {
        "type": "http",
        "path": "/mcp",
        "method": "POST",
        "headers": [(b"host", b"localhost"), (b"authorization", AUTH["Authorization"].encode())],
    }

    async def slow() -> dict:
        await asyncio.sleep(30)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def keep(message: dict) -> None:
        sent.append(message)

    await asyncio.wait_for(made()(scope, slow, keep), timeout=20)

    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["error"]["status"] == 408


async def test_who_asks_too_often_is_told_when_to_come_back():
    """Issue 5: a rate for each principal, 429 with Retry-After; health is not counted."""
    now = 0.0
    async with to(made(rate=2, elapsed_s=lambda: now)) as client:
        first = [(await client.get("/mcp", headers=AUTH)).status_code for _ in range(3)]
        refused = await client.get("/mcp", headers=AUTH)
        now = float(refused.headers["retry-after"])
        later = [(await client.get("/mcp", headers=AUTH)).status_code for _ in range(2)]
        health = [(await client.get("/healthz")).status_code for _ in range(5)]

    assert first == [200, 200, 429]
    assert refused.headers["retry-after"] == "30"
    assert "LAYERS_HTTP_RATE" in refused.json()["error"]["message"]
    assert (later, health) == ([200, 429], [200] * 5)


def test_each_principal_has_a_bucket_of_its_own_that_never_overflows():
    """One busy client does not slow down the others; a quiet hour earns a minute's requests, not an hour's."""
    now = 0.0
    rate = Rate(60, lambda: now)

    first = [rate.take("a") for _ in range(61)]
    other = rate.take("b")
    now = 3600.0
    later = [rate.take("a") for _ in range(61)]

    assert (first[:60], first[60], other) == ([0.0] * 60, 1.0, 0.0)
    assert (later[:60], later[60]) == ([0.0] * 60, 1.0)


async def test_who_sends_too_many_wrong_tokens_is_told_to_wait_and_shuts_out_nobody_with_a_right_one():
    """README: behind a proxy or an office's router many clients have one address; 429 is for wrong tokens only, by address."""
    now = 0.0
    app = replace(made(), wrong=wrong_ones(lambda: now))

    def of(host: str) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app, client=(host, 1)), base_url="http://127.0.0.1:8000")

    async def guess(client: httpx2.AsyncClient) -> httpx2.Response:
        return await client.get("/mcp", headers={"Authorization": "Bearer rotated-out"})

    async with of("192.0.2.1") as shared, of("192.0.2.2") as other:
        without = {(await shared.get("/mcp")).status_code for _ in range(30)}
        wrong = [await guess(shared) for _ in range(22)]
        right = await shared.get("/mcp", headers=AUTH)
        still, beside = await guess(shared), await guess(other)
        now = float(still.headers["retry-after"])
        later = await guess(shared)

    assert (without, [one.status_code for one in wrong]) == ({401}, [401] * 20 + [429] * 2)
    assert (right.status_code, still.status_code, beside.status_code, later.status_code) == (200, 429, 401, 401)
    assert "not known here" in still.json()["error"]["message"]


async def test_a_header_nobody_knows_is_refused_by_name():
    """Issue 5: HTTP headers may only tighten."""
    async with to(made()) as client:
        answer = await client.get("/mcp", headers=AUTH | {"X-Layers-Confirm": "sometimes"})

    assert answer.status_code == 400
    assert "X-Layers-Confirm" in answer.json()["error"]["message"]


async def test_a_server_that_ends_lets_nobody_in():
    """Issue 5: SIGTERM drains."""
    async with to(made(ending=True)) as client:
        answer = await client.get("/mcp", headers=AUTH)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def test_each_answer_carries_a_request_id_that_each_line_of_the_log_has():
    """Issue 5: request ids."""
    log.configure("info")  # another test may have set it higher
    async with to(made()) as client:
        with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
            ours = await client.get("/mcp", headers=AUTH)
            theirs = await client.get("/mcp", headers=AUTH | {"X-Request-Id": "4bf92f35-77b34da6"})
            wrong = await client.get("/mcp", headers={"X-Request-Id": "a b;c" * 9})
    ids = [answer.headers["x-request-id"] for answer in (ours, theirs, wrong)]

    assert re.fullmatch("[0-9a-f]{32}", ids[0])
    assert ids[1] == "4bf92f35-77b34da6"
    assert re.fullmatch("[0-9a-f]{32}", ids[2])
    assert [(line["event"], line["http_request_id"], line.get("principal")) for line in lines] == [
        ("inside", ids[0], "http"),
        ("inside", ids[1], "http"),
        ("refused", ids[2], None),
    ]


async def test_a_hook_needs_no_token_and_has_no_rate_but_is_called_by_our_name():
    """Issue 7: the signature is the access; nobody's forgeries may keep out what is signed. Only that very path."""
    async with to(made(rate=1, hooks=("/webhooks/layers",))) as client:
        many = {(await client.post("/webhooks/layers")).status_code for _ in range(50)}
        others = [(await client.post(path)).status_code for path in ("/webhooks/layers/", "/webhooks", "/webhooks/layers/x")]
        foreign = (await client.post("/webhooks/layers", headers={"Host": "evil.example"})).status_code
    async with to(made(ending=True, hooks=("/webhooks/layers",))) as client:
        ending = (await client.post("/webhooks/layers")).status_code

    assert (many, others, foreign, ending) == ({200}, [401, 401, 401], 421, 503)
