"""Prompts: conversations that a person starts, written as Markdown files with a head that names their arguments and tools.

The files lie in `prompts/` of the checkout and inside the installed package.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from layers_mcp.tool.words import visible

__all__ = ["Argument", "Prompt", "filled", "read_prompts"]

_HEAD = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_WORD = re.compile(r"\w+")
_BLANK = re.compile(r"\{\{(\w+)\}\}")
NOT_GIVEN = "(not given)"
"""What stands where an optional argument was not given."""
AT_MOST = 20_000
"""Characters of one argument; a form is shorter, and a longer text would push the instructions away."""


class Argument(BaseModel):
    """One argument: what it is, and whether the prompt can do without it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    description: str = Field(min_length=1)
    required: bool


class Prompt(BaseModel):
    """One prompt; `name` is its file's. `uses`: the tools it may call; `proposes`: tools whose calls it may only propose."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    title: str = Field(min_length=1)
    description: str = Field(min_length=1)
    arguments: dict[str, Argument]
    uses: tuple[str, ...] = Field(min_length=1)
    proposes: tuple[str, ...] = ()
    body: str = Field(min_length=1)


def _folder() -> Path:
    packaged = Path(__file__).parent / "prompt_files"
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / "prompts"


def _read(file: Path) -> Prompt:
    match = _HEAD.match(file.read_text(encoding="utf-8"))
    if match is None:
        raise ValueError(f"{file.name} has no head between lines of ---")
    prompt = Prompt.model_validate({**yaml.safe_load(match[1]), "name": file.stem, "body": match[2].strip() + "\n"})
    blanks = set(_BLANK.findall(prompt.body))
    if blanks != set(prompt.arguments):
        odd = ", ".join(sorted(blanks ^ set(prompt.arguments)))
        raise ValueError(f"{file.name}: body and arguments do not agree on {odd}")
    unsaid = sorted(set(prompt.uses + prompt.proposes) - set(_WORD.findall(prompt.body)))
    if unsaid or set(prompt.uses) & set(prompt.proposes):
        raise ValueError(f"{file.name}: its head names tools that the body does not, or one twice: {', '.join(unsaid)}")
    return prompt


def read_prompts(folder: Path | None = None) -> tuple[Prompt, ...]:
    """Every prompt, by name.

    Raises:
        ValueError: a file that is not a prompt, by its name; wrong prompts stop the start.
    """
    return tuple(_read(file) for file in sorted((folder or _folder()).glob("*.md")))


def _plain(given: str) -> str:
    """What was given, without characters that can't be seen, and with lines that every reader breaks alike."""
    return "\n".join(visible(line).rstrip() for line in given.splitlines()).strip()


def _quoted(given: str) -> str:
    """Lines that begin with `> `: no line of the text itself can end them."""
    return "\n".join(f"> {line}".rstrip() for line in given.split("\n"))


def _tools(prompt: Prompt) -> str:
    """What the head says of tools, in words (seed 000: an LLM explains, summarizes and interprets, and acts only with consent)."""
    said = f"Tools for this: {', '.join(prompt.uses)}; call no others."
    if prompt.proposes:
        said += f" Only to propose, until the user has chosen the call: {', '.join(prompt.proposes)}."
    return f"{said} One that you are not shown is in another preset (LAYERS_TOOLS): say what is missing without it, and go on."


def filled(prompt: Prompt, given: Mapping[str, str]) -> str:
    """The prompt's text with its arguments in place, quoted, and its tools; what was given is put in once and not read for blanks itself.

    Raises:
        ValueError: an argument is missing, unknown or too long, by its name.
    """
    unknown = sorted(set(given) - set(prompt.arguments))
    missing = sorted(name for name, one in prompt.arguments.items() if one.required and not _plain(given.get(name, "")))
    long = sorted(name for name, value in given.items() if len(value) > AT_MOST)
    if unknown or missing or long:
        said = [f"unknown: {', '.join(unknown)}"] * bool(unknown) + [f"missing: {', '.join(missing)}"] * bool(missing)
        said += [f"longer than {AT_MOST} characters: {', '.join(long)}"] * bool(long)
        raise ValueError(f"{prompt.name} got arguments that don't fit ({'; '.join(said)}); it takes {', '.join(prompt.arguments)}")
    plain = {name: _plain(value) for name, value in given.items()}
    body = _BLANK.sub(lambda blank: _quoted(plain[blank[1]]) if plain.get(blank[1]) else NOT_GIVEN, prompt.body)
    return f"{body}\n{_tools(prompt)}\n"
