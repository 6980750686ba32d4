"""What a set of slides is drawn from."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = ["SlideBrief", "Unwritable"]


class Unwritable(ValueError):
    """No installed font has the letters of a text; `text` is what could not be drawn."""

    def __init__(self, text: str) -> None:
        super().__init__("no installed font has these letters")
        self.text = text


class SlideBrief(BaseModel):
    """A hook and the brand that says it; the same brief gives the same slides.

    All text and `logo` are a stranger's. `language` is BCP-47. `logo` is an image file of at most 2 MB, base64 in JSON; one that
    cannot be read counts as none. `variant` counts from 0 and changes the colours and the pattern, never the words. Lengths are those
    that `contract.content.Brief` and the brand context allow, or more.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")

    hook: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    cta: Annotated[str, StringConstraints(max_length=1000)] | None = None
    app_name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    tagline: Annotated[str, StringConstraints(max_length=1000)] | None = None
    description: Annotated[str, StringConstraints(max_length=20_000)] | None = None
    language: Annotated[str, StringConstraints(max_length=35)] | None = None
    logo: Annotated[bytes, Field(max_length=2 * 1024 * 1024)] | None = None
    variant: Annotated[int, Field(ge=0)] = 0
