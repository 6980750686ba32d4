"""A database server that can't be used, as every command that wants it says it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from sqlalchemy.engine import make_url

COMMANDS = (
    "runs",
    "runs show run",
    "health",
    "worker",
    "trail",
    "confirm list",
    "halt --list",
    "resume --all",
    "webhooks list",
    "forget prj_1 --yes",
    "onboard FILE --plan",
)
SECRET = "hunter2hunter2"


def _starts(url: str, words: list[str], folder) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
    settings = {**kept, "LAYERS_STATE_DIR": str(folder), "LAYERS_DATABASE_URL": url}
    command = [sys.executable, "-m", "layers_mcp", *words]
    return subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)


def _refused(process: subprocess.Popen[str]) -> str:
    """What is said on stderr by a command that was refused."""
    _, err = process.communicate(timeout=90)
    assert process.returncode == 2, err
    assert "Traceback" not in err
    assert SECRET not in err
    (line,) = [one for one in err.splitlines() if one.startswith("layers-mcp: ")]
    return line


def test_a_server_that_nobody_reaches_is_refused_in_one_line_by_every_command(tmp_path):
    """Issue 7: an unreachable LAYERS_DATABASE_URL is a clear refusal: the setting, no password, no traceback, exit code 2."""
    file = tmp_path / "customers.csv"
    file.write_text("customerExternalId,name\nquinn-1,Quinn\n")
    url = f"postgresql://layers:{SECRET}@127.0.0.1:1/layers"
    words = [[str(file) if word == "FILE" else word for word in one.split()] for one in COMMANDS]

    said = {_refused(one) for some in (words[:4], words[4:8], words[8:]) for one in [_starts(url, each, tmp_path) for each in some]}

    assert said == {"layers-mcp: LAYERS_DATABASE_URL: the database can't be used: nobody listens at its host and port"}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"database": "nobody_made_this"}, "there is no database or no user of this name"),
        ({"password": SECRET, "username": "nobody"}, "there is no database or no user of this name"),
        ({"password": SECRET, "query": {"host": "no-such-host.invalid"}}, "its host name leads nowhere"),
    ],
)
def test_a_wrong_url_says_what_is_wrong_with_it(on_postgres, tmp_path, given, why):
    """The same for a server that is there."""
    url = make_url(on_postgres).set(drivername="postgresql", **given)

    said = _refused(_starts(url.render_as_string(hide_password=False), ["runs"], tmp_path))

    assert said == f"layers-mcp: LAYERS_DATABASE_URL: the database can't be used: {why}"


def test_the_doctor_says_it_as_a_finding(tmp_path):
    """It checks all the rest, too."""
    process = _starts(f"postgresql://layers:{SECRET}@127.0.0.1:1/layers", ["doctor"], tmp_path)
    out, err = process.communicate(timeout=90)

    assert process.returncode == 1
    assert "LAYERS_DATABASE_URL: the database can't be used: nobody listens" in " ".join(out.split())
    assert SECRET not in out + err
