"""Organizations below one's own, their keys and their credits at the sandbox's edge."""

from __future__ import annotations

from datetime import timedelta

import pytest

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("drawn_once")]
DAY_S = 86_400
ORGS = "/v1/organizations"


@pytest.fixture
def admin(house):
    """A key that administers organizations and may all else."""
    house.key = house.world.add_key(scopes=["*", "org:admin"], tier="partner")
    return house.key


async def _child(house, name="Acme", **more):
    return (await house.post(ORGS, {"name": name, **more}, status=201))["id"]


async def _minted(house, org, scopes=("*",), **more):
    asked = {"name": "sync", "scopes": list(scopes), **more}
    return await house.post(f"{ORGS}/{org}/api-keys", asked, status=201)


async def _funded(house, org, amount, name="fund-1"):
    return await house.post(f"{ORGS}/{org}/credits/allocate", {"credits": amount}, status=200, Idempotency_Key=name)


async def test_who_may_all_data_may_not_administer_organizations(house):
    """Layers-api, concepts, "Scopes": org:admin must be granted explicitly; * covers data."""
    default = house.key
    for key in (default, house.world.add_key(scopes=["*"])):
        refused = await house.call("POST", ORGS, {"name": "Acme"}, key=key, status=403)

        assert refused["error"]["details"] == {"requiredScope": "org:admin"}


async def test_an_organization_is_made_listed_changed_and_read(house, admin):
    """Layers-api, organizations: fields, metadata merged key by key, newest first, summary."""
    made = await house.post(ORGS, {"name": "Acme", "metadata": {"tier": "gold", "old": "x"}, "billingEmail": "a@b.co"}, status=201)
    other = await _child(house, "Umbrella")

    changed = await house.call("PATCH", f"{ORGS}/{made['id']}", {"metadata": {"old": "", "new": "y"}, "name": "Acme 2"}, status=200)
    cleared = await house.call("PATCH", f"{ORGS}/{made['id']}", {"metadata": None, "billingEmail": None}, status=200)
    listed = await house.get(f"{ORGS}?limit=1")
    rest = await house.get(f"{ORGS}?limit=1&cursor={listed['nextCursor']}")
    read = await house.get(f"{ORGS}/{made['id']}")

    assert (made["status"], made["archivedAt"], made["billingEmail"]) == ("active", None, "a@b.co")
    assert made["parentOrganizationId"] == (await house.get("/v1/whoami"))["organizationId"]
    assert (changed["name"], changed["metadata"]) == ("Acme 2", {"tier": "gold", "new": "y"})
    assert (cleared["metadata"], cleared["billingEmail"]) == ({}, None)
    assert [listed["items"][0]["id"], rest["items"][0]["id"], rest["nextCursor"]] == [other, made["id"], None]
    assert read["summary"]["projectCount"] == read["summary"]["balance"] == 0
    assert read["summary"]["creditConfig"] == {
        "monthlyCreditCap": None,
        "refillThreshold": None,
        "refillAmount": None,
        "autoRefillEnabled": False,
    }
    assert (await house.get(f"{ORGS}?status=suspended"))["items"] == []


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"name": "x", "metadata": {"k" * 41: "v"}}, f"metadata.{'k' * 41}.[key]"),
        ({"name": "x", "metadata": {"k": "v" * 501}}, "metadata.k"),
        ({"name": "x", "metadata": {f"k{n}": "v" for n in range(51)}}, "metadata"),
        ({"name": "x", "metadata": {f"k{n}": "v" * 500 for n in range(40)}}, "metadata"),
        ({"name": "x", "status": "active"}, "status"),
    ],
)
async def test_an_organization_out_of_bounds_is_refused(house, admin, wrong, path):
    """Layers-api, organizations: name 1-128, key 40, value 500, 50 keys, 16 KB; status is not set."""
    refused = await house.post(ORGS, wrong, status=422)

    assert refused["error"]["details"]["issues"][0]["path"] == path


