"""Ids and URLs among arguments: what is none is refused by name before anything is sent."""

from __future__ import annotations

from itertools import product
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from layers_mcp.address import unfit
from layers_mcp.client.wire import outgoing
from layers_mcp.contract.errors import Invalid
from layers_mcp.contract.table import TABLE
from layers_mcp.tool.kinds import KINDS, NAMED
from layers_mcp.tools.catalog import TOOLS

pytestmark = pytest.mark.anyio
NO_IDS = [
    "../prj_1", "prj_1/../../whoami", "prj_1%2f..%2fwhoami", "%2e%2e", "prj_1?limit=1", "prj_1#x", "prj_1\x00", "prj_1\n", "a\u202eb",
    "p\u0440j_1", "prj 1", "prj_1;x", "..", ".", "a" * 10_000, "prj_1\\..", "{projectId}", "🚀",
]  # fmt: skip
NO_URLS = [
    "http://example.com/", "ftp://example.com/", "javascript:alert(1)", "//example.com/x", "https://user:pw@example.com/",
    "https://token@example.com/", "https://localhost/", "https://app.localhost/", "https://127.0.0.1/", "https://127.1/",
    "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://0/", "https://10.0.0.1/", "https://172.16.0.1/",
    "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data", "https://100.64.0.1/", "https://100.100.100.200/",
    "https://168.63.129.16/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:a9fe:a9fe]/", "https://[fd00:ec2::254]/",
    "https://[fe80::1]/", "https://[64:ff9b::a9fe:a9fe]/", "https://metadata.google.internal/", "https://printer.local/",
    "https://intranet/", "https://router.lan/", "https://example.com\\@127.0.0.1/", "https://exa mple.com/",
    "https://example.com/\r\nHost: x", "https://\uff11\uff12\uff17.0.0.1/", "https://127\u30020\u30020\u30021/",
    "https://%31%32%37.0.0.1/", "https:///x", "https://example.com:99999/", "https://[::1/", "https://example.com:0/",
]  # fmt: skip
FINE = ["https://example.com/", "https://www.quinnscoffee.com/logo.svg?x=1#y", "https://1.1.1.1/", "https://[2606:4700::1111]/",
        "https://b\u00fccher.example/"]  # fmt: skip
_ARGUMENTS = {tool.name: tool.arguments for tool in TOOLS}


def _ids(model: type[BaseModel]) -> list[str]:
    """The arguments of a tool that are ids, by name."""
    return [name for name in model.model_fields if name in NAMED or name in ("id", "state")]


def _put(name: str, value: str) -> Any:
    return [value] if name.endswith("_ids") else value


def _wire(tool: str, name: str) -> str:
    return _ARGUMENTS[tool].model_fields[name].alias or name


STATES = {("ingest_repo", "state"), ("onboard_customer", "state")}
"""GitHub's, which is no id of Layers."""
CASES = [(tool.name, name) for tool in TOOLS for name in _ids(tool.arguments) if (tool.name, name) not in STATES]
URLS = [(tool.name, name) for tool in TOOLS for name in tool.arguments.model_fields if name.endswith("url")]


def test_every_argument_that_ends_with_id_says_what_it_names():
    """A new argument has to be put into the table of kinds."""
    elsewhere = {"customer_external_id", "bundle_id", "ios_bundle_id", "installation_id", "run_id", "id"}
    for tool in TOOLS:
        assert {name for name in tool.arguments.model_fields if name.endswith(("_id", "_ids"))} <= {*NAMED, *elsewhere}


async def test_what_is_no_id_is_refused_by_name_before_anything_is_sent(story):
    """Issue 5: id patterns checked."""
    for (tool, name), no_id in product(CASES, NO_IDS):
        path = _wire(tool, name)
        answer = await story.result(tool, **{path: _put(name, no_id)})
        issues = answer.record["error"]["details"]["issues"]
        assert answer.record["error"]["code"] == "VALIDATION"
        assert [one for one in issues if one["path"].split(".")[0] == path], (tool, no_id, issues)
        assert no_id not in answer.text or len(no_id) < 3
    assert story.wire.rows == []


def _required(arguments: type[BaseModel], ids: dict[str, str]) -> dict[str, Any]:
    known = {
        "targets": [{"socialAccountId": "sa_1"}], "scheduledFor": "2030-01-01T00:00:00Z", "repoFullName": "a/b", "platform": "tiktok",
        "override": "exclude", "status": "dismissed", "policy": "review_all", "name": "X", "answer": "skip", "kind": "logo", "url": "https://example.com/a.png",
        "loop": "optimization",
    }  # fmt: skip
    needed = {name: field.alias or name for name, field in arguments.model_fields.items() if field.is_required()}
    return {path: _put(name, ids[name]) if name in ids else known[path] for name, path in needed.items()}


