"""The pages: what waits, one preview with its two buttons or what became of it, and a page that only says something. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from layers_mcp.gate.person import name_of
from layers_mcp.server.page.card import preview, timed
from layers_mcp.server.page.html import Html, joined, tag
from layers_mcp.server.page.style import STYLE
from layers_mcp.server.page.words import clock, left, standing, tool_name, world, yes_words
from layers_mcp.store.rows import Confirmation

__all__ = ["LIST", "View", "listing", "name_of", "one", "told"]

LIST = "/confirm"
"""Where the page is, on whatever server serves it."""
_UNJUDGED = "What was shown is not kept any more, so it can't be judged here. The assistant can ask again."


@dataclass(frozen=True, kw_only=True)
class View:
    """What a page is shown by: the wall's time, the API's time, whether this server is on the sandbox, and the form's token, if any."""

    now: datetime
    api_now: datetime
    sandbox: bool
    form: str = ""


def _whole(title: str, *inner: str, says: str = "layers-mcp", nav: bool = True) -> str:
    """A page with its landmarks; `says`: what stands at its top."""
    where = tag("nav", tag("a", "All that waits", href=LIST), aria_label="This page") if nav else Html("")
    head = joined(
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{title} · layers-mcp"),
        tag("style", Html(STYLE)),
    )
    body = tag("body", tag("header", where, tag("p", says)), tag("main", *inner))
    return f"<!doctype html>\n{tag('html', tag('head', head), body, lang='en')}\n"


def told(heading: str, words: str, *, link: tuple[str, str] | None = None, nav: bool = False) -> str:
    """A page on which nothing can be decided. `link`: its words, and where it leads."""
    more = tag("p", tag("a", link[0], href=link[1])) if link else Html("")
    return _whole(heading, tag("article", tag("h1", heading), tag("p", words, class_="lead"), more), nav=nav)


def _asked(row: Confirmation, now: datetime) -> Html:
    """Who asked and when, and until when it is good."""
    until = timed(row.expires_at, f"{clock(row.expires_at)}, {left(row.expires_at, now)} from now")
    return joined("Asked by ", tag("bdi", row.principal), " on ", timed(row.minted_at, clock(row.minted_at)), ". Good until ", until, ".")


def listing(rows: Sequence[Confirmation], view: View) -> str:
    """What waits, newest last."""
    entries = [
        tag(
            "li",
            tag("p", f"{tool_name(row.tool)} · {world(row)}", class_="over"),
            tag("a", row.question or tool_name(row.tool), href=f"{LIST}/{name_of(row)}"),
            tag("p", _asked(row, view.now), class_="soft"),
        )
        for row in rows
    ]
    body = tag("ol", *entries, class_="waiting") if entries else tag("p", "Nothing waits for an answer.", class_="lead")
    again = tag("p", tag("a", "Look again", href=LIST))
    return _whole("What waits for your yes", tag("article", tag("h1", "What waits for your yes"), body, again), nav=False)


def _form(row: Confirmation, form: str) -> Html:
    """The two buttons; a yes only to what can be seen."""
    yes = tag("button", yes_words(row.question), type="submit", name="answer", value="yes")
    no = tag("button", "No, change nothing", type="submit", name="answer", value="no")
    token = tag("input", type="hidden", name="form", value=form)
    return tag("form", token, *([yes, no] if row.items else [no]), method="post", action=f"{LIST}/{name_of(row)}")


def one(row: Confirmation, view: View, *, before: bool = False) -> str:
    """A preview with its buttons, or what became of it. `before`: an answer came that was not the first."""
    root, stands = f"{LIST}/{name_of(row)}", standing(row, view.now)
    here = row.sandbox == view.sandbox
    shown = preview(row, now=view.api_now if here else None, root=root)
    small = tag("p", f"In the terminal: layers-mcp confirm show {name_of(row)}", class_="soft")
    if stands.open:
        question = row.question or tool_name(row.tool)
        notes = Html("") if row.items else tag("p", _UNJUDGED, class_="note")
        parts = (
            tag("p", tool_name(row.tool), class_="over"),
            tag("h1", question, id="question"),
            tag("p", _asked(row, view.now), class_="soft"),
            joined(shown, notes, _form(row, view.form), small),
        )
        asked = yes_words(question).removeprefix("Yes, ")
        title = f"{asked[:1].upper()}{asked[1:]}?"
        return _whole(title, tag("article", *parts, aria_labelledby="question"), says=world(row))
    again = tag("p", "It was answered already; this answer changed nothing.", class_="note") if before else Html("")
    was = tag("details", tag("summary", "What was shown"), tag("p", row.question), shown) if row.items else Html("")
    parts = (tag("p", tool_name(row.tool), class_="over"), tag("h1", stands.heading), tag("p", stands.next, class_="lead"), again, was)
    return _whole(stands.heading, tag("article", *parts), says=world(row))
