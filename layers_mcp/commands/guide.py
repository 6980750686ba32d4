"""The ten steps of the onboarding guide (seed 004), as an MCP client takes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast
from urllib.parse import parse_qsl, urlsplit

import httpx2

from layers_mcp.commands.browser import walk
from layers_mcp.commands.stage import Mismatch, Record, Stage

__all__ = ["Guide", "Mismatch"]

_AHEAD = timedelta(seconds=8)
"""How far in the future the demo's post is scheduled: long enough to read the preview."""
_RETURN_URL = "https://app.your-partner.com/customers/quinn/social-complete"
"""That of the guide, step 8."""
_PAGE_S = 30
"""How long the consent page may take."""
_SHOWN = ("appName", "appDescription", "tagline", "audience", "icp", "brandVoice", "keywords", "primaryLanguage")


class Guide:
    """One customer, from nothing to a published post."""

    def __init__(self, stage: Stage, repo: str, customer: str) -> None:
        self._stage = stage
        self._repo = repo
        self._customer = customer
        self._project = ""

    async def run(self) -> None:
        """All ten steps.

        Raises:
            Mismatch: a step did not bring what the guide says.
        """
        await self._create()
        await self._ingest()
        influencer = await self._review()
        container = await self._generate(influencer)
        await self._approve(container)
        account = await self._connect()
        post = await self._schedule(container, account)
        await self._watch(post)

    async def _create(self) -> None:
        self._stage.title(1, "Create the project")
        customer = {
            "name": self._customer,
            "customerExternalId": f"demo-{self._customer}".lower().replace(" ", "-"),
            "timezone": "America/Los_Angeles",
            "primaryLanguage": "en",
        }
        made = await self._stage.call("create_project", dict(customer))
        self._project = made["result"]["project"]["id"]
        again = await self._stage.call("create_project", dict(customer))
        self._stage.check(again["result"]["project"]["id"] == self._project, "a second call finds the same project")
        self._stage.say(f"{self._project}; a second call found it again and made nothing")

    async def _ingest(self) -> None:
        stage = self._stage
        stage.title(2, "Register the GitHub installation")
        wanted: Record = {"projectId": self._project, "repoFullName": self._repo, "waitSeconds": 300}
        done = await stage.call("ingest_repo", wanted, expect="needs_action", or_as="done")
        asked = done if done["status"] == "needs_action" else None
        if asked is None:
            stage.say("the installation is known from an earlier demo in this folder")
        else:
            stage.check(asked["result"]["authorizeUrl"].startswith("https://"), "an install URL is handed out")
            stage.say(f"the customer would open {asked['result']['authorizeUrl']}")
        stage.title(3, f"Ingest {self._repo}")
        if asked is not None:
            done = await stage.call("ingest_repo", {**asked["next"][0]["arguments"], "waitSeconds": 300})
        found = cast("Record", done["result"]["job"]["result"])
        stage.check(found.get("prUrl") and found.get("sdkAppId") and found.get("branch"), "a pull request, an SDK app and a branch")
        stage.quote(
            {
                "pull request": found["prUrl"],
                "branch": found["branch"],
                "platforms": found.get("platforms", []),
                "SDK app": found["sdkAppId"],
            }
        )
        stage.say(found.get("diffstat", "").rstrip(), style="dim")
        stage.say(
            "the pull request is simulated: "
            + ("the branch was pushed" if found.get("pushed") else "nothing was pushed, the branch is kept as a patch")
        )
        if "patchPath" in found:
            stage.say(f"patch: {found['patchPath']}", style="dim")

    async def _review(self) -> str:
        stage = self._stage
        stage.title(4, "Review the brand context")
        read = await stage.call("get_project", {"projectId": self._project})
        brand = cast("Record", read["result"]["project"].get("brandContext", {}))
        stage.check(brand.get("appName"), "the brand context has the app's name")
        stage.quote({name: brand[name] for name in _SHOWN if name in brand})
        stage.title(5, "Select an influencer")
        voices = cast("list[Record]", read["result"].get("influencers", []))
        ready = [voice for voice in voices if voice["status"] == "ready"]
        stage.check(ready, "an influencer is ready")
        stage.say(f"{ready[0]['name']} ({ready[0]['influencerId']})")
        return str(ready[0]["influencerId"])

    async def _generate(self, influencer: str) -> str:
        stage = self._stage
        stage.title(6, "Generate the first piece of content")
        wanted = {
            "projectId": self._project,
            "targetPlatforms": ["tiktok", "instagram"],
            "influencerId": influencer,
            "idempotencyKey": f"demo-{datetime.now(UTC):%Y%m%dT%H%M%S%f}",  # a later demo in the same folder makes its own
            "waitSeconds": 120,
        }
        made = await stage.call("generate_content", dict(wanted))
        container = cast("Record", made["result"]["containers"][0])
        stage.check(container["approvalStatus"] == "pending", "new content waits for an approval")
        stage.say(f"{container['id']}, {container['format']}, {made['cost']['credits']} credits, approval {container['approvalStatus']}")
        return str(container["id"])

    async def _yes(self, tool: str, arguments: Record) -> Record:
        """Preview, show, and only then the same call with the handle."""
        preview = await self._stage.call(tool, arguments, expect="confirmation_required")
        asked = cast("Record", preview["confirmation"])
        self._stage.say(asked["question"], style="yellow")
        for item in asked["items"]:
            facts = {name: value for name, value in cast("Record", item["facts"]).items() if name != "captions"}
            self._stage.quote({**facts, **cast("Record", item["facts"].get("captions", {}))})
        return await self._stage.call(tool, {**arguments, "confirm": asked["handle"]})

    async def _approve(self, container: str) -> None:
        stage = self._stage
        stage.title(7, "Approve the content")
        wanted: Record = {"containerIds": [container]}
        await stage.call("approve_content", {**wanted, "confirm": "true"}, expect="confirmation_required")
        still = await stage.call("list_content", {"containerId": container})
        stage.check(still["result"]["container"]["approvalStatus"] == "pending", "confirm=true changes nothing")
        done = await self._yes("approve_content", wanted)
        stage.check(done["result"]["items"][0]["outcome"] == "approved", "the handle approves it")
        stage.say("approved, with a yes to exactly that preview; confirm=true had changed nothing")

    async def _connect(self) -> str:
        stage = self._stage
        stage.title(8, "Connect a social account")
        wanted = {
            "projectId": self._project,
            "platform": "tiktok",
            "returnUrl": _RETURN_URL,
        }
        asked = await stage.call("connect_account", dict(wanted), expect="needs_action")
        await self._consent(str(asked["result"]["authorizeUrl"]), str(asked["result"]["state"]))
        done = await stage.call("wait_for_job", {"state": asked["result"]["state"], "projectId": self._project, "waitSeconds": 60})
        account = cast("Record", done["result"]["account"])
        stage.check(account["status"] == "connected", "the account is connected")
        stage.say(f"@{account['handle']} ({account['socialAccountId']})")
        return str(account["socialAccountId"])

    async def _consent(self, url: str, state: str) -> None:
        """What the account's owner would do in a browser: open the page, read it, press Allow; nobody follows them back."""
        stage = self._stage
        stage.say(f"the owner opens {url}")
        try:
            async with httpx2.AsyncClient(timeout=_PAGE_S) as browser:
                page, answer = await walk(browser, url, "Allow")
        except (httpx2.HTTPError, KeyError) as problem:
            raise Mismatch(f"the consent page can't be walked: {problem!r}") from None
        stage.say("\n".join(f"| {line}" for line in page.lines), style="dim")
        back = answer.headers.get("location", "")
        came = dict(parse_qsl(urlsplit(back).query))
        stage.check(answer.status_code == 302 and back.startswith(_RETURN_URL), "Allow leads back to returnUrl")
        stage.check(came == {"layers_state": state, "status": "success"}, "with layers_state and status=success")
        stage.say(f"they press Allow, and go back to {back}")

    async def _schedule(self, container: str, account: str) -> str:
        self._stage.title(9, "Schedule the first post")
        at = (datetime.now(UTC) + _AHEAD).isoformat(timespec="seconds").replace("+00:00", "Z")
        wanted: Record = {"containerId": container, "scheduledFor": at, "targets": [{"socialAccountId": account}]}
        done = await self._yes("schedule_content", wanted)
        posts = cast("list[str]", done["result"]["schedule"]["scheduledPostIds"])
        self._stage.check(len(posts) == 1, "one post is queued")
        return posts[0]

    async def _watch(self, post: str) -> None:
        self._stage.title(10, "Wait until it is published")
        done = await self._stage.call("wait_for_job", {"scheduledPostId": post, "waitSeconds": 60})
        published = cast("Record", done["result"]["post"])
        self._stage.check(published.get("externalUrl"), "the published post has a URL")
        self._stage.quote({"published": published["publishedAt"], "post": published["externalUrl"]})
