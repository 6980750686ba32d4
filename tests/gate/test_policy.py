"""Whose yes an action needs, as a person wrote it down."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from layers_mcp.gate.policy import TIERS, BadPolicy, Policy, read_policy
from layers_mcp.server.catalog import control_tools

ACTIONS = ("approve_content", "schedule_content", "override_creative")


@pytest.fixture
def written(tmp_path):
    """Writes a policy and reads it."""

    def policy(words: str, default: str = "ask") -> Policy:
        file = tmp_path / "policy.toml"
        file.write_text(words, encoding="utf-8")
        return read_policy(file, default=default, actions=ACTIONS)

    return policy


def test_an_action_has_its_own_tier_or_the_default(written):
    """Issue 5: ask, human, outside, deny, per action."""
    policy = written('default = "human"\n[actions]\napprove_content = "outside"\noverride_creative = "deny"\n')

    assert [policy.tier(name) for name in ACTIONS] == ["outside", "human", "deny"]


def test_a_file_without_a_default_takes_that_of_the_setting(written):
    """LAYERS_CONFIRM holds for whatever the file leaves open."""
    assert written("", default="outside").tier("approve_content") == "outside"


def test_a_file_loosens_no_setting(written):
    """Of LAYERS_CONFIRM and the file the tighter holds, for each action."""
    policy = written('default = "ask"\n[actions]\napprove_content = "outside"\noverride_creative = "ask"\n', default="human")

    assert [policy.tier(name) for name in ACTIONS] == ["outside", "human", "human"]
    assert policy.tier("an action without an entry") == "human"


def test_a_policy_is_only_ever_tightened(written):
    """Issue 5: headers may only tighten."""
    policy = written('[actions]\napprove_content = "outside"\noverride_creative = "deny"\n')

    for least in TIERS:
        tighter = policy.tightened(least)
        for name in ACTIONS:
            assert TIERS.index(tighter.tier(name)) == max(TIERS.index(policy.tier(name)), TIERS.index(least))


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("default = ", "no TOML"),
        ('default = "maybe"', "default is 'maybe'"),
        ("default = true", "default is True"),
        ('[actions]\napprove_content = "no"', "actions.approve_content is 'no'"),
        ('[actions]\napprove = "ask"', "the nearest is approve_content"),
        ('[actions]\nzzz = "ask"', "the nearest is [a-z]+_c"),
        ('[actions]\nlist_content = "human"', "actions.list_content is no action"),
        ('actions = ["approve_content"]', "actions must be a table"),
        ('tier = "ask"', "tier is not known"),
        ("\x00", "no TOML"),
    ],
)
def test_what_can_not_be_held_to_is_refused_by_name(written, words, named):
    """Issue 5: unknown actions and broken files stop the start."""
    with pytest.raises(BadPolicy, match=named):
        written(words)


def test_a_file_that_is_not_there_is_refused_with_the_reason(tmp_path):
    """Issue 5: broken files stop the start."""
    with pytest.raises(BadPolicy, match=r"^the file can't be read \(No such file or directory\)$"):
        read_policy(tmp_path / "none.toml", default="ask", actions=ACTIONS)


def test_where_nothing_needs_a_yes_no_action_is_near(tmp_path):
    """A preset may have no control tool at all."""
    (tmp_path / "policy.toml").write_text('[actions]\nhalt = "deny"\n')

    with pytest.raises(BadPolicy, match=r"the nearest is none$"):
        read_policy(tmp_path / "policy.toml", default="ask", actions=())


def test_without_any_words_the_tier_is_ask():
    """Issue 5: default `ask`."""
    assert Policy().tier("approve_content") == "ask"


@pytest.mark.parametrize("words", [None, '[actions]\napprove = "human"\n', b"\xff\xfe"])
def test_a_broken_policy_stops_the_start(tmp_path, words):
    """Over the real command: exit code 2, the setting named, nothing served."""
    file = tmp_path / "policy.toml"
    if words is not None:
        file.write_bytes(words if isinstance(words, bytes) else words.encode())
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
    settings = {"LAYERS_POLICY": str(file), "LAYERS_STATE_DIR": str(tmp_path)}

    ended = subprocess.run(
        [sys.executable, "-m", "layers_mcp"], env=kept | settings, input="", capture_output=True, text=True, timeout=60, check=False
    )

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "LAYERS_POLICY: " in ended.stderr


def test_every_control_tool_can_be_named():
    """The names come from the published catalog."""
    assert set(ACTIONS) < set(control_tools())
    assert "list_content" not in control_tools()
