"""Tokens, and what each of them may: a file that a person wrote, read again when it changes."""

from __future__ import annotations

import os

import pytest
from pydantic import SecretStr
from starlette.datastructures import Headers

from layers_mcp.gate.policy import TIERS, Policy
from layers_mcp.server.access import Access, BadAccess, digest_of
from layers_mcp.server.caller import BadHeader, Caller
from layers_mcp.server.catalog import control_tools, read_catalog

SHOWN = [one["name"] for one in read_catalog().tools]
OLD, NEW, OTHER = "the old token of ci", "the new token of ci", "the token of desk"


def entry(name: str, *tokens: str, more: str = "") -> str:
    """One client of the file."""
    digests = ", ".join(f'"{digest_of(token)}"' for token in tokens)
    return f'[[client]]\nname = "{name}"\ntoken_sha256 = [{digests}]\n{more}\n'


@pytest.fixture
def file(tmp_path):
    """Where the clients stand, and what writes them."""
    place = tmp_path / "access.toml"
    versions = iter(range(1, 100))

    def write(words: str):
        place.write_text(words, encoding="utf-8")
        os.utime(place, ns=(0, next(versions) * 10**9))  # a clock of its own: two versions never look the same
        return place

    return write


def test_a_token_stands_for_its_client_and_two_overlap_while_it_is_rotated(file):
    """Issue 5: tokens mapped to principal, projects, tools and policy."""
    narrow = 'projects = ["prj_1", "8F14E45F-CEEA-467F-9C1B-000000000001"]\ntools = ["get_project"]\nconfirm = "human"\n'
    place = file(entry("ci", NEW, OLD, more=f'{narrow}[client.actions]\napprove_content = "deny"') + entry("desk", OTHER))
    access = Access(None, place, shown=SHOWN)

    ci, desk = access.caller(NEW), access.caller(OTHER)

    assert access.caller(OLD) == ci
    assert (ci.principal, ci.tools) == ("http_ci", frozenset({"get_project"}))
    assert ci.projects == frozenset({"prj_1", "prj_8f14e45f-ceea-467f-9c1b-000000000001"})
    assert (ci.policy.tier("approve_content"), ci.policy.tier("schedule_content")) == ("deny", "human")
    assert (desk.principal, desk.tools, desk.projects) == ("http_desk", None, None)
    assert access.caller("") is None
    assert access.caller(digest_of(OTHER)) is None


def test_the_token_of_the_settings_is_a_client_of_its_own(file):
    """LAYERS_HTTP_TOKEN: principal `http`, which no client of the file can be named."""
    access = Access(SecretStr(OLD), file(entry("http", OTHER)), shown=SHOWN)

    assert access.caller(OLD) == Caller(principal="http")
    assert access.caller(OTHER).principal == "http_http"
    assert not Access(None, None, shown=SHOWN).needed


def test_a_changed_file_counts_at_once_and_a_broken_one_leaves_the_old(file, caplog):
    """Issue 5: a token is rotated without a restart."""
    access = Access(None, file(entry("ci", OLD)), shown=SHOWN)

    file(entry("ci", NEW, OLD))
    both = [access.caller(one) is not None for one in (OLD, NEW)]
    file(entry("ci", NEW))
    fresh = [access.caller(one) is not None for one in (OLD, NEW)]
    place = file("[[client]]\nname = ")
    broken = [access.caller(one) is not None for one in (OLD, NEW)]
    place.unlink()
    gone = [access.caller(one) is not None for one in (OLD, NEW)]
    file(entry("ci", OLD))
    back = [access.caller(one) is not None for one in (OLD, NEW)]

    assert (both, fresh, broken, gone, back) == ([True, True], [False, True], [False, True], [False, True], [True, False])
    assert [record.message.split(": ", 1)[1].split(":")[0] for record in caplog.records] == [
        "the file is no TOML",
        "the file can't be read (No such file or directory); what it said before still holds",
    ]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("", "no \\[\\[client"),
        ("client = 7", "no \\[\\[client"),
        ("client = [7]", "client 1: it: "),
        ("[[client]", "no TOML"),
        ('[client]\nname = "ci"', "no \\[\\[client"),
        (entry("ci", OLD) + "[more]\n", "more is not known"),
        ('[[client]]\nname = "ci"', "client 1: token_sha256: Field required"),
        ('[[client]]\nname = "ci"\ntoken_sha256 = []', "client 1: token_sha256"),
        ('[[client]]\nname = "ci"\ntoken_sha256 = ["abc123"]', "client 1: token_sha256: each must be 64"),
        ('[[client]]\nname = "ci"\ntoken_sha256 = 7', "client 1: token_sha256"),
        (entry("Ci", OLD), "client 1: name"),
        (entry("ci", OLD, more="project = []"), "client 1: project: Extra"),
        (entry("ci", OLD, more="projects = []"), "client 1: projects"),
        (entry("ci", OLD, more='projects = ["org_1"]'), "client 1: projects: each must be a project's id"),
        (entry("ci", OLD, more='tools = "start"'), "client 1: tools"),
        (entry("ci", OLD, more='tools = ["get_projekt"]'), "client 1 \\(ci\\): tools: .*nearest is get_project"),
        (entry("ci", OLD, more='tools = ["run_optimizer"]'), "run_optimizer is not among the tools that LAYERS_TOOLS shows"),
        (entry("ci", OLD, more='tools = ["ads"]'), "LAYERS_TOOLS shows none of them"),
        (entry("ci", OLD, more='confirm = "never"'), "client 1 \\(ci\\): confirm is 'never'"),
        (entry("ci", OLD, more='[client.actions]\napprove = "human"'), "actions.approve is no action"),
        (entry("ci", OLD, more="actions = 7"), "client 1: actions"),
        (entry("ci", OLD) + entry("ci", NEW), "two clients are named ci"),
        (entry("ci", OLD) + entry("desk", OLD), "stands there twice"),
        (entry("ci", OLD, OLD), "stands there twice"),
    ],
)
def test_a_file_that_can_not_be_held_to_is_refused_by_its_entry(file, words, named):
    """Issue 5: unknown actions and broken files stop the start."""
    with pytest.raises(BadAccess, match=named) as refused:
        Access(None, file(words), shown=SHOWN)

    assert digest_of(OLD) not in str(refused.value)


