"""Captions: the project's language, the brand's voice, the platform's limits."""

# ruff: noqa: RUF001  the signs of other scripts are meant

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_mcp.contract.projects import BrandContext
from layers_mcp.sandbox.caption_words import words_of
from layers_mcp.sandbox.captions import Message, captions

FIXED = {
    "en": ("Link in bio", "Save this for later"),
    "ja": ("プロフィールのリンクから", "保存してあとで見返してね"),
    "ar": ("الرابط في البايو", "احفظ المنشور لوقت لاحق"),
    "de": ("Link in der Bio", "Speicher dir das"),
    "es": ("Enlace en la bio", "Guárdalo para después"),
    "fr": ("Lien en bio", "Enregistre pour plus tard"),
    "pt": ("Link na bio", "Salve para depois"),
}
"""The link and the reminder to save, as issue 3's brief gives them."""
COFFEE = BrandContext(
    app_name="Quinn's Coffee",
    app_description="Order-ahead for third-wave coffee shops in the PNW.",
    brand_voice="Warm, specific, lightly opinionated about beans.",
    keywords=("coffee", "order ahead"),
    primary_language="en",
)
LETTERS = st.text(st.one_of(st.characters(exclude_characters="…", codec="utf-8"), st.sampled_from("あ。！ किक्षि ก็🚀👩\u200d🇯🇵 #.ـق")))


def say(platform="tiktok", hook="Skip the line", cta="Get it", language="en", variant=0, **brand):
    """One caption."""
    (made,) = captions((platform,), Message(hook, cta, language), brand=BrandContext(**brand), variant=variant)
    return made.text


def units(text: str) -> int:
    """The length as JavaScript counts it."""
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize("language", FIXED)
@pytest.mark.parametrize("voice", [None, "playful"])
def test_the_fixed_words_are_in_the_language_of_the_post(language, voice):
    """Issue 3: captions per platform in the project's voice, and in its language."""
    posts = [say("instagram", "1", "2", language, variant, brand_voice=voice) for variant in range(5)]

    link, save = FIXED[language]
    assert all(link in post for post in posts)
    assert sum(save in post for post in posts) == 1
    assert len(set(posts)) == 5
    others = [words for other in FIXED if other != language for words in FIXED[other]]
    assert not [words for words in others for post in posts if words in post]


@pytest.mark.parametrize("tag", ["pt-BR", "PT", "pt-PT", "pt"])
def test_a_tag_without_words_of_its_own_has_those_of_its_language(tag):
    """Issue 3, "in the project's language": the exact tag, then its first part."""
    assert words_of(tag) == words_of("pt")


@pytest.mark.parametrize(
    ("language", "hook", "cta", "expected"),
    [
        ("xx", "Hook", "Call", "Hook. Call."),
        ("hi-IN", "बिना लाइन के कॉफ़ी", "ऐप डाउनलोड करें", "बिना लाइन के कॉफ़ी। ऐप डाउनलोड करें।"),
        ("th", "กาแฟไม่ต้องรอคิว", "โหลดแอป", "กาแฟไม่ต้องรอคิว โหลดแอป"),
        ("zh-TW", "不用排隊", "立即下載", "不用排隊。立即下載。"),
    ],
)
@pytest.mark.parametrize("variant", range(5))
def test_a_language_we_do_not_write_gets_no_words_of_ours(language, hook, cta, expected, variant):
    """Ours: better bare than in the wrong language."""
    assert say("tiktok", hook, cta, language, variant, brand_voice="Bold") == expected
    assert say("instagram", hook, cta, language, variant) == expected


def test_the_sample_brand_reads_as_a_person_would_write_it():
    """Seed 004, steps 3 and 6: the brand and the brief that it prints."""
    message = Message("Your cafe, skip the line.", "Download Quinns Coffee", "en")

    tiktok, instagram = captions(("tiktok", "instagram"), message, brand=COFFEE, variant=0)

    story = "Your cafe, skip the line. Order-ahead for third-wave coffee shops in the PNW."
    assert tiktok.text == f"{story} Download Quinns Coffee. #coffee #orderahead"
    assert instagram.text == f"{story} Go on: Download Quinns Coffee. Link in bio.\n\n#coffee #orderahead"


def test_the_same_brief_gives_the_same_words():
    """Design: what the sandbox makes can be compared."""
    assert say(variant=3, keywords=("a",)) == say(variant=3, keywords=("a",))


