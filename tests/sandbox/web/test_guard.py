"""What is fetched for a caller, and what never is."""

from __future__ import annotations

import io
from dataclasses import replace

import httpx2
import pytest

from layers_mcp.address import public
from layers_mcp.sandbox.web import fetch
from layers_mcp.sandbox.web.fetch import Unfetched, Wants, Web
from layers_mcp.sandbox.web.guard import Refused, checked, checked_addresses, understood
from layers_mcp.sandbox.web.sites import file_of, listed, site_of

pytestmark = pytest.mark.anyio
PAGE = Wants(what="web page", types=frozenset({"text/html"}), at_most=1_000_000, at_most_s=5.0)
PUBLIC = "93.184.216.34"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.0.3",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "233.252.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001::1",
        "2001:db8::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "nonsense",
        "",
    ],
)
def test_an_address_that_is_not_of_the_public_internet_is_none(address):
    """layers-api: concepts/media-library: no private, link-local, loopback or metadata target, however it is written."""
    assert not public(address)


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"])
def test_an_address_of_the_public_internet_is_one(address):
    """The same rule from the other side."""
    assert public(address)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/",
        "gopher://example.com/",
        "data:text/html,hi",
        "javascript:alert(1)",
        "//example.com/",
        "example.com",
        "http://",
        "http:///path",
        "https://user:secret@example.com/",
        "https://user@example.com/",
        "https://example.com\\@169.254.169.254/",
        "http://exa mple.com\n/",
        "http://[::1",
        "http://0177.0.0.1/",
        "https://example.com/" + "a" * 2000,
        "",
    ],
)
def test_a_url_that_nobody_should_follow_is_refused_at_once(url):
    """layers-api: concepts/media-library; POST …/ingest/website: absolute http(s)."""
    with pytest.raises(Refused, match=r"; give|, like https"):
        understood(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1./",
        "https://example.com:8443/",
        "http://example.com:443/",
        "http://example.com:22/",
        "http://example.com:99999999/",
    ],
)
def test_a_private_address_or_an_unusual_port_needs_no_look_up_to_be_refused(url):
    """Brief of the route: what can be seen at once is refused at once; the setting is the way out."""
    with pytest.raises(Refused, match="LAYERS_SANDBOX_SITES"):
        checked(understood(url), listed(()))


@pytest.mark.parametrize("url", ["http://[::1]/", "http://[2606:4700::1111]:8080/"])
def test_an_address_that_can_not_be_listed_is_not_advised_to_be(url):
    """A way out that leads somewhere: a name for the server."""
    with pytest.raises(Refused, match=r"list a host name for its server in LAYERS_SANDBOX_SITES"):
        checked(understood(url), listed(()))


def test_media_come_by_https_but_from_listed_hosts(tmp_path):
    """layers-api: POST …/app-media: https only."""
    sites = listed([f"acme.example={tmp_path}"])

    with pytest.raises(Refused, match="https"):
        checked(understood("http://example.com/logo.png"), sites, tls=True)
    assert checked(understood("http://ACME.example./logo.png"), sites, tls=True) == sites[0]
    assert checked(understood("https://example.com/logo.png"), sites, tls=True) is None


@pytest.mark.parametrize("addresses", [("127.0.0.1",), (PUBLIC, "10.0.0.1"), ("::1", PUBLIC), ()])
def test_a_name_is_refused_when_any_of_its_addresses_is_not_public(addresses):
    """A name with one public and one private address is a trap, not a site."""
    with pytest.raises(Refused):
        checked_addresses(httpx2.URL("https://example.com/"), lambda _host, _port: addresses)


def test_a_resolver_that_fails_is_a_name_without_addresses():
    """Whatever the resolver raises, the refusal names the way out."""

    def broken(_host: str, _port: int) -> tuple[str, ...]:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(Refused, match="check its spelling"):
        checked_addresses(httpx2.URL("https://no.such.example/"), broken)


