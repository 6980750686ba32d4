"""The consent page: what it shows, what Allow and Decline do, and what can't be decided."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import select

from layers_mcp.commands.browser import read
from layers_mcp.sandbox import tables
from layers_mcp.sandbox.consent import going_back

pytestmark = pytest.mark.anyio

RETURN = "https://app.your-partner.com/done"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def asked(house, project, *, platform="tiktok", return_url=RETURN, **more):
    """A consent that was asked for."""
    return await house.post(f"{project}/social/oauth-url", {"platform": platform, "returnUrl": return_url, **more})


async def stands(house, url):
    """How it stands."""
    return await house.get(f"/v1/social/oauth-status/{url['state']}")


async def test_an_owner_who_allows_connects_the_account_at_that_instant(house):
    """Seed 004, step 8: Layers persists the token and 302s to returnUrl with layers_state and status=success."""
    project = await house.project()
    url = await asked(house, project, platform="instagram", return_url="http://localhost:3000/x")
    both = [f"/v1/social/oauth-status/{url['state']}", f"{project}/social/oauth-status?state={url['state']}"]
    house.wait(600)
    pending = [await house.get(path) for path in both]
    none = await house.get(f"{project}/social-accounts")

    back = await house.press(url["authorizeUrl"])

    done = [await house.get(path) for path in both]
    account = done[0]["socialAccountId"]
    assert url["expiresAt"] == "2026-04-18T17:52:14Z"
    assert pending == [{"state": url["state"], "status": "pending", "expiresAt": url["expiresAt"]}] * 2
    assert none["items"] == []
    assert (back.status_code, back.headers["location"]) == (302, f"http://localhost:3000/x?layers_state={url['state']}&status=success")
    assert done == [{"state": url["state"], "status": "completed", "socialAccountId": account}] * 2
    (shown,) = (await house.get(f"{project}/social-accounts?platform=instagram&status=connected&leased=false"))["items"]
    assert (shown["socialAccountId"], shown["handle"], shown["status"]) == (account, "quinnscoffee", "connected")
    assert (shown["connectedAt"], shown["tokenExpiresAt"]) == ("2026-04-18T17:32:14Z", "2026-06-17T17:32:14Z")
    assert (await house.get(f"{project}/social-accounts?platform=tiktok"))["items"] == []


async def test_a_consent_is_seen_by_the_key_and_in_the_project_that_asked_for_it_only(house):
    """layers-api: oauth-status."""
    url = await asked(house, await house.project())
    other = await house.project("Other")

    await house.get(f"{other}/social/oauth-status?state={url['state']}", status=404)
    house.key = house.world.add_key()
    await house.get(f"/v1/social/oauth-status/{url['state']}", status=404)


async def test_the_page_says_who_asks_for_what_on_which_account(house):
    """Issue 3: the sandbox serves the consent page; seed 004, step 8: it cannot be iframed."""
    url = await asked(house, await house.project(), scopes=["video.publish", "odd.scope"])

    shown = await house.client.get(url["authorizeUrl"])

    page, query = read(url["authorizeUrl"], shown.text), dict(parse_qsl(urlsplit(url["authorizeUrl"]).query))
    assert url["authorizeUrl"].startswith("http://sandbox.layers/oauth/tiktok/authorize?client_key=")
    assert (query["response_type"], query["scope"], query["state"]) == ("code", "video.publish,odd.scope", url["state"])
    assert shown.status_code == 200
    assert page.lines == (
        "Sandbox. This is the Layers sandbox playing TikTok: no real account is touched.",
        "Allow Quinns Coffee Co to use this TikTok account?",
        "Quinns Coffee Co asks, through Layers, for access to the TikTok account @quinnscoffee.",
        "It will be able to",
        "Publish videos on the account",
        "Use the permission odd.scope",
        "Either way you go back to app.your-partner.com. This page is good until 17:52 UTC on 18 April 2026.",
    )
    assert page.buttons == ("Allow", "Decline")
    assert '<html lang="en">' in shown.text
    assert "<script" not in shown.text
    headers = {name: shown.headers[name] for name in ("cache-control", "x-frame-options", "referrer-policy", "x-content-type-options")}
    assert headers == {
        "cache-control": "no-store",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
    }
    policy = shown.headers["content-security-policy"].split("; ")
    assert policy[0] == "default-src 'none'"
    assert policy[1].startswith("style-src 'sha256-")
    assert policy[2:] == ["form-action 'self' https://app.your-partner.com", "base-uri 'none'", "frame-ancestors 'none'"]


async def test_looking_at_the_page_decides_nothing(house):
    """Design §8: reading changes nothing; a link preview or a crawler connects no account."""
    url = await asked(house, await house.project())

    for method in ("GET", "HEAD", "GET"):
        assert (await house.client.request(method, url["authorizeUrl"])).status_code == 200

    assert (await stands(house, url))["status"] == "pending"


async def test_an_owner_who_declines_connects_nothing(house):
    """layers-api: oauth-url, layers_oauth_error; the rest is ours (`drift`)."""
    project = await house.project()
    url = await asked(house, project)

    back = await house.press(url["authorizeUrl"], "Decline")

    outcome = f"layers_state={url['state']}&status=error&layers_oauth_error=access_denied"
    assert (back.status_code, back.headers["location"]) == (302, f"{RETURN}?{outcome}")
    assert await stands(house, url) == {
        "state": url["state"],
        "status": "failed",
        "error": {"code": "ACCESS_DENIED", "message": "the account's owner declined"},
    }
    assert (await house.get(f"{project}/social-accounts"))["items"] == []


async def test_a_consent_that_nobody_decides_fails_when_its_time_is_over(house):
    """Seed 004, step 8: expiresAt, half an hour on; from then on nothing can be decided."""
    project = await house.project()
    url = await asked(house, project)
    form = read(url["authorizeUrl"], (await house.client.get(url["authorizeUrl"])).text).press("Allow")
    house.wait(1799)
    before = await stands(house, url)
    house.wait(1)

    late = await house.client.post(form.url, content=form.body, headers=FORM)

    assert before["status"] == "pending"
    assert (await stands(house, url))["error"]["code"] == "STATE_EXPIRED"
    assert (late.status_code, read("", late.text).buttons) == (410, ())
    assert (await house.client.get(url["authorizeUrl"])).status_code == 410
    assert (await house.get(f"{project}/social-accounts"))["items"] == []


@pytest.mark.parametrize(("first", "status"), [("Allow", "completed"), ("Decline", "failed")])
async def test_a_consent_is_decided_once(house, first, status):
    """A second press, of either button, changes nothing; whoever lands there is offered the way back."""
    url = await asked(house, await house.project())
    shown = read(url["authorizeUrl"], (await house.client.get(url["authorizeUrl"])).text)
    back = await house.press(url["authorizeUrl"], first)

    again = [await house.client.post(form.url, content=form.body, headers=FORM) for form in (shown.press("Allow"), shown.press("Decline"))]
    looked = await house.client.get(url["authorizeUrl"])

    assert [one.status_code for one in (*again, looked)] == [409, 409, 409]
    assert all(read("", one.text).buttons == () for one in (*again, looked))
    assert f'href="{back.headers["location"].replace("&", "&amp;")}"' in looked.text
    assert (await stands(house, url))["status"] == status


async def test_a_state_that_nobody_minted_or_of_another_platform_is_not_known(house):
    """Ours: the state is the only key to the page, and it opens one page."""
    url = (await asked(house, await house.project()))["authorizeUrl"]
    wrong = [url.replace("/tiktok/", "/instagram/"), url.replace("/tiktok/", "/%3Cb%3E/"), url[:-1], url.partition("?")[0]]

    found = [await house.client.get(one) for one in wrong]
    pressed = [await house.client.post(one, content="decision=allow", headers=FORM) for one in wrong]

    assert [one.status_code for one in (*found, *pressed)] == [404] * 8
    assert all(read("", one.text).buttons == () and "<b>" not in one.text for one in found)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
    ],
)
async def test_a_decision_from_another_site_does_not_count(house, headers):
    """A foreign page must not press Allow behind its reader's back, nor one whose name leads here (DNS rebinding)."""
    url = await asked(house, await house.project())

    refused = await house.client.post(url["authorizeUrl"], content="decision=allow", headers={**FORM, **headers})

    assert (refused.status_code, "location" in refused.headers) == (403, False)
    assert (await stands(house, url))["status"] == "pending"


