"""The reading half of "Loop 3" of the playbook seed, as printed, under Node; only host, ids and the two instants are filled in."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx2
import pytest

PLAYBOOK = (Path(__file__).parents[1] / "seed" / "agent-playbook.txt").read_text(encoding="utf-8")
READING = re.search(r"Reading the decision log:\n\n(.*?)\n\nOverriding a decision:", PLAYBOOK, re.DOTALL)[1]
WEEK_AGO, NOW = "2026-05-01T00:00:00.000Z", "2026-05-08T00:00:00.000Z"


@pytest.mark.long
def test_the_decision_log_of_loop_3_works_as_printed(sandbox, program):
    """Seed 000, Loop 3, "Reading the decision log": spend in units of the currency, a row an ad."""
    headers = {"Authorization": f"Bearer {sandbox.key}"}
    made = httpx2.post(f"{sandbox.root}/v1/projects", json={"name": "Acme"}, headers=headers).json()["id"]
    asked = {"platform": "meta_ads", "returnUrl": "https://app.your-partner.com/done"}
    httpx2.post(f"{sandbox.root}/v1/projects/{made}/ads/ad-accounts/oauth-url", json=asked, headers=headers).raise_for_status()
    httpx2.post(f"{sandbox.root}/_sandbox/clock", json={"at": "2026-05-08T12:00:00Z"}).raise_for_status()
    node = program("ts")

    takes = f"const projectId = {json.dumps(made)}; const weekAgo = {json.dumps(WEEK_AGO)}; const now = {json.dumps(NOW)};"
    loop = node.run(READING, takes=takes, gives=("adMetrics", "worryAds"))

    (read,) = loop.exchanges
    series = loop.gave["adMetrics"]["series"]
    assert (read["method"], read["path"], read["status"]) == ("GET", f"/v1/projects/{made}/ads-metrics", 200)
    assert len(series) == 4
    assert all({"adId", "spend", "conversions", "cpa"} <= set(ad) for ad in series)
    assert 0 < sum(ad["spend"] for ad in series) <= 7 * 120
    assert loop.gave["worryAds"] == [ad for ad in series if ad["spend"] > 50 and ad["conversions"] == 0]
    assert node.close() == (0, "")
