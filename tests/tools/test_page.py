"""The page as it is served: who gets in, which answers count, and which of many; nothing acts until the agent comes back."""

from __future__ import annotations

import asyncio
import re
import tempfile
from datetime import timedelta

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import update
from starlette.applications import Starlette

from layers_mcp.database import writing
from layers_mcp.gate.display import Display
from layers_mcp.gate.handle import digest
from layers_mcp.gate.verdict import Go, Refused
from layers_mcp.server.access import Access
from layers_mcp.server.edge import Edge
from layers_mcp.server.names import Names
from layers_mcp.server.page.routes import COOKIE, Page, routes
from layers_mcp.server.rate import Rate
from layers_mcp.store.tables import confirmations
from layers_mcp.store.token import FILE, Exposed, person_token

pytestmark = pytest.mark.anyio
ROOT = "http://127.0.0.1:8000"
TOKEN = "a-persons-own-secret-of-some-length"
BOUND = {"arguments": digest({"containerId": "cnt_1"}), "shown": digest({"caption": "Walk in."})}
ITEM = {"id": "cnt_1", "before": "pending", "after": "approved", "facts": {"caption": "Walk in."}}
AGENT = "an-agents-bearer-token-of-some-length"


class Browser:
    """A browser at the page of this house, with a cookie jar."""

    def __init__(self, story, token: str = TOKEN) -> None:
        async def house():
            return story.house

        app = Starlette(routes=routes(Page(clock=story.clock, token=lambda: token, house=house)))
        access = Access(SecretStr(AGENT), None, shown=())
        app = Edge(app=app, names=Names(), access=access, rate=Rate(12_000), ending=lambda: False)
        self.http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=ROOT)

    async def enter(self) -> Browser:
        """Open the link that the person has."""
        answer = await self.http.get(f"/confirm?token={TOKEN}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/confirm")
        return self

    async def form(self, name: str) -> str:
        """The token in the form of a preview."""
        return re.search(r'name="form" value="(\w+)"', (await self.http.get(f"/confirm/{name}")).text)[1]

    async def say(self, name: str, answer: str, *, form: str | None = None, **headers: str) -> httpx2.Response:
        """Send the form, as the page's own."""
        sent = {"Origin": ROOT, "Sec-Fetch-Site": "same-origin"} | {key.replace("_", "-"): one for key, one in headers.items()}
        fields = {"form": await self.form(name) if form is None else form, "answer": answer}
        return await self.http.post(f"/confirm/{name}", data=fields, headers={key: one for key, one in sent.items() if one})


@pytest.fixture
async def browser(story) -> Browser:
    """One that is let in."""
    return await Browser(story).enter()


@pytest.fixture
def asked(story):
    """A preview: its name and its handle."""
    made = story.house.gate.preview("approve_content", **BOUND, display=Display(question="Approve 1 post?", items=[ITEM]))
    return made.name, made.handle


def _judged(story, handle):
    return story.house.gate.judge(handle, "approve_content", **BOUND, by="person")


async def test_the_link_lets_in_once_and_leaves_no_secret_behind(story):
    """A session of its own in the cookie, HttpOnly and SameSite; the secret is in no address that stays, and in no Referer."""
    http = Browser(story).http

    answer = await http.get(f"/confirm?token={TOKEN}")
    cookie = answer.headers["set-cookie"]

    assert answer.headers["referrer-policy"] == "no-referrer"
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Path=/confirm"))
    assert "Secure" not in cookie
    assert TOKEN not in cookie + answer.headers["location"] + answer.text
    assert (await http.get("/confirm")).status_code == 200


async def test_who_guesses_the_secret_waits_and_whoever_has_it_is_let_in(story):
    """README: 429 with Retry-After after twenty wrong ones from an address; the person's link opens all the same."""
    browser = await Browser(story).enter()
    http = browser.http

    wrong = [await http.get("/confirm", params={"token": f"{at}"}) for at in range(22)]
    right = await http.get("/confirm", params={"token": TOKEN})

    assert [one.status_code for one in wrong] == [403] * 20 + [429] * 2
    assert int(wrong[-1].headers["retry-after"]) >= 1
    assert right.status_code == 303
    assert (await http.get("/confirm")).status_code == 200


