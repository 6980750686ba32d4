"""Which tools a key can use at all: those are listed, and what is hidden can still be called, as the API has the last word."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr

from layers_mcp.contract.table import TABLE
from layers_mcp.server.catalog import read_catalog
from layers_mcp.server.granted import Granted, unusable

SCOPES = sorted({row.scope for row in TABLE if row.scope})
READS = [scope for scope in SCOPES if scope.endswith(":read")]


def _listed(scopes):
    catalog = read_catalog(("all",), scopes=scopes)
    return {one["name"] for one in catalog.tools} - catalog.hidden


def test_a_key_that_may_do_all_or_is_not_known_hides_nothing():
    """Issue 8: "scope filtering from `whoami`"."""
    assert _listed(None) == _listed(["*"]) == _listed(SCOPES) == _listed(["renamed:write"])
    assert len(_listed(None)) > 40


def test_a_key_that_only_reads_is_shown_no_tool_that_writes_to_the_api():
    """A tool that can't do what it is for is a turn lost; those of the loops work in our store, and stay."""
    shown = _listed(READS)

    assert {"get_project", "list_content", "top_performers", "read_ads_metrics", "wait_for_job", "list_questions", "find"} <= shown
    assert shown.isdisjoint({"create_project", "generate_content", "approve_content", "schedule_content", "override_creative", "halt"})


def test_one_scope_of_those_that_a_tool_takes_is_enough():
    """Halt cancels jobs and posts and pauses ads: whoever may do one of these may need it."""
    assert unusable({"halt": ["ads:write", "publish:write"], "free": []}, ["publish:write"]) == frozenset()
    assert unusable({"halt": ["ads:write", "publish:write"], "wait": ["jobs:read"], "free": []}, ["jobs:read"]) == {"halt"}


def test_what_a_key_may_do_is_kept_for_each_key_and_nothing_else_of_it(tmp_path):
    """The file holds no key, and another key's scopes are not this one's."""
    one, other = Granted(tmp_path, SecretStr("lp_live_one_secret")), Granted(tmp_path, SecretStr("lp_live_other"))
    one.keep(["jobs:read"])
    other.keep(["*"])
    one.keep(["jobs:read", "ads:read"])

    assert (one.kept(), other.kept()) == (("jobs:read", "ads:read"), ("*",))
    text = (tmp_path / "scopes.json").read_text()
    assert "secret" not in text
    assert "lp_live" not in text
    assert sorted(map(len, json.loads(text))) == [16, 16]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"x": 1}'])
def test_a_file_that_is_no_record_is_as_none(tmp_path, text):
    """Half a file must not stop the start, nor hide a tool."""
    (tmp_path / "scopes.json").write_text(text)
    known = Granted(tmp_path, SecretStr("k"))
    before = known.kept()
    known.keep(["*"])

    assert (before, known.kept()) == (None, ("*",))


def test_a_folder_that_can_not_be_written_keeps_nothing(tmp_path):
    """The next process then lists all tools, as this one did."""
    known = Granted(tmp_path / "missing", SecretStr("k"))
    known.keep(["*"])

    assert known.kept() is None
