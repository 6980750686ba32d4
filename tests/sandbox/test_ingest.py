"""Ingest: real work behind a script, revealed only at its end."""

from __future__ import annotations

import subprocess
from pathlib import Path

import httpx2
import pytest

from layers_mcp.sandbox.app import build
from layers_mcp.sandbox.world import World

pytestmark = pytest.mark.anyio


def _repository(place: Path, files: dict[str, str]) -> None:
    place.mkdir(parents=True)
    for name, text in files.items():
        (place / name).write_text(text)
    author = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], [*author, "commit", "-qm", "First"]):
        subprocess.run(["git", *words], cwd=place, check=True)


def _git(folder: Path, *words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True).stdout


def _text(path: str) -> str:
    return Path(path).read_text()


async def test_nothing_of_the_outcome_shows_before_the_job_ends(house):
    """Design §8: the script only reveals what was done."""
    project = await house.project()
    await house.installation()
    await house.post(f"{project}/ingest/github", {"repoFullName": "quinns-coffee/quinns-app"}, status=202)
    await house.world.work_done()

    house.wait(329.999)
    before = await house.get(project)
    house.wait(0.001)
    after = await house.get(project)

    assert (before["brandContext"], before["ingestState"]["github"]["status"]) == (None, "running")
    assert after["ingestState"]["github"] | {"jobId": ""} == {"status": "completed", "jobId": "", "completedAt": "2026-04-18T17:27:44Z"}
    assert after["brandContext"]["appName"] == "Quinn's Coffee"
    assert after["updatedAt"] == "2026-04-18T17:27:44Z"


async def test_a_late_outcome_holds_the_job_at_its_stage(house, monkeypatch):
    """Design §8: work that must really be done comes first."""
    monkeypatch.setattr(house.world._worker, "_claim", lambda: None)
    project = await house.project()
    await house.installation()
    job = (await house.post(f"{project}/ingest/github", {"repoFullName": "quinns-coffee/quinns-app"}, status=202))["jobId"]
    house.wait(3600)
    held = await house.get(f"/v1/jobs/{job}")
    monkeypatch.undo()

    await house.world.work_done()
    opened = await house.get(f"/v1/jobs/{job}")
    house.wait(60)
    done = await house.get(f"/v1/jobs/{job}")

    assert (held["stage"], held["progress"], held["status"]) == ("generating_sdk_patch", 0.81, "running")
    assert (opened["stage"], opened["progress"]) == ("opening_pr", 0.81)
    assert (done["status"], done["finishedAt"]) == ("completed", "2026-04-18T18:23:14Z")


async def test_a_strangers_installation_does_not_count(house):
    """Seed 004, step 3, "Failure paths"."""
    project = await house.project()
    asked = {"repoFullName": "quinns-coffee/quinns-app"}
    none = await house.post(f"{project}/ingest/github", asked, status=502)
    home, house.key = house.key, house.world.add_key(organization="Another")
    await house.installation()
    house.key = home

    other = await house.post(f"{project}/ingest/github", asked, status=502)

    for refused in (none, other):
        assert refused["error"]["code"] == "PLATFORM_ERROR"
        assert refused["error"]["details"] == {"platformCode": "installation_not_found"}


async def test_a_repository_that_is_not_covered_is_named(house):
    """Seed 004, step 3, "Failure paths"."""
    project = await house.project()
    await house.installation()

    refused = await house.post(f"{project}/ingest/github", {"repoFullName": "quinns-coffee/secret"}, status=422)

    assert [issue["path"] for issue in refused["error"]["details"]["issues"]] == ["repoFullName"]


async def test_a_repository_without_a_platform_fails_the_job_and_opens_nothing(tmp_path, clock, house):
    """Seed 004, step 3, "Failure paths"; own repositories: design §8."""
    _repository(tmp_path / "repos" / "acme" / "notes", {"README.md": "# Notes\n\nJust words.\n"})
    world = await World.open(tmp_path / "own", wall=clock, repositories=[str(tmp_path / "repos")])
    own = type(house)(world, clock)
    project = await own.project()
    offered = (await own.get("/v1/github/installation/install-url"))["sandboxInstallations"]
    await own.installation(next(item["installationId"] for item in offered if item["orgLogin"] == "acme"))

    job = await own.ingest(project, "acme/notes")

    assert (job["status"], job["error"]["code"]) == ("failed", "SDK_PATCH_GENERATION_FAILED")
    assert job["finishedAt"] == "2026-04-18T17:26:44Z"
    assert "result" not in job
    assert (await own.get(f"{project}/influencers"))["items"] == []
    await own.client.aclose()
    await world.close()


