"""A video of slides, where the `video` extra is installed."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from PIL import Image

from layers_mcp.sandbox.media.pixels import resized

__all__ = ["FRAMES_A_SECOND", "SIZE", "duration_ms", "make"]

SIZE = (720, 1280)
FRAMES_A_SECOND = 24
_HELD = 72
"""Frames a slide is shown, its fade into the next among them."""
_FADE = 10
_CODECS = (("libx264", {"preset": "veryfast", "crf": "21", "tune": "stillimage"}), ("mpeg4", {"qscale": "4"}))
_THREADS = 2
_FORMAT = "yuv420p"


def duration_ms(slides: int) -> int:
    """How long the video of so many slides is."""
    return slides * _HELD * 1000 // FRAMES_A_SECOND


class _Stream(Protocol):
    width: int
    height: int
    pix_fmt: str
    thread_count: int

    def encode(self, frame: object | None, /) -> object: ...


class _File(Protocol):
    def add_stream(self, codec: str, *, rate: int, options: Mapping[str, str]) -> _Stream: ...

    def mux(self, packets: object, /) -> None: ...

    def close(self) -> None: ...


class _Frame(Protocol):
    pts: int | None

    def reformat(self, *, format: str) -> _Frame: ...  # noqa: A002 - its own name


class _FrameType(Protocol):
    def from_image(self, picture: Image.Image, /) -> _Frame: ...


class _Av(Protocol):
    codecs_available: Collection[str]
    VideoFrame: _FrameType

    def open(self, file: str, mode: str, /, *, format: str, options: Mapping[str, str]) -> _File: ...  # noqa: A002 - its own name


def _sheet(slide: bytes) -> Image.Image:
    with Image.open(io.BytesIO(slide)) as picture:
        return resized(picture.convert("RGB"), SIZE)


def _pictures(slides: Sequence[bytes]) -> Iterator[tuple[Image.Image, int]]:
    """The pictures in order, and the frames each is shown: a slide still, then fading into the next."""
    now = _sheet(slides[0])
    for slide in slides[1:]:
        yield now, _HELD - _FADE
        then = _sheet(slide)
        for number in range(1, _FADE + 1):
            yield Image.blend(now, then, number / (_FADE + 1)), 1
        now = then
    yield now, _HELD


def _write(path: Path, slides: Sequence[bytes]) -> None:
    av = cast("_Av", import_module("av"))
    codec, options = next((name, options) for name, options in _CODECS if name in av.codecs_available)
    with closing(av.open(str(path), "w", format="mp4", options={"movflags": "faststart"})) as file:
        stream = file.add_stream(codec, rate=FRAMES_A_SECOND, options=options)
        stream.width, stream.height = SIZE
        stream.pix_fmt, stream.thread_count = _FORMAT, _THREADS
        at = 0
        for picture, times in _pictures(slides):
            frame = av.VideoFrame.from_image(picture).reformat(format=_FORMAT)
            for _ in range(times):
                frame.pts, at = at, at + 1
                file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def make(slides: Sequence[bytes]) -> bytes:
    """An mp4 of the slides, three seconds each, fading into one another: H.264, or MPEG-4 where that is not to be had.

    Raises: ImportError, when the `video` extra is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="layers-video-") as folder:
        path = Path(folder) / "slides.mp4"
        _write(path, slides)
        return path.read_bytes()