@pytest.mark.parametrize(
    ("voice", "lively"),
    [
        (None, False),
        ("dry and kind", False),
        ("Warm, specific, lightly opinionated about beans.", True),
        ("Playful", True),
        ("boldly WITTY", True),
        ("calm and playful", False),
        ("Professional, not playful", False),
        ("never formal; witty", True),
    ],
)
def test_the_first_word_of_the_voice_that_tells_picks_the_set(voice, lively):
    """Ours: playful, bold, witty, warm are lively; the rest is plain."""
    assert ("Nobody told me" in say(variant=1, brand_voice=voice)) is lively
    assert ("Save this for later." in say(variant=1, brand_voice=voice)) is not lively


@pytest.mark.parametrize("variant", range(5))
def test_what_the_brief_says_is_not_said_twice(variant):
    """Ours: no "Nobody told me: Nobody told me …", no second link in bio."""
    text = say("instagram", "Nobody told me my cafe had an app", "Tap the link in bio", variant=variant, brand_voice="warm")

    assert text.count("Nobody told me") == 1
    assert text.lower().count("link in bio") == 1


def test_a_story_in_another_language_than_the_post_is_left_out():
    """Ours: a brief in German for an English brand; the sandbox does not translate."""
    brand = {"app_description": "Order ahead.", "primary_language": "en-US"}

    assert "Order ahead" in say(language="en-GB", **brand)
    assert "Order ahead" not in say(language="de", **brand)
    assert "Order ahead" in say(language="de", app_description="Order ahead.")


def test_a_story_that_is_the_hook_is_told_once():
    """Ours: the description of many an app is its tagline."""
    assert "Order" not in say(hook="Order ahead", app_description="Order ahead. Walk in.").removeprefix("Order ahead.")


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Skip the line", "Skip the line."),
        ("en", "Skip the line!", "Skip the line!"),
        ("en", "He said “skip it.”", "He said “skip it.”"),
        ("en", "Skip the line ☕️", "Skip the line ☕️"),
        ("ja", "並ばない", "並ばない。"),
        ("ja", "並ばない？", "並ばない？"),
        ("ar", "هل تنتظر؟", "هل تنتظر؟"),
        ("hi", "रुको।", "रुको।"),
    ],
)
def test_a_sentence_gets_the_stop_of_its_language_unless_it_has_an_end(language, text, expected):
    """Unicode: the terminal punctuation of these scripts."""
    assert say(hook=text, cta=" ", language=language) == expected


def test_sentences_without_spaces_are_joined_without_spaces():
    """Japanese is set solid; after Latin signs stands a space."""
    assert "並ばない。早い。" in say(hook="並ばない", language="ja", app_description="早い。安い。")
    assert "Skip! 早い。" in say(hook="Skip!", language="ja", app_description="早い。安い。")


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("早くて安い。おいしい。", "早くて安い。"),
        ("本当！？はい。", "本当！？"),
        ("「行こう。」と言う。次。", "「行こう。」と言う。"),
        ("هل تنتظر؟ لا.", "هل تنتظر؟"),
        ("रुको। चलो।", "रुको।"),
        ("... Order ahead. Walk in.", "Order ahead."),
        ("。。。", ""),
        ("あ" * 400, "あ" * 179 + "…"),
        ("अक्षि" * 100, "अक्षि" * 35 + "अ…"),
        ("a" + "🇯🇵" * 100, "a" + "🇯🇵" * 44 + "…"),
        ("👩\u200d👩\u200d👧xyz" * 40, "👩\u200d👩\u200d👧xyz" * 16 + "…"),
        ("x" + "\u0301" * 400, ""),
        ("Quinn " + "コーヒー" * 90, "Quinn " + "コーヒー" * 43 + "コ…"),
        ("x" * 177 + ", \x1f" * 9, "x" * 177 + "…"),
        ("word, " * 100, "word, " * 29 + "word…"),
        ("\u1100\u1161\u11a8" * 200, "\u1100\u1161\u11a8" * 59 + "…"),
    ],
)
def test_a_story_is_the_first_sentence_and_is_cut_between_letters(description, expected):
    """Issue 3: every script; Unicode TR 29, what a reader sees as one letter."""
    text = say(hook="!", cta=" ", language="xx", app_description=description)

    assert text.removeprefix("!").strip() == (expected if not expected or expected[-1] in "…。.؟।？" else f"{expected}.")


