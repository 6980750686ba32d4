"""Carries out one errand: draws, and writes the files."""

from __future__ import annotations

import base64
import io
import os
from pathlib import Path

from PIL import Image

from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.media import extra, video
from layers_mcp.sandbox.media.brief import SlideBrief, Unwritable
from layers_mcp.sandbox.media.errand import Errand, MediaFile, Outcome
from layers_mcp.sandbox.media.preview import preview
from layers_mcp.sandbox.media.slides import draw
from layers_mcp.sandbox.repository.errand import LogoFile

__all__ = ["carry_out"]

_UNWRITABLE = "no installed font has these letters; install layers-mcp[cjk] for Chinese, Japanese and Korean, or write it in another script"


def _write(folder: Path, name: str, content: bytes) -> None:
    """Put a file in its place in one step."""
    part = folder / f"{name}.{os.getpid()}.part"
    part.write_bytes(content)
    part.replace(folder / name)


def _pictured(kind: str, name: str, content: bytes) -> MediaFile:
    with Image.open(io.BytesIO(content)) as picture:
        width, height = picture.size
    return MediaFile(
        kind="preview" if kind == "preview" else "image", name=name, mime="image/jpeg", width=width, height=height, size=len(content)
    )


def _field(brief: SlideBrief, text: str) -> str | None:
    """The part of the brief that a text is."""
    parts = {"hook": brief.hook, "cta": brief.cta, "appName": brief.app_name, "tagline": brief.tagline}
    return next((name for name, value in parts.items() if value is not None and value.strip() == text.strip()), None)


def _logo(path: str | None) -> bytes | None:
    """The picture of a brand; None when there is none."""
    if path is None:
        return None
    try:
        content = Path(path).read_bytes()
        if not path.endswith(".json"):
            return content
        kept = LogoFile.model_validate_json(content)
        return None if kept.media_type == "image/svg+xml" else base64.b64decode(kept.content)
    except (OSError, ValueError):
        return None


def _piece(brief: SlideBrief, folder: Path, *, as_video: bool) -> tuple[MediaFile, ...]:
    """Draw one piece and write its files."""
    slides = draw(brief)
    files: list[MediaFile] = []
    if as_video:
        film, name, (width, height) = video.make(slides), "video.mp4", video.SIZE
        _write(folder, name, film)
        length = video.duration_ms(len(slides))
        files.append(MediaFile(kind="video", name=name, mime="video/mp4", width=width, height=height, size=len(film), duration_ms=length))
    else:
        for number, slide in enumerate(slides, start=1):
            files.append(_pictured("image", f"slide-{number}.jpg", slide))
            _write(folder, files[-1].name, slide)
    small = preview(slides)
    _write(folder, "preview.jpg", small)
    return (*files, _pictured("preview", "preview.jpg", small))


def carry_out(errand: Errand) -> Outcome | Trouble:
    """Draw every piece: its slides or its video, and the preview."""
    if errand.video and not extra.available():
        return Trouble(
            code="VALIDATION", message="needs the extra layers-mcp[video]; install it, or ask for slideshow_remix", field="format"
        )
    logo = _logo(errand.logo_path)
    pieces: list[tuple[MediaFile, ...]] = []
    for piece in errand.pieces:
        brief = piece.brief.model_copy(update={"logo": logo}) if logo else piece.brief
        try:
            pieces.append(_piece(brief, Path(piece.folder), as_video=errand.video))
        except Unwritable as refusal:
            return Trouble(code="VALIDATION", message=_UNWRITABLE, field=_field(brief, refusal.text))
    return Outcome(pieces=tuple(pieces))