async def test_over_tls_the_cookie_is_secure(story):
    """Behind TLS it never travels in the clear."""
    answer = await Browser(story).http.get(f"https://127.0.0.1:8000/confirm?token={TOKEN}")

    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {}),
        ("?token=", {}),
        ("?token=wrong", {}),
        (f"?token={TOKEN}x", {}),
        (f"?token={TOKEN[:-1]}", {}),
        ("?token=%ff%00", {}),
        ("", {"Authorization": f"Bearer {TOKEN}"}),
        ("", {"Authorization": f"Bearer {AGENT}"}),
        ("", {"Cookie": f"{COOKIE}={TOKEN}"}),
        ("", {"Cookie": f"{COOKIE}=00.9999999999.{'0' * 64}"}),
        ("", {"Cookie": f"{COOKIE}=."}),
    ],
)
async def test_nobody_else_gets_in_or_learns_what_waits(story, asked, query, headers):
    """403 for all, the same whether something waits or not; an agent's bearer token opens nothing."""
    name, _ = asked
    http = Browser(story).http

    seen = [await http.get(f"/confirm{path}{query}", headers=headers) for path in ("", f"/{name}", "/0123456789abcdef")]
    media = await http.get(f"/confirm/{name}/0/picture", headers=headers)

    assert {answer.status_code for answer in [*seen, media]} == {403}
    assert len({answer.text.replace(f"/{name}", "").replace("/0123456789abcdef", "") for answer in seen}) == 1
    assert not any("set-cookie" in answer.headers for answer in seen)


async def test_a_session_ends_after_half_a_day_and_with_another_secret(story, browser):
    """Whoever deletes the file ends every session."""
    other = Browser(story, "another-secret-of-some-length")
    other.http.cookies = browser.http.cookies

    changed = await other.http.get("/confirm")
    story.clock.advance(timedelta(hours=12, seconds=1))

    assert (changed.status_code, (await browser.http.get("/confirm")).status_code) == (403, 403)


@pytest.mark.parametrize("header", [{"Host": "evil.example"}, {"Host": "evil.example:8000"}])
async def test_a_name_of_somebody_elses_does_not_reach_the_page(browser, header):
    """DNS rebinding: the host is one of ours."""
    assert (await browser.http.get("/confirm", headers=header)).status_code == 421


async def test_every_answer_forbids_framing_scripts_and_keeping(browser, asked):
    """Content-Security-Policy, no-store, nosniff."""
    name, _ = asked

    for path in ("", f"/{name}", "/0123456789abcdef", f"/{name}/0/picture"):
        headers = (await browser.http.get(f"/confirm{path}")).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "script-src" not in headers["content-security-policy"]
        assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


@pytest.mark.parametrize(("answer", "heading", "verdict"), [("yes", "You said yes", Go), ("no", "You said no", Refused)])
async def test_an_answer_is_recorded_as_the_persons_on_the_page(story, asked, answer, heading, verdict):
    """After it, a redirect to what happens next; the handle then acts, or never does."""
    name, handle = asked
    browser = await Browser(story).enter()

    said = await browser.say(name, answer)
    then = await browser.http.get(said.headers["location"])
    judged = _judged(story, handle)

    assert (said.status_code, then.status_code) == (303, 200)
    assert heading in then.text
    assert isinstance(judged, verdict)
    assert story.store.confirmations.named(name)[0].how == "page"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"}, 403),
        ({"Origin": "https://evil.example", "Sec_Fetch_Site": ""}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:9999", "Sec_Fetch_Site": "same-site"}, 403),
        ({"Origin": "http://127.0.0.1:9999", "Sec_Fetch_Site": ""}, 403),
        ({"Sec_Fetch_Site": "none"}, 403),
        ({"Origin": "", "Sec_Fetch_Site": ""}, 403),
        ({"form": ""}, 403),
        ({"form": "0" * 64}, 403),
        ({"Content_Type": "text/plain"}, 400),
        ({"Content_Type": "multipart/form-data; boundary=x"}, 400),
        ({"Cookie": f"{COOKIE}=x"}, 403),
    ],
)
async def test_an_answer_from_elsewhere_counts_for_nothing(story, browser, asked, headers, status):
    """CSRF: the form's token, Origin, and Sec-Fetch-Site, each by itself."""
    name, _ = asked

    answer = await browser.say(name, "yes", **headers)

    assert answer.status_code == status
    assert story.store.confirmations.named(name)[0].state == "minted"