class Network(httpx2.AsyncBaseTransport):
    """The Internet, as far as these tests need it: what was asked of it, and answers by host and path."""

    answers: dict[str, httpx2.Response]
    asked: list[httpx2.Request]

    def __init__(self, *, verify: object, trust_env: bool) -> None:
        assert verify is not None
        assert trust_env is False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer by the Host that was sent."""
        Network.asked.append(request)
        return Network.answers[request.headers["host"] + request.url.path]


@pytest.fixture
def network(monkeypatch):
    """An Internet of our own."""
    Network.answers, Network.asked = {}, []
    monkeypatch.setattr(fetch.httpx2, "AsyncHTTPTransport", Network)
    return Network


def _page(text: str = "<title>Acme</title>") -> httpx2.Response:
    return httpx2.Response(200, headers={"content-type": "text/html"}, stream=httpx2.ByteStream(text.encode()))


def _to(url: str) -> httpx2.Response:
    return httpx2.Response(302, headers={"location": url})


async def test_the_name_is_resolved_once_and_the_checked_address_is_connected_to(network):
    """DNS rebinding: a second look at the name would find another address."""
    looks = []

    def rebinding(host: str, port: int) -> tuple[str, ...]:
        looks.append((host, port))
        return (PUBLIC,) if len(looks) == 1 else ("127.0.0.1",)

    network.answers["rebound.example/"] = _page()
    sink = io.BytesIO()
    got = await Web((), resolve=rebinding).get("https://rebound.example/", PAGE, sink)

    assert looks == [("rebound.example", 443)]
    assert str(network.asked[0].url) == f"https://{PUBLIC}/"
    assert network.asked[0].extensions["sni_hostname"] == "rebound.example"
    assert (str(got.url), sink.getvalue()) == ("https://rebound.example/", b"<title>Acme</title>")


async def test_nothing_of_ours_is_sent_along(network, monkeypatch):
    """No cookies, no proxy of the environment, no referrer."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    network.answers["a.example/"] = httpx2.Response(302, headers={"location": "/b", "set-cookie": "id=1"})
    network.answers["a.example/b"] = _page()

    await Web((), resolve=lambda *_: ("2606:4700::1111",)).get("http://a.example/", PAGE, io.BytesIO())

    assert {name for request in network.asked for name in request.headers} == {
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "connection",
    }
    assert str(network.asked[1].url) == "http://[2606:4700::1111]/b"


@pytest.mark.parametrize(
    "leads",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://localhost/",
        "http://inside.example/",
        "https://b.example:8443/",
        "file:///etc/passwd",
        "https://user:secret@b.example/",
        "http://[::1",
        "https://quinnscoffee.com/",
    ],
)
async def test_a_redirect_is_checked_like_the_first_address(network, leads):
    """Redirects to metadata, to this machine, to other schemes and ports; nor may a stranger lead us into what the user listed."""
    network.answers["a.example/"] = _to(leads)
    network.answers["quinnscoffee.com/"] = httpx2.Response(404)
    names = {"a.example": PUBLIC, "b.example": PUBLIC, "quinnscoffee.com": PUBLIC, "inside.example": "10.0.0.7", "localhost": "127.0.0.1"}

    with pytest.raises((Refused, Unfetched)):
        await Web(listed(()), resolve=lambda host, _: (names[host],)).get("https://a.example/", PAGE, io.BytesIO())

    assert {request.headers["host"] for request in network.asked} <= {"a.example", "quinnscoffee.com"}


async def test_media_do_not_fall_back_to_http_on_a_redirect(network):
    """layers-api: POST …/app-media: https only."""
    network.answers["a.example/"] = _to("http://a.example/logo.png")

    with pytest.raises(Refused, match="https"):
        await Web((), resolve=lambda *_: (PUBLIC,)).get("https://a.example/", replace(PAGE, tls=True), io.BytesIO())


async def test_the_fourth_redirect_is_one_too_many(network):
    """layers-api: concepts/media-library: at most 3 redirects."""
    for number in range(4):
        network.answers[f"a.example/{number}"] = _to(f"/{number + 1}")
    network.answers["a.example/4"] = _page()
    web = Web((), resolve=lambda *_: (PUBLIC,))

    await web.get("https://a.example/1", PAGE, io.BytesIO())
    with pytest.raises(Refused, match="3 times"):
        await web.get("https://a.example/0", PAGE, io.BytesIO())


def test_a_folder_answers_with_its_own_files_only(tmp_path):
    """A listed folder is a site, not a way to the rest of the disk."""
    folder = tmp_path / "site"
    (folder / "about").mkdir(parents=True)
    (tmp_path / "secret.html").write_text("secret")
    for name in ("index.html", "plain.html", "about/index.html", "com.acme.json"):
        (folder / name).write_text(name)
    (folder / "out.html").symlink_to(tmp_path / "secret.html")
    site = listed([f"acme.example={folder}"])[0]

    def name(path: str) -> str | None:
        found = file_of(httpx2.URL(f"https://acme.example{path}"), site)
        return None if found is None else str(found.relative_to(folder))

    assert [name(path) for path in ("/", "/plain", "/about/", "/lookup?bundleId=com.acme")] == [
        "index.html",
        "plain.html",
        "about/index.html",
        "com.acme.json",
    ]
    outside = ["/../secret.html", "/%2e%2e/secret.html", "/out.html", "/missing", "/a%00b", "/" + "a" * 300, "/?id=../secret"]
    assert [name(path) for path in outside[:-1]] == [None] * 6
    assert name(outside[-1]) == "index.html"


def test_the_sample_customer_is_there_unless_the_setting_says_otherwise(tmp_path):
    """The sample works without a network, and only for the sample's own app."""
    mine = httpx2.URL("https://itunes.apple.com/lookup?bundleId=coffee.quinns.app&country=us")
    other = httpx2.URL("https://itunes.apple.com/lookup?bundleId=com.acme.app&country=us")

    assert site_of(mine, listed(())) is not None
    assert site_of(other, listed(())) is None
    assert site_of(mine, listed([f"itunes.apple.com={tmp_path}"])) == listed([f"itunes.apple.com={tmp_path}"])[0]
