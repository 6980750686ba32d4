"""Keys that are rotated without a restart."""

from __future__ import annotations

import os

import httpx2
import pytest
from pydantic import SecretStr

from layers_mcp.client.keys import BadKeyFile, KeyFile
from layers_mcp.client.layers import Layers
from layers_mcp.client.sent import Sent, watched
from layers_mcp.contract import account, projects
from layers_mcp.contract.endpoint import Empty
from layers_mcp.contract.errors import ForbiddenScope, Halted, Unauthenticated

pytestmark = pytest.mark.anyio


class Api:
    """Knows some keys, and keeps what it was asked with."""

    def __init__(self, *known: str) -> None:
        self.known, self.asked = set(known), []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Make a project for whoever is known."""
        key = request.headers["authorization"].removeprefix("Bearer ")
        self.asked.append((key, request.headers.get("idempotency-key")))
        if key not in self.known:
            return httpx2.Response(401, json={"error": {"code": "UNAUTHENTICATED", "message": "no", "requestId": "req_1"}})
        return httpx2.Response(201, json={"id": "prj_1", "name": "Q"})

    @property
    def keys(self) -> list[str]:
        """The keys it was asked with, in order."""
        return [key for key, _ in self.asked]


@pytest.fixture
def file(tmp_path):
    """Where the keys stand, and what writes them."""
    place = tmp_path / "keys"
    versions = iter(range(1, 100))

    def write(*lines: str):
        place.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        place.chmod(0o600)
        os.utime(place, ns=(0, next(versions) * 10**9))
        return place

    return write


@pytest.fixture
def client(clock):
    """Clients of an API."""

    def start(api: Api, keys) -> Layers:
        return Layers("https://api.test", keys, clock=clock, transport=httpx2.MockTransport(api), luck=lambda: 0.5)

    return start


async def _make(layers: Layers) -> None:
    await layers.send(projects.CREATE, projects.CreateProject(name="Q"))


async def test_a_key_is_rotated_between_two_calls_of_one_process(file, client):
    """Issue 5: the API key can be rotated without a restart, two overlap."""
    api, keys = Api("one"), KeyFile(file("one"))
    async with client(api, keys) as layers:
        await _make(layers)
        file("two", "one")  # the new key is written before Layers knows it
        await _make(layers)
        await _make(layers)
        api.known = {"one", "two"}
        await _make(layers)
        api.known = {"two"}  # the old one is revoked
        await _make(layers)
        await _make(layers)
        file("two")
        await _make(layers)

    assert api.keys == ["one", "two", "one", "one", "one", "one", "two", "two", "two"]


async def test_the_other_key_is_tried_once_with_the_same_idempotency_key(file, client):
    """Nothing is done for a key that nobody knows, so the second try is the same operation."""
    api = Api()
    async with client(api, KeyFile(file("two", "one"))) as layers:
        with pytest.raises(Unauthenticated):
            await _make(layers)

    assert api.keys == ["two", "one"]
    assert len({key for _, key in api.asked}) == 1


async def test_a_write_that_may_not_go_out_any_more_is_not_sent_with_the_other_key_either(file, client):
    """Issue 5, `halt`: every attempt is asked about, and what Layers turned away did nothing."""
    api, sent = Api(), Sent()

    def check() -> None:
        if api.asked:
            assert sent.left_nothing(again=False)
            raise Halted("all projects are halted")

    async with client(api, KeyFile(file("two", "one"))) as layers:
        with watched(sent), pytest.raises(Halted) as caught:
            await layers.send(projects.CREATE, projects.CreateProject(name="Q"), check=check)

    assert api.keys == ["two"]
    assert (caught.value.unsure, sent.left_nothing(again=False), sent.left_nothing(again=True)) == (False, True, False)


async def test_only_an_unknown_key_is_a_reason_to_try_the_other(file, client):
    """A key without a scope is a key; another one must not slip past it."""
    asked: list[str] = []

    def api(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.headers["authorization"])
        return httpx2.Response(403, json={"error": {"code": "FORBIDDEN_SCOPE", "message": "no", "requestId": "req_1"}})

    async with client(api, KeyFile(file("two", "one"))) as layers:
        with pytest.raises(ForbiddenScope):
            await layers.send(account.WHOAMI, Empty())

    assert asked == ["Bearer two"]


async def test_a_single_key_stays_and_is_tried_once(client):
    """LAYERS_API_KEY is read once."""
    api = Api()
    async with client(api, SecretStr("one")) as layers:
        with pytest.raises(Unauthenticated):
            await _make(layers)

    assert api.keys == ["one"]


@pytest.mark.parametrize("lines", [(), ("", " "), ("kone", "ktwo", "kthree"), ("kone\x07",), ("schlüssel",)])
def test_a_file_that_holds_no_keys_is_refused_without_a_word_of_it(file, lines):
    """Rule 28: refuse early; a secret goes nowhere."""
    with pytest.raises(BadKeyFile) as refused:
        KeyFile(file(*lines))

    assert not any(line.strip() and line in str(refused.value) for line in lines)


def test_a_broken_version_leaves_the_old_key_and_a_word_in_the_log(file, caplog):
    """A half-written file must not take the server off its key."""
    keys = KeyFile(file("one"))

    file("one", "two", "three")
    offered = [key.get_secret_value() for key in keys.offered()]

    assert offered == ["one"]
    assert "3 lines" in caplog.text
    assert "three" not in caplog.text


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_file_that_everybody_reads_is_spoken_of(file, caplog):
    """Issue 5; the key is a password."""
    place = file("one")
    KeyFile(place)
    quiet = caplog.text
    place.chmod(0o644)

    KeyFile(place)

    assert quiet == ""
    assert "chmod 600" in caplog.text
    assert "one" not in caplog.text.replace(str(place), "")
