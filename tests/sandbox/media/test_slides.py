"""Slides: their size, their place, their words, their colours."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from layers_mcp.sandbox.media import fonts, slides, typeset
from layers_mcp.sandbox.media.brief import SlideBrief, Unwritable
from layers_mcp.sandbox.media.canvas import HEIGHT, SAFE, WIDTH, background
from layers_mcp.sandbox.media.colours import READABLE, contrast, palette
from layers_mcp.sandbox.media.letters import clusters, drawable, typeface_of
from layers_mcp.sandbox.media.logo import opened, plate
from layers_mcp.sandbox.media.runs import glyphs, right_to_left
from layers_mcp.sandbox.media.typeset import Block, Box, Style, fit

SCRIPTS = ["english", "japanese", "arabic", "long", "thai", "hindi", "hebrew", "german"]


def _seen(slide: bytes) -> Image.Image:
    return Image.open(io.BytesIO(slide)).convert("RGB")


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[Block]:
    """Every block of text that is painted, in order."""
    blocks: list[Block] = []
    real = typeset.paint

    def noted(picture: Image.Image, block: Block, at: tuple[int, int], **words: object) -> None:
        blocks.append(block)
        real(picture, block, at, **words)

    monkeypatch.setattr(slides, "paint", noted)
    return blocks


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_brief_becomes_three_to_five_upright_slides(briefs: dict[str, SlideBrief], script: str) -> None:
    """Issue 3: slides drawn from the hook, the call to action and the brand, 1080x1920."""
    drawn = slides.draw(briefs[script])

    assert 3 <= len(drawn) <= 5
    assert {Image.open(io.BytesIO(slide)).size for slide in drawn} == {(1080, 1920)}
    assert {Image.open(io.BytesIO(slide)).format for slide in drawn} == {"JPEG"}


@pytest.mark.parametrize("script", SCRIPTS)
def test_nothing_but_the_background_stands_where_the_platforms_put_their_buttons(briefs: dict[str, SlideBrief], script: str) -> None:
    """Issue 3: legible; TikTok and Instagram cover the edges."""
    brief = briefs[script]
    colours = palette(brief.app_name, opened(brief.logo), brief.variant)

    for number, slide in enumerate(slides.draw(brief)):
        bare = background(colours, brief.variant // 3 + brief.variant + number)
        changed = ImageChops.difference(_seen(slide), bare).convert("L").point([0] * 32 + [255] * 224).getbbox()

        assert changed is not None
        assert changed[0] >= SAFE.x - 2
        assert changed[1] >= SAFE.y - 2
        assert changed[2] <= SAFE.x + SAFE.width + 2
        assert changed[3] <= SAFE.y + SAFE.height + 2


def test_the_same_brief_gives_the_same_bytes_and_another_variant_others(briefs: dict[str, SlideBrief]) -> None:
    """Design 8: what a job shows is a function of its script and now."""
    brief = briefs["english"]

    first, again = slides.draw(brief), slides.draw(brief)
    other = slides.draw(brief.model_copy(update={"variant": 1}))

    assert first == again
    assert set(first).isdisjoint(other)


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_first_slide_says_the_hook_whole_and_the_last_the_call(
    briefs: dict[str, SlideBrief], script: str, painted: list[Block]
) -> None:
    """Issue 3: slides drawn from the hook and the call to action."""
    brief = briefs[script]

    slides.draw(brief)

    said = ["".join(block.lines).replace(" ", "") for block in painted]
    assert brief.hook.replace(" ", "").replace("\n", "") in said
    assert said[-1] == (brief.cta or brief.tagline or brief.app_name).replace(" ", "")


@pytest.mark.parametrize("script", SCRIPTS)
def test_no_letter_is_an_empty_box(briefs: dict[str, SlideBrief], script: str, painted: list[Block]) -> None:
    """Issue 3: in the project's language; glyph 0 is a font's empty box."""
    slides.draw(briefs[script])

    numbers = [
        glyph.number
        for block in painted
        for line in block.lines
        for glyph in glyphs(line, block.style.language, block.style.weight, rtl=block.rtl)[0]
    ]
    assert numbers
    assert 0 not in numbers


@pytest.mark.parametrize("variant", range(3))
@given(name=st.text(min_size=1, max_size=12))
@settings(max_examples=40, deadline=None)
def test_text_reads_on_every_colour_of_every_brand(variant: int, name: str) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5."""
    colours = palette(name, None, variant)

    for under in (colours.top, colours.bottom):
        assert contrast(colours.ink, under) >= READABLE
        assert contrast(colours.accent, under) >= READABLE
    assert contrast(colours.on_accent, colours.accent) >= READABLE


