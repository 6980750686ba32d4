"""The fixed words of captions, language by language."""

# ruff: noqa: RUF001  the signs of other scripts are meant

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from layers_mcp.contract.scalars import SocialPlatform

__all__ = ["Tone", "Words", "words_of"]

Tone = Literal["plain", "lively"]
_BARE_HOOK, _BARE_CALL = "{hook}", "{cta}"


@dataclass(frozen=True)
class Words:
    """What captions in one language say around a hook and a call to action.

    An opener holds `{hook}`, a closer `{cta}`; both are put in as whole sentences. The first opener is the hook alone. `meet` and `get`
    hold `{name}`: the hook and the call of a brief and a brand that have none. `joint` stands between two sentences, `stop` ends one.
    """

    openers: Mapping[Tone, tuple[str, ...]]
    closers: Mapping[Tone, Mapping[SocialPlatform, tuple[str, ...]]]
    joint: str = " "
    stop: str = "."
    meet: str = "{name}"
    get: str = "{name}"


def _bare(joint: str = " ", stop: str = ".") -> Words:
    """No words at all: better bare than in the wrong language."""
    alone: Mapping[SocialPlatform, tuple[str, ...]] = {"tiktok": (_BARE_CALL,), "instagram": (_BARE_CALL,)}
    return Words({"plain": (_BARE_HOOK,), "lively": (_BARE_HOOK,)}, {"plain": alone, "lively": alone}, joint, stop)


