"""A stranger's logo, opened with care."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageStat

from layers_mcp.sandbox.media.pixels import mapped

__all__ = ["opened", "plate"]

_FORMATS = ("PNG", "JPEG", "WEBP")
_MOST_PIXELS = 4096 * 4096
_SMALL = 512


def opened(content: bytes | None) -> Image.Image | None:
    """The picture, at most 512 pixels wide and high; None when there is none that can be read."""
    if not content:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(content), formats=_FORMATS)
            if picture.width * picture.height > _MOST_PIXELS or min(picture.size) < 16:
                return None
            picture.draft("RGB", (_SMALL, _SMALL))
            small = picture.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    small.thumbnail((_SMALL, _SMALL), Image.Resampling.LANCZOS)
    return small if small.getchannel("A").getbbox() is not None else None


def plate(logo: Image.Image) -> tuple[int, int, int] | None:
    """The colour to lay under a logo with transparent parts: white, or near black under a light one; None under a full one."""
    alpha = logo.getchannel("A")
    if ImageStat.Stat(alpha).mean[0] > 250:
        return None
    light = ImageStat.Stat(logo.convert("L"), mask=mapped(alpha, [255 if value > 64 else 0 for value in range(256)])).mean[0]
    return (24, 24, 28) if light > 190 else (255, 255, 255)
