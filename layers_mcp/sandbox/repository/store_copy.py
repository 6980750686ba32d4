"""What the app's store listing says, as fastlane and Gradle Play Publisher keep it."""

from __future__ import annotations

import re

from layers_mcp.sandbox.repository.errand import Brand
from layers_mcp.sandbox.repository.readme import split_name
from layers_mcp.sandbox.repository.template import own_copy, own_name
from layers_mcp.sandbox.repository.tree import Tree, folder_of

__all__ = ["copy", "locales", "opening", "read"]

_LISTING = re.compile(
    r"(?:^|/)(?:fastlane/metadata/(?:android/)?|fastlane/metadata/ios/|metadata/android/|src/main/play/listings/)(?P<locale>[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*|default)/"
    r"(?P<file>name|title|subtitle|short[-_]description|description|full[-_]description|promotional_text|keywords)\.txt$"
)
_FILES = {
    "name": ("name", "title"),
    "tagline": ("subtitle", "short-description", "short_description"),
    "description": ("description", "full-description", "full_description"),
    "keywords": ("keywords",),
}


def _folders(tree: Tree) -> dict[str, str]:
    """Listing folder to its locale, the App Store's before Google Play's."""
    found: dict[str, str] = {}
    for path in tree.ending(".txt"):
        if (match := _LISTING.search(path)) is not None:
            found.setdefault(folder_of(path), match["locale"].replace("_", "-"))
    return dict(sorted(found.items(), key=lambda item: ("android" in item[0] or "/play/" in item[0], item[0])))


def locales(tree: Tree) -> tuple[str, ...]:
    """The locales the listing is written in."""
    return tuple(dict.fromkeys(locale for locale in _folders(tree).values() if locale != "default"))


def _rank(locale: str) -> int:
    order = ("en-US", "en-GB", "en", "default")
    if locale in order:
        return order.index(locale)
    return len(order) + (not locale.startswith("en-"))


def _texts(tree: Tree, kind: str) -> list[str]:
    """The listing's texts of one kind, the best locale first."""
    folders = sorted(_folders(tree).items(), key=lambda item: _rank(item[1]))
    paths = [f"{folder}/{name}.txt" for folder, _ in folders for name in _FILES[kind]]
    return [text.strip() for path in paths if (text := tree.read(path)) and text.strip()]


def opening(text: str) -> str:
    """The first paragraph; a very short one is a headline and takes the next along."""
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", re.sub(r"<br\s*/?>|</p>", "\n\n", text)) if part.strip()]
    plain = [re.sub(r"<[^>]+>", "", part) for part in paragraphs]
    short = len(plain) > 1 and len(plain[0].split()) < 4
    return " ".join(plain[: 2 if short else 1])


def read(tree: Tree) -> Brand:
    """Name, tagline, description and keywords of the listing."""
    name, rest = split_name(next(iter(_texts(tree, "name")), ""))
    description = next(iter(_texts(tree, "description")), None)
    keywords = next(iter(_texts(tree, "keywords")), "")
    return Brand(
        app_name=own_name(name),
        tagline=own_copy(next(iter(_texts(tree, "tagline")), None) or rest),
        app_description=own_copy(opening(description)) if description else None,
        keywords=tuple(word.strip() for word in re.split(r"[,\n\uff0c\u3001]", keywords) if word.strip()),
    )


def copy(tree: Tree) -> str:
    """The listing's whole description, for what can only be guessed from prose."""
    return "\n".join([*_texts(tree, "tagline")[:1], *_texts(tree, "description")[:1]])