async def test_a_decision_from_the_page_itself_counts(house):
    """A browser sends the Origin of our own page with its form."""
    url = await asked(house, await house.project())

    answer = await house.client.post(url["authorizeUrl"], content="decision=allow", headers={**FORM, "Origin": "http://sandbox.layers"})

    assert answer.status_code == 302


@pytest.mark.parametrize("form", ["", "decision=maybe", "decision=allow&decision=decline", "decision=" + "allow" * 400, "\xff"])
async def test_a_form_that_says_neither_decides_nothing(house, form):
    """The refusal names the two buttons."""
    url = await asked(house, await house.project())

    refused = await house.client.post(url["authorizeUrl"], content=form.encode("latin-1"), headers=FORM)

    assert refused.status_code == 422
    assert "Allow" in refused.text
    assert (await stands(house, url))["status"] == "pending"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ('"><form action=//evil.example>', '"><form action=//evil.example>'),
        ("Quinn\u202egro.live\u200b\x1b[31m", "Quinngro.live"),
        ("\u200b\u202e", "A project without a readable name"),
        ("long " * 25, "long " * 14 + "long…"),
    ],
)
async def test_a_hostile_name_is_shown_as_text(house, name, shown):
    """Design §4: text that strangers wrote is cleaned, cut and marked; on a page it is escaped too."""
    url = await asked(house, await house.project(name), scopes=["<i>video</i>"])

    page = await house.client.get(url["authorizeUrl"])

    read_page = read(url["authorizeUrl"], page.text)
    assert read_page.lines[1] == f"Allow {shown} to use this TikTok account?"
    assert "Use the permission <i>video</i>" in read_page.lines
    assert page.text.count("<form") == 1
    assert "<script" not in page.text
    assert "<i>" not in page.text


