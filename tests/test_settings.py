"""Settings are read once; what is wrong is named and stops the start."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from layers_mcp.settings import UnknownSetting, check_names, read, settings_or_exit


@pytest.fixture
def environment(monkeypatch):
    """An environment without settings; returns a setter that reads them."""

    def given(**names: str):
        for name, value in names.items():
            monkeypatch.setenv(name, value)
        return read()

    return given


def test_without_any_setting_the_sandbox_is_used(environment):
    """Promise 3: without a key."""
    settings = environment()

    assert settings.live is False
    assert settings.wait_seconds == 45


def test_a_flag_beats_the_environment_and_the_environment_the_default(environment, monkeypatch):
    """Design §9."""
    assert environment(LAYERS_WAIT_SECONDS="7").wait_seconds == 7
    assert read({"wait_seconds": 9}).wait_seconds == 9
    assert read({"wait_seconds": None}).wait_seconds == 7


def test_a_return_url_that_is_none_says_what_one_looks_like(environment):
    """House-style 25: what happened, then what to do."""
    with pytest.raises(ValidationError, match="like https://app"):
        environment(LAYERS_RETURN_URL="https://[bad")
    with pytest.raises(ValidationError, match="user name or password; give the plain address"):
        environment(LAYERS_RETURN_URL="https://me@app.example.com/done")


def test_an_unknown_name_is_an_error_with_the_nearest_name(environment):
    """Design §9; the SDK's own names may stand beside ours."""
    with pytest.raises(UnknownSetting, match=r"LAYERS_SANDBOX_REPO .*LAYERS_SANDBOX_REPOS"):
        environment(LAYERS_SANDBOX_REPO="x")
    check_names({"LAYERS_APP_ID": "x", "LAYERS_INGEST_ENDPOINT": "y"})


def test_a_key_is_never_printed(environment):
    """Design §9: secrets print as stars."""
    settings = environment(LAYERS_API_KEY="lp_live_secret")

    assert settings.live is True
    assert "lp_live_secret" not in repr(settings) + str(settings) + settings.model_dump_json()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LAYERS_WAIT_SECONDS", "901"),
        ("LAYERS_WAIT_SECONDS", "soon"),
        ("LAYERS_SANDBOX_SPEED", "0.5"),
        ("LAYERS_LOG_LEVEL", "loud"),
        ("LAYERS_API_KEY", " "),
        ("LAYERS_API_KEY", "lp_kéy"),
        ("LAYERS_BASE_URL", "ftp://x"),
        ("LAYERS_BASE_URL", "http://api.layers.com"),
        ("LAYERS_SANDBOX_REPOS", "/no/such/folder"),
        ("LAYERS_SANDBOX_REPOS", "owner/name=/no/such/folder"),
        ("LAYERS_SANDBOX_SITES", "/no/such/folder"),
        ("LAYERS_SANDBOX_SITES", "example.com"),
        ("LAYERS_SANDBOX_SITES", "example.com="),
        ("LAYERS_SANDBOX_SITES", "example.com=/no/such/folder"),
        ("LAYERS_SANDBOX_SITES", "https://example.com=http://127.0.0.1:1"),
        ("LAYERS_SANDBOX_SITES", "example.com=http://127.0.0.1:1/path"),
        ("LAYERS_SANDBOX_SITES", "example.com=http://127.0.0.1:65536"),
        ("LAYERS_SANDBOX_SITES", "example.com=http://127.0.0.1:0"),
        ("LAYERS_RETURN_URL", "https://me:secret@app.example.com/done"),
        ("LAYERS_RETURN_URL", "https://app.example.com:99999/"),
        ("LAYERS_RETURN_URL", "https://[bad"),
        ("LAYERS_DATABASE_URL", "mysql://me:secret@host/name"),
        ("LAYERS_DATABASE_URL", "postgresql://me:secret@host:many/name"),
    ],
)
def test_a_value_out_of_range_stops_the_start_by_name(monkeypatch, capsys, name, value):
    """House-style 28: wrong settings stop the server at start; a key never travels in the clear."""
    monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit) as ended:
        settings_or_exit()

    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert name in said
    assert "secret" not in said


