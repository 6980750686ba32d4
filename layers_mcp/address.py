"""What is an address of the public Internet, in any spelling, and what is not; known by whoever fetches and by whoever refuses early.

Ranges are those of IANA's special-purpose registries; the reading of translated addresses and the names of home are ours.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata
from collections.abc import Callable, Collection, Sequence
from urllib.parse import urlsplit

__all__ = ["LOOPBACK", "MOST_LETTERS", "Resolve", "literal", "public", "resolved", "unfit"]

MOST_LETTERS = 2000
"""Characters of a URL."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Hosts of this machine, as they may be given."""
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_HOSTS = tuple(
    ipaddress.ip_network(net) for net in ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "3fff::/20")
)
"""Global by their number, yet no host of the public Internet: Azure's metadata server, protocols' own, relays, Teredo, documentation."""
_AT_HOME = (
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "private",
    "home.arpa",
    "in-addr.arpa",
    "ip6.arpa",
)
"""Last parts of names that no public name ends with (RFC 6761, 6762, 8375; ICANN keeps `internal`, `home`, `corp` free)."""
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_\-]{0,62}\.?)*", re.IGNORECASE)
_ODD = re.compile(r"[\x00-\x20\x7f\\<>\"^`{|}]")
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")

Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a name, for one port."""


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


def literal(host: str) -> str | None:
    """The address that a host is written as, in any of the spellings that resolvers take for numbers (127.1, 0x7f000001)."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses of a name as this machine resolves it, in its order, each once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _plain(host: str) -> str:
    """The host as a resolver would read it: wide letters narrow, every dot a dot, no dot at the end."""
    return unicodedata.normalize("NFKC", host).translate(_DOTS).casefold().rstrip(".")


def _at_home(host: str) -> bool:
    """Whether a host can't be one of the public Internet, as far as its name tells."""
    written = literal(host)
    if written is not None:
        return not public(written)
    return "." not in host or any(host.endswith(f".{end}") for end in _AT_HOME)


def _misread(url: str, host: str, port: int | None) -> str | None:
    """Why a URL is none that everybody reads alike."""
    if len(url) > MOST_LETTERS or _ODD.search(url) or not host or not url.lower().startswith(("http://", "https://")) or port == 0:
        return "is not an absolute URL of plain letters; give one like https://example.com/"
    if "@" in urlsplit(url).netloc:
        return "must not carry a user name or password; give a URL that is open to everybody"
    return None


def unfit(url: str, *, known: Collection[str] = (), loopback: bool = False) -> str | None:
    """Why a URL is none to fetch or to send people to, or None when it is one: https, no credentials, a public host.

    `known`: hosts that may be anything and are spoken to in plain too. `loopback`: this machine will do as well, also in plain.
    Only what can be seen without resolving the name is seen here.
    """
    try:
        parts = urlsplit(url)
        given, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return "is not a URL; give an absolute one, like https://example.com/"
    host = _plain(given)
    why = _misread(url, host, port)
    if why is not None or given in known or (loopback and given in LOOPBACK):
        return why
    if parts.scheme.lower() != "https":
        return "must be https; give the https address"
    spelled = not host.isascii() or literal(host) is not None or _HOST.fullmatch(host) is not None
    return None if spelled and not _at_home(host) else "leads to a host that is not public; give one of the public Internet"
