"""Imports one module after another in one Python program, as stdin names them; tells on stdout what each gave and sent.

Argument: the folder of the modules. `requests` also records; the modules are not touched.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any
from urllib.parse import urlsplit

import requests


def main(folder: str) -> None:
    """Run until the end of input."""
    sent = requests.Session.request
    exchanges: list[dict[str, Any]] = []

    def recorded(session: requests.Session, method: str, url: str, **more: Any) -> requests.Response:
        reply = sent(session, method, url, **more)
        exchanges.append({"method": method.upper(), "path": urlsplit(url).path, "status": reply.status_code, "body": reply.json()})
        return reply

    requests.Session.request = recorded
    sys.path.insert(0, folder)
    for line in sys.stdin:
        exchanges.clear()
        importlib.invalidate_caches()
        module = importlib.import_module(line.strip().removesuffix(".py"))
        gave = {name: getattr(module, name) for name in module.__all__}
        print(json.dumps({"gave": gave, "exchanges": exchanges}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