_ENGLISH = Words(
    openers={
        "plain": (
            _BARE_HOOK,
            "Save this for later. {hook}",
            "Worth knowing: {hook}",
            "{hook} It's that simple.",
            "In short: {hook}",
        ),
        "lively": (
            _BARE_HOOK,
            "Nobody told me: {hook}",
            "{hook} That's the post.",
            "Day one of telling everybody: {hook}",
            "Save this for later! {hook}",
        ),
    },
    closers={
        "plain": {
            "tiktok": (_BARE_CALL, "{cta} Link in bio."),
            "instagram": ("{cta} Link in bio.", "Link in bio. {cta}"),
        },
        "lively": {
            "tiktok": (_BARE_CALL, "Go on: {cta}"),
            "instagram": ("{cta} Link in bio!", "Go on: {cta} Link in bio."),
        },
    },
    meet="Meet {name}.",
    get="Get {name}",
)
_JAPANESE = Words(
    openers={
        "plain": (
            _BARE_HOOK,
            "保存してあとで見返してね。{hook}",
            "ご存じですか？{hook}",
            "{hook}とてもシンプルです。",
            "ひとつご紹介します。{hook}",
        ),
        "lively": (
            _BARE_HOOK,
            "誰も教えてくれなかった！{hook}",
            "{hook}以上です！",
            "これ、みんなに言いたい！{hook}",
            "保存してあとで見返してね！{hook}",
        ),
    },
    closers={
        "plain": {
            "tiktok": (_BARE_CALL, "{cta}プロフィールのリンクから。"),
            "instagram": ("{cta}プロフィールのリンクから。", "プロフィールのリンクからどうぞ。{cta}"),
        },
        "lively": {
            "tiktok": (_BARE_CALL, "さあ、{cta}"),
            "instagram": ("{cta}プロフィールのリンクから！", "さあ、{cta}プロフィールのリンクからどうぞ！"),
        },
    },
    joint="",
    stop="。",
    meet="{name}をご紹介します。",
    get="{name}を使ってみてください",
)
_ARABIC = Words(
    openers={
        "plain": (
            _BARE_HOOK,
            "احفظ المنشور لوقت لاحق. {hook}",
            "معلومة تهمّك: {hook}",
            "{hook} بهذه البساطة.",
            "باختصار: {hook}",
        ),
        "lively": (
            _BARE_HOOK,
            "لم يخبرني أحد بهذا: {hook}",
            "{hook} هذا هو المنشور كله!",
            "يجب أن يعرف الجميع: {hook}",
            "احفظ المنشور لوقت لاحق! {hook}",
        ),
    },
    closers={
        "plain": {
            "tiktok": (_BARE_CALL, "{cta} الرابط في البايو."),
            "instagram": ("{cta} الرابط في البايو.", "الرابط في البايو. {cta}"),
        },
        "lively": {
            "tiktok": (_BARE_CALL, "هيا بنا! {cta}"),
            "instagram": ("{cta} الرابط في البايو!", "هيا بنا! {cta} الرابط في البايو."),
        },
    },
    meet="تعرّف على {name}.",
    get="جرّب {name}",
)
_GERMAN = Words(
    openers={
        "plain": (
            _BARE_HOOK,
            "Speicher dir das. {hook}",
            "Gut zu wissen: {hook}",
            "{hook} So einfach ist das.",
            "Kurz gesagt: {hook}",
        ),
        "lively": (
            _BARE_HOOK,
            "Warum hat mir das niemand gesagt? {hook}",
            "{hook} Das war der Post.",
            "Das müssen alle wissen: {hook}",
            "Speicher dir das! {hook}",
        ),
    },
    closers={
        "plain": {
            "tiktok": (_BARE_CALL, "{cta} Link in der Bio."),
            "instagram": ("{cta} Link in der Bio.", "Link in der Bio. {cta}"),
        },
        "lively": {
            "tiktok": (_BARE_CALL, "Los geht's! {cta}"),
            "instagram": ("{cta} Link in der Bio!", "Los geht's! {cta} Link in der Bio."),
        },
    },
    meet="Das ist {name}.",
    get="Hol dir {name}",
)
_SPANISH = Words(
    openers={
        "plain": (
            _BARE_HOOK,
            "Guárdalo para después. {hook}",
            "Conviene saberlo: {hook}",
            "{hook} Así de simple.",
            "En pocas palabras: {hook}",
        ),
        "lively": (
            _BARE_HOOK,
            "Nadie me lo había contado: {hook}",
            "{hook} Y ese es el post.",
            "Hoy se lo cuento a todo el mundo: {hook}",
            "¡Guárdalo para después! {hook}",
        ),
    },
    closers={
        "plain": {
            "tiktok": (_BARE_CALL, "{cta} Enlace en la bio."),
            "instagram": ("{cta} Enlace en la bio.", "Enlace en la bio. {cta}"),
        },
        "lively": {
            "tiktok": (_BARE_CALL, "¡Vamos! {cta}"),
            "instagram": ("{cta} ¡Enlace en la bio!", "¡Vamos! {cta} Enlace en la bio."),
        },
    },
    meet="Conoce {name}.",
    get="Prueba {name}",
)
_FRENCH = Words(  # a no-break space before ":" and "!", as French is set
    openers={
        "plain": (
            _BARE_HOOK,
            "Enregistre pour plus tard. {hook}",
            "Bon à savoir\u00a0: {hook}",
            "{hook} Tout simplement.",
            "En bref\u00a0: {hook}",
        ),
        "lively": (
            _BARE_HOOK,
            "Personne ne me l'avait dit\u00a0: {hook}",
            "{hook} Voilà, c'est tout le post.",
            "Je le dis à tout le monde\u00a0: {hook}",
            "Enregistre pour plus tard\u00a0! {hook}",
        ),
    },
    closers={
        "plain": {
            "tiktok": (_BARE_CALL, "{cta} Lien en bio."),
            "instagram": ("{cta} Lien en bio.", "Lien en bio. {cta}"),
        },
        "lively": {
            "tiktok": (_BARE_CALL, "C'est parti\u00a0! {cta}"),
            "instagram": ("{cta} Lien en bio\u00a0!", "C'est parti\u00a0! {cta} Lien en bio."),
        },
    },
    meet="Découvre {name}.",
    get="Essaie {name}",
)
_BRAZILIAN = Words(
    openers={
        "plain": (
            _BARE_HOOK,
            "Salve para depois. {hook}",
            "Vale a pena saber: {hook}",
            "{hook} Simples assim.",
            "Em resumo: {hook}",
        ),
        "lively": (
            _BARE_HOOK,
            "Ninguém tinha me contado: {hook}",
            "{hook} É isso, esse é o post.",
            "Hoje eu conto para todo mundo: {hook}",
            "Salve para depois! {hook}",
        ),
    },
    closers={
        "plain": {
            "tiktok": (_BARE_CALL, "{cta} Link na bio."),
            "instagram": ("{cta} Link na bio.", "Link na bio. {cta}"),
        },
        "lively": {
            "tiktok": (_BARE_CALL, "Bora! {cta}"),
            "instagram": ("{cta} Link na bio!", "Bora! {cta} Link na bio."),
        },
    },
    meet="Conheça {name}.",
    get="Experimente {name}",
)
_WORDS: Mapping[str, Words] = {
    "ar": _ARABIC,
    "de": _GERMAN,
    "en": _ENGLISH,
    "es": _SPANISH,
    "fr": _FRENCH,
    "hi": _bare(stop="।"),
    "ja": _JAPANESE,
    "pt": _BRAZILIAN,
    "th": _bare(stop=""),
    "zh": _bare(joint="", stop="。"),
}
"""By BCP-47 tag in lower case; a language without words is here for how it sets its sentences."""
_OTHER = _bare()


def words_of(language: str) -> Words:
    """The words of a BCP-47 tag: its own, else its primary language's, else none."""
    tag = language.lower()
    return _WORDS.get(tag) or _WORDS.get(tag.partition("-")[0]) or _OTHER