def test_a_header_only_ever_takes_away():
    """Issue 5: HTTP headers may only tighten."""
    caller = Caller(tools=frozenset({"get_project", "halt"}), projects=frozenset({"prj_1", "prj_2"}), policy=Policy(default="human"))

    looser = caller.narrowed(Headers({"X-Layers-Confirm": "ask", "X-Layers-Projects": "prj_1,prj_2,prj_3", "X-Layers-Tools": "all"}))
    tighter = caller.narrowed(Headers({"x-layers-confirm": "deny", "x-layers-projects": "prj_2, prj_9", "x-layers-tools": "halt,ads"}))
    twice = caller.narrowed(Headers(raw=[(b"x-layers-confirm", b"deny"), (b"x-layers-confirm", b"ask")]))
    free = Caller().narrowed(Headers({"X-Layers-Projects": "prj_1", "X-Layers-Confirm": "outside"}))

    assert (looser.tools, looser.projects) == (caller.tools, caller.projects)
    assert (tighter.tools, tighter.projects) == (frozenset({"halt"}), frozenset({"prj_2"}))
    assert [one.policy.tier("approve_content") for one in (looser, tighter, twice, free)] == ["human", "deny", "deny", "outside"]
    assert (free.tools, free.projects) == (None, frozenset({"prj_1"}))


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("X-Layers-Confirm", "maybe"),
        ("X-Layers-Confirm", ""),
        ("X-Layers-Projects", ""),
        ("X-Layers-Projects", "prj_1,,prj_2"),
        ("X-Layers-Projects", "org_1"),
        ("X-Layers-Projects", "prj_../x"),
        ("X-Layers-Tools", "get_projekt"),
        ("X-Layers-Tools", " "),
        ("X-Layers-Project", "prj_1"),
    ],
)
def test_a_header_that_says_nothing_we_know_is_refused_by_name(header, said):
    """A narrowing that is misspelt must not pass for one that holds; what was sent is not repeated."""
    with pytest.raises(BadHeader, match=header.removesuffix("Project")):
        Caller().narrowed(Headers({header: said}))


@pytest.mark.parametrize("one", TIERS)
@pytest.mark.parametrize("other", TIERS)
def test_of_two_policies_the_tighter_holds_for_each_action(one, other):
    """Issue 5: a token may only tighten the process's policy."""
    first, *_, last = control_tools()
    both = Policy(default=one, actions={first: "deny"}).narrowed(Policy(default=other, actions={last: "outside"}))

    most = TIERS[max(TIERS.index(one), TIERS.index(other))]
    assert (both.tier("schedule_content"), both.tier(first)) == (most, "deny")
    assert both.tier(last) == ("deny" if one == "deny" else "outside")


def test_a_version_with_the_persons_secret_is_refused_also_later(file, caplog):
    """Review of issue 5: an agent with the person's secret could answer as the person."""
    access = Access(None, file(entry("ci", OLD)), shown=SHOWN, person=lambda: NEW)
    file(entry("ci", OLD) + entry("desk", NEW))

    assert (access.caller(NEW), access.caller(OLD).principal) == (None, "http_ci")
    assert "client desk: token_sha256: that is the person's secret" in caplog.text
    with pytest.raises(BadAccess, match="nobody else's"):
        Access(None, file(entry("desk", NEW)), shown=SHOWN, person=lambda: NEW)