def test_one_database_replaces_the_files_of_ours(environment, tmp_path):
    """Issue 7: `LAYERS_DATABASE_URL` switches SQLite to Postgres; its password is printed nowhere."""
    url = "postgresql://me:secret@host/name"

    assert environment(LAYERS_STATE_DIR=str(tmp_path)).kept_in("layers.db") == tmp_path / "layers.db"
    settings = environment(LAYERS_DATABASE_URL=url)
    assert settings.kept_in("layers.db") == settings.kept_in("engine.db") == url
    assert "secret" not in repr(settings)


def test_a_sandbox_on_this_machine_needs_no_tls(environment):
    """Loopback is not the network."""
    assert environment(LAYERS_BASE_URL="http://127.0.0.1:8787/v1").base_url.startswith("http://127")
    assert environment(LAYERS_BASE_URL="http://localhost:8787").base_url.startswith("http://localhost")


def test_repositories_are_folders_or_pairs(environment, tmp_path):
    """Issue 2: a folder, or `owner/name=path` pairs."""
    settings = environment(LAYERS_SANDBOX_REPOS=f"{tmp_path}, owner/name={tmp_path}")

    assert settings.sandbox_repos == (str(tmp_path), f"owner/name={tmp_path}")


def test_sites_are_hosts_with_folders_files_or_servers(environment, tmp_path):
    """Issue 3: the sandbox reads a real page or listing JSON from a local server or file."""
    settings = environment(LAYERS_SANDBOX_SITES=f"example.com={tmp_path}, itunes.apple.com=http://127.0.0.1:8080,a.b=https://[::1]:8443/")

    assert settings.sandbox_sites == (f"example.com={tmp_path}", "itunes.apple.com=http://127.0.0.1:8080", "a.b=https://[::1]:8443/")


def test_settings_do_not_change(environment):
    """One frozen `Settings`."""
    with pytest.raises(ValidationError):
        environment().wait_seconds = 3


@pytest.mark.parametrize("page", ["http://localhost:3000/connected", "http://127.0.0.1/x", "https://app.your-partner.com/done?a=1"])
def test_a_page_to_come_back_to_is_https_or_of_this_machine(environment, page):
    """Seed 004: a returnUrl allow-listed on the key; http for hosts of this machine only."""
    assert environment(LAYERS_RETURN_URL=page).return_url == page


@pytest.mark.parametrize("page", ["http://app.your-partner.com/", "localhost:3000", "https://", "https://[", "javascript:alert(1)"])
def test_any_other_page_to_come_back_to_stops_the_start(environment, page):
    """House-style 28: wrong settings stop the server at start."""
    with pytest.raises(ValidationError, match="return_url"):
        environment(LAYERS_RETURN_URL=page)


@pytest.mark.parametrize("secret", ["short", "x" * 23, "with a blank in it, and long", "x" * 501, "ümlaut-and-long-enough-for-it"])
def test_a_persons_secret_is_hard_to_guess_and_never_printed(environment, secret):
    """Issue 5: the page is opened by it; the address it stands in takes it as it is."""
    with pytest.raises(ValidationError, match="24 to 500") as refused:
        environment(LAYERS_PERSON_TOKEN=secret)

    assert environment(LAYERS_PERSON_TOKEN="x" * 24).person_token.get_secret_value() == "x" * 24
    assert "x" * 24 not in repr(environment(LAYERS_PERSON_TOKEN="x" * 24))
    assert refused.value.error_count() == 1


def test_the_only_projects_are_named_by_id(environment):
    """Issue 5, "Ids and URLs": project allow-list; seed 004 prints ids in both forms."""
    bare = "3f2a9c1e-0000-4000-8000-000000000000"

    assert environment().projects is None
    assert environment(LAYERS_PROJECTS=f"prj_01H9ZX5YV8, {bare}").projects == ("prj_01H9ZX5YV8", bare)


@pytest.mark.parametrize("named", [",", "cnt_01H9ZX9FR", "prj_", "prj_1,../x", "*", "prj_1;prj_2"])
def test_a_list_of_projects_with_a_wrong_id_stops_the_start(environment, named):
    """A server that would touch more than was meant does not start."""
    with pytest.raises(ValidationError, match="comma-separated"):
        environment(LAYERS_PROJECTS=named)
