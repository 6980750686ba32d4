"""`layers-mcp onboard FILE`, as a person types it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from layers_mcp.commands.onboarding import after_words, plan_words
from layers_mcp.loops.customer import Onboard
from layers_mcp.loops.fan_out import Wanted

PATIENCE_S = 90


@pytest.fixture
def onboard(tmp_path: Path):
    """The command, for customers that stand in a file of these lines."""

    def run(*words: str, customers: list[dict], **settings: str) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "customers.jsonl"
        file.write_text("\n".join(map(json.dumps, customers)), encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
        return subprocess.run(
            [sys.executable, "-m", "layers_mcp", "onboard", str(file), *words],
            env={**kept, "LAYERS_STATE_DIR": str(tmp_path / "state"), **settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    return run


def _customers(number: int) -> list[dict]:
    return [{"customerExternalId": f"cust_{one}", "name": f"Customer {one}", "posts": 0, "priority": one} for one in range(1, number + 1)]


def _runs(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "state" / "layers.db")) as connection:
        return connection.execute("SELECT count(*) FROM runs").fetchone()[0]


def _fail_one(folder: Path) -> None:
    """As a run stands that met what it could not mend."""
    with closing(sqlite3.connect(folder / "state" / "layers.db")) as connection:
        connection.execute("UPDATE runs SET state = 'failed' WHERE id = (SELECT min(id) FROM runs)")
        connection.commit()


def test_a_plan_is_shown_before_anything_starts_and_starts_once(onboard, tmp_path: Path) -> None:
    """Issue 7: the plan, its end, and the daily steady state it leads to; the command once more starts only what is missing or failed."""
    only = onboard("--plan", customers=_customers(2))
    asked = onboard(customers=_customers(2))
    first = onboard("--yes", customers=_customers(2))
    _fail_one(tmp_path)
    second = onboard("--yes", customers=_customers(3))
    third = onboard("--plan", customers=_customers(3))

    assert "Onboarding 2 customers: 0 starts, 2 writes" in only.stdout
    assert "Every day after: the daily loops of 2 customers fit tier" in only.stdout
    assert only.stdout.endswith("nothing was started\n")
    assert asked.returncode == 2
    assert "nothing was changed" in asked.stderr
    assert "Their first posts cost at most 0 credits." in only.stdout
    assert "2 onboardings are in the queue." in first.stdout
    assert "Of 3 customers 2 are known: 1 failed, 1 under way." in second.stdout
    assert "Of those that are under way the file changes the priority alone." in second.stdout
    assert "Those that failed are begun anew: what they made is found." in second.stdout
    assert "Onboarding 2 customers: 0 starts, 2 writes" in second.stdout
    assert "Every day after: the daily loops of 3 customers fit tier" in second.stdout
    assert "2 onboardings are in the queue; 1 were there already." in second.stdout
    assert "Of 3 customers 3 are known: 3 under way." in third.stdout
    assert "Onboarding" not in third.stdout
    assert _runs(tmp_path) == 3


def test_the_plan_says_what_the_first_posts_cost_and_who_waits_for_a_yes(onboard) -> None:
    """Issue 8: nobody is surprised by what starts; 120 credits are the dearest post's (layers-api: credits)."""
    only = onboard("--plan", customers=[one | {"posts": 5} for one in _customers(4)], LAYERS_BUDGET_TOTAL="1300")

    assert "Their first posts cost at most 2,400 credits; budgets and wallet leave 1,300: 2 of 4 customers wait" in only.stdout


def test_over_the_writes_of_a_day_the_plan_says_who_waits_for_which_day() -> None:
    """Issue 7: "over the cap it spreads by priority and says who waits"; a key of tier sandbox has 1,000 writes a day."""
    wanted = [Wanted(Onboard(customer_external_id=f"cust_{one}", name="A", posts=0), one) for one in range(1, 2_501)]

    total, end, _, first, second, third = plan_words(wanted, "sandbox", now=datetime(2026, 4, 18, 6, tzinfo=UTC), used=400)

    assert total == "Onboarding 2,500 customers: 0 starts, 2,500 writes, about 22,500 reads."
    assert end == "At tier sandbox the last is done at about 2026-04-20 00:41 UTC, in 42 h 41 min, limited by writes;"
    assert (first, second) == ("  day 1: 600 customers, from cust_1 on", "  day 2: 1,000 customers, from cust_601 on")
    assert third == "  day 3: 900 customers, from cust_1601 on"
    assert "of 2,500 customers, limited by writes; tier pilot is enough for all" in after_words(2_500, "sandbox")


def test_a_file_with_a_wrong_line_starts_nothing(onboard, tmp_path: Path) -> None:
    """Each line's error is named, and the lines that are right are not begun either."""
    refused = onboard("--yes", customers=[*_customers(2), {"customerExternalId": "cust_9", "name": "A", "timezone": "Mars"}])

    assert refused.returncode == 2
    assert "line 3: timezone: there is no time zone 'Mars'" in refused.stderr
    assert "nothing was started" in refused.stderr
    assert not (tmp_path / "state").exists()