async def test_the_parent_works_in_a_direct_child_only(house, admin):
    """Layers-api, concepts, "Acting for a child org"; a child can't have children; not a direct child is 404."""
    org = await _child(house)
    mine = await house.project("Mine")
    inside = await house.post("/v1/projects", {"name": "Theirs"}, status=201, X_Layers_Organization=org)
    who = await house.get("/v1/whoami", X_Layers_Organization=org)
    stranger = house.world.add_key(scopes=["*", "org:admin"], organization="Another")

    assert (who["organizationId"], who["organizationName"]) == (org, "Acme")
    assert who["parentOrganizationId"] == (await house.get("/v1/whoami"))["organizationId"]
    assert [one["id"] for one in (await house.get("/v1/projects", X_Layers_Organization=org))["items"]] == [inside["id"]]
    await house.get(f"/v1/projects/{inside['id']}", status=404)
    await house.get(mine, status=404, X_Layers_Organization=org)
    await house.post(ORGS, {"name": "Below"}, status=422, X_Layers_Organization=org)
    await house.call("GET", "/v1/projects", key=stranger, status=404, X_Layers_Organization=org)
    await house.call("GET", f"{ORGS}/{org}", key=stranger, status=404)
    house.key = house.world.add_key(scopes=["*"])
    refused = await house.get("/v1/projects", status=403, X_Layers_Organization=org)
    assert refused["error"]["details"] == {"requiredScope": "org:admin"}


async def test_one_idempotency_key_in_two_organizations_is_two_requests(house, admin):
    """A reply of one customer is never another's."""
    one, other = await _child(house), await _child(house, "Other")

    first = await house.post("/v1/projects", {"name": "P"}, status=201, X_Layers_Organization=one, Idempotency_Key="k")
    second = await house.post("/v1/projects", {"name": "P"}, status=201, X_Layers_Organization=other, Idempotency_Key="k")
    again = await house.post("/v1/projects", {"name": "P"}, status=201, X_Layers_Organization=other, Idempotency_Key="k")

    assert first["id"] != second["id"] == again["id"]


async def test_a_minted_key_may_what_it_was_given_and_its_secret_is_shown_once(house, admin):
    """Layers-api, mint: scopes a subset, org:admin never, test on tier sandbox, a replay is the same key."""
    org = await _child(house)
    path = f"{ORGS}/{org}/api-keys"
    asked = {"name": "sync", "scopes": ["projects:read"], "env": "test"}
    made = await house.post(path, asked, status=201, Idempotency_Key="m")
    again = await house.post(path, asked, status=201, Idempotency_Key="m")

    who = await house.call("GET", "/v1/whoami", key=made["secret"], status=200)
    await house.call("POST", "/v1/projects", {"name": "X"}, key=made["secret"], status=403)
    await house.post(path, {"name": "x", "scopes": ["org:admin"]}, status=403)
    await house.post(path, {"name": "x", "scopes": []}, status=422)
    await house.post(path, {"name": "x", "scopes": ["nope:read"]}, status=422)
    house.key = house.world.add_key(scopes=["projects:read", "org:admin"])
    for more in (["projects:write"], ["*"]):
        await house.post(path, {"name": "x", "scopes": more}, status=403)
    listed = await house.get(path)

    assert made["apiKey"] == again["apiKey"]
    assert "secret" not in again
    assert made["secret"].startswith(f"{made['apiKey']['prefix']}_")
    assert (who["organizationId"], who["scopes"], who["rateLimitTier"]) == (org, ["projects:read"], "sandbox")
    assert [(one["id"], one["status"]) for one in listed["items"]] == [(made["apiKey"]["id"], "active")]
    assert listed["items"][0]["lastUsedAt"] is not None
    assert "secret" not in listed["items"][0]


