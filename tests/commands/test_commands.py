"""The commands as a person types them."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys

import httpx2
import pytest
import typer

from layers_mcp.commands import cli

PATIENCE_S = 100


def run(*words, **settings):
    """One command, in an environment without our settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
    command = [sys.executable, "-m", "layers_mcp", *words]
    return subprocess.run(
        command, env={**kept, "COLUMNS": "200", **settings}, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


@pytest.mark.long
@pytest.mark.alone
def test_the_demo_onboards_a_customer_and_checks_every_step(tmp_path):
    """Issue 2: ten steps, a progress bar for each long one, what a person wants to see, exit code 0, under 60 s."""
    ended = run("demo", "--state", str(tmp_path))

    words = ended.stdout
    assert ended.returncode == 0, ended.stderr
    for step in range(1, 11):
        assert re.search(rf"^ ?{step}\. ", words, re.MULTILINE)
    for shown in (
        "Quinn's Coffee",
        "7 files changed",
        "layers/instrument",
        "Approve 1 post?",
        "https://www.tiktok.com/@quinnscoffee/video/",
    ):
        assert shown in words
    for waited in ("ingest_repo: completed", "generate_content: completed", "wait_for_job: published"):
        assert waited in words
    assert int(re.search(r"checks passed in (\d+) s", words)[1]) < 60
    assert list(tmp_path.glob("patches/*.patch"))


@pytest.mark.long
@pytest.mark.alone
def test_a_second_demo_in_the_same_folder_takes_every_step_again(tmp_path):
    """Issue 2: exit code 0; what the first one left, such as the installation, is known."""
    first, second = run("demo", "--state", str(tmp_path)), run("demo", "--state", str(tmp_path))

    assert (first.returncode, second.returncode) == (0, 0), second.stdout + second.stderr
    assert "known from an earlier demo" in second.stdout


def test_a_taken_port_is_refused_by_name_and_zero_is_any_free_one(tmp_path):
    """Principle: a refusal names the field and the way out; what is printed is where the sandbox listens already."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = str(taken.getsockname()[1])
        ended = run("sandbox", "--port", number, "--state", str(tmp_path))
    command = [sys.executable, "-m", "layers_mcp", "sandbox", "--port", "0", "--state", str(tmp_path)]

    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    line = process.stderr.readline()
    found = re.search(r"sandbox: (http://127\.0\.0\.1:[1-9]\d*)/v1 ", line)
    status = httpx2.get(f"{found[1]}/v1/whoami", timeout=PATIENCE_S).status_code
    process.terminate()
    process.communicate(timeout=PATIENCE_S)

    assert ended.returncode == 2
    assert f"--port {number} is taken; give another --port" in ended.stderr
    assert status == 401


def test_trouble_that_was_asked_for_leaves_no_traceback_on_the_sandboxs_log(tmp_path):
    """Review of issue 5: thousands of them filled the pipe of whoever did not read them, and the sandbox stood still."""
    command = [sys.executable, "-m", "layers_mcp", "sandbox", "--port", "0", "--state", str(tmp_path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    root = re.search(r"sandbox: (\S+)/v1 ", process.stderr.readline())[1]
    key = re.search(r"LAYERS_API_KEY=(\S+)", process.stderr.readline())[1]

    httpx2.post(f"{root}/_sandbox/faults", json={"reset": True}, timeout=PATIENCE_S).raise_for_status()
    with pytest.raises(httpx2.RemoteProtocolError):
        httpx2.get(f"{root}/v1/whoami", headers={"Authorization": f"Bearer {key}"}, timeout=PATIENCE_S)
    process.terminate()

    assert process.communicate(timeout=PATIENCE_S)[1] == ""


def test_the_demo_stops_at_the_first_step_that_does_not_hold(tmp_path):
    """Exit code 0 only if every step was checked: a repository without a supported platform has no pull request."""
    repo = tmp_path / "empty"
    subprocess.run(["git", "init", "-q", "-b", "main", str(repo)], check=True)
    (repo / "notes.txt").write_text("nothing to instrument")
    git = ["git", "-C", str(repo), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "notes"], check=True)

    ended = run("demo", "--repo", str(repo), "--state", str(tmp_path / "state"))

    assert ended.returncode == 1
    assert "SDK_PATCH_GENERATION_FAILED" in ended.stdout
    assert "The customer is live" not in ended.stdout


def test_the_demo_refuses_a_folder_that_is_no_repository(tmp_path):
    """The refusal names the option and the way out."""
    ended = run("demo", "--repo", str(tmp_path))

    assert ended.returncode == 2
    assert "no git repository" in ended.stderr


def test_the_tools_are_listed_for_a_person_and_as_json():
    """Design §9: `tools`."""
    table, catalog = run("tools"), run("tools", "--json")

    names = [tool["name"] for tool in json.loads(catalog.stdout)["tools"]]
    assert all(name in table.stdout for name in names)
    assert "content:approve" in table.stdout


def test_the_worlds_clock_is_moved_by_a_command(tmp_path):
    """Design §8: `advance` moves it; the epoch lives in the database."""
    first = run("sandbox", "advance", "1h", "--state", str(tmp_path))
    second = run("sandbox", "advance", "2d", "--state", str(tmp_path))

    assert first.returncode == second.returncode == 0
    assert first.stdout[:10] < second.stdout[:10]


@pytest.mark.parametrize("wrong", ["soon", "3", "-1h", "1y"])
def test_a_span_nobody_understands_is_refused_with_an_example(tmp_path, wrong):
    """The refusal shows the way out."""
    ended = run("sandbox", "advance", "--state", str(tmp_path), "--", wrong)

    assert ended.returncode == 2
    assert "90s" in ended.stderr


def test_a_time_nobody_understands_is_refused_with_an_example(tmp_path):
    """The refusal shows the way out."""
    ended = run("sandbox", "--at", "yesterday", "--state", str(tmp_path))

    assert ended.returncode == 2
    assert "2026-04-18T17:22:00Z" in ended.stderr


def test_a_world_does_not_go_back_and_says_so(tmp_path):
    """An `--at` that can't be had is refused with the way out, not ignored."""
    run("sandbox", "advance", "1h", "--state", str(tmp_path))

    ended = run("sandbox", "--at", "2026-04-18T17:22:00Z", "--state", str(tmp_path))

    assert ended.returncode == 2
    assert "--state" in ended.stderr


def test_help_and_version_answer_at_once():
    """Nothing heavy is imported to say them."""
    assert run("--version").stdout.strip()
    assert "demo" in run("--help").stdout


def test_the_list_of_commands_says_of_each_what_the_command_says_itself():
    """The list knows the words by heart, so that it need not import them."""
    listed, whole = (typer.main.get_command(made).commands for made in (cli.listing(), cli.app()))

    assert {name: one.get_short_help_str(200) for name, one in listed.items()} == {
        name: one.get_short_help_str(200) for name, one in whole.items()
    }


def test_the_list_of_commands_imports_none_of_them():
    """It took two seconds, most of them for the ads optimizer's and the loops' models."""
    program = (
        "import sys; sys.argv[1:] = ['--help']\ntry:\n    from layers_mcp.__main__ import main; main()\nfinally:\n    print(*sys.modules)"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    words, loaded = ended.stdout.rsplit("\n\n", 1)
    assert "webhooks" in words
    assert not {"mcp", "sqlalchemy", "layers_mcp.app", "layers_mcp.commands.webhooks"} & set(loaded.split())
