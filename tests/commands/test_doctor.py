"""`layers-mcp doctor` tells what is there, what is not, and what a client's configuration must say."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from layers_mcp.contract.rates import Level
from layers_mcp.gate.handle import principal_of
from layers_mcp.store.store import Store

PATIENCE_S = 60


def doctor(folder, *words, **settings):
    """One run on a state folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
    environment = {**kept, "COLUMNS": "200", "LAYERS_STATE_DIR": str(folder), **settings}
    command = [sys.executable, "-m", "layers_mcp", "doctor", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def configurations(printed: str) -> dict[str, dict[str, Any]]:
    """Each client's JSON, by the client's name."""
    blocks = re.findall(r"^For ([\w ]+), [^\n]*:\n(\{.*?^\})", printed, re.DOTALL | re.MULTILINE)
    return {name: json.loads(text) for name, text in blocks}


def entry_of(configuration: dict[str, Any]) -> dict[str, Any]:
    """What stands for our server."""
    return next(iter(configuration.values()))["layers"]


def expanded(text: str, environment: dict[str, str]) -> str:
    """As the clients that read their own environment do it: `${NAME}`, `${env:NAME}`."""
    return re.sub(r"\$\{(?:env:)?(\w+)\}", lambda found: environment[found[1]], text)


def test_without_a_key_the_sandbox_is_checked_and_the_configuration_printed(tmp_path):
    """Issue 3: checks key, sandbox, ports, client configuration with absolute paths, which API edition is spoken."""
    ended = doctor(tmp_path)

    configs = configurations(ended.stdout)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert {name: list(one) for name, one in configs.items()} == {
        "Claude Code": ["mcpServers"],
        "Claude Desktop": ["mcpServers"],
        "Cursor": ["mcpServers"],
        "VS Code": ["servers"],
        "any other client": ["mcpServers"],
    }
    assert "embedded sandbox answers" in ended.stdout
    assert "edition of the API: 2026-04" in ended.stdout
    assert re.search(r"rate limits: reads 6,000 a minute \([\d,]+ left\); writes 3,000 a minute \([\d,]+ left, ", ended.stdout)
    for one in map(entry_of, configs.values()):
        assert Path(one["command"]).is_absolute()
        assert one["env"] == {"LAYERS_STATE_DIR": str(tmp_path)}


def test_a_budget_that_is_used_up_is_noted_with_the_time(tmp_path):
    """Issue 6: doctor says when the budget is what is waited for; the count is that of all processes that share the folder."""
    store = Store.open(tmp_path / "layers.db")
    levels = store.levels("http://sandbox.layers", principal_of(SecretStr("sandbox")))
    now = time.time()
    empty = Level(tokens=0.0, at=now, per_minute=300, room=50.0, blocked_until=now + 3000, day=int(now // 86_400), told=True)
    levels.change("long-running", lambda _: (empty, None))
    store.close()

    ended = doctor(tmp_path)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(r"starts 300 a minute \(the next in (50|49) min\)", ended.stdout), ended.stdout


def test_every_setting_that_was_given_is_in_the_configuration(tmp_path):
    """Issue 3: client configuration with absolute paths; a client starts the server with nothing of this shell's."""
    place = tmp_path / "my pages"
    place.mkdir()
    near = os.path.relpath(place)
    given = {"LAYERS_SANDBOX_SITES": f"acme.example={near},b.example=http://127.0.0.1:8080", "LAYERS_SANDBOX_PUSH": "true"}
    given |= {"LAYERS_BASE_URL": "http://127.0.0.1:9", "LAYERS_TOOLS": "start,admin", "LAYERS_SANDBOX_REPOS": f"a/b={near},{near}"}

    ended = doctor(tmp_path, **given, LAYERS_API_KEY="lp_live_verysecret")

    env = {"LAYERS_API_KEY": "${LAYERS_API_KEY}", "LAYERS_BASE_URL": "http://127.0.0.1:9", "LAYERS_SANDBOX_PUSH": "true"}
    env |= {"LAYERS_SANDBOX_REPOS": f"a/b={place},{place}", "LAYERS_SANDBOX_SITES": f"acme.example={place},b.example=http://127.0.0.1:8080"}
    env |= {"LAYERS_STATE_DIR": str(tmp_path), "LAYERS_TOOLS": "start,admin"}
    assert entry_of(configurations(ended.stdout)["Claude Code"])["env"] == env
    command = shlex.split(re.search(r"^or: (claude .*)$", ended.stdout, re.MULTILINE)[1])
    assert command[:4] == ["claude", "mcp", "add", "layers"]
    assert [word for word in command[: command.index("--")] if word.startswith("LAYERS_")] == [
        f"{name}={env[name]}" for name in sorted(env)
    ]
    assert "verysecret" not in ended.stdout + ended.stderr


def test_each_configuration_starts_the_server_and_none_holds_the_key(tmp_path):
    """Issue 8: ready configuration for each client, the key as a reference to the environment or a file; a client gives nothing else."""
    secret = {"LAYERS_API_KEY": "lp_live_verysecret"}
    printed = doctor(tmp_path, **secret, LAYERS_BASE_URL="http://127.0.0.1:9", LAYERS_TOOLS="publish").stdout
    for command in re.findall(r"^the key goes into its file once: (.*)$", printed, re.MULTILINE):
        subprocess.run(["bash", "-c", command], env={"PATH": os.environ["PATH"], **secret}, check=True)
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "any", "version": "0"}}
    lines = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
    ]

    said: dict[str, list[dict[str, Any]]] = {}
    for name, configuration in configurations(printed).items():
        entry = entry_of(configuration)
        environment = {variable: expanded(value, secret) for variable, value in entry["env"].items()}
        server = subprocess.Popen(
            [entry["command"], *entry["args"]], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for line in lines:
            server.stdin.write(json.dumps(line) + "\n")
        server.stdin.flush()
        said[name] = [json.loads(server.stdout.readline()) for _ in range(2)]
        server.communicate(timeout=PATIENCE_S)

    assert len(said) == 5
    for answers in said.values():
        assert answers[0]["result"]["serverInfo"]["name"] == "layers-mcp"
        shown = ["list_posts", "reschedule_post", "cancel_post", "clone_regardless", "read_resource"]
        assert [tool["name"] for tool in answers[1]["result"]["tools"]] == shown
    assert "verysecret" not in printed
    assert (tmp_path / "api-key").stat().st_mode & 0o077 == 0
    assert (tmp_path / "api-key").read_text().strip() == secret["LAYERS_API_KEY"]


def test_a_key_in_a_file_is_the_same_file_for_every_client(tmp_path):
    """Issue 8: the key as a reference; what is a file already stays one."""
    kept = tmp_path / "key"
    kept.write_text("lp_live_verysecret")

    ended = doctor(tmp_path, LAYERS_API_KEY_FILE=os.path.relpath(kept), LAYERS_BASE_URL="http://127.0.0.1:9")

    places = [entry_of(one)["env"]["LAYERS_API_KEY_FILE"] for one in configurations(ended.stdout).values()]
    assert places == [str(kept)] * 5
    assert "verysecret" not in ended.stdout + ended.stderr


def test_a_port_in_use_is_noted(tmp_path):
    """It is no failure: stdio needs no port."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 8787))
        taken.listen()
        ended = doctor(tmp_path, "--no-config")

    assert ended.returncode == 0
    assert re.search(r"note port 8787 .*in use", ended.stdout)


def test_an_api_that_does_not_answer_is_bad(tmp_path):
    """Exit code 1, with what to check; the key is not printed."""
    ended = doctor(tmp_path, "--no-config", LAYERS_API_KEY="lp_live_verysecret", LAYERS_BASE_URL="http://127.0.0.1:9")

    assert ended.returncode == 1
    assert "UNREACHABLE" in ended.stdout
    assert "verysecret" not in ended.stdout + ended.stderr


def test_a_folder_that_can_not_be_written_is_bad(tmp_path):
    """The finding names the setting."""
    (tmp_path / "file").write_text("not a folder")

    ended = doctor(tmp_path / "file" / "state", "--no-config")

    assert ended.returncode == 1
    assert "LAYERS_STATE_DIR" in ended.stdout
