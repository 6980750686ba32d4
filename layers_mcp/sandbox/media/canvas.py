"""The sheet a slide is painted on: its measures, its background, and the shapes on it."""

from __future__ import annotations

from PIL import Image, ImageDraw

from layers_mcp.sandbox.media.colours import Palette, Rgb, mixed
from layers_mcp.sandbox.media.logo import plate
from layers_mcp.sandbox.media.pixels import mapped, resized
from layers_mcp.sandbox.media.typeset import Box

__all__ = ["HEIGHT", "SAFE", "WIDTH", "background", "dots", "panel", "tile"]

WIDTH, HEIGHT = 1080, 1920
SAFE = Box(120, 220, 840, 1320)
"""What the buttons and captions of TikTok and Instagram leave free: 120 px at the sides, 220 at the top, 380 at the bottom."""
_THIN = {True: 0.16, False: 0.4}
"""How much of the shade a pattern takes, where the shade is dark and where it is light."""
_FINE = 4
"""How much larger shapes are drawn before they are made smaller, so that their edges are smooth."""


def _mask(size: tuple[int, int], radius: float) -> Image.Image:
    mask = Image.new("L", (size[0] * _FINE, size[1] * _FINE))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, mask.width - 1, mask.height - 1), radius * _FINE, fill=255)
    return mask.reduce(_FINE)


def _thin(mask: Image.Image, shade: Rgb) -> Image.Image:
    share = _THIN[max(shade) < 128]
    return mapped(mask, [round(value * share) for value in range(256)])


def _disc(sheet: Image.Image, colour: Rgb, centre: tuple[int, int], radius: int) -> None:
    sheet.paste(colour, (centre[0] - radius, centre[1] - radius), _thin(_mask((2 * radius, 2 * radius), radius), colour))


def _ring(sheet: Image.Image, colour: Rgb, centre: tuple[int, int], radius: int) -> None:
    mask = _mask((2 * radius, 2 * radius), radius)
    inner = round(radius * 0.72)
    mask.paste(0, (radius - inner, radius - inner), _mask((2 * inner, 2 * inner), inner))
    sheet.paste(colour, (centre[0] - radius, centre[1] - radius), _thin(mask, colour))


def _band(sheet: Image.Image, colour: Rgb, top: int, height: int) -> None:
    mask = Image.new("L", (WIDTH * 2, HEIGHT * 2))
    slope = WIDTH
    ImageDraw.Draw(mask).polygon(
        [(0, (top + slope) * 2), (WIDTH * 2, top * 2), (WIDTH * 2, (top + height) * 2), (0, (top + height + slope) * 2)], fill=255
    )
    sheet.paste(colour, (0, 0), _thin(mask.reduce(2), colour))


def background(colours: Palette, pattern: int) -> Image.Image:
    """A sheet running from the top colour to the bottom one, with a quiet pattern in the shade, which never lowers contrast."""
    share = resized(Image.linear_gradient("L"), (WIDTH, HEIGHT))
    sheet = Image.composite(Image.new("RGB", share.size, colours.bottom), Image.new("RGB", share.size, colours.top), share)
    if pattern % 3 == 0:
        _disc(sheet, colours.shade, (WIDTH - 60, 140), 420)
        _disc(sheet, colours.shade, (60, HEIGHT - 120), 300)
    elif pattern % 3 == 1:
        _ring(sheet, colours.shade, (40, 180), 430)
        _ring(sheet, colours.shade, (WIDTH - 20, HEIGHT - 200), 380)
    else:
        _band(sheet, colours.shade, -700, 420)
        _band(sheet, colours.shade, HEIGHT - 620, 420)
    return sheet


def panel(sheet: Image.Image, box: Box, colour: Rgb, radius: int) -> None:
    """A filled box with round corners."""
    sheet.paste(colour, (box.x, box.y), _mask((box.width, box.height), radius))


def tile(sheet: Image.Image, logo: Image.Image, corner: tuple[int, int], size: int) -> None:
    """A logo in a square with round corners, on a plate where it is transparent."""
    under = plate(logo)
    room = size if under is None else round(size * 0.72)
    scale = room / max(logo.size)
    small = resized(logo, (max(1, round(logo.width * scale)), max(1, round(logo.height * scale))))
    edge = logo.convert("RGB").getpixel((0, 0))
    square = Image.new("RGB", (size, size), under or (edge if isinstance(edge, tuple) else (255, 255, 255)))
    square.paste(small, ((size - small.width) // 2, (size - small.height) // 2), small)
    sheet.paste(square, corner, _mask((size, size), size * 0.23))


def dots(sheet: Image.Image, *, at: int, of: int, colours: Palette, rtl: bool) -> None:
    """Which of how many slides this is, at the foot of the safe part."""
    wide, small, gap = 44, 14, 14
    x = (WIDTH - (wide + (of - 1) * (small + gap))) // 2
    for place in range(of):
        here = (of - 1 - place if rtl else place) == at
        width = wide if here else small
        colour = colours.ink if here else mixed(colours.bottom, colours.ink, 0.34)
        panel(sheet, Box(x, SAFE.y + SAFE.height - small, width, small), colour, small // 2)
        x += width + gap
