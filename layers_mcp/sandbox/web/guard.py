"""What may be fetched for a caller: http and https, the usual ports, public addresses, each name resolved once and by us.

The rules are those of layers-api: concepts/media-library (https only for media; no private, link-local, loopback or metadata targets;
no credentials; at most 3 redirects). Ports and the reading of translated addresses are ours (`drift`).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence

import httpx2

from layers_mcp.sandbox.web.sites import Site, site_of

__all__ = ["MOST_LETTERS", "Refused", "Resolve", "checked", "checked_addresses", "public", "resolved", "understood"]

MOST_LETTERS = 2000
"""Characters of a URL."""
_PORTS = {"http": 80, "https": 443}
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_HOSTS = tuple(
    ipaddress.ip_network(net) for net in ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "3fff::/20")
)
"""Global by their number, yet no host of the public Internet: Azure's metadata server, protocols' own, relays, Teredo, documentation."""

_LIST_IT = "list the host in LAYERS_SANDBOX_SITES"
_LIST_A_NAME = "list a host name for its server in LAYERS_SANDBOX_SITES (dev.example=http://[::1]:8080) and give that name"
"""An IPv6 address is no host that can be listed."""

Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a name, for one port."""


class Refused(Exception):
    """The guard does not let a URL through; the message is ours, says why and the way out, and quotes no stranger."""


def public(address: str) -> bool:
    """Whether an IP address is one of the public Internet, also when it is an IPv4 address inside an IPv6 one."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None)
        if inner is not None:
            return public(str(inner))
        if ip not in _GLOBAL_UNICAST:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip.version == net.version and ip in net for net in _NOT_HOSTS)


def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses of a name as this machine resolves it, in its order, each once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


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


def _literal(host: str) -> str | None:
    """The address that a host is written as, in any of the spellings that resolvers take for numbers (127.1, 0x7f000001)."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


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
    literal = _literal(url.host)
    if literal is not None and not public(literal):
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
