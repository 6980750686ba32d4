"""Draws slides from a brief: the hook, the brand, what it does, and the call to action."""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import dataclass, replace

from PIL import Image

from layers_mcp.sandbox.clean import cut
from layers_mcp.sandbox.media.brief import SlideBrief, Unwritable
from layers_mcp.sandbox.media.canvas import HEIGHT, SAFE, WIDTH, background, dots, panel, tile
from layers_mcp.sandbox.media.colours import Palette, Rgb, palette
from layers_mcp.sandbox.media.letters import clusters, drawable
from layers_mcp.sandbox.media.logo import opened
from layers_mcp.sandbox.media.runs import right_to_left
from layers_mcp.sandbox.media.typeset import Align, Block, Box, Style, fit, middle, paint

__all__ = ["HEIGHT", "SAFE", "WIDTH", "draw"]

_BOLD, _PLAIN = 700, 500
_QUALITY = 90
_MOST_TOGETHER = 100
"""Letters of sentences that share a slide; a wide letter counts twice."""
_TIGHT = re.compile(r"(?<=[.!?؟।])\s+|(?<=[。\uff01\uff1f])|\n+")
_MOST_SAID, _MOST_READ = 220, 1200
"""Letters of the description on one slide, and those looked at."""
_ONE_LINE = 0.72
"""How much smaller a call may be set to stay on one line."""
_BAR = 84
"""The height of the row with logo and name."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What all the slides of one brief share."""

    brief: SlideBrief
    logo: Image.Image | None
    colours: Palette
    language: str
    rtl: bool

    def style(self, weight: int, most: int, least: int) -> Style:
        """A style in the brief's language."""
        return Style(weight, most, least, self.language)

    @property
    def inks(self) -> tuple[Rgb, Rgb]:
        """The colours of letters and of emoji."""
        return self.colours.ink, self.colours.accent

    @property
    def start(self) -> tuple[Align, int]:
        """The side that lines begin at, and its x."""
        return ("right", SAFE.x + SAFE.width) if self.rtl else ("left", SAFE.x)


def _length(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1 for letter in text)


def _sentences(text: str) -> list[str]:
    """What the description says, in pieces that fit a slide."""
    pieces: list[str] = []
    for each in _TIGHT.split(text.strip()):
        sentence = each.strip()
        if not sentence:
            continue
        if pieces and _length(pieces[-1]) + _length(sentence) < _MOST_TOGETHER:
            pieces[-1] += ("" if pieces[-1][-1] in "。\uff01\uff1f" else " ") + sentence
        else:
            pieces.append(sentence)
    return pieces


