"""Facts with where they stand, sentences that rest on them, and the plain words that are made of both."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import Field

from layers_mcp.loops.place import Place
from layers_mcp.tool.outcome import View

__all__ = ["AT_MOST_WORDS", "Case", "Explanation", "Fact", "Record", "Sentence", "money"]

AT_MOST_WORDS = 120
"""Issue: plain words of at most 120 for a customer."""


class Fact(View):
    """One thing that the words rest on; `value` is what they quote."""

    id: str
    what: str
    value: str
    window: str | None = Field(default=None, description="The time it is about.")
    source: str = Field(description="The route that answers it, or the page of the docs.")
    record: str | None = Field(default=None, description="The record there, by its id in records.")
    field: str | None = Field(default=None, description="Where in the record.")


class Record(View):
    """A record that facts stand in: its id here, and its own in the API; ids are long, so each stands once."""

    id: str
    record: str
    run: str | None = Field(default=None, description="The optimizer run it is part of.")


class Sentence(View):
    """One sentence and the facts it rests on, by id."""

    words: str
    rests_on: tuple[str, ...] = Field(description="Ids of evidence.")


class Explanation(View):
    """Plain words for a customer, every sentence with what it rests on, and the evidence.

    When the sentences are too many, `words` leaves the least of them out.
    """

    words: str
    sentences: tuple[Sentence, ...]
    evidence: tuple[Fact, ...]
    records: tuple[Record, ...] = ()


@dataclass
class Case:
    """Sentences and evidence as they come together."""

    evidence: list[Fact] = field(default_factory=list[Fact])
    records: dict[str, Record] = field(default_factory=dict[str, Record])
    sentences: list[tuple[int, Sentence]] = field(default_factory=list[tuple[int, Sentence]])

    def fact(self, what: str, value: str, place: Place, window: str | None = None) -> str:
        """Put a fact on record; its id."""
        known, record = f"e{len(self.evidence) + 1}", None
        if place.record is not None:
            new = Record(id=f"r{len(self.records) + 1}", record=place.record, run=place.run)
            record = self.records.setdefault(place.record, new).id
        self.evidence.append(Fact(id=known, what=what, value=value, window=window, source=place.source, record=record, field=place.field))
        return known

    def say(self, words: str, *facts: str, rank: int = 0) -> None:
        """Add a sentence; those of the highest `rank` are left out of the words first, when they are too many."""
        self.sentences.append((rank, Sentence(words=words, rests_on=facts)))

    def told(self) -> Explanation:
        """All of it."""
        kept = list(self.sentences)
        while sum(len(one.words.split()) for _, one in kept) > AT_MOST_WORDS and len(kept) > 1:
            worst = max(rank for rank, _ in kept)
            kept.pop(max(place for place, (rank, _) in enumerate(kept) if rank == worst))
        return Explanation(
            words=" ".join(one.words for _, one in kept),
            sentences=tuple(one for _, one in self.sentences),
            evidence=tuple(self.evidence),
            records=tuple(self.records.values()),
        )


def money(cents: float, currency: str | None) -> str:
    """An amount in words."""
    return f"{cents / 100:.2f} {currency or 'of the account currency'}"