@pytest.mark.parametrize(
    ("return_url", "back"),
    [
        ("https://a.example", "https://a.example?layers_state=st_1&status=success"),
        ("https://a.example/x?a=1&b=%20%26&c=", "https://a.example/x?a=1&b=%20%26&c=&layers_state=st_1&status=success"),
        ("https://a.example/x?a=1#/route?b=2", "https://a.example/x?a=1&layers_state=st_1&status=success#/route?b=2"),
        ("https://a.example/?status=draft&layers%5Fstate=st_0&a=status", "https://a.example/?a=status&layers_state=st_1&status=success"),
        ("http://localhost:3000/x?", "http://localhost:3000/x?layers_state=st_1&status=success"),
    ],
)
def test_the_outcome_is_merged_into_the_query_of_the_return_url(return_url, back):
    """Seed 004, step 8; what else stands in the URL stays as it was, and each of our names says one thing."""
    assert going_back(return_url, "st_1", None) == back
    assert dict(parse_qsl(urlsplit(going_back(return_url, "st_1", "ACCESS_DENIED")).query))["layers_oauth_error"] == "access_denied"


async def test_a_consent_is_renewed_for_the_same_account(house):
    """layers-api: reauth-url: on success the tokens bind to the same account id; status reauth_required from tokenExpiresAt on."""
    project = await house.project()
    account = await house.account(project)
    accounts = f"{project}/social-accounts"
    house.wait(60 * 86_400 - 1)
    (good,) = (await house.get(accounts))["items"]
    house.wait(1)
    (stale,) = (await house.get(accounts))["items"]
    listed = [len((await house.get(f"{accounts}?status={word}"))["items"]) for word in ("connected", "reauth_required")]
    url = await house.post(f"{project}/social/reauth-url", {"socialAccountId": account.removeprefix("sa_"), "returnUrl": RETURN})
    shown = await house.client.get(url["authorizeUrl"])

    await house.press(url["authorizeUrl"])

    (renewed,) = (await house.get(accounts))["items"]
    assert (good["status"], stale["status"], listed) == ("connected", "reauth_required", [0, 1])
    assert "/oauth/tiktok/authorize?" in url["authorizeUrl"]
    assert "which it was connected to before" in shown.text
    assert (await stands(house, url))["socialAccountId"] == account
    assert renewed == stale | {"status": "connected", "tokenExpiresAt": "2026-08-16T17:22:14Z"}


