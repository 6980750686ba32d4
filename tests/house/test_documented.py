"""Every documented endpoint is answered, or says why it is not."""

from __future__ import annotations

import re
from pathlib import Path

from layers_mcp.contract import drift
from layers_mcp.contract.table import TABLE
from layers_mcp.sandbox.spellings import OTHER_PATHS

LINES = Path(__file__).with_name("documented.txt").read_text(encoding="utf-8").splitlines()
"""`METHOD path`, path fields as `{}`; where the sandbox does not answer it, `# drift: <topic>` or `# live only`."""


def _bare(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def test_each_documented_endpoint_is_answered_or_says_why_not():
    """Issue 8: the whole documented API; a reason is a row of the drift, or names what is missing."""
    ours = {f"{row.method} {_bare(row.path)}" for row in TABLE} | {f"POST {_bare(path)}" for path in OTHER_PATHS}
    live_only = {f"{row.method} {_bare(row.path)}" for row in TABLE if row.live_only}
    topics = {row.topic for row in drift.DRIFT}
    for line in LINES:
        named, _, reason = line.partition("  # ")
        kind, _, words = reason.partition(": ")
        if not reason:
            assert named in ours, named
            assert named not in live_only, named
        elif reason == "live only":
            assert named in live_only, named
        elif kind == "drift":
            assert words in topics, line
            assert named not in ours, line
        else:
            raise AssertionError(line)


def test_no_endpoint_stands_twice_in_the_list():
    """One line an endpoint."""
    listed = [line.partition("  # ")[0] for line in LINES]

    assert len(listed) == len(set(listed))
