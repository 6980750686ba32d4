"""Carries out one errand: draws, and writes the files."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.media import video
from layers_mcp.sandbox.media.brief import Unwritable
from layers_mcp.sandbox.media.errand import Errand, MediaFile, Outcome
from layers_mcp.sandbox.media.preview import preview
from layers_mcp.sandbox.media.slides import draw

__all__ = ["carry_out"]


def _write(folder: Path, name: str, content: bytes) -> None:
    """Put a file in its place in one step."""
    part = folder / f"{name}.part"
    part.write_bytes(content)
    part.replace(folder / name)


def _pictured(kind: str, name: str, content: bytes) -> MediaFile:
    with Image.open(io.BytesIO(content)) as picture:
        width, height = picture.size
    return MediaFile(
        kind="preview" if kind == "preview" else "image", name=name, mime="image/jpeg", width=width, height=height, size=len(content)
    )


def _field(errand: Errand, text: str) -> str | None:
    """The part of the brief that a text is."""
    parts = {"hook": errand.brief.hook, "cta": errand.brief.cta, "appName": errand.brief.app_name, "tagline": errand.brief.tagline}
    return next((name for name, value in parts.items() if value is not None and value.strip() == text.strip()), None)


def carry_out(errand: Errand) -> Outcome | Trouble:
    """Draw the slides, the video if asked and possible, and the preview."""
    folder = Path(errand.folder)
    try:
        slides = draw(errand.brief)
    except Unwritable as refusal:
        words = (
            "no installed font has these letters; install layers-mcp[cjk] for Chinese, Japanese and Korean, or write it in another script"
        )
        return Trouble(code="VALIDATION", message=words, field=_field(errand, refusal.text))
    files: list[MediaFile] = []
    for number, slide in enumerate(slides, start=1):
        files.append(_pictured("image", f"{errand.stem}-{number}.jpg", slide))
        _write(folder, files[-1].name, slide)
    if errand.video and video.available():
        film, name, (width, height) = video.make(slides), f"{errand.stem}.mp4", video.SIZE
        _write(folder, name, film)
        length = video.duration_ms(len(slides))
        files.append(MediaFile(kind="video", name=name, mime="video/mp4", width=width, height=height, size=len(film), duration_ms=length))
    small = preview(slides)
    files.append(_pictured("preview", f"{errand.stem}-preview.jpg", small))
    _write(folder, files[-1].name, small)
    return Outcome(files=tuple(files))
