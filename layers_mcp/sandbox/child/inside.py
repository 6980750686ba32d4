"""The edge of a child process: one errand in JSON on stdin, one answer in JSON on stdout, limits in between."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from layers_mcp.sandbox.child.limits import limit
from layers_mcp.sandbox.child.trouble import Answer, Trouble, Workshop

__all__ = ["serve"]

E = TypeVar("E")
O = TypeVar("O", bound=BaseModel)  # noqa: E741  an outcome

_ERRAND_AT_MOST = 16 * 1024 * 1024
_AT_MOST_S = 120.0
_AT_MOST_BYTES = 512 * 1024 * 1024


def _result(
    text: str, shop_of: Callable[[E | None], Workshop[O]], errands: TypeAdapter[E], carry_out: Callable[[E], O | Trouble]
) -> O | Trouble:
    try:
        errand = errands.validate_json(text)
    except ValidationError:
        return shop_of(None).trouble("got an errand it does not know")
    workshop = shop_of(errand)
    try:
        return carry_out(errand)
    except MemoryError:
        return workshop.trouble("needs more memory than it may use", final=True)
    except Exception as error:  # noqa: BLE001 - the edge of the process: every end has an answer
        return workshop.trouble(f"broke off ({type(error).__name__})")


def serve(
    arguments: list[str], shop_of: Callable[[E | None], Workshop[O]], errands: TypeAdapter[E], carry_out: Callable[[E], O | Trouble]
) -> None:
    """Carry out the errand on stdin and print what it brought; `arguments`: seconds and bytes at most.

    `shop_of`: the kind of work that an errand is, or of one that is not known.
    """
    at_most_s, at_most_bytes = (float(arguments[0]), int(arguments[1])) if arguments else (_AT_MOST_S, _AT_MOST_BYTES)
    limit(at_most_s=at_most_s, at_most_bytes=at_most_bytes)
    result = _result(sys.stdin.read(_ERRAND_AT_MOST), shop_of, errands, carry_out)
    sys.stdout.write(Answer[BaseModel](result=result).model_dump_json(by_alias=True, serialize_as_any=True) + "\n")
