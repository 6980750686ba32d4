"""What outlives a restart, a kill, and a version."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, inspect, select, text, update

from layers_mcp.clock import HandClock
from layers_mcp.contract.errors import Invalid
from layers_mcp.contract.events import EVENTS
from layers_mcp.database import migrating, open_engine, writing
from layers_mcp.database.migrating import bring_up
from layers_mcp.sandbox import tables
from layers_mcp.sandbox.faults import Fault
from layers_mcp.sandbox.world import World

pytestmark = pytest.mark.anyio

STARTER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
import httpx2
from layers_mcp.clock import HandClock
from dataclasses import replace
from layers_mcp.sandbox.app import build
from layers_mcp.sandbox.trades import TRADES
from layers_mcp.sandbox.world import World

async def never(errand, folder):
    print(sys.argv[2], flush=True)
    await asyncio.sleep(3600)

async def main():
    TRADES["repository"] = replace(TRADES["repository"], carry_out=never)
    world = await World.open(Path(sys.argv[1]), wall=HandClock(datetime(2026, 4, 18, 17, 22, 14, tzinfo=UTC)))
    headers = {"Authorization": f"Bearer {world.key}"}
    client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=build(world)), base_url="http://sandbox", headers=headers)
    project = (await client.post("/v1/projects", json={"name": "Killed"})).json()["id"]
    state = (await client.get("/v1/github/installation/install-url")).json()["state"]
    await client.post("/v1/github/installation", json={"installationId": 48271993, "state": state})
    answer = await client.post(f"/v1/projects/{project}/ingest/github", json={"repoFullName": "quinns-coffee/quinns-app"})
    sys.argv[2:] = [answer.json()["jobId"]]
    world.nudge()
    await asyncio.sleep(3600)

sys.argv.append("early")
asyncio.run(main())
"""


def _killed_after_its_first_line(folder: Path) -> str:
    process = subprocess.Popen([sys.executable, "-c", STARTER, str(folder)], stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline().strip()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    return line


async def test_a_kill_in_the_middle_of_an_ingest_loses_nothing_and_repeats_nothing(tmp_path, clock, house):
    """Design §8: safe under kill -9; whoever opens the world next takes up orphaned work."""
    folder = tmp_path / "killed"
    line = _killed_after_its_first_line(folder)

    world = await World.open(folder, wall=clock)
    next_house = type(house)(world, clock)
    with world.engine.connect() as connection:
        job_id = connection.execute(select(tables.jobs.c.id)).scalar_one()
    await world.work_done()
    next_house.wait(330)
    job = await next_house.get(f"/v1/jobs/{job_id}")

    assert line in (job_id, "early")
    assert (job["status"], job["result"]["prNumber"]) == ("completed", 142)
    with world.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(tables.pulls)).scalar() == 1
        assert connection.execute(select(func.count()).select_from(tables.influencers)).scalar() == 1
        assert connection.execute(select(tables.work.c.claims)).scalar() == 2
    await next_house.client.aclose()
    await world.close()


async def test_a_restart_forgets_nothing(tmp_path, clock, house):
    """Design §8: state survives; the epoch and speed live in the database."""
    project = await house.project()
    await house.installation()
    job = (await house.post(f"{project}/ingest/github", {"repoFullName": "quinns-coffee/quinns-app"}, status=202))["jobId"]
    house.world.set_clock(speed=2)
    house.world.script(Fault(path="/v1/whoami", code="UNAVAILABLE"))
    await house.world.close()
    house.wait(60)

    world = await World.open(tmp_path / "state", wall=clock)
    again = type(house)(world, clock)
    await world.work_done()
    shown = await again.get(f"/v1/jobs/{job}")
    await again.get("/v1/whoami", status=503)
    again.wait(105)

    assert world.now() == datetime(2026, 4, 18, 17, 27, 44, tzinfo=UTC)
    assert shown["progress"] == 0.36
    assert (await again.get(f"/v1/jobs/{job}"))["status"] == "completed"
    await again.client.aclose()
    await world.close()