async def test_a_rotated_key_of_a_child_works_for_a_day_beside_the_new_one(house, admin):
    """Layers-api, rotate, organizations: 24 h grace, supersededBy; a superseded one is not rotated; delete has no grace."""
    org = await _child(house)
    old = await _minted(house, org)
    path = f"{ORGS}/{org}/api-keys/{old['apiKey']['id']}"

    new = await house.post(f"{path}/rotate", status=200)
    await house.post(f"{path}/rotate", status=409)
    both = [(await house.call("GET", "/v1/whoami", key=key["secret"], status=200))["apiKeyId"] for key in (old, new)]
    listed = {one["id"]: one for one in (await house.get(f"{ORGS}/{org}/api-keys"))["items"]}
    house.wait(DAY_S)
    await house.call("GET", "/v1/whoami", key=old["secret"], status=401)
    await house.call("GET", "/v1/whoami", key=new["secret"], status=200)
    gone = await house.call("DELETE", f"{ORGS}/{org}/api-keys/{new['apiKey']['id']}", status=200)
    again = await house.call("DELETE", f"{ORGS}/{org}/api-keys/{new['apiKey']['id']}", status=200)

    assert both == [old["apiKey"]["id"], new["apiKey"]["id"]]
    assert listed[old["apiKey"]["id"]]["supersededBy"] == new["apiKey"]["id"]
    assert listed[old["apiKey"]["id"]]["graceUntil"] == "2026-04-19T17:22:14Z"
    assert (gone["apiKey"]["status"], gone["deleted"]) == ("revoked", True)
    assert again["apiKey"]["revokedAt"] == gone["apiKey"]["revokedAt"]
    await house.call("GET", "/v1/whoami", key=new["secret"], status=401)


async def test_a_killed_key_stays_stopped(house, admin):
    """Layers-api, kill: any key kills any other, 503 with scope key, a second kill changes nothing; rotating does not bring it back."""
    victim = house.world.add_key(scopes=["projects:read"])
    key_id = (await house.call("GET", "/v1/whoami", key=victim))["apiKeyId"]
    weak = house.world.add_key(scopes=["projects:read"])

    killed = await house.call("POST", f"/v1/api-keys/{key_id}/kill", key=weak, status=200)
    again = await house.post(f"/v1/api-keys/{key_id}/kill", status=200)
    refused = await house.call("GET", "/v1/whoami", key=victim, status=503)
    await house.post(f"/v1/api-keys/{key_id}/rotate", status=409, Idempotency_Key="r")
    house.wait(30 * DAY_S)
    await house.call("GET", "/v1/projects", key=victim, status=503)

    assert (killed["killed"], killed["apiKey"]["killSwitch"], killed["apiKey"]["isActive"]) == (True, True, False)
    assert again["apiKey"]["revokedAt"] == killed["apiKey"]["revokedAt"]
    assert (refused["error"]["code"], refused["error"]["details"]) == ("KILL_SWITCH", {"scope": "key"})
    logged = (await house.get("/v1/audit-log?eventType=api_key.killed"))["items"]
    assert [one["data"]["keyId"] for one in logged] == [key_id]


async def test_a_rotated_key_of_ones_own_dies_at_once_and_a_deleted_one_is_unknown(house, admin):
    """Layers-api, rotate and delete: in place, Idempotency-Key required, 401 afterwards."""
    old = house.world.add_key(scopes=["projects:read"])
    key_id = (await house.call("GET", "/v1/whoami", key=old))["apiKeyId"]

    missing = await house.post(f"/v1/api-keys/{key_id}/rotate", status=400)
    new = await house.post(f"/v1/api-keys/{key_id}/rotate", status=200, Idempotency_Key="r")
    again = await house.post(f"/v1/api-keys/{key_id}/rotate", status=200, Idempotency_Key="r")
    await house.call("GET", "/v1/whoami", key=old, status=401)
    who = await house.call("GET", "/v1/whoami", key=new["secret"], status=200)
    gone = await house.call("DELETE", f"/v1/api-keys/{key_id}", status=200)
    await house.call("GET", "/v1/whoami", key=new["secret"], status=401)
    await house.post(f"/v1/api-keys/{key_id}/rotate", status=409, Idempotency_Key="r2")

    assert missing["error"]["code"] == "IDEMPOTENCY_REQUIRED"
    assert "secret" not in again
    assert who["apiKeyId"] == key_id
    assert (gone["deleted"], gone["apiKey"]["killSwitch"], gone["apiKey"]["isActive"]) == (True, False, False)