@pytest.mark.parametrize("variant", range(3))
@given(red=st.integers(0, 255), green=st.integers(0, 255), blue=st.integers(0, 255))
@settings(max_examples=15, deadline=None)
def test_text_reads_on_the_colours_of_every_logo_and_its_pattern(variant: int, red: int, green: int, blue: int) -> None:
    """WCAG 2.2, 1.4.3; the pattern may not lower what the colours promise."""
    colours = palette("name", Image.new("RGBA", (64, 64), (red, green, blue, 255)), variant)

    sheet = background(colours, variant).reduce(16)

    for _, under in sheet.getcolors(1 << 20) or []:
        assert contrast(colours.ink, under) >= READABLE
    assert contrast(colours.accent, colours.top) >= READABLE
    assert contrast(colours.accent, colours.bottom) >= READABLE


def test_the_colours_come_from_the_logo(logo: bytes) -> None:
    """Brief of the room: colours from the logo if there is one."""
    with_logo, without = palette("Unsubly", opened(logo), 0), palette("Unsubly", None, 0)

    assert with_logo != without
    assert with_logo.top[0] > with_logo.top[2] * 2  # orange, made dark enough for white text


def test_a_light_logo_stands_on_a_dark_plate_and_a_full_one_on_none() -> None:
    """A white logo on a white plate would be no logo."""
    white = Image.new("RGBA", (64, 64), (255, 255, 255, 0))
    white.paste((250, 250, 250, 255), (16, 16, 48, 48))

    assert plate(white) == (24, 24, 28)
    assert plate(Image.new("RGBA", (64, 64), (250, 250, 250, 255))) is None


def test_a_description_that_cannot_be_written_is_left_out() -> None:
    """The words asked for are drawn; what only adds to them may go."""
    assert len(slides.draw(SlideBrief(hook="Hello", app_name="Nile", description="𓀀" * 120 + ".\nWe speak it."))) == 4


