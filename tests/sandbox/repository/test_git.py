"""What a stranger's git repository can and cannot make us do."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from layers_mcp.sandbox.child.trouble import Answer, Trouble
from layers_mcp.sandbox.repository import listing as bounds
from layers_mcp.sandbox.repository.__main__ import main
from layers_mcp.sandbox.repository.errand import Outcome, Push
from layers_mcp.sandbox.repository.git import Git
from layers_mcp.sandbox.repository.listing import listing
from layers_mcp.sandbox.repository.pushing import push
from layers_mcp.sandbox.repository.tree import EDIT_AT_MOST


def test_a_branch_that_is_not_there_is_said_to_be(shelf, stacks) -> None:
    """VALIDATION, field `branch`; a tag or a path is no branch."""
    source = shelf.make(stacks["html"])
    shelf.git(source, "tag", "v1")

    for branch in ("nope", "v1", "../main", "-x", "ma*n"):
        trouble = shelf.carry_out(source, branch=branch)

        assert isinstance(trouble, Trouble)
        assert (trouble.code, trouble.field) == ("VALIDATION", "branch")


def test_another_branch_is_read_when_it_is_asked_for(shelf, stacks) -> None:
    """The base of the commit is that branch."""
    source = shelf.make(stacks["html"])
    shelf.git(source, "checkout", "--quiet", "-b", "next/one")
    (source / "README.md").write_text("# Bean Two\n")
    shelf.commit(source)
    shelf.git(source, "checkout", "--quiet", "main")

    outcome = shelf.carry_out(source, branch="next/one")

    assert isinstance(outcome, Outcome)
    assert (outcome.base, outcome.brand.app_name) == ("next/one", "Bean")
    assert outcome.commit != shelf.git(source, "rev-parse", "next/one")


def test_a_source_that_is_no_repository_is_said_to_be(shelf, tmp_path) -> None:
    """VALIDATION, field `repoFullName`: seed 004, failure paths."""
    for source in (tmp_path / "nowhere", tmp_path):
        trouble = shelf.carry_out(source)

        assert isinstance(trouble, Trouble)
        assert (trouble.code, trouble.field) == ("VALIDATION", "repoFullName")


def test_an_empty_and_a_headless_repository_are_said_to_be(shelf, stacks) -> None:
    """Nothing to read, or no branch to read."""
    empty = shelf.folder / "empty"
    empty.mkdir()
    shelf.git(empty, "init", "--quiet", ".")
    headless = shelf.make(stacks["html"])
    shelf.git(headless, "checkout", "--quiet", "--detach")
    shelf.commit(headless)

    assert shelf.carry_out(empty).code == "SDK_PATCH_GENERATION_FAILED"
    assert shelf.carry_out(headless).field == "branch"


def test_hooks_and_filters_of_the_repository_never_run(shelf, stacks) -> None:
    """Nothing of a repository is executed, whatever its configuration says."""
    source = shelf.make(stacks["html"] | {".gitattributes": "* filter=evil diff=evil\n"})
    ran = shelf.folder / "ran"
    hooks = source / "hooks"
    hooks.mkdir()
    for name in (
        "pre-receive",
        "update",
        "post-receive",
        "reference-transaction",
        "post-checkout",
        "pre-commit",
        "pre-push",
        "post-update",
    ):
        for folder in (hooks, source / ".git" / "hooks"):
            folder.mkdir(exist_ok=True)
            (folder / name).write_text(f"#!/bin/sh\ntouch {ran}\n")
            (folder / name).chmod(0o755)
    for key, value in (
        ("core.hooksPath", str(hooks)),
        ("filter.evil.smudge", f"touch {ran}"),
        ("diff.evil.textconv", f"touch {ran}"),
        ("core.fsmonitor", f"touch {ran}"),
    ):
        shelf.git(source, "config", key, value)

    outcome = shelf.push(source)

    assert isinstance(outcome, Outcome)
    assert outcome.pushed
    assert not ran.exists()


def test_a_link_out_of_the_tree_is_not_followed(shelf, stacks) -> None:
    """A symlink is no file of ours to read or to write."""
    secret = shelf.folder / "secret.md"
    secret.write_text("# Tagline\n\nA secret of the machine.\n")
    source = shelf.make(stacks["html"])
    (source / "BRAND.md").symlink_to(secret)
    (source / "README.md").symlink_to("/etc/hostname")
    (source / ".env.example").symlink_to(secret)
    shelf.commit(source)

    outcome = shelf.carry_out(source)

    assert isinstance(outcome, Outcome)
    assert outcome.brand.tagline is None
    assert outcome.brand.app_name == "Bean"
    assert ".env.example" not in outcome.diffstat
    assert "secret of" not in (shelf.folder / "layers.patch").read_text()


def test_submodules_are_not_fetched(shelf, stacks) -> None:
    """Only the repository itself."""
    inner = shelf.make({"README.md": "# Inner\n", "package.json": '{"dependencies": {"expo": "1", "react-native": "1"}}'})
    source = shelf.make(stacks["html"])
    shelf.git(source, "submodule", "--quiet", "add", str(inner), "inner")
    shelf.commit(source)

    outcome = shelf.carry_out(source)

    assert isinstance(outcome, Outcome)
    assert outcome.found == ("web",)


def test_only_regular_files_with_readable_names_are_listed(shelf) -> None:
    """No link, no submodule, no generated folder, no name that hides something."""
    source = shelf.make({"a.txt": "abc", "b/run.sh": "x", "node_modules/x.js": "y", "new\nline": "z", "b/\u202eevil.txt": "v"})
    (source / "link").symlink_to("a.txt")
    (source / "b" / "run.sh").chmod(0o755)
    (shelf.folder / os.fsdecode(source.name.encode() + b"/bad\xff")).write_text("w")
    shelf.commit(source)
    home = shelf.folder / "home"
    home.mkdir()

    listed = listing(Git(home), source, shelf.git(source, "rev-parse", "HEAD"))
    entries, taken = listed.files, listed.taken

    assert {path: (entry.mode, entry.size) for path, entry in entries.items()} == {"a.txt": ("100644", 3), "b/run.sh": ("100755", 1)}
    assert taken == {"link", "node_modules", "new\nline", "bad\ufffd", "b/\u202eevil.txt"}


def test_a_branch_of_that_name_with_other_commits_is_never_written_over(shelf, stacks) -> None:
    """Even where a push would only move it forward."""
    source = shelf.make(stacks["html"])
    shelf.git(source, "branch", "layers/instrument-sdk-job_1")

    trouble = shelf.push(source)

    assert isinstance(trouble, Trouble)
    assert (trouble.code, trouble.field) == ("PLATFORM_ERROR", "repoFullName")
    assert "start the ingest again" in trouble.message
    assert shelf.git(source, "rev-parse", "layers/instrument-sdk-job_1") == shelf.git(source, "rev-parse", "main")


def test_a_branch_that_cannot_be_written_is_trouble(shelf, stacks) -> None:
    """`a` and `a/b` cannot both be branches."""
    source = shelf.make(stacks["html"])
    shelf.git(source, "branch", "layers")

    trouble = shelf.push(source)

    assert (trouble.code, trouble.field) == ("PLATFORM_ERROR", "repoFullName")
    assert "start the ingest again" in trouble.message


def test_a_push_leaves_out_what_the_reading_left_out(shelf, stacks, monkeypatch, tmp_path) -> None:
    """Issue 3: a file too large to read is not fetched on the way to a push either."""
    source = shelf.make(stacks["html"] | {"film.bin": os.urandom(EDIT_AT_MOST + 1)})
    errand = shelf.errand(source, push=True)
    outcome = shelf.carry_out(source, push=True)
    room = tmp_path / "room"
    room.mkdir()

    pushed = push(Push(errand=errand, outcome=outcome), room)

    assert isinstance(pushed, Outcome)
    assert pushed.pushed
    assert shelf.git(source, "rev-parse", outcome.head) == outcome.commit
    assert sum(file.stat().st_size for file in room.rglob("*") if file.is_file()) < EDIT_AT_MOST / 8


def test_a_commit_that_went_meanwhile_is_trouble_with_a_way_out(shelf, stacks, tmp_path) -> None:
    """The source is a stranger's; it may be written anew between the reading and the push."""
    source = shelf.make(stacks["html"])
    errand = shelf.errand(source, push=True)
    outcome = shelf.carry_out(source, push=True)
    (source / "other.txt").write_text("x")
    shelf.git(source, "add", "--all")
    shelf.git(source, "commit", "--quiet", "--amend", "--message", "Another")
    shelf.git(source, "reflog", "expire", "--expire=now", "--all")
    shelf.git(source, "gc", "--quiet", "--prune=now")

    trouble = push(Push(errand=errand, outcome=outcome), tmp_path)

    assert isinstance(trouble, Trouble)
    assert (trouble.code, trouble.field) == ("PLATFORM_ERROR", "repoFullName")
    assert "start the ingest again" in trouble.message


