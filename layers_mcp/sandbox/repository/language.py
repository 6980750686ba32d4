"""The language an app speaks first, as a BCP-47 tag."""

from __future__ import annotations

import re

from layers_mcp.sandbox.repository import store_copy, web_copy
from layers_mcp.sandbox.repository.manifests import development_region
from layers_mcp.sandbox.repository.tree import Tree

__all__ = ["primary_language", "spoken", "tag"]

_STOP_WORDS = {
    "en": "the and for with your you that this from are have can will our not all more when what",
    "de": "der die das und für mit nicht ist ein eine auf dich deine wir sie dein oder auch werden dem den zu",
    "fr": "le la les des et pour avec vous votre est une dans sur pas plus que nous qui au du",
    "es": "el la los las para con una que por tu más es en del como su y al sin",
    "it": "il lo la gli per con una che di non è più sono come anche della nel tuo i e",
    "pt": "o os as para com uma que não por seu sua mais em do da você é ao no na",
    "nl": "de het een en voor met niet van je jouw is op zijn naar ook dat te die wij aan",
    "sv": "och att det som en för med är inte på din av till du den ett kan har om vi",
    "pl": "i w na nie się do z jest że dla oraz to jak twoje od po za są lub przez",
    "tr": "ve bir için ile bu da de en çok olarak daha ne var senin size her gibi kadar sonra mi",
}
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
)
_HOME = {"en": "US", "ja": "JP", "ko": "KR", "sv": "SE", "da": "DK", "cs": "CZ", "el": "GR", "uk": "UA", "he": "IL", "hi": "IN", "vi": "VN"}
_WORDS_AT_LEAST = 12
_SHARE_AT_LEAST = 0.12
_LEAD = 1.5
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def tag(locale: str | None) -> str | None:
    """A locale as a BCP-47 tag; a region that adds nothing is left out: `en-US` is `en`, `pt-BR` stays."""
    bare = (locale or "").replace("_", "-")
    if not _TAG.fullmatch(bare) or bare.lower() in {"base", "default"}:
        return None
    language, _, rest = bare.partition("-")
    language = language.lower()
    return language if rest.upper() in {"", language.upper(), _HOME.get(language)} else f"{language}-{rest}"


def spoken(text: str) -> str | None:
    """The language of prose by its script or its commonest words, or None when there is too little to tell."""
    letters = sum(letter.isalpha() for letter in text)
    for language, script in _SCRIPTS:
        if letters and len(script.findall(text)) > letters * 0.3:
            return language
    words = re.findall(r"[^\W\d_]+", text.lower())
    if len(words) < _WORDS_AT_LEAST:
        return None
    scores = sorted(((sum(word in stops.split() for word in words), language) for language, stops in _STOP_WORDS.items()), reverse=True)
    (best, language), (second, _) = scores[0], scores[1]
    return language if best >= len(words) * _SHARE_AT_LEAST and best >= second * _LEAD else None


def primary_language(tree: Tree, copy: str) -> str | None:
    """The language of the store listing, the project, the pages or the prose, in this order.

    Project generators write `en` everywhere, so prose in another language outweighs an `en` of the project or the pages.
    """
    listed = store_copy.locales(tree)
    if len(listed) == 1:
        return tag(listed[0])
    declared = [found for found in (tag(development_region(tree)), tag(web_copy.html_lang(tree))) if found]
    foreign = next((found for found in declared if not found.startswith("en")), None)
    return foreign or spoken(copy) or next(iter(declared), None)