async def test_no_pull_request_is_opened_when_none_is_wanted(house):
    """layers-api: POST …/ingest/github, openPR."""
    project = await house.project()
    await house.installation()

    job = await house.ingest(project, openPR=False, platforms=["web"])
    again = await house.ingest(project)

    assert job["status"] == "completed"
    assert "prUrl" not in job["result"]
    assert _text(job["result"]["patchPath"]).startswith(("From", "diff"))
    assert again["result"]["prNumber"] == 142
    assert len((await house.get(f"{project}/influencers"))["items"]) == 1


async def test_installations_are_registered_once_with_a_state_of_ours(house):
    """Seed 004, step 2; layers-api: POST /v1/github/installation."""
    path = "/v1/github/installation"
    await house.get(path, status=404)
    state = (await house.get(f"{path}/install-url?state=mine"))["state"]
    first = await house.post(path, {"installationId": 48271993, "state": state})
    house.wait(3600)

    again = await house.post(path, {"installationId": 48271993, "state": state})
    unknown = await house.post(path, {"installationId": 1, "state": state}, status=422)
    foreign = await house.post(path, {"installationId": 48271993, "state": "not-ours"}, status=422)
    late = (await house.get(f"{path}/install-url"))["state"]
    house.wait(15 * 60)
    expired = await house.post(path, {"installationId": 48271993, "state": late}, status=422)

    assert again == first
    assert (await house.get(path))["installationId"] == 48271993
    paths = [refused["error"]["details"]["issues"][0]["path"] for refused in (unknown, foreign, expired)]
    assert paths == ["installationId", "state", "state"]


