"""An open world, a client that speaks to it in process, and the hand that moves its time."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from layers_mcp.clock import HandClock
from layers_mcp.commands.browser import walk
from layers_mcp.sandbox.app import build
from layers_mcp.sandbox.world import World

PATIENCE_S = 60
INGEST_S, GENERATION_S, PUBLISHING_S = 330, 135, 12


class House:
    """A world and how to speak to it; `answer` is the last one."""

    def __init__(self, world: World, clock: HandClock) -> None:
        self.world = world
        self.clock = clock
        transport = httpx2.ASGITransport(app=build(world))
        self.client = httpx2.AsyncClient(transport=transport, base_url="http://localhost", timeout=PATIENCE_S)
        self.key = world.key

    async def call(
        self, method: str, path: str, body: Any = None, *, status: int | None = None, key: str | None = None, **headers: str
    ) -> Any:
        """The reply to one request, whose status is `status` when one is given."""
        sent = {"Authorization": f"Bearer {key or self.key}"} | {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = await self.client.request(method, path, json=body, headers=sent)
        assert status in (None, self.answer.status_code), (self.answer.status_code, self.answer.text)
        return self.answer.json() if self.answer.content else None

    async def get(self, path: str, status: int = 200, **headers: str) -> Any:
        """The reply to a GET."""
        return await self.call("GET", path, status=status, **headers)

    async def post(self, path: str, body: Any = None, *, status: int | None = 200, **headers: str) -> Any:
        """The reply to a POST."""
        return await self.call("POST", path, body, status=status, **headers)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(seconds=seconds))

    async def project(self, name: str = "Quinns Coffee Co", **fields: Any) -> str:
        """A new project's path."""
        made = await self.post("/v1/projects", {"name": name, "timezone": "UTC", **fields}, status=201)
        return f"/v1/projects/{made['id']}"

    async def installation(self, installation_id: int = 48271993) -> Any:
        """A registered installation."""
        state = (await self.get("/v1/github/installation/install-url"))["state"]
        return await self.post("/v1/github/installation", {"installationId": installation_id, "state": state})

    async def ingest(self, project: str, repo: str = "quinns-coffee/quinns-app", **more: Any) -> Any:
        """A job of an ingest, ended."""
        started = await self.post(f"{project}/ingest/github", {"repoFullName": repo, **more}, status=202)
        await self.world.work_done()
        self.wait(INGEST_S)
        return await self.get(f"/v1/jobs/{started['jobId']}")

    async def content(self, project: str, **fields: Any) -> str:
        """The id of a container whose generation is completed; a slideshow unless told otherwise, as that is drawn sooner."""
        return (await self.contents(project, **fields))["containerIds"][0]

    async def contents(self, project: str, **fields: Any) -> Any:
        """What a generation that is completed was answered with."""
        asked = {"brief": {"hook": "Skip the line."}, "format": "slideshow_remix", **fields}
        started = await self.post(f"{project}/content", asked, status=202)
        await self.world.work_done()
        self.wait(GENERATION_S)
        return started

    async def press(self, url: str, button: str = "Allow") -> httpx2.Response:
        """The answer to a button of a consent page, not followed."""
        _, answer = await walk(self.client, url, button)
        return answer

    async def account(self, project: str, platform: str = "tiktok") -> str:
        """The id of a connected account, its owner having consented."""
        asked = {"platform": platform, "returnUrl": "https://app.your-partner.com/done"}
        url = await self.post(f"{project}/social/oauth-url", asked)
        back = await self.press(url["authorizeUrl"])
        assert (back.status_code, back.headers["location"]) == (302, f"{asked['returnUrl']}?layers_state={url['state']}&status=success")
        return (await self.get(f"/v1/social/oauth-status/{url['state']}"))["socialAccountId"]


@pytest.fixture
async def house(tmp_path: Path, clock: HandClock, anyio_backend: str) -> AsyncIterator[House]:
    """A fresh world at job speed 1."""
    world = await World.open(tmp_path / "state", wall=clock)
    made = House(world, clock)
    yield made
    await made.client.aclose()
    await world.close()


Answering = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """A real HTTP server of this machine; `pages`: what it answers by path, `asked`: the paths and headers it was asked with."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | str | Answering] = {}
        self.types: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        told = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                told._answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def _answer(self, to: BaseHTTPRequestHandler) -> None:
        self.asked.append((to.path, {name.lower(): value for name, value in to.headers.items()}))
        page = self.pages.get(to.path)
        try:
            if callable(page):
                page(to)
                return
            body = page.encode() if isinstance(page, str) else page or b""
            to.send_response(404 if page is None else 200)
            to.send_header("Content-Type", self.types.get(to.path, "text/html; charset=utf-8"))
            to.send_header("Content-Length", str(len(body)))
            to.end_headers()
            to.wfile.write(body)
        except OSError:  # whoever asked has gone away
            pass

    def redirect(self, path: str, to: str) -> None:
        """Send who asks for `path` elsewhere."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(302)
            handler.send_header("Location", to)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        self.pages[path] = answer

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    """A web server of a stranger."""
    made = Server()
    yield made
    made.close()


@pytest.fixture
async def shop(tmp_path: Path, clock: HandClock, server: Server, anyio_backend: str) -> AsyncIterator[House]:
    """A fresh world whose sites are those of `server`: acme.example, itunes.apple.com, play.google.com."""
    hosts = ("acme.example", "itunes.apple.com", "play.google.com")
    world = await World.open(tmp_path / "shop", wall=clock, sites=[f"{host}={server.url}" for host in hosts])
    made = House(world, clock)
    yield made
    await made.client.aclose()
    await world.close()