@pytest.mark.parametrize("answer", ["", "true", "YES", "yes&answer=yes"])
async def test_only_the_two_words_are_answers(story, browser, asked, answer):
    """Neither a guess nor an answer given twice."""
    name, _ = asked
    fields = f"form={await browser.form(name)}&answer={answer}"
    sent = {"Origin": ROOT, "Content-Type": "application/x-www-form-urlencoded"}

    assert (await browser.http.post(f"/confirm/{name}", content=fields, headers=sent)).status_code == 400
    assert (await browser.http.post(f"/confirm/{name}", content="x" * 3000, headers=sent)).status_code == 400
    assert story.store.confirmations.named(name)[0].state == "minted"


async def test_a_form_of_another_question_or_another_session_is_none(story, browser, asked):
    """The token is bound to both."""
    name, _ = asked
    other = story.house.gate.preview("halt", **BOUND, display=Display(question="Halt?", items=[ITEM])).name
    elsewhere = await (await Browser(story).enter()).form(name)

    wrong = [await browser.say(name, "yes", form=await browser.form(other)), await browser.say(name, "yes", form=elsewhere)]

    assert [one.status_code for one in wrong] == [403, 403]
    assert story.store.confirmations.named(name)[0].state == "minted"


async def test_a_get_decides_nothing(story, browser, asked):
    """Whatever stands in the query."""
    name, _ = asked

    await browser.http.get(f"/confirm/{name}?answer=yes&form={await browser.form(name)}")

    assert story.store.confirmations.named(name)[0].state == "minted"


async def test_a_form_that_is_sent_twice_says_that_it_was_answered(browser, asked):
    """A double click, or the browser's back."""
    name, _ = asked
    form = await browser.form(name)

    first, second = [await browser.say(name, answer, form=form) for answer in ("no", "yes")]

    assert (first.status_code, second.status_code) == (303, 409)
    assert "answered already" in second.text
    assert "You said no" in second.text


async def test_of_a_yes_and_a_no_at_once_one_wins(story, browser, asked):
    """The row is the state."""
    name, _ = asked
    form = await browser.form(name)

    said = await asyncio.gather(*(browser.say(name, answer, form=form) for answer in ("yes", "no") * 4))

    assert sorted(one.status_code for one in said) == [303, *[409] * 7]
    assert story.store.confirmations.named(name)[0].state == "yes"


async def test_what_ran_out_can_not_be_answered(story, browser, asked):
    """410, and the answer that was under way says so too."""
    name, handle = asked
    form = await browser.form(name)
    story.clock.advance(timedelta(minutes=10))

    late, seen = await browser.say(name, "yes", form=form), await browser.http.get(f"/confirm/{name}")

    assert (late.status_code, seen.status_code) == (409, 410)
    assert "This ran out" in seen.text
    assert _judged(story, handle) == Refused("expired")


async def test_a_question_that_was_never_asked_is_unknown(browser):
    """404; neither the handle nor a part of a name leads there."""
    for name in ("0123456789abcdef", "cf_abc", "%", "0123456789ABCDEF", "0123"):
        assert (await browser.http.get(f"/confirm/{name}")).status_code == 404


async def test_what_was_forgotten_meanwhile_can_not_be_allowed(story, browser):
    """Nobody says yes to what they can't see."""
    name = story.house.gate.preview("halt", **BOUND, display=Display(question="Halt?")).name

    assert (await browser.say(name, "yes")).status_code == 400
    assert (await browser.say(name, "no")).status_code == 303


