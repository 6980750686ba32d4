"""One POST to an address that a partner named: to this machine, to listed sites, or to the public Internet, and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import httpx2

from layers_mcp.address import LOOPBACK, Resolve, resolved, unfit
from layers_mcp.sandbox.web.guard import Refused, checked_addresses
from layers_mcp.sandbox.web.sites import Site, site_of

__all__ = ["Unsent", "misfit", "post"]


class Unsent(Exception):
    """No answer came; the message is ours, and quotes no stranger."""


def misfit(url: str, sites: Sequence[Site]) -> str | None:
    """Why nothing can be sent to a URL, as far as can be seen without resolving its host; None when it can."""
    return unfit(url, known=[site.host for site in sites if site.origin is not None], loopback=True)


async def _target(url: httpx2.URL, sites: Sequence[Site], resolve: Resolve) -> tuple[httpx2.URL, dict[str, str]]:
    """Where to connect, and the name to prove by TLS."""
    site = site_of(url, sites)
    if site is not None and site.origin is not None:
        there = httpx2.URL(site.origin)
        return url.copy_with(scheme=there.scheme, host=there.host, port=there.port), {}
    if url.host in LOOPBACK:
        return url, {}
    address = (await asyncio.to_thread(checked_addresses, url, resolve))[0]
    return url.copy_with(host=address), {"sni_hostname": url.raw_host.decode("ascii")}


async def post(  # noqa: PLR0913  each is a part of the request, or of what it may do
    url: str, headers: Mapping[str, str], body: bytes, *, at_most_s: float, sites: Sequence[Site] = (), resolve: Resolve = resolved
) -> int:
    """Send `body`; the status of the answer, whatever it is. A redirect is an answer like any other, and is not followed.

    Raises:
        Unsent: no answer came within `at_most_s` wall seconds, or the address may not be sent to.
    """
    why = misfit(url, sites)
    if why is not None:
        raise Unsent(f"the address {why}")
    try:
        async with asyncio.timeout(at_most_s):
            there = httpx2.URL(url)
            target, name = await _target(there, sites, resolve)
            host = {"Host": there.netloc.decode("ascii"), "Connection": "close", "Content-Length": str(len(body))}
            request = httpx2.Request("POST", target, headers={**headers, **host}, content=body, extensions=name)
            async with httpx2.AsyncHTTPTransport(verify=httpx2.create_ssl_context(trust_env=False), trust_env=False) as connection:
                answer = await connection.handle_async_request(request)
                try:
                    return answer.status_code
                finally:
                    await answer.aclose()
    except TimeoutError:
        raise Unsent(f"no answer within {at_most_s:g} seconds") from None
    except Refused:
        raise Unsent("the address does not lead to the public Internet") from None
    except (httpx2.HTTPError, httpx2.InvalidURL):
        raise Unsent("the connection failed or broke off") from None