async def test_two_open_worlds_do_the_work_once(tmp_path, clock, house):
    """Design §8: done once, under a lease."""
    other = await World.open(tmp_path / "state", wall=clock)
    project = await house.project()
    await house.installation()

    await house.post(f"{project}/ingest/github", {"repoFullName": "quinns-coffee/quinns-app"}, status=202)
    other.nudge()
    await other.work_done()

    with other.engine.connect() as connection:
        assert connection.execute(select(tables.work.c.claims)).scalar() == 1
    await other.close()


async def test_a_new_world_starts_where_it_is_told_and_an_old_one_never_goes_back(tmp_path, clock):
    """Design §8: --at sets it, --speed runs the whole clock."""
    spring, autumn = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
    first = await World.open(tmp_path / "w", wall=clock, at=autumn, speed=0)
    await first.close()
    second = await World.open(tmp_path / "w", wall=HandClock(datetime(2027, 1, 1, tzinfo=UTC)), at=spring)

    assert second.now() == autumn
    with pytest.raises(Invalid):
        second.set_clock(at=spring)
    with pytest.raises(Invalid):
        second.set_clock(speed=-1)
    await second.close()


def test_the_revisions_make_the_same_tables_as_the_code():
    """Design §8: alembic runs only when the stamp is behind."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        bring_up(connection, tables.TABLES, versions=tables.VERSIONS, head=tables.HEAD)

        differences = compare_metadata(MigrationContext.configure(connection), tables.TABLES)
        stamp = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()

    assert differences == []
    assert stamp == tables.HEAD
    assert ScriptDirectory(str(tables.VERSIONS.parent), version_locations=[str(tables.VERSIONS)]).get_heads() == [tables.HEAD]
    engine.dispose()


def test_a_world_of_the_first_version_keeps_its_logo_and_loses_media_that_led_nowhere():
    """What was kept as an address of nobody's is kept without one; a file that never was is no asset."""
    engine = create_engine("sqlite://")
    brand = '{"brandContext": {"logoUrl": "https://cdn.layers.com/brand/logo_1"}}'
    with engine.begin() as connection:
        bring_up(connection, tables.TABLES, versions=tables.VERSIONS, head="0001")
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        for table, values in (
            ("containers", {"media": '[{"url": "https://cdn.layers.com/content/1"}]'}),
            ("jobs", {"result": brand}),
            ("brand_facts", {"fields": '{"logo_url": "https://cdn.layers.com/brand/logo_1"}'}),
        ):
            columns = inspect(connection).get_columns(table)
            row = {column["name"]: values.get(column["name"], "1") for column in columns}
            names = ", ".join(row)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(row)})"), row)

        bring_up(connection, tables.TABLES, versions=tables.VERSIONS, head=tables.HEAD)

        found = [connection.exec_driver_sql(f"SELECT {place}").scalar() for place in ("media FROM containers", "result FROM jobs")]
        fields = connection.exec_driver_sql("SELECT fields FROM brand_facts").scalar()
    assert found == ["[]", '{"brandContext": {"logoUrl": "/brand/logo_1"}}']
    assert fields == '{"logo_url": "/brand/logo_1"}'
    engine.dispose()