@pytest.mark.parametrize(
    ("keyword", "expected"),
    [
        ("Order Ahead", "#orderahead"),
        ("कॉफ़ी", "#" + unicodedata.normalize("NFC", "कॉफ़ी")),
        ("กาแฟน้ำ", "#กาแฟน้ำ"),
        ("می\u200cخواهم", "#می\u200cخواهم"),
        ("ශ්\u200dරී", "#ශ්\u200dරී"),
        ("☕\ufe0f coffee\u200c", "#coffee"),
        ("1\ufe0f\u20e3st", "#1st"),
        ("2026", ""),
        ("☕\ufe0f", ""),
        ("\u200c\u0301", ""),
        ("コーヒー", "#コーヒー"),
    ],
)
def test_a_hashtag_keeps_the_marks_of_its_letters(keyword, expected):
    """Unicode: vowel signs are Mn and Mc, and no letters; platforms link no hashtag of digits alone."""
    assert say(keywords=(keyword,)).removeprefix("Skip the line. Get it.").replace("Link in bio.", "").strip() == expected


def test_hashtags_stand_on_a_line_of_their_own_under_right_to_left_text():
    """Unicode TR 9: behind Arabic the signs and words would change places."""
    arabic = say(hook="بلا انتظار", cta="حمّل", language="ar", keywords=("coffee",))

    assert arabic.endswith("\n#coffee")
    assert "\n" not in say(keywords=("coffee",))
    assert say("instagram", keywords=("coffee",)).endswith(".\n\n#coffee")


@pytest.mark.parametrize(("signs", "kept"), [(10, 15), (28, 30), (30, 30), (50, 30)])
def test_no_caption_has_more_than_thirty_hashtags(signs, kept):
    """Ours, after Instagram's limit: those of the hook count."""
    text = say("instagram", " ".join(f"#h{number}" for number in range(signs)), keywords=tuple("abcdefg"))

    assert text.count("#") == kept
    assert f"h{signs - 1}" in text


def test_the_story_gives_way_first_then_the_hook_then_the_call():
    """layers-api: a caption has at most 2200 characters; a brief's hook 2000 and its call 1000."""
    text = say("instagram", "h" * 2000, "c" * 1000, app_description="s" * 100, keywords=("tag",), variant=1)

    assert units(text) <= 2200
    assert "s" * 50 not in text
    assert "h…" in text
    assert "c" * 1000 in text
    assert text.endswith("#tag")


@given(
    hook=LETTERS,
    cta=LETTERS,
    description=LETTERS,
    keywords=st.lists(LETTERS.map(lambda text: text[:60]), max_size=50),
    times=st.sampled_from([1, 40, 700]),
    language=st.sampled_from([*FIXED, "zh", "th", "xx"]),
    variant=st.integers(0, 4),
)
def test_a_caption_fits_and_adds_nothing_unseen(*, hook, cta, description, keywords, times, language, variant):
    """layers-api: at most 2200; ours: never an ellipsis alone, no control characters that nobody wrote."""
    told = Message((hook * times)[:2000], (cta * times)[:1000], language)
    brand = BrandContext(
        app_description=(description * times)[:1000], keywords=tuple(keywords), brand_voice="bold" if variant % 2 else None
    )

    posts = [post.text for post in captions(("tiktok", "instagram"), told, brand=brand, variant=variant)]

    given_letters = set(told.hook + told.cta + (brand.app_description or "") + "".join(word.lower() for word in keywords))
    for post in posts:
        assert units(post) <= 2200
        assert not re.search(r"(?:^|\s)…", post)
        assert not {letter for letter in set(post) - given_letters - {"\n"} if unicodedata.category(letter)[0] == "C"}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("brief", "brand", "project", "expected"),
    [
        ("es", "fr", "de", "Prueba Brew."),
        (None, "fr-CA", "de", "Essaie Brew."),
        (None, None, "de", "Hol dir Brew."),
        (None, None, None, "Get Brew."),
        ("sw", "fr", "de", "Brew."),
    ],
)
async def test_the_language_is_the_briefs_then_the_brands_then_the_projects(house, brief, brand, project, expected):
    """Issue 3, "in the project's language": the nearest wins, English where nobody said."""
    fields = {"brandContext": {"appName": "Brew", "primaryLanguage": brand}, "primaryLanguage": project}
    made = await house.project(**{name: value for name, value in fields.items() if value})

    container = await house.content(made, brief={"hook": "Hop!", **({"language": brief} if brief else {}), "targetPlatforms": ["tiktok"]})

    (caption,) = (await house.get(f"/v1/content/{container}"))["captionVariants"]
    assert expected in caption["text"]


@pytest.mark.anyio
async def test_a_project_without_words_of_its_own_is_introduced_in_its_language(house):
    """Ours: "Meet …" is a fixed word too."""
    project = await house.project(brandContext={"appName": "Brew"}, primaryLanguage="ja")

    container = await house.content(project, brief={})

    assert (await house.get(f"/v1/content/{container}"))["hook"] == "Brewをご紹介します。"
