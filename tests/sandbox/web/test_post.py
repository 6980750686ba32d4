"""One POST to where a partner says: what it may reach, how long it may take, and what it never follows or tells."""

from __future__ import annotations

import socket
import threading

import pytest

from layers_mcp.sandbox.web.post import Unsent, misfit, post
from layers_mcp.sandbox.web.sites import Site

pytestmark = pytest.mark.anyio


@pytest.fixture
def silent():
    """A port of this machine that takes connections and never answers."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    yield listening.getsockname()[1]
    listening.close()


@pytest.fixture
def rude():
    """A port of this machine that hangs up on everybody."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()

    def hang_up() -> None:
        while True:
            try:
                listening.accept()[0].close()
            except OSError:
                return

    threading.Thread(target=hang_up, daemon=True).start()
    yield listening.getsockname()[1]
    listening.close()


async def _why(url, **more) -> str:
    with pytest.raises(Unsent) as told:
        await post(url, {}, b"{}", at_most_s=more.pop("at_most_s", 5), **more)
    return str(told.value)


async def test_a_receiver_that_never_answers_is_given_up(silent):
    """Ours: ten seconds in service; bounded here by less."""
    assert await _why(f"http://127.0.0.1:{silent}/", at_most_s=0.2) == "no answer within 0.2 seconds"


async def test_a_receiver_that_hangs_up_or_is_not_there_is_told_without_its_words(rude):
    """The message is ours, and names no address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]

    assert await _why(f"http://127.0.0.1:{rude}/") == await _why(f"http://localhost:{free}/") == "the connection failed or broke off"


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "fd00::1"])
async def test_a_public_name_that_leads_home_is_not_sent_to(address):
    """Its addresses are found by us, once, and each must be public: nobody's network is reached through the sandbox."""
    found = []

    def resolve(host: str, port: int) -> list[str]:
        found.append((host, port))
        return [address]

    assert await _why("https://hooks.example.com/in", resolve=resolve) == "the address does not lead to the public Internet"
    assert found == [("hooks.example.com", 443)]


async def test_what_could_not_be_registered_is_not_sent_to_either():
    """The URL may have been registered when its host was listed."""
    assert (await _why("http://example.com/")).startswith("the address must be https")
    assert misfit("http://shop.example/", [Site(host="shop.example", place="http://127.0.0.1:1")]) is None
    assert misfit("http://shop.example/", [Site(host="shop.example", place="/srv/pages")]) is not None


async def test_a_listed_host_is_answered_by_its_server(rude):
    """LAYERS_SANDBOX_SITES: a host and the server that stands for it."""
    site = Site(host="shop.example", place=f"http://127.0.0.1:{rude}")

    assert await _why("http://shop.example/hook", sites=[site]) == "the connection failed or broke off"
