"""Who may call what, and how often."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from layers_mcp.database import writing
from layers_mcp.sandbox import tables
from layers_mcp.sandbox.world import World

pytestmark = pytest.mark.anyio


async def test_both_headers_open_and_the_second_one_wins(house):
    """Seed 004, steps 1 and 2; layers-api: concepts, "Authentication"."""
    wrong = f"Bearer {house.key[:-1]}1"

    alone = await house.client.get("/v1/whoami", headers={"X-Api-Key": house.key})
    both = await house.client.get("/v1/whoami", headers={"X-Api-Key": house.key, "Authorization": wrong})
    other = await house.client.get("/v1/whoami", headers={"X-Api-Key": wrong[7:], "Authorization": f"Bearer {house.key}"})

    assert [alone.status_code, both.status_code, other.status_code] == [200, 200, 401]


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer nonsense", "Basic abc", "Bearer lp_live_SANDBOXKEYLAYERS_" + "a" * 43])
async def test_a_key_nobody_knows_opens_nothing(house, sent):
    """layers-api: concepts, "Which refusal means what"."""
    answer = await house.client.get("/v1/whoami", headers={"Authorization": sent} if sent else {})

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "UNAUTHENTICATED"
    assert answer.json()["error"]["requestId"] == answer.headers["X-Request-Id"]
    assert not sent[7:] or sent[7:] not in answer.text


async def test_a_key_without_the_scope_is_refused_and_told_which(house):
    """layers-api: concepts, "Scopes"."""
    house.key = house.world.add_key(scopes=["projects:read"])

    await house.get("/v1/projects")
    refused = await house.post("/v1/projects", {"name": "X"}, status=403)

    assert refused["error"]["code"] == "FORBIDDEN_SCOPE"
    assert refused["error"]["details"] == {"requiredScope": "projects:write"}


async def test_the_star_covers_every_scope(house):
    """layers-api: concepts, "Scopes"."""
    house.key = house.world.add_key(scopes=["*"])

    await house.project()


async def test_organizations_do_not_see_each_other(house):
    """layers-api: concepts, "Cross-tenant reads return 404"."""
    project = await house.project(customerExternalId="same")
    container = await house.content(project)
    house.key = house.world.add_key(organization="Another")

    missing = [
        (await house.call("GET", path, status=404))["error"]["code"]
        for path in (project, f"/v1/content/{container}", f"{project}/content", f"{project}/influencers", "/v1/github/installation")
    ]

    assert set(missing) == {"NOT_FOUND"}
    assert (await house.get("/v1/projects"))["items"] == []
    await house.project(customerExternalId="same")


async def test_a_stopped_key_is_told_so(house):
    """layers-api: concepts, "Which refusal means what"."""
    with house.world.engine.begin() as connection:
        connection.execute(tables.keys.update().values(killed=True))

    refused = await house.get("/v1/whoami", status=503)

    assert refused["error"]["code"] == "KILL_SWITCH"
    assert refused["error"]["details"] == {"scope": "key"}


async def test_a_secret_is_kept_as_a_digest_only(house, tmp_path):
    """layers-api: concepts, "Authentication", storage."""
    plain = house.world.add_key()

    house.world.engine.dispose()

    kept = b"".join(file.read_bytes() for file in (tmp_path / "state").iterdir() if file.is_file())
    _, _, public, secret = plain.split("_", 3)
    assert public.encode() in kept
    assert secret.encode() not in kept


async def test_a_bucket_empties_tells_so_and_refills_on_the_walls_clock(house):
    """layers-api: operational/rate-limits; header names ours."""
    house.key = house.world.add_key(tier="standard")
    first = await house.get("/v1/whoami") and house.answer.headers
    for _ in range(119):
        await house.get("/v1/whoami")

    refused = await house.get("/v1/whoami", status=429)
    headers = house.answer.headers
    house.world.advance(3600)
    await house.get("/v1/whoami", status=429)
    house.wait(0.5)
    await house.get("/v1/whoami")

    assert (first["X-RateLimit-Limit"], first["X-RateLimit-Remaining"]) == ("120", "119")
    assert refused["error"]["code"] == "RATE_LIMITED"
    assert (headers["Retry-After"], headers["X-RateLimit-Remaining"], headers["X-RateLimit-Reset"]) == ("1", "0", "60")
    assert headers["X-RateLimit-Endpoint-Class"] == "read-light"


async def test_classes_have_buckets_of_their_own(house):
    """layers-api: operational/rate-limits, three independent buckets."""
    house.key = house.world.add_key(tier="sandbox")
    project = await house.project()
    for _ in range(10):
        await house.post(f"{project}/content", {}, status=202)

    refused = await house.post(f"{project}/content", {}, status=429)

    assert refused["error"]["details"] == {"endpointClass": "long-running", "limit": 10}
    await house.get(project)
    await house.project("Another")


async def test_writes_of_a_day_are_counted(house):
    """layers-api: operational/rate-limits, daily cap."""
    house.key = house.world.add_key(tier="sandbox")
    project = await house.project()
    with house.world.engine.begin() as connection:
        connection.execute(tables.buckets.update().where(tables.buckets.c.name.contains("day")).values(left=1.0))

    await house.call("PATCH", project, {"name": "A"}, status=200)
    refused = await house.call("PATCH", project, {"name": "B"}, status=429)

    assert refused["error"]["message"] == "write-light: 1000 requests a day are used up"
    assert refused["error"]["details"] == {"endpointClass": "write-light", "limit": 1000}
    assert int(house.answer.headers["Retry-After"]) == 6 * 3600 + 37 * 60 + 46


async def test_the_default_key_may_what_a_newer_version_offers(tmp_path, clock, house):
    """A world of an older version keeps its state; its public key calls the routes that have come since."""
    with writing(house.world.engine) as connection:
        connection.execute(update(tables.keys).values(scopes=["projects:read"]))
    await house.world.close()

    world = await World.open(tmp_path / "state", wall=clock)
    again = type(house)(world, clock)

    assert "metrics:read" in (await again.get("/v1/whoami"))["scopes"]
    await again.client.aclose()
    await world.close()