def test_without_the_large_font_japanese_is_refused_and_english_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A base install draws Latin, Cyrillic, Greek, Arabic, Hebrew and Indic scripts; `cjk` adds the rest."""
    real = fonts.find_spec
    monkeypatch.setattr(fonts, "find_spec", lambda name: None if name.endswith("_cjk") else real(name))
    for cached in (fonts.typefaces, typeface_of):
        cached.cache_clear()

    try:
        assert drawable("Hello Привет مرحبا", "ja") == "Hello Привет مرحبا"
        with pytest.raises(Unwritable):
            drawable("毎朝3分", "ja")
    finally:
        for cached in (fonts.typefaces, typeface_of):
            cached.cache_clear()


def _tiny() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("content", [_tiny(), b"", b"\x89PNG\r\n\x1a\nrubbish", b"<svg/>", b"GIF89a" + bytes(40), bytes(2000)])
def test_a_logo_that_cannot_be_read_counts_as_none(content: bytes) -> None:
    """Files of strangers: nothing hangs, nothing falls over."""
    assert opened(content) is None


@given(text=st.text(max_size=200))
@settings(max_examples=120, deadline=None)
def test_whatever_a_stranger_writes_is_drawn_without_empty_boxes_or_refused(text: str) -> None:
    """Issue 3: hostile input."""
    try:
        shown = drawable(text, "en")
    except Unwritable:
        return

    block = fit(text, Box(0, 0, 840, 900), Style(700, 116, 40, "en"))

    assert "\u202e" not in shown
    assert block.height <= 900
    assert all(glyph.number for line in block.lines for glyph in glyphs(line, "en", 700, rtl=block.rtl)[0])


def test_a_text_in_a_script_without_a_font_is_refused() -> None:
    """Brief of the room: never empty boxes."""
    with pytest.raises(Unwritable):
        slides.draw(SlideBrief(hook="𓀀𓀁𓀂𓀃", app_name="Nile"))


def test_letters_that_only_look_special_become_plain_and_unknown_signs_go() -> None:
    """Mathematical bold is common in captions; what no font has is left off."""
    assert drawable("𝗦𝘁𝗼𝗽 now\u202e \U0001fae9\U000e0021!", "en") in {"Stop now !", "Stop now \U0001fae9!"}  # noqa: RUF001 - the point


def test_no_japanese_line_begins_with_what_may_not_begin_one(painted: list[Block]) -> None:
    """JIS X 4051: kinsoku."""
    hook = "「スーパー」で、ラーメンー、チャーシュー。ッ、サーバー！？（本当）です。" * 3  # noqa: RUF001 - as it is written

    slides.draw(SlideBrief(hook=hook, app_name="麺", language="ja"))

    lines = [line for block in painted for line in block.lines]
    assert not [line for line in lines if line[0] in "、。」）ー！？ッャュョ"]  # noqa: RUF001 - as they are written
    assert not [line for line in lines if line[-1] in "「（"]  # noqa: RUF001 - as they are written


def test_a_space_beside_an_emoji_is_as_wide_as_any_other() -> None:
    """Issue 3: legible; the space of the emoji font is as wide as a picture."""
    drawn, _ = glyphs("Skip \U0001f600 the line", "en", 700, rtl=False)

    names = [glyph.typeface.name for glyph in drawn]
    gaps = [after.x - before.x for before, after in zip(drawn[4:7:2], drawn[5:8:2], strict=True)]
    assert names[4:7] == ["NotoSans", "NotoEmoji", "NotoSans"]
    assert gaps[0] == pytest.approx(gaps[1])


def test_emoji_made_of_several_letters_stay_whole() -> None:
    """Unicode TR 29."""
    assert clusters("a👩‍👩‍👧🇯🇵👍🏽1️⃣e\u0301") == ("a", "👩‍👩‍👧", "🇯🇵", "👍🏽", "1️⃣", "e\u0301")
    assert len(glyphs("👩‍👩‍👧🇯🇵👍🏽", "en", 700, rtl=False)[0]) == 3


def test_arabic_runs_from_the_right_and_its_letters_join() -> None:
    """Issue 3: one brand in Arabic."""
    joined = glyphs("سلام", "ar", 700, rtl=True)[0]
    apart = [glyphs(letter, "ar", 700, rtl=True)[0][0].number for letter in "سلام"]

    assert right_to_left("Layers يرتّب يومك", "ar")
    assert not right_to_left("Layers", "ar")
    assert {glyph.number for glyph in joined} != set(apart)
    mixed = glyphs("أ 12", "ar", 700, rtl=True)[0]
    assert mixed[-1].number == glyphs("أ", "ar", 700, rtl=True)[0][-1].number  # the first letter stands rightmost


@pytest.mark.parametrize("name", ["\u200d", "\U000e0021", " \n ", "🍳"])
def test_a_name_without_letters_is_drawn_as_far_as_it_goes(name: str) -> None:
    """Whatever a stranger writes: slides, and no fall."""
    assert len(slides.draw(SlideBrief(hook="Hello", app_name=name))) == 3


def test_a_text_of_a_thousand_letters_still_fits(painted: list[Block]) -> None:
    """A text that is too long ends in an ellipsis, inside the box."""
    slides.draw(SlideBrief(hook="word " * 199, app_name="N" * 200, cta="x" * 500, description="y" * 20_000))

    assert all(block.width <= SAFE.width for block in painted)
    assert (WIDTH, HEIGHT) == (1080, 1920)