async def test_the_page_shows_the_media_through_this_server_and_a_yes_lets_the_agent_act(story):
    """The whole way at `human`: preview, needs_action, yes on the page, done, in results and trail as the person's."""
    story.under("human")
    post = await story.post(await story.project())
    browser = await Browser(story).enter()
    asked = await story.call("approve_content", containerIds=[post])
    handle = asked["confirmation"]["handle"]
    name = story.house.gate.person.waiting()[0].handle[:16]

    early = await story.call("approve_content", containerIds=[post], confirm=handle)
    page = await browser.http.get(f"/confirm/{name}")
    picture = await browser.http.get(re.search(r'src="(/confirm/[^"]+/picture)"', page.text)[1])
    none = [await browser.http.get(f"/confirm/{name}/{path}") for path in ("99/picture", "0/film", "0/else")]
    await browser.say(name, "yes")
    done = await story.call("approve_content", containerIds=[post], confirm=handle)

    assert early["status"] == "needs_action"
    assert "layers-mcp confirm)" in early["summary"]
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    assert len(picture.content) > 1000
    assert [one.status_code for one in none] == [404, 404, 404]
    assert "http" not in re.sub(r"<style>.*?</style>", "", page.text)
    assert (done["status"], done["confirmedBy"]) == ("done", "person")
    assert story.store.trail.recent(story.house.gate.principal)[0].how == "page"
    assert "It was done" in (await browser.http.get(f"/confirm/{name}")).text


async def test_a_part_of_a_file_can_be_asked_for_and_nothing_is_left_of_it_on_disk(story, tmp_path, monkeypatch):
    """Safari plays no film of a server that knows no ranges; the parts are of one file, and what is wrong with a range is said."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    post = await story.post(await story.project())
    browser = await Browser(story).enter()
    await story.call("approve_content", containerIds=[post])
    url = f"/confirm/{story.house.gate.person.waiting()[0].handle[:16]}/0/picture"

    whole = await browser.http.get(url)
    first = await browser.http.get(url, headers={"Range": "bytes=0-1"})
    rest = await browser.http.get(url, headers={"Range": "bytes=2-", "If-Range": first.headers["etag"]})
    beyond = await browser.http.get(url, headers={"Range": f"bytes={len(whole.content)}-"})

    assert [one.status_code for one in (whole, first, rest, beyond)] == [200, 206, 206, 416]
    assert first.headers["content-range"] == f"bytes 0-1/{len(whole.content)}"
    assert first.content + rest.content == whole.content
    assert rest.headers["content-security-policy"] == whole.headers["content-security-policy"]
    assert list((tmp_path / "tmp").iterdir()) == []


async def test_media_of_the_live_world_are_not_fetched_from_the_sandbox(story):
    """A preview of the one is no preview of the other, though both wait in one store."""
    post = await story.post(await story.project())
    browser = await Browser(story).enter()
    await story.call("approve_content", containerIds=[post])
    url = f"/confirm/{story.house.gate.person.waiting()[0].handle[:16]}/0/picture"
    with writing(story.store._engine) as connection:
        connection.execute(update(confirmations).values(sandbox=False))

    files = len(story.wire.files)

    assert (await browser.http.get(url)).status_code == 404
    assert len(story.wire.files) == files


def test_the_secret_is_made_once_and_is_its_owners_alone(tmp_path):
    """Mode 0600, in a folder that may not be there yet; another process finds the same."""
    folder = tmp_path / "state"

    first, second = person_token(folder), person_token(folder)
    mode = (folder / FILE).stat().st_mode & 0o777

    assert first == second
    assert (len(first), mode, [one.name for one in folder.iterdir()]) == (43, 0o600, [FILE])


@pytest.mark.parametrize(("mode", "content"), [(0o644, "x" * 43), (0o600, "")])
def test_a_secret_that_others_could_read_or_that_is_none_is_refused(tmp_path, mode, content):
    """It says how to get a new one, and not what it is."""
    file = tmp_path / FILE
    file.write_text(content)
    file.chmod(mode)

    with pytest.raises(Exposed, match="delete it"):
        person_token(tmp_path)
