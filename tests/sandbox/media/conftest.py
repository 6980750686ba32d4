"""Briefs of brands that write in different scripts, and a logo."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw

from layers_mcp.sandbox.media.brief import SlideBrief


@pytest.fixture(scope="session")
def logo() -> bytes:
    """An orange disc on nothing."""
    picture = Image.new("RGBA", (256, 256), (0, 0, 0, 0))
    ImageDraw.Draw(picture).ellipse((20, 20, 236, 236), fill=(240, 90, 40, 255))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="session")
def briefs(logo: bytes) -> dict[str, SlideBrief]:
    """One brief for each script, all colourings among them."""
    return {
        "english": SlideBrief(
            hook="I stopped guessing what to cook 🍳\nand saved $312 last month 🔥",
            cta="Try it free for 7 days",
            app_name="PantryPal",
            tagline="Dinner from what you already have",
            description="A photo of your fridge becomes five recipes. No waste. It learns what your family likes and plans the whole week.",
            language="en",
        ),
        "japanese": SlideBrief(
            hook="毎朝3分で、英語が「話せる」ようになる。通勤電車の中で続けられるアプリ、見つけました🎧",
            cta="今すぐ無料で試す",
            app_name="エイゴノアサ",
            tagline="朝の3分が、英語の習慣になる。",
            description="ネイティブの会話を、毎朝3分だけ。オフラインでも使えるので、地下鉄でもサーバーの心配はいりません。",
            language="ja",
            variant=1,
            logo=logo,
        ),
        "arabic": SlideBrief(
            hook="لا تضيّع وقتك في البحث! تطبيق Layers يرتّب يومك في 3 دقائق فقط (مجانًا) 🚀",
            cta="جرّبه الآن مجانًا",
            app_name="يومي",
            tagline="خطّط ليومك بهدوء",
            language="ar",
            variant=2,
        ),
        "long": SlideBrief(
            hook="If you have ever opened your banking app at 11pm, scrolled through forty subscriptions you forgot about, and whispered "
            "never again — this is the four-minute fix I wish I had in May.",
            cta="Cancel what you forgot: link in bio",
            app_name="Unsubly",
            variant=3,
            logo=logo,
        ),
        "thai": SlideBrief(hook="หยุดเดาว่าจะกินอะไรดีแล้วประหยัดเงินได้ทุกเดือนด้วยแอปเดียว", app_name="ครัวดี", language="th", variant=4),
        "hindi": SlideBrief(hook="रोज़ सिर्फ़ तीन मिनट में अंग्रेज़ी बोलना सीखें 📚", app_name="बोलो", language="hi", variant=5),
        "hebrew": SlideBrief(hook="Layers חוסכת לי 3 שעות בשבוע (באמת!)", cta="נסו בחינם", app_name="שעה", language="he", variant=6),
        "german": SlideBrief(
            hook="Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen spart dir 400 € im Jahr!",
            app_name="Beitragsfuchs",
            language="de",
        ),
    }