@pytest.mark.parametrize(
    ("bound", "most"), [("FILES_AT_MOST", 2), ("FOLDERS_AT_MOST", 0), ("DEPTH_AT_MOST", 1), ("_TREES_AT_MOST", 40), ("_ROWS_AT_MOST", 3)]
)
def test_a_listing_that_ends_early_says_so(shelf, monkeypatch, bound, most) -> None:
    """Issue 3: a million files."""
    files = {"index.html": "<html><head></head></html>", "a/b/c.txt": "x", "a/d.txt": "x"}
    whole = shelf.read(files)
    monkeypatch.setattr(bounds, bound, most)

    source = shelf.make(files)
    listed = bounds.listing(Git(shelf.folder), source, shelf.git(source, "rev-parse", "HEAD"))

    assert not whole.cut
    assert listed.cut


def test_one_tree_at_many_paths_is_looked_at_only_as_long_as_there_is_room(shelf, monkeypatch) -> None:
    """Issue 3: a repository of few bytes that pretends to hold millions of folders; the room is spent once, then it ends."""
    source = shelf.make({"index.html": "x"})
    page = shelf.git(source, "rev-parse", "HEAD^{tree}")

    def tree(inner: str, count: int) -> str:
        listed = "".join(f"040000 tree {inner}\tf{number:04d}\n" for number in range(count))
        made = subprocess.run(["git", "mktree"], cwd=source, input=listed.encode(), check=True, capture_output=True)
        return made.stdout.decode().strip()

    commit = shelf.git(source, "commit-tree", tree(tree(page, 2000), 300), "-m", "x")
    looked, truly = [], bounds.rows
    monkeypatch.setattr(bounds, "FOLDERS_AT_MOST", 500)
    monkeypatch.setattr(bounds, "rows", lambda raw, width: (looked.append(row) or row for row in truly(raw, width)))

    listed = bounds.listing(Git(shelf.folder), source, commit)

    assert listed.cut
    assert len(looked) == 300 + 201


