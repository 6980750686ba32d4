"""One tool, one declaration: the signature is the schema, the docstring the description, the decorator the policy."""

from __future__ import annotations

import difflib
import enum
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, NamedTuple, TypeVar, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError, field_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from layers_mcp.contract.endpoint import Endpoint
from layers_mcp.contract.errors import Invalid
from layers_mcp.tool.call import Call
from layers_mcp.tool.outcome import Outcome, Shown

__all__ = ["Adding", "Arguments", "Control", "Effect", "Look", "Made", "Priced", "Tool", "Waiting", "parse", "tool"]


class Effect(enum.Enum):
    """What a tool does to the world; it gives the four MCP hints."""

    READS = "reads"
    ADDS = "adds"
    SETS = "sets"
    REMOVES = "removes"
    SPEAKS = "speaks"

    @property
    def hints(self) -> dict[str, bool]:
        """readOnly, destructive, idempotent and openWorld, as MCP spells them.

        Speaking to an audience can't be taken back, so it is destructive; nothing that speaks is advertised as harmless.
        """
        return {
            "readOnlyHint": self is Effect.READS,
            "destructiveHint": self in (Effect.REMOVES, Effect.SPEAKS),
            "idempotentHint": self in (Effect.READS, Effect.SETS),
            "openWorldHint": True,
        }


class Arguments(BaseModel):
    """Arguments of a tool: the wire's spelling outside, unknown names refused, immutable."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="forbid", frozen=True)


class Waiting(Arguments):
    """Arguments of a long tool."""

    wait_seconds: int | None = Field(default=None, ge=0, le=900, description="Wait no longer than this.")


class Adding(Arguments):
    """Arguments of a tool that adds something."""

    idempotency_key: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = Field(
        default=None, description="A new one repeats the call."
    )


class Priced(Arguments):
    """Arguments of a tool that costs credits."""

    quote_only: bool = Field(default=False, description="Only the price.")


class Control(Arguments):
    """Arguments of a control tool."""

    confirm: str = Field(default="", description="The preview's handle (cf_…), once the person agreed.")

    @field_validator("confirm", mode="before")
    @classmethod
    def _no_handle(cls, given: object) -> str:
        """Whatever is no handle (`true`, a number, a list) confirms nothing and gets the preview, like any other wrong word."""
        return given if isinstance(given, str) else "no handle"


A = TypeVar("A", bound=Arguments)
Run = Callable[[A, Call], Awaitable[Outcome[Any]]]
Ask = Callable[[A, Call], Awaitable[Shown | None]]
"""What a person must see first; None when these arguments change nothing."""


class Made(NamedTuple):
    """Containers that a call would have made for credits. `part`: as in `Call.key_for`, empty where the call's own key goes out with it."""

    part: str
    project_id: str | None
    format: str | None
    how_many: int


class Look(NamedTuple):
    """The call that shows whether a write took effect: one that reads, or the preview of the control tool itself."""

    tool: str
    arguments: dict[str, JsonValue]


Prices = Callable[[A, Call], Awaitable[tuple[Made, ...]]]


def _never(request: Arguments) -> bool:
    del request
    return False


def _always(request: Arguments) -> bool:
    del request
    return True


@dataclass(frozen=True, kw_only=True)
class Tool(Generic[A]):
    """A declared tool.

    `ask` makes it a control tool: it acts only on a live handle for exactly what `ask` shows; one whose arguments are `Adding` does so
    only where it would exceed a budget. `prices`: what it makes for credits. `look`: what shows afterwards whether it took effect.
    `halts`: it is the switch that holds other tools' writes back, and is held back by none. `sets`: whether a call with these arguments
    leaves things in one state however often it is made; each yes then acts anew, as Layers answers a key that it knows with the first
    answer, whatever was set since (layers-api: operational/idempotency).
    """

    name: str
    title: str
    description: str
    effect: Effect
    calls: tuple[Endpoint[Any, Any], ...]
    arguments: type[A]
    result: type[BaseModel]
    run: Run[A]
    ask: Ask[A] | None = None
    prices: Prices[A] | None = None
    look: Callable[[A], Look] | None = None
    halts: bool = False
    sets: Callable[[A], bool] = _never

    @property
    def asks_always(self) -> bool:
        """Whether it never acts without a yes, whatever it costs."""
        return self.ask is not None and not issubclass(self.arguments, Adding)


def _description(run: Callable[..., object]) -> str:
    text = inspect.getdoc(run) or ""
    return " ".join(text.split())


