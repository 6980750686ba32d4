"""One GET through the guard: bounded in time, in bytes, in redirects, whatever the other side sends."""

from __future__ import annotations

import asyncio
import mimetypes
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

import httpx2

from layers_mcp.address import Resolve, resolved
from layers_mcp.sandbox.web.guard import Refused, checked, checked_addresses, understood
from layers_mcp.sandbox.web.sites import Site, file_of, named

__all__ = ["Got", "Unfetched", "Wants", "Web"]

_REDIRECTS = 3
"""layers-api: concepts/media-library."""
_REDIRECTING = frozenset({301, 302, 303, 307, 308})
_AGENT = "layers-mcp sandbox (reads the pages that its user names)"
_OK = 200
_PIECE = 64 * 1024
_TRIES = 3
"""Addresses of one name that are tried."""


class Unfetched(Exception):
    """A fetch brought nothing of use; the message is ours, with the way out. `status`: what the server said, where it said anything."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Sink(Protocol):
    """Where the body goes."""

    def write(self, piece: bytes, /) -> object:
        """Take in a piece."""


@dataclass(frozen=True, kw_only=True)
class Wants:
    """What is wanted: media types (empty: any), bytes at most, seconds for all of it; `cut`: a longer body is taken up to the bound.

    `tls`: only https, but for listed sites. `what` names it in our sentences.
    """

    what: str
    types: frozenset[str] = frozenset()
    at_most: int
    at_most_s: float = 10.0
    cut: bool = False
    tls: bool = False


@dataclass(frozen=True, kw_only=True)
class Got:
    """What came: the URL it came from in the end, its media type and charset as declared, the listed `site` that answered, if one did."""

    url: httpx2.URL
    media_type: str
    charset: str | None
    site: Site | None = None

    @property
    def at_home(self) -> bool:
        """Whether it may lead into the listed sites, as it came from one of them."""
        return self.site is not None

    def link(self, address: str) -> httpx2.URL:
        """The URL that an address on it means.

        Raises:
            httpx2.InvalidURL, ValueError: it is none.
        """
        return named(self.url.join(address), self.url, self.site)


async def _plain(raw: AsyncIterator[bytes], encoding: str) -> AsyncGenerator[bytes]:
    """The body without its compression, in pieces that are small however much they were compressed.

    Raises:
        Unfetched: it is compressed in another way than we offered, or not as it says.
    """
    if encoding in ("", "identity"):
        async for piece in raw:
            yield piece
        return
    if encoding not in ("gzip", "x-gzip"):
        raise Unfetched("was answered in a compression that was not asked for; give a plainer address")
    inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    async for piece in raw:
        left = piece
        while left and not inflate.eof:
            try:
                yield inflate.decompress(left, _PIECE)
            except zlib.error:
                raise Unfetched("was answered with a body that is not compressed as it says; give another address") from None
            left = inflate.unconsumed_tail
    yield inflate.flush()


async def _pour(pieces: AsyncGenerator[bytes], sink: Sink, wants: Wants) -> None:
    left = wants.at_most
    async with aclosing(pieces) as poured:
        async for piece in poured:
            if len(piece) > left and not wants.cut:
                raise Unfetched(f"leads to more than {wants.at_most // 1024 // 1024} MB; give the address of a smaller {wants.what}")
            sink.write(piece[:left])
            left -= len(piece)
            if left <= 0 and wants.cut:
                return


class Web:
    """The web as a caller may see it: the listed `sites`, and the public Internet as `resolve` finds it."""

    def __init__(self, sites: Sequence[Site], *, resolve: Resolve = resolved) -> None:
        self._sites = sites
        self._resolve = resolve
        self._tls = httpx2.create_ssl_context(trust_env=False)

    async def get(self, url: str, wants: Wants, sink: Sink, *, at_home: bool = True) -> Got:
        """Fetch a URL into `sink`; one that stood on a page is `at_home` only if the page was: the network may not lead into listed sites.

        Raises:
            Refused: the guard does not let it through, at first or after a redirect.
            Unfetched: it brought nothing of use.
        """
        try:
            async with asyncio.timeout(wants.at_most_s):
                return await self._followed(understood(url), wants, sink, at_home=at_home)
        except TimeoutError:
            raise Unfetched(f"was not answered within {wants.at_most_s:g} seconds; try again later, or give another address") from None
        except httpx2.HTTPError:
            raise Unfetched("could not be fetched: the connection failed or broke off; check it, or try again later") from None

    async def _followed(self, url: httpx2.URL, wants: Wants, sink: Sink, *, at_home: bool) -> Got:
        for _ in range(_REDIRECTS + 1):
            site = checked(url, self._sites if at_home else (), tls=wants.tls)
            at_home = site is not None
            if site is not None and site.origin is None:
                return await self._from_file(url, site, wants, sink)
            found = await self._from_server(url, site, wants, sink)
            if isinstance(found, Got):
                return replace(found, site=site)
            url = found
        raise Refused(f"redirects more than {_REDIRECTS} times; give the address it leads to in the end")

    async def _from_file(self, url: httpx2.URL, site: Site, wants: Wants, sink: Sink) -> Got:
        file = await asyncio.to_thread(file_of, url, site, wants.types)
        if file is None:
            raise Unfetched("names a page that its site does not have; check the path", status=404)
        media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        _check_type(media_type, wants)

        async def pieces() -> AsyncGenerator[bytes]:
            with file.open("rb") as opened:
                while piece := await asyncio.to_thread(opened.read, _PIECE):
                    yield piece

        await _pour(pieces(), sink, wants)
        return Got(url=url, media_type=media_type, charset=None, site=site)

    async def _targets(self, url: httpx2.URL, site: Site | None) -> list[tuple[httpx2.URL, dict[str, str], str | None]]:
        """Where to connect, one after the other: the URL with a checked address in it, its Host, and the name to prove by TLS."""
        if site is not None and site.origin is not None:
            there = httpx2.URL(site.origin)
            target = url.copy_with(scheme=there.scheme, host=there.host, port=there.port)
            return [(target, {"Host": there.netloc.decode("ascii")}, None)]
        addresses = await asyncio.to_thread(checked_addresses, url, self._resolve)
        name = url.raw_host.decode("ascii")
        return [(url.copy_with(host=address), {"Host": url.netloc.decode("ascii")}, name) for address in addresses[:_TRIES]]

    async def _from_server(self, url: httpx2.URL, site: Site | None, wants: Wants, sink: Sink) -> Got | httpx2.URL:
        """The body poured, or where the server sends us instead."""
        targets = await self._targets(url, site)
        patience = {"timeout": {"connect": wants.at_most_s / (len(targets) + 1)}}  # an address may swallow what is sent to it
        for place, (target, host, name) in enumerate(targets):
            request = httpx2.Request("GET", target, headers=_headers(host), extensions=_by_name(name) | patience)
            try:
                found = await self._exchange(url, request, wants, sink)
                return found if isinstance(found, Got) else named(found, url, site)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if place == len(targets) - 1:
                    raise
        raise AssertionError  # pragma: no cover - there is a target, and it returns or raises

    async def _exchange(self, url: httpx2.URL, request: httpx2.Request, wants: Wants, sink: Sink) -> Got | httpx2.URL:
        async with httpx2.AsyncHTTPTransport(verify=self._tls, trust_env=False) as connection:  # its own: nothing is kept or shared
            answer = await connection.handle_async_request(request)
            try:
                if answer.status_code in _REDIRECTING and "location" in answer.headers:
                    return _onward(url, answer.headers["location"])
                if answer.status_code != _OK:
                    raise Unfetched(f"was answered with HTTP {answer.status_code}; give an address that is open", status=answer.status_code)
                media_type, _, rest = answer.headers.get("content-type", "").partition(";")
                _check_type(media_type.strip().lower(), wants)
                await _pour(_plain(answer.aiter_raw(), answer.headers.get("content-encoding", "").strip().lower()), sink, wants)
                return Got(url=url, media_type=media_type.strip().lower(), charset=_charset(rest))
            finally:
                await answer.aclose()


def _headers(host: dict[str, str]) -> dict[str, str]:
    return host | {"User-Agent": _AGENT, "Accept": "*/*", "Accept-Encoding": "gzip", "Connection": "close"}


def _by_name(name: str | None) -> dict[str, str]:
    return {} if name is None else {"sni_hostname": name}


def _onward(url: httpx2.URL, location: str) -> httpx2.URL:
    try:
        return understood(str(url.join(location)))
    except (httpx2.InvalidURL, ValueError):
        raise Refused("redirects to what is not a URL; give the address it leads to in the end") from None
    except Refused:
        raise Refused("redirects to an address that may not be fetched; give one that is open to everybody") from None


def _check_type(media_type: str, wants: Wants) -> None:
    if wants.types and media_type not in wants.types:
        raise Unfetched(f"does not lead to a {wants.what}: its content type is another; give the address of a {wants.what}")


def _charset(parameters: str) -> str | None:
    for part in parameters.split(";"):
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'").lower() or None
    return None