async def test_nobody_gets_by_a_rotation_what_he_may_not(house):
    """A key that administers organizations and little else does not get the secret of one that may all."""
    strong = (await house.call("GET", "/v1/whoami", key=house.world.add_key(scopes=["*"])))["apiKeyId"]
    house.key = house.world.add_key(scopes=["org:admin"])

    await house.post(f"/v1/api-keys/{strong}/rotate", status=403, Idempotency_Key="r")


async def test_the_sandboxs_own_key_and_anothers_stay(house, admin):
    """Ours: the public key is every sandbox's; layers-api: another organization's key is not found."""
    own = (await house.call("GET", "/v1/whoami", key=house.world.key))["apiKeyId"]
    other = house.world.add_key(scopes=["*"], organization="Another")
    other_id = (await house.call("GET", "/v1/whoami", key=other))["apiKeyId"]

    for key_id, status in ((own, 409), (other_id, 404)):
        await house.post(f"/v1/api-keys/{key_id}/kill", status=status)
        await house.call("DELETE", f"/v1/api-keys/{key_id}", status=status)
        await house.post(f"/v1/api-keys/{key_id}/rotate", status=status, Idempotency_Key="r")
    await house.call("GET", "/v1/whoami", key=house.world.key, status=200)
    await house.call("GET", "/v1/whoami", key=other, status=200)


async def test_a_suspended_organization_waits_and_an_archived_one_is_over(house, admin):
    """Layers-api, suspend, resume, DELETE: 503 KILL_SWITCH, work holds, the parent reads; terminal, keys revoked, credits swept."""
    org = await _child(house)
    made = await _minted(house, org)
    await _funded(house, org, 500)
    house.key = made["secret"]
    project = await house.project()
    account = await house.account(project)
    container = await house.content(project)
    await house.post(f"/v1/content/{container}/approve")
    later = {"targets": [{"socialAccountId": account}], "scheduledFor": (house.clock.now() + timedelta(hours=1)).isoformat()}
    (post,) = (await house.post(f"/v1/content/{container}/schedule", later))["scheduledPostIds"]
    house.key = admin

    await house.post(f"{ORGS}/{org}/suspend", status=200)
    await house.post(f"{ORGS}/{org}/suspend", status=200)
    refused = await house.call("GET", "/v1/whoami", key=made["secret"], status=503)
    house.wait(2 * 3600)
    held = await house.get(f"/v1/scheduled-posts/{post}", X_Layers_Organization=org)
    await house.call("DELETE", f"/v1/scheduled-posts/{post}", status=503, X_Layers_Organization=org)
    resumed = await house.post(f"{ORGS}/{org}/resume", status=200)
    house.wait(3600)
    out = await house.call("GET", f"/v1/scheduled-posts/{post}", key=made["secret"], status=200)
    before = await house.get("/v1/credits")
    over = await house.call("DELETE", f"{ORGS}/{org}", status=200)
    again = await house.call("DELETE", f"{ORGS}/{org}", status=200)

    assert refused["error"]["details"] == {"scope": "organization"}
    assert held["status"] == "queued"
    assert (resumed["status"], out["status"]) == ("active", "published")
    assert (over["status"], over["reclaimedCredits"], over["revokedApiKeys"]) == ("archived", 450, 1)
    assert (again["archivedAt"], again["reclaimedCredits"]) == (over["archivedAt"], 0)
    assert (await house.get("/v1/credits"))["balance"] == before["balance"] + 450
    await house.call("GET", "/v1/whoami", key=made["secret"], status=401)
    assert (await house.get(project, X_Layers_Organization=org))["status"] == "archived"
    for method, path in (("POST", "suspend"), ("POST", "resume"), ("POST", "api-keys")):
        await house.call(method, f"{ORGS}/{org}/{path}", {"name": "x", "scopes": ["*"]} if path == "api-keys" else None, status=409)
    await house.call("PATCH", f"{ORGS}/{org}", {"name": "x"}, status=409)
    await house.post("/v1/projects", {"name": "X"}, status=409, X_Layers_Organization=org)


