"""The page's rendering alone: what a person sees of a row, and what a stranger's words can't do to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from layers_mcp.gate.person import name_of
from layers_mcp.server.page import pages
from layers_mcp.store.rows import Confirmation, Look

NOW = datetime(2026, 4, 18, 17, 22, tzinfo=UTC)
VIEW = pages.View(now=NOW, api_now=NOW, sandbox=False, form="f" * 64)
FACTS = {"platform": "tiktok", "account": "quinns", "hook": "Skip the line.", "caption": "Walk in.", "hiddenCharacters": 0, "media": ["u"]}
ITEM = {"id": "sa_1", "before": "not queued here yet", "after": "published", "facts": FACTS}
OURS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "header",
    "main",
    "nav",
    "article",
    "section",
    "h1",
    "h2",
    "p",
    "a",
    "bdi",
    "time",
}
OURS |= {"dl", "div", "dt", "dd", "ul", "ol", "li", "figure", "figcaption", "blockquote", "img", "video", "form", "input", "button"}
OURS |= {"details", "summary"}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</blockquote></section><form action=https://evil.example><button name=answer value=yes>",
    "javascript:alert(1)",
    "&lt;script&gt;",
    "</style></title><svg onload=alert(1)>",
    "\u202eevorppa\u202c \u2066hidden\u2069 \u200b\x1b[2J",
]


class Read(HTMLParser):
    """A page as its tags, their attributes, and the texts between."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        """Keep it."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        """Keep it."""
        self.texts.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every such tag."""
        return [attributes for name, attributes in self.tags if name == tag]


def row(**changes) -> Confirmation:
    """A preview of a post on one account."""
    made = {
        "handle": "ab" * 32,
        "principal": "key_1",
        "tool": "schedule_content",
        "arguments": "",
        "shown": "",
        "key": "k",
        "minted_at": NOW - timedelta(minutes=1),
        "expires_at": NOW + timedelta(hours=23),
        "question": "Publish content cnt_1 on 1 account?",
        "items": [ITEM],
        "media": (Look(container_id="cnt_1", asset_id="a", kind="image"), Look(container_id="cnt_1", asset_id="b", kind="video")),
        "due_at": NOW + timedelta(hours=3, minutes=12),
        "zone": "America/Los_Angeles",
    }
    return Confirmation.model_validate(made | changes)


def with_facts(**facts) -> Confirmation:
    """The same with other facts."""
    return row(items=[ITEM | {"facts": FACTS | facts}])


def test_a_preview_shows_what_a_person_needs_and_two_buttons_with_whole_names():
    """Issue 5: preview (media, caption, account, local time) and two buttons."""
    page = Read(pages.one(row(), VIEW))
    text = " ".join(page.texts)

    for words in (
        "Sat 18 Apr 2026 13:34 America/Los_Angeles",
        "20:34 UTC",
        "in 3 h 12 m",
        "TikTok account",
        "@quinns",
        "key_1",
        "Walk in.",
    ):
        assert words in text
    assert ("Yes, publish this" in text, "No, change nothing" in text) == (True, True)
    assert [one.get("value") for one in page.of("button")] == ["yes", "no"]
    assert page.of("html") == [{"lang": "en"}]
    assert page.of("img")[0]["src"] == f"/confirm/{name_of(row())}/0/picture"
    assert page.of("video")[0]["src"] == f"/confirm/{name_of(row())}/1/film"
    assert {one["datetime"] for one in page.of("time")} >= {"2026-04-18T20:34:00Z"}


@pytest.mark.parametrize("place", ["hook", "caption", "account", "platform", "whatever", "<b>"])
@pytest.mark.parametrize("words", HOSTILE)
def test_no_words_of_a_stranger_become_markup(words, place):
    """Issue 5: captions are quoted, never HTML; no control, zero-width or bidi character is left."""
    html = pages.one(with_facts(**{place: words}), VIEW)
    page = Read(html)

    assert {tag for tag, _ in page.tags} <= OURS
    assert len(page.of("form")) == 1
    assert len(page.of("button")) == 2
    assert not any(name.startswith("on") or name == "style" for _, attributes in page.tags for name in attributes)
    assert not any(char in html for char in "\u202e\u202c\u2066\u2069\u200b\x1b")


@pytest.mark.parametrize("words", HOSTILE)
def test_nor_in_a_question_an_id_or_a_state(words):
    """The same for what stands outside the facts."""
    item = {"id": words, "before": words, "after": words, "facts": {"captions": {words: words}, "list": [words, {words: words}]}}
    made = row(question=words, principal=words, tool=words, items=[item])

    for html in (pages.one(made, VIEW), pages.listing([made], VIEW), pages.one(made.model_copy(update={"state": "yes"}), VIEW)):
        assert {tag for tag, _ in Read(html).tags} <= OURS


