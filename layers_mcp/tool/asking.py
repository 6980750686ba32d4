"""Asking the person through their client: what they are asked, and how an answer comes back. It knows no protocol."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from layers_mcp.tool.words import visible

if TYPE_CHECKING:
    from layers_mcp.tool.outcome import Shown

__all__ = ["AT_MOST_LETTERS", "AskFirst", "Asker", "Said", "fits", "question_words"]

AT_MOST_LETTERS = 12_000
"""Of a question that a client is given: two captions of the longest kind and all around them; whoever needs more sees it elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the client says that the person did, and the token of the question that this answers.

    `dismissed`: they gave no answer, or none in time.
    """

    answer: Literal["yes", "no", "dismissed"]
    token: str


class AskFirst(Exception):
    """The client is to ask `question` and to send this call again with the answer and `token`."""

    def __init__(self, question: str, token: str) -> None:
        super().__init__("the person has to be asked first")
        self.question = question
        self.token = token


class Asker(Protocol):
    """A client that can ask its person. `said`: the answer that came with this call, if one did; anybody may have written it."""

    said: Said | None

    async def ask(self, question: str, token: str, *, within_s: float) -> Said:
        """The person's answer to `question`.

        Raises:
            AskFirst: the answer comes with a second call.
        """
        ...


def _quoted(fact: object) -> str:
    return visible(json.dumps(fact, ensure_ascii=False))


def question_words(shown: Shown) -> str:
    """What the person is asked: one sentence, and for each thing how it stands, how it would stand, and what they need to judge it.

    Facts stand in quotes, so that no text of a stranger reads as ours, without what can't be seen, and whole: nobody says yes to what
    was cut away.
    """
    lines = [visible(shown.question)]
    for item in shown.items:
        lines += ["", f"{item.id}: {_quoted(item.before)} becomes {_quoted(item.after)}"]
        lines += [f"  {name}: {_quoted(fact)}" for name, fact in item.facts.items() if name not in shown.unbound and fact is not None]
    return "\n".join(lines)


def fits(shown: Shown) -> bool:
    """Whether a client can be given the question whole."""
    return len(question_words(shown)) <= AT_MOST_LETTERS
