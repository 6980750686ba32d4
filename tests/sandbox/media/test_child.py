"""The child that draws: files, preview, video, refusals."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image

from layers_mcp.sandbox.child.running import Limits
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.media import child, extra, video
from layers_mcp.sandbox.media.brief import SlideBrief
from layers_mcp.sandbox.media.drawing import carry_out
from layers_mcp.sandbox.media.errand import Errand, Outcome, Piece
from layers_mcp.sandbox.media.preview import AT_MOST, preview
from layers_mcp.sandbox.media.slides import draw
from layers_mcp.sandbox.repository.errand import LogoFile


def test_a_child_writes_what_it_says(briefs: dict[str, SlideBrief], tmp_path: Path) -> None:
    """Design 8: work is done once by a limited child process that commits its outcome."""
    errand = Errand(pieces=(Piece(brief=briefs["japanese"], folder=str(tmp_path)),))

    outcome = asyncio.run(child.run(errand))

    assert isinstance(outcome, Outcome)
    (files,) = outcome.pieces
    assert [file.kind for file in files] == ["image"] * (len(files) - 1) + ["preview"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(file.name for file in files)
    for file in files:
        content = (tmp_path / file.name).read_bytes()
        assert (len(content), Image.open(io.BytesIO(content)).size) == (file.size, (file.width, file.height))


def test_the_errand_and_the_answer_are_one_json_each(briefs: dict[str, SlideBrief], tmp_path: Path) -> None:
    """The room's own contract: camelCase, durations in milliseconds."""
    errand = Errand(pieces=(Piece(brief=briefs["long"], folder=str(tmp_path)),)).model_dump_json(by_alias=True)

    done = subprocess.run([sys.executable, "-m", "layers_mcp.sandbox.media"], input=errand, capture_output=True, text=True, check=True)

    first = json.loads(done.stdout)["result"]["pieces"][0][0]
    assert set(first) == {"kind", "name", "mime", "width", "height", "bytes", "durationMs"}
    assert (first["kind"], first["name"], first["mime"], first["width"], first["height"]) == (
        "image",
        "slide-1.jpg",
        "image/jpeg",
        1080,
        1920,
    )


def test_the_video_plays(briefs: dict[str, SlideBrief], tmp_path: Path) -> None:
    """Issue 3: the mp4 plays (probed)."""
    av = pytest.importorskip("av", reason="the video extra")
    errand = Errand(pieces=(Piece(brief=briefs["english"], folder=str(tmp_path)),), video=True)

    outcome = asyncio.run(child.run(errand))

    assert isinstance(outcome, Outcome)
    film, small = outcome.pieces[0]
    assert (film.kind, small.kind) == ("video", "preview")
    with av.open(str(tmp_path / film.name)) as probed:
        stream = probed.streams.video[0]
        frames = sum(1 for _ in probed.decode(stream))
        assert stream.codec_context.name in {"h264", "mpeg4"}
        assert (stream.width, stream.height) == video.SIZE == (film.width, film.height)
        assert abs(probed.duration / 1000 - (film.duration_ms or 0)) < 100
        assert frames * 1000 == (film.duration_ms or 0) * video.FRAMES_A_SECOND
    assert film.duration_ms == 5 * 3000


def test_a_video_of_two_slides_is_six_seconds(briefs: dict[str, SlideBrief], tmp_path: Path) -> None:
    """The same, without the child."""
    av = pytest.importorskip("av", reason="the video extra")

    film = video.make(draw(briefs["hindi"])[:2])

    with av.open(io.BytesIO(film)) as probed:
        assert sum(1 for _ in probed.decode(video=0)) == 2 * 3 * video.FRAMES_A_SECOND
    assert video.duration_ms(2) == 6000


