"""One small picture of a set of slides, to show where people talk."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

from layers_mcp.sandbox.media.pixels import resized

__all__ = ["AT_MOST", "preview"]

AT_MOST = 200_000
"""Bytes of a preview."""
_SIZE = (324, 576)
_GAP = 12


def preview(slides: Sequence[bytes]) -> bytes:
    """The slides side by side as one JPEG of less than `AT_MOST` bytes."""
    sheet = Image.new("RGB", ((_SIZE[0] + _GAP) * len(slides) - _GAP, _SIZE[1]), (255, 255, 255))
    for number, slide in enumerate(slides):
        with Image.open(io.BytesIO(slide)) as picture:
            picture.draft("RGB", (_SIZE[0] * 2, _SIZE[1] * 2))
            sheet.paste(resized(picture, _SIZE), ((_SIZE[0] + _GAP) * number, 0))
    for quality in (85, 70, 50, 30):
        file = io.BytesIO()
        sheet.save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() < AT_MOST:
            break
    return file.getvalue()