async def test_credits_move_once_and_both_ledgers_say_so(house, admin):
    """Layers-api, allocate and credits/events: key required, a replay says so, debit and credit, usage by what was charged."""
    org = await _child(house)
    path = f"{ORGS}/{org}/credits"
    before = await house.get("/v1/credits")

    missing = await house.post(f"{path}/allocate", {"credits": 300}, status=400)
    body = {"credits": 300, "description": "Welcome", "metadata": {"order": "7", "direction": "sideways"}}
    made = await house.post(f"{path}/allocate", body, status=200, Idempotency_Key="a")
    again = await house.post(f"{path}/allocate", body, status=200, Idempotency_Key="a")
    await house.post(f"{path}/allocate", {"credits": 0}, status=422, Idempotency_Key="b")
    poor = await house.post(f"{path}/allocate", {"credits": 5000}, status=402, Idempotency_Key="c")
    house.key = (await _minted(house, org))["secret"]
    project = await house.project()
    await house.content(project)
    started = await house.post(f"{project}/content", {"brief": {"hook": "No."}, "format": "slideshow_remix"}, status=202)
    reserved = await house.get("/v1/credits")
    await house.post(f"/v1/jobs/{started['jobId']}/cancel", status=202)
    house.wait(3600)
    theirs = await house.get("/v1/credits/events")
    of_project = await house.get(f"/v1/credits/events?projectId={project.rpartition('/')[2]}")
    house.key = admin
    mine = await house.get("/v1/credits/events")
    seen = await house.get(f"{path}/events?eventType=allocation")

    assert missing["error"]["code"] == "IDEMPOTENCY_REQUIRED"
    assert (made["allocated"], made["balance"], made["available"], made["replayed"]) == (300, 300, 300, False)
    assert again == {**made, "replayed": True}
    assert poor["error"]["details"] == {"required": 5000, "available": 4700}
    assert (reserved["balance"], reserved["available"]) == (250, 200)
    assert [(one["eventType"], one["credits"]) for one in theirs["items"]] == [("usage", -50), ("allocation", 300)]
    assert [one["eventType"] for one in of_project["items"]] == ["usage"]
    assert [(one["eventType"], one["credits"]) for one in mine["items"]] == [("allocation", -300)]
    assert mine["items"][0]["metadata"] == {"order": "7", "direction": "out", "counterpartyOrgId": org}
    assert seen["items"] == [one for one in theirs["items"] if one["eventType"] == "allocation"]
    assert (await house.get(path))["balance"] == 250
    assert (await house.get("/v1/credits"))["balance"] == before["balance"] - 300


async def test_a_page_of_movements_goes_on_where_the_last_ended(house, admin):
    """Layers-api, pagination."""
    org = await _child(house)
    for number in range(3):
        await _funded(house, org, number + 1, f"k{number}")

    seen, cursor = [], ""
    while cursor is not None:
        page = await house.get(f"/v1/credits/events?limit=1{cursor and f'&cursor={cursor}'}")
        seen += [one["credits"] for one in page["items"]]
        cursor = page["nextCursor"]

    assert seen == [-3, -2, -1]


