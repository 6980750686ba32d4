"""Descriptions that can be told apart, and what a small embedding model makes of them."""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path

import pytest

pytestmark = pytest.mark.long


@pytest.fixture
def bench(monkeypatch):
    """`tests/bench/phrasings.py`."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "bench"))
    return importlib.import_module("phrasings")


def test_no_two_descriptions_are_near_duplicates(bench):
    """Issue 8; from about 0.85 on, models take one tool for the other."""
    alike, one, other = bench.nearest()
    print(f"most alike: {one} and {other}, {alike:.2f}")

    assert alike < 0.85


def test_the_words_of_users_lead_to_the_right_tool_no_worse_than_measured(bench):
    """Issue 8 asks 85 % and 97 % of an embedding model; measured in November 2026: 39 % and 57 % of the half that is held out.

    A language model that read the same names and descriptions then had all of it right.
    """
    seen, held = bench.found()
    for row in (seen, held, bench.read()):
        print(f"{row.half}: {row.number} phrasings, the right tool first in {row.first:.0%}, in the first three in {row.three:.0%}")

    assert held.number >= 100
    assert held.first >= 0.35
    assert held.three >= 0.52


def test_there_are_as_many_phrasings_for_each_tool(bench):
    """None is left out, and none is counted more."""
    rows = bench.json.loads(bench.PHRASINGS.read_text(encoding="utf-8"))

    assert len({row["says"] for row in rows}) == len(rows) >= 200
    assert set(Counter(row["tool"] for row in rows).values()) == {5}
    assert {row["tool"] for row in rows} == set(bench._descriptions())
