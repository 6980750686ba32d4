"""Edits of JavaScript and TypeScript entries in the file's own manner."""

from __future__ import annotations

import re
from dataclasses import dataclass

from layers_mcp.sandbox.repository.instrument.sdk import EVENTS_ARE, Sdk, newline_of, quoted

__all__ = ["Manner", "events_of", "manner_of", "with_import"]

_DIRECTIVE = re.compile(r"""^(['"])use [\w ]+\1;?$""")
_IMPORT = re.compile(r"""^import(?:\s|\{|\*|['"])""")
_IMPORT_END = re.compile(r"""(?:\bfrom\s*|^import\s*|^\}\s*from\s*)['"][^'"]*['"]|=\s*require\(""")
_REQUIRE = re.compile(r"""^(?:(?:const|let|var)\s.*=\s*)?require\(['"][^'"]+['"]\)""")
_LINES_OF_AN_IMPORT = 80


@dataclass(frozen=True, slots=True)
class Manner:
    """How a file quotes, and whether it ends statements with a semicolon."""

    quote: str = '"'
    end: str = ";"

    def text(self, content: str) -> str:
        """A string literal."""
        return quoted(content, self.quote)


def manner_of(source: str) -> Manner:
    """The manner of a file, read from its imports, else from all of it."""
    lines = [line for line in source.splitlines() if re.match(r"\s*(?:import\b|export\b|const\b|let\b|var\b|\}).*['\"]", line)] or [
        line for line in source.splitlines() if line.strip() and not line.lstrip().startswith(("//", "#!", "/*", "*"))
    ]
    body = "\n".join(lines)
    ended = sum(line.rstrip().endswith(";") for line in lines)
    return Manner(quote="'" if body.count("'") > body.count('"') else '"', end=";" if ended * 2 >= len(lines) else "")


def events_of(sdk: Sdk, manner: Manner, *, typed: bool) -> str:
    """The allowlist as a constant, or nothing when every event is allowed."""
    if not sdk.events:
        return ""
    names = "".join(f"  {manner.text(name)},\n" for name in sdk.events)
    kept = " as const" if typed else ""
    return f"\n/** {EVENTS_ARE} */\nexport const layersEvents = [\n{names}]{kept}{manner.end}\n"


def _statement_end(lines: list[str], start: int) -> int:
    """The line after an import that starts at `start`."""
    for index in range(start, min(start + _LINES_OF_AN_IMPORT, len(lines))):
        if _IMPORT_END.search(lines[index].strip()):
            return index + 1
    return start + 1


def _comment_end(lines: list[str], start: int) -> int:
    for index in range(start, len(lines)):
        if "*/" in lines[index]:
            return index + 1
    return len(lines)


def _place(lines: list[str]) -> tuple[int, bool]:
    """The line after the last import at the top, and whether the file imports at all."""
    index, after, comments, imports = 0, 0, 0, False
    while index < len(lines):
        stripped = lines[index].strip()
        if stripped.startswith("#!"):
            comments = index = index + 1
        elif not stripped or stripped.startswith("//"):
            index += 1
        elif stripped.startswith("/*"):
            index = _comment_end(lines, index)
            comments = index if not imports else comments
        elif _DIRECTIVE.match(stripped):
            after = index = index + 1
        elif _IMPORT.match(lines[index]):
            after = index = _statement_end(lines, index)
            imports = True
        elif _REQUIRE.match(lines[index]) and not imports:
            after = index = index + 1
        else:
            break
    return (after or comments), imports


def with_import(source: str, module: str) -> str:
    """The entry with a side-effect import of `module` after its own imports; unchanged when it imports it already."""
    if re.search(rf"""['"]{re.escape(module)}['"]""", source):
        return source
    manner, newline = manner_of(source), newline_of(source)
    lines = source.split(newline)
    place, imports = _place(lines)
    required = not imports and any(_REQUIRE.match(line) for line in lines[:place])
    statement = (
        f"require({manner.quote}{module}{manner.quote}){manner.end}"
        if required
        else f"import {manner.quote}{module}{manner.quote}{manner.end}"
    )
    blank = [] if imports or required or (place < len(lines) and not lines[place].strip()) else [""]
    before = [""] if not imports and not required and place and lines[place - 1].strip() else []
    return newline.join([*lines[:place], *before, statement, *blank, *lines[place:]])