def _mark(sheet: Image.Image, look: _Look, corner: tuple[int, int], size: int) -> None:
    """The logo, or the name's first letter on the accent colour."""
    if look.logo is not None:
        tile(sheet, look.logo, corner, size)
        return
    panel(sheet, Box(*corner, size, size), look.colours.accent, round(size * 0.23))
    first = (clusters(drawable(look.brief.app_name, look.language)) or ("",))[0].upper()
    room = round(size * 0.6)
    letter = fit(first, Box(0, 0, room, size), look.style(_BOLD, room, 12))
    at = (corner[0] + size // 2, corner[1] + size // 2 - middle(letter))
    paint(sheet, letter, at, align="center", inks=(look.colours.on_accent, look.colours.on_accent))


def _name_row(sheet: Image.Image, look: _Look) -> None:
    """Logo and name at the top, where lines begin."""
    align, edge = look.start
    _mark(sheet, look, (edge - _BAR if look.rtl else edge, SAFE.y), _BAR)
    room = SAFE.width - _BAR - 28
    name = fit(look.brief.app_name.replace("\n", " "), Box(0, 0, room, _BAR), look.style(_BOLD, 46, 26))
    x = edge - _BAR - 28 if look.rtl else edge + _BAR + 28
    paint(sheet, name, (x, SAFE.y + (_BAR - name.height) // 2), align=align, inks=look.inks)


def _headline(text: str, box: Box, style: Style) -> Block:
    """The text on one line where it fits one at not much less than its full size, else as large as it fits."""
    large = fit(text, box, style)
    if len(large.lines) == 1:
        return large
    small = fit(text, box, replace(style, most=max(style.least, round(style.most * _ONE_LINE))))
    return small if len(small.lines) == 1 else large


def _statement(look: _Look, sheet: Image.Image, text: str, style: Style) -> None:
    """One text on the middle of the slide, from the side where lines begin, under the name."""
    _name_row(sheet, look)
    align, edge = look.start
    top = SAFE.y + _BAR + 60
    room = Box(SAFE.x, top, SAFE.width, SAFE.y + SAFE.height - 90 - top)
    block = fit(text, Box(room.x, room.y, room.width, room.height - 50), style)
    y = room.y + (room.height - block.height) // 2
    panel(sheet, Box(edge - 96 if look.rtl else edge, y, 96, 10), look.colours.accent, 5)
    paint(sheet, block, (edge, y + 44), align=align, inks=look.inks)


def _brand_card(look: _Look, sheet: Image.Image) -> None:
    """Logo, name and tagline, in the middle."""
    mark, gap = 300, 56
    name = _headline(look.brief.app_name, Box(0, 0, SAFE.width, 360), look.style(_BOLD, 120, 44))
    tagline = (look.brief.tagline or "").strip()
    tagline = "" if tagline == look.brief.hook.strip() else tagline  # the slide before says it already
    said = fit(tagline, Box(0, 0, SAFE.width, 460), look.style(_PLAIN, 62, 36)) if tagline else None
    height = mark + gap + name.height + (said.height + 28 if said else 0)
    y = SAFE.y + (SAFE.height - height) // 2
    _mark(sheet, look, ((WIDTH - mark) // 2, y), mark)
    paint(sheet, name, (WIDTH // 2, y + mark + gap), align="center", inks=look.inks)
    if said is not None:
        paint(sheet, said, (WIDTH // 2, y + mark + gap + name.height + 28), align="center", inks=look.inks)


def _call(look: _Look, sheet: Image.Image, text: str) -> None:
    """The call to action on a panel in the accent colour, under logo and name."""
    mark, pad = 200, 64
    name = _headline(look.brief.app_name, Box(0, 0, SAFE.width, 220), look.style(_BOLD, 72, 40))
    block = _headline(text, Box(0, 0, SAFE.width - 2 * pad, 560), look.style(_BOLD, 96, 40))
    box_height = block.height + 2 * pad
    height = mark + 40 + name.height + 80 + box_height
    y = SAFE.y + (SAFE.height - height) // 2
    _mark(sheet, look, ((WIDTH - mark) // 2, y), mark)
    paint(sheet, name, (WIDTH // 2, y + mark + 40), align="center", inks=look.inks)
    box = Box(SAFE.x, y + height - box_height, SAFE.width, box_height)
    panel(sheet, box, look.colours.accent, min(72, box_height // 2))
    at = (WIDTH // 2, box.y + box.height // 2 - middle(block))
    paint(sheet, block, at, align="center", inks=(look.colours.on_accent, look.colours.on_accent))


def _said(brief: SlideBrief, language: str) -> list[str]:
    """At most two pieces of the description that the other slides do not say, as far as they can be drawn."""
    known = {" ".join(text.split()).casefold().rstrip(".。") for text in (brief.hook, brief.tagline or "", brief.cta or "")}
    pieces = [
        piece
        for piece in _sentences((brief.description or "")[:_MOST_READ])
        if " ".join(piece.split()).casefold().rstrip(".。") not in known
    ]
    written: list[str] = []
    for piece in pieces[:2]:
        try:
            written.append(drawable(cut(piece, _MOST_SAID), language))
        except Unwritable:
            continue
    return [piece for piece in written if piece]


def _sheets(look: _Look) -> list[Image.Image]:
    brief = look.brief
    said = _said(brief, look.language)
    call = (brief.cta or "").strip()
    sheets = [background(look.colours, brief.variant // 3 + brief.variant + number) for number in range(3 + len(said))]
    _statement(look, sheets[0], brief.hook, look.style(_BOLD, 116, 40))
    _brand_card(look, sheets[1])
    for number, piece in enumerate(said, start=2):
        _statement(look, sheets[number], piece, look.style(_PLAIN, 84, 40))
    _call(look, sheets[-1], call or (brief.tagline or "").strip() or brief.app_name)
    for number, sheet in enumerate(sheets):
        dots(sheet, at=number, of=len(sheets), colours=look.colours, rtl=look.rtl)
    return sheets


def _jpeg(sheet: Image.Image) -> bytes:
    file = io.BytesIO()
    sheet.save(file, "JPEG", quality=_QUALITY, subsampling=0, optimize=True)
    return file.getvalue()


def draw(brief: SlideBrief) -> tuple[bytes, ...]:
    """Three to five JPEG slides of 1080 by 1920 pixels; text and marks stay inside `SAFE`. The same brief gives the same bytes.

    Raises: Unwritable, when no installed font has the letters of hook, call to action, name or tagline.
    """
    logo = opened(brief.logo)
    language = brief.language or ""
    look = _Look(brief, logo, palette(brief.app_name, logo, brief.variant), language, right_to_left(brief.hook, language))
    return tuple(_jpeg(sheet) for sheet in _sheets(look))
