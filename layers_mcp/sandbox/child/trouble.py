"""A workshop: what both sides of a child process know of the work, and how it ends when it brings nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Answer", "Trouble", "Workshop"]

T = TypeVar("T", bound=BaseModel)


class Trouble(BaseModel):
    """Why there is no outcome. `message` is ours, never a stranger's text; `field`: the argument that was at fault, and could mend it.

    `final`: the same work would end the same way again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Literal["SDK_PATCH_GENERATION_FAILED", "SCRAPE_FAILED", "VALIDATION", "PLATFORM_ERROR", "INTERNAL"]
    message: str
    field: str | None = None
    final: bool = False


class Answer(BaseModel, Generic[T]):
    """The one line a child prints."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    result: Annotated[T | Trouble, Field(union_mode="left_to_right")]


@dataclass(frozen=True, kw_only=True)
class Workshop(Generic[T]):
    """A kind of work that is done by running `module`, and brings an `outcome`.

    `doing` names it in our sentences; `advice` is what helps when it failed, `field` the argument that the advice is about.
    """

    module: str
    outcome: type[T]
    doing: str
    advice: str | None = None
    field: str | None = None

    def trouble(self, why: str, *, final: bool = False) -> Trouble:
        """It failed, why, and what helps; `final`: and would again."""
        helps = f"; {self.advice}" if self.advice else ""
        return Trouble(code="INTERNAL", message=f"{self.doing} {why}{helps}", field=self.field, final=final)