def _back_to(file: Path, revision: str) -> None:
    """Take a world back to an older schema, as alembic does."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).parent))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(tables.VERSIONS))
    engine = open_engine(file, tables.TABLES, versions=tables.VERSIONS, head=tables.HEAD)
    with writing(engine) as connection:
        config.attributes.update(connection=connection, tables=tables.TABLES)
        command.downgrade(config, revision)
    engine.dispose()


async def test_a_world_taken_back_before_the_first_revision_is_empty_and_opens_anew(tmp_path, clock, house):
    """Every revision can be taken back, on a world in which things have happened."""
    project = await house.project()
    await house.account(project)
    await house.content(project)
    await house.world.close()
    file = tmp_path / "state" / "sandbox.db"

    _back_to(file, "base")

    engine = create_engine(f"sqlite:///{file}")
    left = inspect(engine).get_table_names()
    engine.dispose()
    world = await World.open(tmp_path / "state", wall=clock)
    again = type(house)(world, clock)
    assert left == ["alembic_version"]
    assert (await again.get("/v1/projects"))["items"] == []
    await again.client.aclose()
    await world.close()


async def test_an_older_world_keeps_its_consents_and_gets_tokens_that_end(tmp_path, clock, house):
    """What resolved by itself stays as it was, also while it is still under way; a token lives 60 days from the connection."""
    project = await house.project()
    account, container = await house.account(project), await house.content(project)
    await house.post(f"/v1/content/{container}/approve", {})
    post = (await house.post(f"/v1/content/{container}/publish", {"targets": [{"socialAccountId": account}]}))["scheduledPostIds"][0]
    before = await house.get(f"{project}/social-accounts")
    asked = {"platform": "tiktok", "returnUrl": "https://app.your-partner.com/done"}
    under_way, undecided = [await house.post(f"{project}/social/oauth-url", asked) for _ in range(2)]
    with writing(house.world.engine) as connection:
        row, resolved_at = tables.oauth_states.c, house.world.now() + timedelta(seconds=20)
        connection.execute(
            update(tables.oauth_states).where(row.state == under_way["state"]).values(resolved_at=resolved_at, account_id=account)
        )
    await house.world.close()
    file = tmp_path / "state" / "sandbox.db"
    _back_to(file, "0001")

    world = await World.open(tmp_path / "state", wall=clock)

    again = type(house)(world, clock)
    path = f"/v1/social/oauth-status/{under_way['state']}"
    assert await again.get(f"{project}/social-accounts") == before
    assert (await again.get(f"/v1/scheduled-posts/{post}"))["socialAccountId"] == account
    assert (await again.get(path))["status"] == "pending"
    assert (await again.client.get(under_way["authorizeUrl"])).status_code == 409
    again.wait(20)
    assert await again.get(path) == {"state": under_way["state"], "status": "completed", "socialAccountId": account}
    await again.get(f"/v1/social/oauth-status/{undecided['state']}", status=404)
    with world.engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    await again.client.aclose()
    await world.close()


async def test_an_older_world_keeps_what_was_overridden_and_who_did_what(tmp_path, clock, house):
    """An override belongs to a creative since there are creatives that nobody generated here; the log says since then who acted."""
    project = await house.project()
    container = await house.content(project)
    creative = f"adc_{container.removeprefix('cnt_')}"
    await house.call("PATCH", f"{project}/ads-content/{creative}", {"override": "exclude", "note": "off brand"}, status=200)
    logged = (await house.get("/v1/audit-log"))["items"]
    await house.world.close()
    _back_to(tmp_path / "state" / "sandbox.db", "0003")

    world = await World.open(tmp_path / "state", wall=clock)

    again = type(house)(world, clock)
    (kept,) = (await again.get(f"{project}/ads-content"))["items"]
    assert (kept["adsContentId"], kept["override"], kept["note"]) == (creative, "exclude", "off brand")
    assert (await again.get("/v1/audit-log"))["items"] == logged
    assert {one["actor"] for one in logged} == {"partner_api"}
    await again.client.aclose()
    await world.close()


async def test_a_world_from_before_webhooks_keeps_its_accounts_and_posts_and_tells_what_is_still_to_come(tmp_path, clock, house):
    """Revisions 0005 and 0006, on a world in which things have happened: nobody hears of the past, everybody of what comes."""
    project = await house.project()
    account, container = await house.account(project), await house.content(project)
    await house.post(f"/v1/content/{container}/approve")
    later = {"targets": [{"socialAccountId": account}], "scheduledFor": (clock.now() + timedelta(hours=1)).isoformat()}
    post = (await house.post(f"/v1/content/{container}/schedule", later))["scheduledPostIds"][0]
    await house.world.close()
    _back_to(tmp_path / "state" / "sandbox.db", "0004")
    heard: list[str] = []

    async def send(url: str, headers: Mapping[str, str], body: bytes) -> int:
        heard.append(json.loads(body)["type"])
        return 200

    world = await World.open(tmp_path / "state", wall=clock, send=send)
    again = type(house)(world, clock)
    every = [kind for kind in EVENTS if not kind.startswith("job.")]
    await again.post("/v1/webhook-endpoints", {"url": "https://example.com/h", "events": every}, status=201)
    again.wait(2 * 3600)
    await world.told()

    assert heard == ["post.published"]
    assert (await again.get(f"/v1/scheduled-posts/{post}"))["socialAccountId"] == account
    assert await again.account(project) == account
    await again.client.aclose()
    await world.close()
