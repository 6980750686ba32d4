"""A browser without a screen: what a page says, and what pressing one of its buttons sends."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urlencode, urljoin

import httpx2

__all__ = ["Page", "Pressed", "read", "walk"]

_SILENT = frozenset({"style", "script", "title"})


class Pressed(NamedTuple):
    """What pressing a button sends: a POST of the form `body` to `url`."""

    url: str
    body: str


class Page:
    """A page with at most one form. `lines`: what its reader sees, an element a line."""

    def __init__(self, url: str, lines: tuple[str, ...], action: str | None, buttons: dict[str, tuple[str, str]]) -> None:
        self.lines = lines
        self.buttons = tuple(buttons)
        self._url, self._action, self._sends = url, action, buttons

    def press(self, button: str) -> Pressed:
        """What pressing the button with these words sends.

        Raises:
            KeyError: the page has no such button.
        """
        name, value = self._sends[button]
        return Pressed(urljoin(self._url, self._action or ""), urlencode({name: value}))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.action: str | None = None
        self.buttons: dict[str, tuple[str, str]] = {}
        self._words: list[str] = []
        self._silent = 0
        self._sends: tuple[str, str] | None = None

    def _end_line(self) -> None:
        words = " ".join("".join(self._words).split())
        if words:
            self.lines.append(words)
        self._words = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._silent += tag in _SILENT
        if tag in ("p", "h1", "h2", "li", "button"):
            self._end_line()
        if tag == "form":
            self.action = given.get("action") or ""
        if tag == "button":
            self._sends = (given.get("name") or "", given.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT
        if tag == "button" and self._sends is not None:
            self.buttons[" ".join("".join(self._words).split())] = self._sends
            self._words, self._sends = [], None
        if tag in ("p", "h1", "h2", "li"):
            self._end_line()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._words.append(data)


def read(url: str, html: str) -> Page:
    """The page that `url` shows."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return Page(url, tuple(reader.lines), reader.action, reader.buttons)


async def walk(browser: httpx2.AsyncClient, url: str, button: str) -> tuple[Page, httpx2.Response]:
    """Open `url`, press a button of its form, and hand back the page and the answer; no redirect is followed.

    Raises:
        httpx2.HTTPStatusError: the page can't be opened.
        KeyError: it has no such button.
    """
    shown = await browser.get(url)
    shown.raise_for_status()
    page = read(url, shown.text)
    pressed = page.press(button)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return page, await browser.post(pressed.url, content=pressed.body, headers=form)