async def test_connecting_a_connected_platform_again_renews_its_account(house):
    """Ours, see drift: one account for each platform and project."""
    project = await house.project()
    account = await house.account(project)
    house.wait(86_400)

    assert await house.account(project) == account

    (shown,) = (await house.get(f"{project}/social-accounts"))["items"]
    assert (shown["connectedAt"], shown["tokenExpiresAt"]) == ("2026-04-18T17:22:14Z", "2026-06-18T17:22:14Z")


async def test_a_declined_renewal_leaves_the_token_as_it_was(house):
    """A no to a new token takes nothing back."""
    project = await house.project()
    account = await house.account(project)
    before = await house.get(f"{project}/social-accounts")
    url = await house.post(f"{project}/social/reauth-url", {"socialAccountId": account, "returnUrl": RETURN})

    await house.press(url["authorizeUrl"], "Decline")

    assert await house.get(f"{project}/social-accounts") == before


@pytest.mark.parametrize(
    ("change", "status", "named"),
    [
        ({"socialAccountId": "sa_nope"}, 422, "socialAccountId"),
        ({"returnUrl": "https://evil.example/"}, 403, None),
        ({"returnUrl": "x"}, 422, "returnUrl"),
        ({"scopes": ["video.publish"] * 33}, 422, "scopes"),
        ({"platform": "tiktok"}, 422, "platform"),
    ],
)
async def test_a_renewal_that_can_not_be_is_refused_by_name(house, change, status, named):
    """layers-api: reauth-url: strict body."""
    project = await house.project()
    wanted = {"socialAccountId": await house.account(project), "returnUrl": RETURN}

    error = (await house.post(f"{project}/social/reauth-url", wanted | change, status=status))["error"]

    assert error["code"] == ("RETURN_URL_NOT_ALLOWED" if named is None else "VALIDATION")
    assert named is None or error["details"]["issues"][0]["path"] == named


async def test_an_account_of_another_project_can_not_be_renewed(house):
    """Another project's account looks like none."""
    project, other = await house.project(), await house.project("Other")
    account = await house.account(other)

    refused = await house.post(f"{project}/social/reauth-url", {"socialAccountId": account, "returnUrl": RETURN}, status=422)

    assert refused["error"]["details"]["issues"][0]["path"] == "socialAccountId"


async def test_nothing_is_scheduled_on_an_account_whose_token_has_expired(house):
    """Ours, see drift: it could only fail; the refusal names the field and the way out."""
    project = await house.project()
    account, container = await house.account(project), await house.content(project)
    await house.post(f"/v1/content/{container}/approve", {})
    targets = {"targets": [{"socialAccountId": account}]}
    far = {"scheduledFor": (house.world.now() + timedelta(days=90)).isoformat()}
    (queued,) = (await house.post(f"/v1/content/{container}/schedule", targets | far))["scheduledPostIds"]
    house.wait(60 * 86_400)

    refused = await house.post(f"/v1/content/{container}/publish", targets, status=422)
    moved = await house.post(f"/v1/scheduled-posts/{queued}/reschedule", far, status=422)
    url = await house.post(f"{project}/social/reauth-url", {"socialAccountId": account, "returnUrl": RETURN})
    await house.press(url["authorizeUrl"])

    (issue,) = refused["error"]["details"]["issues"]
    assert [one["path"] for one in moved["error"]["details"]["issues"]] == ["scheduledPostId"]
    assert "connect_account" in moved["error"]["details"]["issues"][0]["message"]
    assert issue["path"] == "targets.0.socialAccountId"
    assert "connect_account" in issue["message"]
    assert (await house.post(f"/v1/content/{container}/publish", targets))["gateStatus"] == "queued"


