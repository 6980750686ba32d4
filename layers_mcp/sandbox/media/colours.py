"""The colours of a brand: from its logo, else from its name; text always readable on them."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from hashlib import sha256

from PIL import Image

from layers_mcp.sandbox.media.pixels import resized

__all__ = ["READABLE", "Palette", "Rgb", "contrast", "mixed", "on", "palette"]

Rgb = tuple[int, int, int]
READABLE = 4.5
"""WCAG 2.2, 1.4.3: the least contrast of text."""
_AIM = 4.8
"""What is aimed at, so that rounding and JPEG stay above the least."""
_WHITE: Rgb = (255, 255, 255)
_BLACK: Rgb = (16, 16, 20)
_MUTED = 0.18
"""Saturation below which a colour counts as grey."""


@dataclass(frozen=True, slots=True)
class Palette:
    """`top` and `bottom` of the background, `shade` laid thinly over it for a pattern, `ink` of text, `accent` and the ink on it."""

    top: Rgb
    bottom: Rgb
    shade: Rgb
    ink: Rgb
    accent: Rgb
    on_accent: Rgb


def _luminance(colour: Rgb) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    """One colour with a share of another, 0 to 1."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def on(colour: Rgb) -> Rgb:
    """Black or white, whichever reads better on a colour."""
    return max((_WHITE, _BLACK), key=lambda ink: contrast(ink, colour))


def _rgb(hue: float, light: float, full: float) -> Rgb:
    red, green, blue = (round(part * 255) for part in colorsys.hls_to_rgb(hue % 1.0, min(1.0, max(0.0, light)), full))
    return red, green, blue


def _hls(colour: Rgb) -> tuple[float, float, float]:
    red, green, blue = colour
    return colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)


def _against(colour: Rgb, *others: Rgb) -> Rgb:
    """The colour, lighter or darker, until it reads on all the others."""
    hue, light, full = _hls(colour)
    step = 0.01 if _luminance(others[0]) < 0.18 else -0.01
    while min(contrast(colour, other) for other in others) < _AIM and 0 < light + step < 1:
        light += step
        colour = _rgb(hue, light, full)
    return colour


def _of_logo(logo: Image.Image) -> Rgb | None:
    """The colour most of a logo has, a full one before a grey one; None when it has but black and white."""
    small = resized(logo.convert("RGBA"), (64, 64))
    solid = Image.new("RGB", small.size, _WHITE)
    solid.paste(small, (0, 0), small.getchannel("A"))
    few = solid.quantize(12, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    best: tuple[float, Rgb] | None = None
    for share, colour in few.getcolors(64 * 64) or []:
        if not isinstance(colour, tuple):  # pragma: no cover - an RGB picture has tuples
            continue
        seen: Rgb = (colour[0], colour[1], colour[2])
        _, light, _ = _hls(seen)
        vivid = (max(seen) - min(seen)) / 255
        if vivid < _MUTED or not 0.08 < light < 0.95:
            continue
        score = share * vivid
        if best is None or score > best[0]:
            best = (score, seen)
    return best[1] if best is not None else None


def _of_name(name: str) -> Rgb:
    digest = sha256(name.casefold().encode()).digest()
    return _rgb(digest[0] / 256, 0.42 + digest[1] / 256 * 0.12, 0.62 + digest[2] / 256 * 0.2)


def _vivid(seed: Rgb) -> Palette:
    hue, _, full = _hls(seed)
    light = _luminance(seed) > 0.42
    ink = _BLACK if light else _WHITE
    top = _against(seed, ink)
    _, level, _ = _hls(top)
    bottom = _against(_rgb(hue + (-0.025 if hue < 0.2 or hue > 0.9 else 0.04), level + (0.1 if light else -level * 0.38), full), ink)
    accent = _against(_rgb(hue + (0.55 if light else 0.42), 0.3 if light else 0.8, 0.9), top, bottom)
    return Palette(top, bottom, _WHITE if light else _BLACK, ink, accent, on(accent))


def _paper(seed: Rgb) -> Palette:
    hue, _, full = _hls(seed)
    top, bottom = _rgb(hue, 0.97, min(full, 0.6)), _rgb(hue, 0.91, min(full, 0.6))
    accent = _against(seed, bottom, top)
    return Palette(top, bottom, _WHITE, _rgb(hue, 0.1, min(full, 0.45)), accent, on(accent))


def _night(seed: Rgb) -> Palette:
    hue, _, full = _hls(seed)
    top, bottom = _rgb(hue, 0.13, min(full, 0.34)), _rgb(hue + 0.04, 0.06, min(full, 0.34))
    accent = _against(seed, top, bottom)
    return Palette(top, bottom, _BLACK, _rgb(hue, 0.96, 0.5), accent, on(accent))


def palette(name: str, logo: Image.Image | None, variant: int) -> Palette:
    """The colours for one variant; every third is vivid, light or dark."""
    seed = (_of_logo(logo) if logo is not None else None) or _of_name(name)
    return (_vivid, _paper, _night)[variant % 3](seed)