async def test_a_port_breaks_the_connection_of_a_lost_answer(house):
    """Design §8: works through another transport as well: a server sees an answer begun and broken off."""
    from layers_mcp.sandbox.faults import Fault  # noqa: PLC0415

    house.world.script(Fault(lose_answer=True))
    sent = []

    async def send(message):
        sent.append(message["type"])

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    headers = [(b"authorization", f"Bearer {house.key}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/v1/whoami", "raw_path": b"/v1/whoami", "query_string": b"", "headers": headers}
    with pytest.raises(httpx2.RemoteProtocolError):
        await build(house.world)(scope | {"asgi": {"version": "3.0"}, "root_path": "", "scheme": "http"}, receive, send)

    assert sent == ["http.response.start"]


async def test_a_pair_of_the_setting_names_one_repository(tmp_path, clock, house):
    """The setting: owner/name=path pairs; a state may be offered again before it is used."""
    _repository(tmp_path / "somewhere", {"package.json": '{"name": "shop", "dependencies": {"react": "19.0.0", "vite": "7.0.0"}}'})
    world = await World.open(tmp_path / "own", wall=clock, repositories=[f"Acme/Shop={tmp_path / 'somewhere'}"])
    own = type(house)(world, clock)
    await own.get("/v1/github/installation/install-url?state=mine")
    own.wait(14 * 60)
    url = await own.get("/v1/github/installation/install-url?state=mine&returnUrl=https://localhost/done")
    own.wait(14 * 60)
    installation = next(item["installationId"] for item in url["sandboxInstallations"] if item["orgLogin"] == "Acme")

    registered = await own.post("/v1/github/installation", {"installationId": installation, "state": "mine"})
    taken = await own.post("/v1/github/installation", {"installationId": 48271993, "state": "mine"}, status=422)

    assert registered["orgLogin"] == "Acme"
    assert taken["error"]["details"]["issues"][0]["path"] == "state"
    await own.get("/v1/github/installation/install-url?returnUrl=https://evil.example/", status=403)
    await own.client.aclose()
    await world.close()


async def test_the_agent_playbook_starts_an_ingest_its_own_way(house):
    """Seed 000, loop 1: POST …/github/ingest with installationId and repo, straight after the project; naming it registers it."""
    project = await house.project()
    await house.get("/v1/github/installation", status=404)
    asked = {"installationId": 48271993, "repo": "quinns-coffee/quinns-app"}

    started = await house.post(f"{project}/github/ingest", asked, status=202, Idempotency_Key="k")
    again = await house.post(
        f"{project}/ingest/github", {"installationId": 48271993, "repoFullName": asked["repo"]}, Idempotency_Key="k", status=202
    )
    shown = await house.get("/v1/github/installation")
    other = await house.post(f"{project}/github/ingest", asked | {"installationId": 7}, status=502)
    both = await house.post(f"{project}/github/ingest", asked | {"repoFullName": "a/b"}, status=422)
    await house.call("GET", f"{project}/github/ingest", status=405)

    assert started["kind"] == "project_ingest_github"
    assert again == started
    assert (shown["installationId"], shown["orgLogin"]) == (48271993, "quinns-coffee")
    assert other["error"]["details"] == {"platformCode": "installation_not_found"}
    assert both["error"]["details"]["issues"][0]["path"] == "repo"


async def test_a_first_influencer_survives_the_cancel_of_its_ingest_when_another_ends(house):
    """Seed 004, step 5: every project has at least one influencer."""
    project = await house.project()
    await house.installation()
    asked = {"repoFullName": "quinns-coffee/quinns-app"}
    first = (await house.post(f"{project}/ingest/github", asked, status=202))["jobId"]
    await house.world.work_done()
    house.wait(100)
    await house.post(f"{project}/ingest/github", asked, status=202)
    await house.world.work_done()

    await house.post(f"/v1/jobs/{first}/cancel", status=202)
    house.wait(329)
    training = await house.get(f"{project}/influencers")
    house.wait(1)

    assert [one["status"] for one in training["items"]] == ["training"]
    assert [one["status"] for one in (await house.get(f"{project}/influencers"))["items"]] == ["ready"]


async def test_no_branch_is_pushed_when_no_pull_request_is_wanted(tmp_path, clock, house):
    """layers-api: POST …/ingest/github: openPR false stops after the patch."""
    bare = tmp_path / "acme" / "shop.git"
    _repository(tmp_path / "work", {"index.html": "<!doctype html><html><head><title>Acme Shop</title></head><body></body></html>\n"})
    _git(tmp_path, "clone", "-q", "--bare", "work", str(bare))
    world = await World.open(tmp_path / "own", wall=clock, repositories=[f"acme/shop={bare}"], push=True)
    own = type(house)(world, clock)
    project = await own.project()
    offered = (await own.get("/v1/github/installation/install-url"))["sandboxInstallations"]
    await own.installation(next(item["installationId"] for item in offered if item["orgLogin"] == "acme"))

    job = await own.ingest(project, "acme/shop", openPR=False)

    assert (job["status"], job.get("error")) == ("completed", None)
    assert job["result"]["pushed"] is False
    assert _git(bare, "branch", "--list", "layers/*") == b""
    assert _text(job["result"]["patchPath"]).startswith(("From", "diff"))
    await own.client.aclose()
    await world.close()


async def test_an_installation_of_another_owner_registers_nothing(tmp_path, clock, house):
    """Seed 004, step 3, "Failure paths"; a refused call leaves nothing behind."""
    world = await World.open(tmp_path / "own", wall=clock, repositories=[f"acme/shop={tmp_path}"])
    own = type(house)(world, clock)
    project = await own.project()
    offered = (await own.get("/v1/github/installation/install-url"))["sandboxInstallations"]
    acme = next(item["installationId"] for item in offered if item["orgLogin"] == "acme")

    foreign = {"installationId": acme, "repo": "quinns-coffee/quinns-app"}
    refused = await own.post(f"{project}/github/ingest", foreign, status=502)
    await own.post(f"{project}/github/ingest", {"installationId": acme, "repo": "acme/secret"}, status=422)

    assert refused["error"]["details"] == {"platformCode": "installation_not_found"}
    await own.get("/v1/github/installation", status=404)
    await own.client.aclose()
    await world.close()
