"""What may be fetched for a caller: http and https, the usual ports, public addresses, each name resolved once and by us.

The rules are those of layers-api: concepts/media-library (https only for media; no private, link-local, loopback or metadata targets;
no credentials; at most 3 redirects). Ports are ours (`drift`); what is public is told in `layers_mcp.address`.
"""

from __future__ import annotations

from collections.abc import Sequence

import httpx2

from layers_mcp.address import MOST_LETTERS, Resolve, literal, public
from layers_mcp.sandbox.web.sites import Site, site_of

__all__ = ["Refused", "checked", "checked_addresses", "understood"]

_PORTS = {"http": 80, "https": 443}
_LIST_IT = "list the host in LAYERS_SANDBOX_SITES"
_LIST_A_NAME = "list a host name for its server in LAYERS_SANDBOX_SITES (dev.example=http://[::1]:8080) and give that name"
"""An IPv6 address is no host that can be listed."""


class Refused(Exception):
    """The guard does not let a URL through; the message is ours, says why and the way out, and quotes no stranger."""


def understood(url: str) -> httpx2.URL:
    """The URL, its host in lower case and without a closing dot.

    Raises:
        Refused: it is no absolute http or https URL, or carries a name or a password.
    """
    if len(url) > MOST_LETTERS:
        raise Refused(f"is longer than {MOST_LETTERS} characters; give the plain address of the page")
    try:
        read = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        raise Refused("is not a URL; give an absolute one, like https://example.com/") from None
    if read.scheme not in _PORTS or not read.host:
        raise Refused("must be an absolute http or https URL, like https://example.com/")
    if read.userinfo:
        raise Refused("must not carry a user name or password; give a URL that is open to everybody")
    return read.copy_with(host=read.host.rstrip(".")) if read.host.endswith(".") else read


def checked(url: httpx2.URL, sites: Sequence[Site], *, tls: bool = False) -> Site | None:
    """The site of the setting that answers for the URL, or None for the network; `tls`: only https on the network.

    Raises:
        Refused: what can be seen without resolving the name.
    """
    site = site_of(url, sites)
    if site is not None:
        return site
    if tls and url.scheme != "https":
        raise Refused("must be https; give the https address of the file")
    list_it = _LIST_A_NAME if ":" in url.host else _LIST_IT
    if url.port not in (None, _PORTS[url.scheme]):
        raise Refused(f"must use the usual port, 80 or 443; leave the port out, or {list_it}")
    written = literal(url.host)
    if written is not None and not public(written):
        raise Refused(f"leads to an address that is not public; give a public one, or {list_it}")
    return None


def checked_addresses(url: httpx2.URL, resolve: Resolve) -> Sequence[str]:
    """The addresses to connect to: every one that the name has, all of them public.

    Raises:
        Refused: the name has no address, or one that is not public.
    """
    port = url.port or _PORTS[url.scheme]
    try:
        addresses = resolve(url.raw_host.decode("ascii").strip("[]"), port)
    except (OSError, UnicodeError):
        addresses = ()
    if not addresses:
        raise Refused("has a host that no address was found for; check its spelling")
    if not all(public(address) for address in addresses):
        raise Refused(f"leads to an address that is not public; give a public one, or {_LIST_IT}")
    return addresses
