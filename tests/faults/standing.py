"""What each customer has in the end, as the sandbox's tables hold it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

WHOLE = {"jobs": {"project_ingest_github": 1, "content_generate": 1}, "undone": 0, "posts": [("approved",)], "queued": [(None, None)]}
"""Of a customer who was onboarded once: one ingest, one batch of one post, which was approved, and one schedule."""


def standing(state: Path) -> list[dict[str, Any]]:
    """What every customer has whose id begins with `customer`; the growth demo there has posts of its own."""
    found = []
    with closing(sqlite3.connect(state / "sandbox.db")) as tables:
        for project, name in tables.execute("select id, external_id from projects where external_id like 'customer %'").fetchall():
            jobs = Counter(one for (one,) in tables.execute("select kind from jobs where project_id = ?", (project,)))
            undone = tables.execute("select count(*) from jobs where project_id = ? and opened_at is null", (project,)).fetchone()[0]
            posts = tables.execute("select approval from containers where project_id = ?", (project,)).fetchall()
            queued = tables.execute("select canceled_at, problem from posts where project_id = ?", (project,)).fetchall()
            found.append({"name": name, "jobs": dict(jobs), "undone": undone, "posts": posts, "queued": queued})
    return found


def half(stand: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Customers who have not just what a whole one has."""
    return [one for one in stand if {part: one[part] for part in WHOLE} != WHOLE]


def doubled(one: dict[str, Any]) -> bool:
    """Whether a customer has more of something than one."""
    return len(one["posts"]) > 1 or len(one["queued"]) > 1 or any(number > 1 for number in one["jobs"].values())