def test_without_the_extra_a_video_is_refused_by_field(
    briefs: dict[str, SlideBrief], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work that another installation left may ask for what this one can't make."""
    monkeypatch.setattr(extra, "find_spec", lambda _: None)

    outcome = carry_out(Errand(pieces=(Piece(brief=briefs["hebrew"], folder=str(tmp_path)),), video=True))

    assert isinstance(outcome, Trouble)
    assert (outcome.code, outcome.field) == ("VALIDATION", "format")
    assert not list(tmp_path.iterdir())


def _kept(place: Path, media_type: Literal["image/png", "image/svg+xml"], content: bytes) -> str:
    logo = LogoFile(path="logo", media_type=media_type, content=base64.b64encode(content).decode())
    place.write_text(logo.model_dump_json(), encoding="utf-8")
    return str(place)


def test_a_logo_colours_every_piece_and_one_that_can_not_be_drawn_counts_as_none(
    briefs: dict[str, SlideBrief], logo: bytes, tmp_path: Path
) -> None:
    """The logo that the ingest kept gives the slides their colours; an SVG is skipped."""
    logos = {
        "png": _kept(tmp_path / "1.json", "image/png", logo),
        "svg": _kept(tmp_path / "2.json", "image/svg+xml", b"<svg/>"),
        "gone": "nowhere",
    }
    drawn: dict[str, list[bytes]] = {}
    for name, path in logos.items():
        folders = [tmp_path / name / str(variant) for variant in range(2)]
        for folder in folders:
            folder.mkdir(parents=True)
        brief = briefs["hebrew"]
        pieces = (Piece(brief=brief, folder=str(folders[0])), Piece(brief=brief.model_copy(update={"variant": 1}), folder=str(folders[1])))

        outcome = asyncio.run(child.run(Errand(pieces=pieces, logo_path=path)))

        assert isinstance(outcome, Outcome)
        drawn[name] = [(folder / "slide-2.jpg").read_bytes() for folder in folders]

    assert drawn["svg"] == drawn["gone"]
    assert len({*drawn["png"], *drawn["gone"]}) == 4


@pytest.mark.parametrize("script", ["english", "japanese", "arabic", "long"])
def test_a_preview_is_small_and_shows_every_slide(briefs: dict[str, SlideBrief], script: str) -> None:
    """Issue 3: previews come back with the image (under 200 KB)."""
    slides = draw(briefs[script])

    small = preview(slides)

    assert len(small) < AT_MOST == 200_000
    assert Image.open(io.BytesIO(small)).size == (336 * len(slides) - 12, 576)


def test_a_preview_of_noise_is_small_too() -> None:
    """The same promise, where JPEG has the hardest time."""
    file = io.BytesIO()
    Image.effect_noise((1080, 1920), 120).convert("RGB").save(file, "JPEG", quality=60)

    assert len(preview([file.getvalue()] * 5)) < AT_MOST


def test_a_script_without_a_font_is_refused_by_field(tmp_path: Path) -> None:
    """House style 25: what happened, with the value's name, then what to do."""
    outcome = carry_out(Errand(pieces=(Piece(brief=SlideBrief(hook="Hello", cta="𓀀𓀁𓀂", app_name="Nile"), folder=str(tmp_path)),)))

    assert isinstance(outcome, Trouble)
    assert (outcome.code, outcome.field) == ("VALIDATION", "cta")
    assert not list(tmp_path.iterdir())


def test_a_child_without_memory_or_time_says_so(briefs: dict[str, SlideBrief], tmp_path: Path) -> None:
    """Every end has an answer."""
    errand = Errand(pieces=(Piece(brief=briefs["long"], folder=str(tmp_path)),))

    starved = asyncio.run(child.run(errand, Limits(at_most_bytes=90 * 1024 * 1024)))
    late = asyncio.run(child.run(errand, Limits(at_most_s=0.01)))
    nowhere = asyncio.run(child.run(Errand(pieces=(Piece(brief=briefs["long"], folder=str(tmp_path / "gone")),))))

    assert [answer.code for answer in (starved, late, nowhere) if isinstance(answer, Trouble)] == ["INTERNAL"] * 3


def test_a_fall_in_the_drawing_is_an_answer_without_the_strangers_text(briefs: dict[str, SlideBrief], tmp_path: Path) -> None:
    """House style 27: never put text a stranger wrote into an error."""
    errand = Errand(pieces=(Piece(brief=briefs["hindi"], folder=str(tmp_path / "gone")),))

    trouble = asyncio.run(child.run(errand))

    assert trouble == Trouble(code="INTERNAL", message="the drawing of the slides broke off (FileNotFoundError)")


@pytest.mark.parametrize("text", ["rubbish", "{}"])
def test_an_errand_that_is_none_is_answered(text: str) -> None:
    """Every end has an answer."""
    done = subprocess.run([sys.executable, "-m", "layers_mcp.sandbox.media"], input=text, capture_output=True, text=True, check=True)

    assert json.loads(done.stdout)["result"]["message"] == "the drawing of the slides got an errand it does not know"