async def test_a_cap_holds_and_a_refill_comes_by_itself(house, admin):
    """Layers-api, credit-config: cap, threshold and amount together, pulled from the parent below the threshold."""
    org = await _child(house)
    path = f"{ORGS}/{org}/credit-config"
    await house.call("PATCH", path, {"refillThreshold": 60}, status=422)
    await house.call("PATCH", path, {"autoRefillEnabled": True}, status=422)
    await house.call("PATCH", path, {}, status=422)
    asked = {"monthlyCreditCap": 100, "refillThreshold": 60, "refillAmount": 80, "autoRefillEnabled": True}
    first = await house.call("PATCH", path, asked, status=200)
    house.key = (await _minted(house, org))["secret"]
    project = await house.project()
    for _ in range(2):
        await house.post(f"{project}/content", {"format": "slideshow_remix"}, status=202)
    capped = await house.post(f"{project}/content", {"format": "slideshow_remix"}, status=402)
    house.key = admin

    assert (first["config"], first["balance"]) == (asked, 80)
    assert capped["error"]["details"] == {"required": 50, "available": 0}
    assert (await house.get(path))["balance"] == 160


async def test_projects_move_into_organizations_of_their_own_all_or_none(house, admin):
    """Layers-api, migrate: one organization a name, refused whole while one has work under way."""
    one, two, three = [(await house.project(name)).rpartition("/")[2] for name in ("One", "Two", "Three")]
    busy = await house.post(f"/v1/projects/{three}/content", {"format": "slideshow_remix"}, status=202)
    whole = {one: "Acme", two: "Acme", three: "Umbrella"}

    refused = await house.post(f"{ORGS}/migrate", {"mapping": whole}, status=409)
    await house.post(f"{ORGS}/migrate", {"mapping": {one: "Acme", "prj_other": "X"}}, status=404)
    assert (await house.get(ORGS))["items"] == []
    await house.world.work_done()
    house.wait(3600)
    moved = await house.post(f"{ORGS}/migrate", {"mapping": whole}, status=201)
    by_name = {child["name"]: child for child in moved["children"]}

    assert refused["error"]["details"] == {"projectId": three, "jobId": busy["jobId"]}
    assert (moved["projectsMoved"], moved["childrenCreated"]) == (3, 2)
    assert sorted(by_name["Acme"]["projectIds"]) == sorted([one, two])
    assert (await house.get("/v1/projects"))["items"] == []
    await house.get(f"/v1/jobs/{busy['jobId']}", status=404)
    await house.get(f"/v1/jobs/{busy['jobId']}", X_Layers_Organization=by_name["Umbrella"]["id"])


async def test_a_firehose_tells_of_the_organizations_below_and_names_each(house, admin):
    """Layers-api, webhooks: all_children is this organization plus direct children, each event with data.organizationId."""
    org = await _child(house)
    hook = {"url": "https://example.com/h", "events": ["social_account.connected"], "scope": "all_children"}
    endpoint = (await house.post("/v1/webhook-endpoints", hook, status=201))["endpoint"]["id"]
    house.key = (await _minted(house, org))["secret"]
    await house.account(await house.project())
    house.key = admin

    told = (await house.get(f"/v1/webhook-endpoints/{endpoint}/deliveries"))["items"]

    assert [one["eventType"] for one in told] == ["social_account.connected"]


async def test_the_log_of_an_organization_is_its_own_and_its_parents(house, admin):
    """Layers-api, audit-log: key create, rotate, revoke events; each organization has a trail of its own."""
    org = await _child(house)
    made = await _minted(house, org)
    await house.call("DELETE", f"{ORGS}/{org}/api-keys/{made['apiKey']['id']}", status=200)
    await _funded(house, org, 5)

    kinds = [one["eventType"] for one in (await house.get("/v1/audit-log"))["items"]]

    assert kinds == ["credits.allocated", "api_key.revoked", "api_key.created", "organization.created"]
    assert made["secret"].rpartition("_")[2] not in str(await house.get("/v1/audit-log"))
    assert (await house.get("/v1/audit-log", X_Layers_Organization=org))["items"] == []
