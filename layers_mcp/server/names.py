"""The names a request may call this server by, and the pages it may come from (DNS rebinding: mcp security, 2026-07-28)."""

from __future__ import annotations

import re
from collections.abc import Collection

from layers_mcp.address import LOOPBACK

__all__ = ["Names"]

_HOST = re.compile(r"(?P<name>[A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{1,5}))?")


def _read(host: str) -> tuple[str, str | None] | None:
    """The name, in small letters and without brackets, and the port, if it says one."""
    found = _HOST.fullmatch(host)
    return None if found is None else (found["name"].strip("[]").lower(), found["port"])


class Names:
    """This machine's own names on any port, and what the settings add; an added name without a port goes with any."""

    def __init__(self, hosts: Collection[str] = (), origins: Collection[str] = ()) -> None:
        self._hosts = {(name, None) for name in LOOPBACK} | {read for host in hosts if (read := _read(host)) is not None}
        self._origins = {origin.lower() for origin in origins}

    def host(self, said: str) -> bool:
        """Whether a request with this Host is for us."""
        read = _read(said)
        return read is not None and (read in self._hosts or (read[0], None) in self._hosts)

    def origin(self, said: str, *, host: str) -> bool:
        """Whether a page of this origin may call: one that is set, one of our own (of the request's Host), or one of this machine."""
        scheme, _, rest = said.lower().partition("://")
        if scheme not in ("http", "https"):
            return False
        read = _read(rest)
        own = rest == host.lower() or (read is not None and scheme == "http" and read[0] in LOOPBACK)
        return own or said.lower() in self._origins