def _check(run: Callable[..., object], arguments: type[Arguments], *, asks: bool, priced: bool, looks: bool, effect: Effect) -> None:  # noqa: PLR0913  each is a part of the declaration
    """What of a declaration must go together.

    Raises:
        TypeError: what does not.
    """
    name = run.__name__
    if asks != issubclass(arguments, Control):
        raise TypeError(f"{name}: a control tool has both `ask` and `confirm`, any other neither")
    if priced != issubclass(arguments, Priced) or (priced and not asks):
        raise TypeError(f"{name}: a tool that costs credits has `prices`, `quoteOnly` and `ask`, any other neither of the first two")
    if looks != (effect is not Effect.READS):
        raise TypeError(f"{name}: a tool that writes has a `look`, one that reads has none")


def tool(  # noqa: PLR0913  what a declaration says, each by name
    *,
    calls: tuple[Endpoint[Any, Any], ...],
    effect: Effect,
    ask: Ask[Any] | None = None,
    prices: Prices[Any] | None = None,
    look: Callable[[Any], Look] | None = None,
    halts: bool = False,
    sets: Callable[[Any], bool] | None = None,
) -> Callable[[Callable[[A, Call], Awaitable[Outcome[Any]]]], Tool[A]]:
    """Declare the decorated function as a tool.

    `calls`: every endpoint it may touch; its scopes and rate classes follow. `ask`: what a control tool shows first; `prices`, `look`,
    `halts` and `sets`: as in `Tool`.

    Raises:
        TypeError: at import, when the signature is not (Arguments, Call) -> Outcome[Model], or a part of the declaration lacks another.
    """

    def declare(run: Callable[[A, Call], Awaitable[Outcome[Any]]]) -> Tool[A]:
        hints = get_type_hints(run)
        (arguments,) = [hint for hint in hints.values() if inspect.isclass(hint) and issubclass(hint, Arguments)]
        answer = hints["return"]
        if get_origin(answer) is not Outcome:
            raise TypeError(f"{run.__name__}: a tool returns Outcome[Model]")
        _check(run, arguments, asks=ask is not None, priced=prices is not None, looks=look is not None, effect=effect)
        return Tool(
            name=run.__name__,
            title=run.__name__.replace("_", " ").capitalize(),
            description=_description(run),
            effect=effect,
            calls=calls,
            arguments=cast("type[A]", arguments),
            result=get_args(answer)[0],
            run=run,
            ask=ask,
            prices=prices,
            look=look,
            halts=halts,
            sets=sets or (_always if effect is Effect.SETS else _never),
        )

    return declare


_SAID = {
    "missing": "is required",
    "string_type": "must be a string",
    "string_unicode": "must be text; half a character (a lone surrogate) is none",
    "tuple_type": "must be a list",
    "model_type": "must be an object",
    "dict_type": "must be an object",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "timezone_aware": "needs Z or an offset, like 2026-04-18T22:00:00Z",
    "string_pattern_mismatch": "does not have the form it must have",
}
"""Pydantic's words for what is usually wrong, in ours; the rest is clear enough as it comes."""


_MOST_LETTERS = 100
"""Of a name that a caller made up."""


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation holds, below `| None`, tuples and the like."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)


def _taken(arguments: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The names that are known where an unknown one stood."""
    model = arguments
    for step in loc[:-1]:
        field = next((field for name, field in model.model_fields.items() if step in (name, field.alias)), None)
        model = (_model_in(field.annotation) if field else None) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _said(issue: ErrorDetails, declared: Tool[Any]) -> str:
    kind, words = issue["type"], issue["msg"]
    if kind == "extra_forbidden":
        whole = declared.name if len(issue["loc"]) == 1 else _path(issue["loc"][:-1])
        known = _taken(declared.arguments, issue["loc"])
        near = difflib.get_close_matches(str(issue["loc"][-1])[:_MOST_LETTERS], known, n=1, cutoff=0.0)
        return f"is no argument of {whole}, which takes {', '.join(known)}; the nearest is {near[0]}"
    return _SAID.get(kind, words.removeprefix("Value error, ").replace("Input should", "should"))


def _path(loc: tuple[int | str, ...]) -> str:
    """The way to an argument; of a name that can't be shown, such as a control character, the letters are written out."""
    steps = [step if not isinstance(step, str) or (step and step.isprintable()) else ascii(step) for step in loc]
    return ".".join(str(step)[:_MOST_LETTERS] for step in steps) or "arguments"


def parse(declared: Tool[A], given: dict[str, Any]) -> A:
    """The arguments of a call.

    Raises:
        Invalid: naming each argument that does not fit; the values themselves are not repeated.
    """
    try:
        return declared.arguments.model_validate(given)
    except ValidationError as problem:
        found = problem.errors(include_url=False, include_input=False, include_context=False)
        said = [(_path(issue["loc"]), _said(issue, declared)) for issue in found]
        issues: list[JsonValue] = [{"path": path, "message": words} for path, words in said]
        named = "; ".join(f"{path} {words}" for path, words in said[:5])
        raise Invalid(f"{declared.name} got arguments that don't fit: {named}", details={"issues": issues}) from None
