"""Secrets in replies: a dump says that they were shown once, unless it is told to show them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, PlainSerializer, SecretStr, SerializationInfo

__all__ = ["SHOWN_ONCE", "SHOWS", "Secret", "secrets_of"]

SHOWS: dict[str, bool] = {"secrets": True}
"""The context of the one dump that goes to the person who asked; every other dump, and so everything that is kept, has no secret."""
SHOWN_ONCE = "(shown once, to the call that made it)"
"""What every other dump says instead."""


def _written(secret: SecretStr, asked: SerializationInfo) -> str:
    return secret.get_secret_value() if asked.context == SHOWS else SHOWN_ONCE


Secret = Annotated[SecretStr, PlainSerializer(_written, return_type=str, when_used="json")]
"""A text that is shown once and kept nowhere."""


def secrets_of(made: BaseModel) -> set[str]:
    """The fields of `made` that hold a secret, by their names inside."""
    return {name for name in type(made).model_fields if isinstance(getattr(made, name), SecretStr)}