def test_a_long_caption_is_shown_whole_and_in_its_own_direction():
    """A person says yes to all of it; Arabic and Hebrew read from the right."""
    long, arabic = "اقرأ " * 2000, "مرحبا <b>"
    page = Read(pages.one(with_facts(caption=long, hook=arabic), VIEW))

    assert long in page.texts
    assert arabic in page.texts
    assert all(one["dir"] == "auto" for one in page.of("blockquote"))


def test_unseen_characters_are_counted():
    """They would go out although nobody can see them."""
    page = Read(pages.one(with_facts(hiddenCharacters=3), VIEW))

    assert any(text.startswith("3 characters that can't be seen") for text in page.texts)


@pytest.mark.parametrize(
    ("changes", "heading"),
    [
        ({"state": "yes"}, "You said yes"),
        ({"state": "no"}, "You said no"),
        ({"state": "acting"}, "It was allowed"),
        ({"state": "done", "confirmed_by": "person", "finished_at": NOW}, "It was done"),
        ({"state": "failed"}, "It was allowed and failed"),
        ({"expires_at": NOW}, "This ran out"),
        ({"expires_at": NOW, "state": "yes"}, "The yes ran out"),
        ({"expires_at": NOW, "state": "asked"}, "This ran out"),
    ],
)
def test_what_is_over_says_so_and_has_no_buttons(changes, heading):
    """After an answer: what happens next, in one sentence."""
    page = Read(pages.one(row(**changes), VIEW))

    assert heading in page.texts
    assert page.of("form") == page.of("button") == []


def test_what_is_not_kept_any_more_can_only_be_turned_down():
    """`layers-mcp forget` empties the words; nobody says yes to what they can't see."""
    page = Read(pages.one(row(items=None, media=()), VIEW))

    assert [one["value"] for one in page.of("button")] == ["no"]


def test_a_time_that_passed_while_it_waited_is_named():
    """Rows live for a day; the distance is counted from now, not from the question."""
    assert "ago: this time has passed" in pages.one(row(due_at=NOW - timedelta(minutes=5)), VIEW)


def test_the_list_names_each_with_a_link_newest_last():
    """Issue 5: list."""
    older, newer = row(), row(handle="cd" * 32, tool="approve_content", question="Approve 2 posts?")

    page = Read(pages.listing([older, newer], VIEW))

    assert [one["href"] for one in page.of("a")][:2] == [f"/confirm/{name_of(older)}", f"/confirm/{name_of(newer)}"]
    assert "Nothing waits" in pages.listing([], VIEW)


@pytest.mark.parametrize("serving", [True, False])
def test_where_it_would_act_is_said_of_the_row_whichever_server_shows_it(serving):
    """Review of issue 5: a sandbox's server shows the live rows of its state folder too, and the reverse."""
    view = pages.View(now=NOW, api_now=NOW + timedelta(days=9), sandbox=serving, form="f" * 64)
    mine, other = row(sandbox=serving), row(sandbox=not serving)
    words = {True: "Sandbox: nothing here reaches anyone.", False: "Live: what is allowed here is done at Layers."}

    for made in (mine, other, mine.model_copy(update={"state": "yes"}), other.model_copy(update={"state": "yes"})):
        for html in (pages.one(made, view), pages.listing([made], view)):
            assert (words[made.sandbox] in html, words[not made.sandbox] in html) == (True, False)
    assert ("From now" in pages.one(mine, view), "From now" in pages.one(other, view)) == (True, False)
    assert (len(Read(pages.one(mine, view)).of("img")), Read(pages.one(other, view)).of("img")) == (1, [])
    assert "What it looks like can&#x27;t be shown here" in pages.one(other, view)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"name": "Spring", "platform": "meta_ads"}, "meta_ads"),
        ({"platform": "ios", "account": None}, "ios"),
        ({"platform": "tiktok", "account": 7}, "7"),
        ({"account": "quinns", "platform": ["tiktok", "x"]}, "tiktok"),
        ({"captions": "one for all"}, "one for all"),
        ({"captions": ["first", "second"]}, "second"),
        ({"hiddenCharacters": "some"}, "some"),
    ],
)
def test_a_fact_is_left_out_of_the_table_only_where_it_stands_elsewhere(facts, said):
    """Review of issue 5: a campaign's or an app's platform stands in no heading."""
    assert said in Read(pages.one(row(items=[ITEM | {"facts": facts}], media=()), VIEW)).texts


def test_what_would_be_emptied_is_shown_as_none():
    """Review of issue 5: a nested null is a change too."""
    made = row(items=[ITEM | {"facts": {"to": {"tagline": None, "logos": [None], "more": {}}}}], media=())

    assert Read(pages.one(made, VIEW)).texts.count("none") == 3
