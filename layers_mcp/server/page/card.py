"""A preview as HTML, from its row alone: before and after, what it looks like, what strangers wrote in quotes. It answers nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, cast

from pydantic import JsonValue

from layers_mcp.clock import zone_of
from layers_mcp.contract.scalars import wire_time
from layers_mcp.server.page.html import Html, joined, tag
from layers_mcp.server.page.words import clock, distance, fact_name
from layers_mcp.store.rows import Confirmation, Look
from layers_mcp.tool.moment import clock_words

__all__ = ["preview", "timed"]

_QUOTED = ("hook", "caption")
_LONG = 80
"""Letters from which on a text is quoted in lines of its own."""
_NOT_HERE = "What it looks like can't be shown here: this server is on the other one of live API and sandbox."


def timed(moment: datetime, words: str) -> Html:
    """A moment that programs can read too."""
    return tag("time", words, datetime=wire_time(moment))


def _told(name: str, value: str | Html) -> Html:
    return tag("div", tag("dt", name), tag("dd", value))


def _value(value: JsonValue) -> Html:
    """A fact that is not quoted; strangers' words are kept from turning the line around."""
    if value is None:
        return joined("none")
    if isinstance(value, bool):
        return joined("yes" if value else "no")
    if isinstance(value, list):
        return tag("ul", *(tag("li", _value(one)) for one in value)) if value else joined("none")
    if isinstance(value, dict):
        return tag("dl", *(_told(fact_name(name), _value(one)) for name, one in value.items())) if value else joined("none")
    return tag("bdi", str(value))


def _quote(name: str, words: str) -> Html:
    """What somebody wrote, marked as theirs; whichever way it reads."""
    return tag("figure", tag("figcaption", name), tag("blockquote", words, dir="auto"), class_="quote")


def _is_text(name: str, value: JsonValue) -> bool:
    return isinstance(value, str) and bool(value) and (name in _QUOTED or len(value) > _LONG or "\n" in value)


def _quotes(facts: dict[str, JsonValue]) -> Iterator[Html]:
    for name, value in facts.items():
        if _is_text(name, value):
            yield _quote(fact_name(name), str(value))
    captions = facts.get("captions")
    if isinstance(captions, dict):
        for platform, words in captions.items():
            yield _quote(f"Caption for {fact_name(platform)}", words if isinstance(words, str) else _value(words))
    hidden = facts.get("hiddenCharacters")
    if isinstance(hidden, int) and hidden > 0:
        yield tag(
            "p", f"{hidden} characters that can't be seen stand in these texts. They are left out here and would go out.", class_="note"
        )


def _elsewhere(facts: dict[str, JsonValue]) -> set[str]:
    """The facts that stand in the heading, or among the quotes."""
    headed = {"account", "platform"} if isinstance(facts.get("account"), str) else set[str]()
    headed -= set() if isinstance(facts.get("platform"), str) else {"platform"}
    quoted = {"captions"} if isinstance(facts.get("captions"), dict) else set[str]()
    return headed | quoted | ({"hiddenCharacters"} if isinstance(facts.get("hiddenCharacters"), int) else set[str]())


def _table(facts: dict[str, JsonValue], *, pictured: bool) -> Html:
    elsewhere = _elsewhere(facts)
    rows = [
        _told(fact_name(name), _value(value))
        for name, value in facts.items()
        if value not in (None, "", [], {}) and name not in elsewhere and not _is_text(name, value) and not (pictured and name == "media")
    ]
    return tag("dl", *rows) if rows else Html("")


def _seen(row: Confirmation, wanted: Sequence[Look], root: str, *, here: bool) -> Html:
    """The media, each by its place in the row, fetched by this server; those of another world are not to be had `here`."""
    if not wanted:
        return Html("")
    if not here:
        return tag("p", _NOT_HERE, class_="note")
    shown: list[Html] = []
    for look in wanted:
        at, title = f"{root}/{row.media.index(look)}", f"File {wanted.index(look) + 1} of {len(wanted)}"
        picture = tag("img", src=f"{at}/picture", alt=title, loading="lazy")
        if look.kind == "video":
            picture = tag(
                "video",
                src=f"{at}/film",
                poster=f"{at}/picture",
                preload="none",
                controls=True,
                playsinline=True,
                aria_label=f"Film, {title}",
            )
        shown.append(tag("li", picture))
    return tag("ul", *shown, class_="media", aria_label="What it looks like")


def _change(item: dict[str, Any]) -> Html:
    return tag(
        "dl",
        tag("div", tag("dt", "Now"), tag("dd", str(item["before"]))),
        tag("div", "→", class_="to", aria_hidden="true"),
        tag("div", tag("dt", "After your yes"), tag("dd", str(item["after"])), class_="then"),
        class_="change",
    )


def _heading(item: dict[str, Any], number: int) -> Html:
    facts = cast("dict[str, JsonValue]", item["facts"])
    account, platform = facts.get("account"), facts.get("platform")
    words = joined(tag("bdi", str(item["id"])))
    if isinstance(account, str):
        on = f"{fact_name(platform)} account " if isinstance(platform, str) else "Account "
        words = joined(on, tag("bdi", f"@{account.removeprefix('@')}"))
    return tag("h2", words, id=f"item-{number}")


def _item(row: Confirmation, item: dict[str, Any], *, number: int, root: str, here: bool) -> Html:
    facts = cast("dict[str, JsonValue]", item["facts"])
    own = [look for look in row.media if look.container_id == item["id"]]
    seen = _seen(row, own, root, here=here)
    parts = (_heading(item, number), _change(item), seen, *_quotes(facts), _table(facts, pictured=bool(row.media)))
    return tag("section", *parts, aria_labelledby=f"item-{number}")


def _due(row: Confirmation, now: datetime | None) -> Html:
    """When it would happen: by the project's clocks, in UTC, and from now where its world's time is known."""
    if row.due_at is None:
        return Html("")
    zone = zone_of(row.zone) if row.zone else None
    rows = [_told("In UTC", timed(row.due_at, clock(row.due_at)))]
    if now is not None:
        rows.append(_told("From now", distance(row.due_at, now)))
    if zone is not None:
        rows.insert(0, _told("In the project's zone", clock_words(row.due_at, zone).partition(" (")[0]))
    return tag("section", tag("h2", "When", id="when"), tag("dl", *rows), aria_labelledby="when")


def _shared(row: Confirmation, named: set[str], root: str, *, here: bool) -> Html:
    """The media that belong to no single item: one post for several accounts."""
    wanted = [look for look in row.media if look.container_id not in named]
    if not wanted:
        return Html("")
    return tag("section", tag("h2", "What goes out", id="media"), _seen(row, wanted, root, here=here), aria_labelledby="media")


def preview(row: Confirmation, *, now: datetime | None, root: str) -> Html:
    """All that a person was shown: when it would happen, and each thing with its media.

    `now`: the time of the API it would act on, None where this server is on another; `root`: the address of this preview.
    """
    items = cast("list[dict[str, Any]]", row.items or [])
    here = now is not None
    each = [_item(row, item, number=number, root=root, here=here) for number, item in enumerate(items, 1)]
    return joined(_due(row, now), _shared(row, {item["id"] for item in items}, root, here=here), *each)
