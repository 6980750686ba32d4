"""What can only be guessed from an app's own prose: for whom, in what voice, about what."""

from __future__ import annotations

import re
from collections import Counter

from layers_mcp.sandbox.clean import words

__all__ = ["STOP", "audience", "keywords", "voice"]

_FOR_WHOM = (
    re.compile(
        r"\b(?:built|made|designed|created|crafted|perfect|ideal)\s+(?:specifically |especially |just )?for\s+(?P<who>[^.!?;:\n(]{6,140})",
        re.IGNORECASE,
    ),
    re.compile(r"\bfor\s+(?P<who>(?:[\w'\u2019-]+\s+){1,6}who\s+[^.!?;:\n(]{4,120})", re.IGNORECASE),
    re.compile(
        r"\bhelps?\s+(?P<who>(?!you\b|your\b|us\b|with\b|to\b|make\b)[a-z][\w'\u2019 -]{3,50}?)"
        r"\s+(?:to\s+)?(?:find|track|manage|save|learn|build|stay|get|make|discover|plan|share)\b",
        re.IGNORECASE,
    ),
)
_NOT_PEOPLE = re.compile(
    r"^(?:ios|android|mac|windows|linux|the (?:web|app|future|purpose)|web|production|use|speed|performance|react|modern|any"
    r"|all (?:devices|platforms)|this|that|it|mobile|iphone|ipad|apple|desktop)\b",
    re.IGNORECASE,
)
STOP = words(
    "about above after again against also always among another around because been before being below between both cannot could does doing",
    "down during each easily ever every everything from further have having here hers herself himself into itself just know like made make",
    "makes many more most much must myself need never once only other ours over own same should simple simply since some such",
    "take than that",
    "their theirs them then there these they this those through time under until upon very want well were what when where which while whom",
    "will with within without would your yours yourself able allow allows available based best better built came come create easy even",
    "feature features first free full get getting give good great help helps including keep let lets long look new now offers one open",
    "provides right see set show start started still support supports thing things today try use",
    "used user users using version via way ways",
    "work works application app apps application's code project repository source software github install installation build please read",
    "readme license contribute contributing contributors development developer developers documentation docs",
    "run running react native flutter",
    "expo swift swiftui kotlin java javascript typescript next.js npm yarn node python docker server client library framework package",
    "android iphone ipad ios web website page download store google play apple https http www com org file files folder data list issue",
    "issues release releases community any all the and for you are our not can has its it's don't you're we're that's isn't out off",
)
"""English words that say nothing of what an app is about."""
_WORD = re.compile(r"[a-z][a-z'\u2019-]{3,}")
_TIMES_AT_LEAST = 2
_KEYWORDS = 8
_VOICE_WORDS = 60


def audience(copy: str) -> str | None:
    """Whom the prose says the app is for, in its own words."""
    for pattern in _FOR_WHOM:
        for found in pattern.finditer(copy):
            who = re.split(r"\s*[,]?\s+(?:and|but) (?:it|we|is|has|you)\b|\s+[-\u2013—]\s+", found["who"])[0].strip(" ,'\"")
            if not _NOT_PEOPLE.match(who) and len(who.split()) <= 16:
                return who[:1].upper() + who[1:] + "."
    return None


def keywords(copy: str) -> tuple[str, ...]:
    """The words the prose keeps coming back to."""
    said = [word.strip("'\u2019-").removesuffix("'s").removesuffix("\u2019s") for word in _WORD.findall(copy.lower())]
    counted = Counter(word for word in said if word not in STOP and len(word) > 3)
    return tuple(word for word, times in counted.most_common(_KEYWORDS) if times >= _TIMES_AT_LEAST)


def voice(copy: str) -> str | None:
    """How English marketing prose sounds, or None when there is too little of it to say two things with confidence."""
    said = re.findall(r"[\w'\u2019]+", copy.lower())
    sentences = [part for part in re.split(r"[.!?]+\s|\n+", copy) if len(part.split()) > 1]
    if len(said) < _VOICE_WORDS or not sentences:
        return None
    share = {
        "Energetic": copy.count("!") / len(sentences) > 0.25,
        "Conversational": sum("'" in word or "\u2019" in word for word in said) / len(said) > 0.02,
        "Direct, speaks to the reader": sum(word in {"you", "your", "you're", "you\u2019ll"} for word in said) / len(said) > 0.03,
        "Concise": len(said) / len(sentences) < 11,
        "Detailed": len(said) / len(sentences) > 24,
    }
    traits = [trait for trait, heard in share.items() if heard]
    return ", ".join([traits[0], *(trait[0].lower() + trait[1:] for trait in traits[1:])]) + "." if len(traits) > 1 else None