async def test_the_page_asks_for_what_was_asked_whatever_its_url_says(house):
    """The query of the page is in its reader's hands; what is granted is what the key's owner asked for."""
    url = await asked(house, await house.project())

    shown = await house.client.get(url["authorizeUrl"].replace("video.publish", "everything"))

    assert "Publish videos on the account" in shown.text
    assert "everything" not in shown.text
    with house.world.engine.connect() as connection:
        assert connection.execute(select(tables.oauth_states.c.scopes)).scalar() == ["user.info.basic", "video.publish"]


async def test_the_list_of_hosts_is_the_keys_own(house):
    """layers-api: concepts §19: the host must equal, whatever its case, one on the key's list; the default key's has this machine."""
    project = await house.project()
    for url in ("http://127.0.0.1:5173/x", "http://localhost/", "https://APP.your-partner.com/x"):
        await asked(house, project, return_url=url)
    house.key = house.world.add_key(return_hosts=("shop.example",))

    await asked(house, project, return_url="https://Shop.Example:8443/x")
    refused = await house.post(f"{project}/social/oauth-url", {"platform": "tiktok", "returnUrl": "http://localhost/"}, status=403)

    assert refused["error"]["details"]["host"] == "localhost"
    (issue,) = refused["error"]["details"]["issues"]
    assert issue["path"] == "returnUrl"
    assert "(shop.example)" in issue["message"]
    assert "POST /_sandbox/keys" in issue["message"]


async def test_the_host_of_the_setting_is_allowed_with_the_default_key(house):
    """Settings: LAYERS_RETURN_URL; the sandbox's own user has no other way to Layers' list of hosts."""
    project = await house.project()

    house.world.allow_return("Shop.Example")
    house.world.allow_return("shop.example")

    await asked(house, project, return_url="https://shop.example/connected")
    await asked(house, project, return_url="http://localhost/")
    refused = await house.post(f"{project}/social/oauth-url", {"platform": "tiktok", "returnUrl": "https://other.example/"}, status=403)
    assert refused["error"]["details"]["issues"][0]["message"].count("shop.example") == 1


@pytest.mark.parametrize("decision", ["look", "Allow", "Decline"])
async def test_nothing_is_decided_for_a_project_that_was_archived(house, decision):
    """Ours: as content of an archived project does not go out, nothing is connected to it."""
    project = await house.project()
    url = (await asked(house, project))["authorizeUrl"]
    form = {"content": f"decision={decision.lower()}", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
    await house.call("DELETE", project, status=200)

    answer = await house.client.get(url) if decision == "look" else await house.client.post(url, **form)

    assert answer.status_code == 410
    assert "closed its project" in answer.text
    await house.call("PATCH", project, {"status": "active"}, status=200)
    assert (await house.get(f"{project}/social-accounts"))["items"] == []


@pytest.mark.parametrize("url", ["https://evil.example/x", "https://app.your-partner.com.evil.example/", "https://localhost.evil.example"])
async def test_a_host_off_the_list_is_refused(house, url):
    """Seed 004, step 8: RETURN_URL_NOT_ALLOWED."""
    project = await house.project()

    refused = await house.post(f"{project}/social/oauth-url", {"platform": "tiktok", "returnUrl": url}, status=403)

    assert refused["error"]["code"] == "RETURN_URL_NOT_ALLOWED"


@pytest.mark.parametrize(
    "url",
    [
        "http://app.your-partner.com/",
        "ftp://localhost/",
        "x",
        "https://evil.example\\@localhost/",
        "https://a@localhost/",
        "https://[",
        "https://",
    ],
)
async def test_a_return_url_that_can_be_read_in_two_ways_is_refused(house, url):
    """Ours, see drift: https, and http for localhost only."""
    project = await house.project()

    refused = await house.post(f"{project}/social/oauth-url", {"platform": "tiktok", "returnUrl": url}, status=422)

    assert refused["error"]["details"]["issues"][0]["path"] == "returnUrl"