async def test_an_id_of_another_kind_is_refused_by_name_before_anything_is_sent(story):
    """Issue 5, "Ids and URLs": other kinds' prefixes."""
    uuid = "3f2a9c1e-0000-4000-8000-000000000000"
    ids = {known: f"{prefixes[0]}_{uuid}" for known, prefixes in NAMED.items()}
    named = [case for case in CASES if case[1] in NAMED and case[1] != "media_id"]
    for tool, name, other in ((*case, other) for case in named for other in sorted(set(KINDS) - set(NAMED[case[1]]))):
        wanted, path = _required(_ARGUMENTS[tool], ids), _wire(tool, name)
        if tool in ("run_optimizer", "create_sdk_app"):
            wanted["platform"] = "meta_ads" if tool == "run_optimizer" else "web"
        answer = await story.result(tool, **{**wanted, path: _put(name, f"{other}_{uuid}")})
        issues = answer.record["error"]["details"]["issues"]
        assert [one["path"].split(".")[0] for one in issues] == [path], (tool, other, issues)
        assert KINDS[other] in issues[0]["message"]
    assert story.wire.rows == []


async def test_the_account_of_a_target_is_checked_by_its_path(story):
    """A list names its entry."""
    target = {"socialAccountId": "cnt_1"}
    answer = await story.result("schedule_content", containerId="cnt_1", scheduledFor="2030-01-01T00:00:00Z", targets=[target])

    assert [one["path"] for one in answer.record["error"]["details"]["issues"]] == ["targets.0.socialAccountId"]


async def test_a_url_that_is_not_https_and_public_is_refused_by_name_before_anything_is_sent(story):
    """Issue 5: media URLs https and public only."""
    for (tool, name), no_url in product(URLS, NO_URLS):
        path = _wire(tool, name)
        wanted = {"projectId": "prj_1"} | {"add_app_media": {"kind": "logo"}, "connect_account": {"platform": "tiktok"}}.get(tool, {})
        wanted = {"customerExternalId": "quinn-1", "name": "Quinn"} if tool == "onboard_customer" else wanted
        if name == "return_url" and no_url in ("https://localhost/", "https://127.0.0.1/", "https://[::1]/"):
            continue
        answer = await story.result(tool, **wanted, **{path: no_url})
        assert [one["path"] for one in answer.record["error"]["details"]["issues"]] == [path], no_url
        assert "example.com/\r" not in answer.text
    assert story.wire.rows == []


@pytest.mark.parametrize("url", FINE)
def test_a_url_of_the_public_internet_is_let_through(url):
    """The same rule from the other side."""
    assert unfit(url) is None


def test_hosts_that_the_sandbox_answers_for_may_be_anything():
    """LAYERS_SANDBOX_SITES; a return URL may lead to this machine (layers-api: oauth-url)."""
    assert unfit("http://dev.local/", known={"dev.local"}) is None
    assert unfit("http://localhost:3000/done", loopback=True) is None
    assert unfit("http://localhost:3000/done") is not None
    assert unfit("http://user@dev.local/", known={"dev.local"}) is not None


SEGMENTS = [(endpoint, field) for endpoint in TABLE for field in endpoint.path_fields]


@pytest.mark.parametrize(("endpoint", "field"), SEGMENTS, ids=lambda value: value if isinstance(value, str) else value.name)
def test_every_field_of_a_path_takes_ids_only(endpoint, field):
    """Design §3: an id can't leave its segment; the request refuses what is none, by name."""
    for no_id in NO_IDS:
        with pytest.raises(ValidationError) as problem:
            endpoint.request.model_validate({field: no_id})
        assert field in [str(issue["loc"][0]) for issue in problem.value.errors() if issue["type"] != "missing"]


@given(st.text(min_size=1), st.sampled_from(SEGMENTS))
def test_whatever_stands_in_a_segment_stays_in_it(words, where):
    """Design §3: percent-quoted, also were the pattern to let it through."""
    endpoint, field = where
    others = {name: "x" for name in endpoint.path_fields if name != field}
    names = {info.alias or name: name for name, info in endpoint.request.model_fields.items()}
    request = endpoint.request.model_construct(**{names[name]: value for name, value in {**others, field: words}.items()})
    try:
        path = outgoing(endpoint, request).path
    except (Invalid, UnicodeEncodeError):
        assert words in ("", ".", "..") or any("\ud800" <= letter <= "\udfff" for letter in words)
        return

    wanted, made = endpoint.path.split("/"), path.split("/")
    assert len(made) == len(wanted)
    assert unquote(made[wanted.index(f"{{{field}}}")]) == words
    assert not set("?#\\ \r\n") & set(path)


async def test_a_thing_is_one_thing_however_its_id_is_spelled(story):
    """A bare UUID is the same as a prefixed id, in either case (layers-api: concepts): one operation, one account of credits."""
    project = await story.project()
    post = await story.post(project)
    slides = {"format": "slideshow_remix", "hook": "Once.", "waitSeconds": 0}
    bare, loud = project.removeprefix("prj_"), f"prj_{project.removeprefix('prj_').upper()}"

    begun = [(await story.call("generate_content", projectId=one, **slides))["result"]["job"]["jobId"] for one in (project, bare, loud)]
    twice = await story.call("approve_content", containerIds=[post, post.removeprefix("cnt_").upper()])
    before = story.spent(project)
    await story.yes("approve_content", containerIds=[post.removeprefix("cnt_")], decision="reject", regenerateBrief={"hook": "Again."})

    assert len(set(begun)) == 1
    assert [one["path"] for one in twice["error"]["details"]["issues"]] == ["containerIds"]
    assert story.spent(project) > before
    assert {one.project_id for one in story.house.gate.recent() if one.tool == "generate_content"} == {project}