def test_the_base_branch_is_never_written(shelf, stacks) -> None:
    """Head and base differ, and the head has a name git takes."""
    source = shelf.make(stacks["html"])

    assert shelf.carry_out(source, head="main", push=True).code == "VALIDATION"
    assert shelf.carry_out(source, head="a..b").code == "INTERNAL"


def test_a_patch_that_cannot_be_kept_is_trouble(shelf, stacks, tmp_path) -> None:
    """The folder is the caller's to make."""
    assert shelf.carry_out(shelf.make(stacks["html"]), patch_path=str(tmp_path / "no" / "x.patch")).code == "INTERNAL"


def test_files_that_run_keep_their_mode(shelf, stacks) -> None:
    """Only the text changes."""
    source = shelf.make(stacks["html"])
    (source / "index.html").chmod(0o755)
    shelf.commit(source)

    outcome = shelf.push(source)

    assert isinstance(outcome, Outcome)
    assert shelf.git(source, "ls-tree", outcome.head, "index.html").startswith("100755")


def test_a_file_that_is_not_text_is_not_edited(shelf, stacks) -> None:
    """Bytes that are not UTF-8 would not survive."""
    trouble = shelf.carry_out(shelf.make(stacks["html"] | {"index.html": b"<head>\xff</head>", "about.html": b"\xff"}))

    assert isinstance(trouble, Trouble)


def test_a_huge_file_is_not_read(shelf, stacks) -> None:
    """A megabyte is enough to say something."""
    outcome = shelf.carry_out(shelf.make(stacks["html"] | {"README.md": "# Bean Big\n\n" + "x " * 600_000}))

    assert isinstance(outcome, Outcome)
    assert outcome.brand.app_description is None


@pytest.mark.parametrize("text", ["", "{}", "[" * 1000])
def test_an_errand_we_do_not_know_is_trouble(text, monkeypatch, capsys) -> None:
    """The child answers on one line, whatever it is asked."""
    monkeypatch.setattr("layers_mcp.sandbox.child.inside.limit", lambda **_: None)
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))

    main([])

    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert isinstance(Answer[Outcome].model_validate_json(printed).result, Trouble)
