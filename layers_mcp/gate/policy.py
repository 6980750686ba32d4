"""Who may say yes to what: a tier for each action, from a file that a person wrote."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, cast

__all__ = ["TIERS", "BadPolicy", "Policy", "Tier", "policy_of", "read_policy"]

Tier = Literal["ask", "human", "outside", "deny"]
"""From the loosest to the tightest.

`ask`: the person's client asks them; a client that can't leaves the yes to the agent, which returns the handle.
`human`: a person's yes, by their client or outside the conversation. `outside`: only outside the conversation.
`deny`: nobody's yes is enough; what needs none, such as spending within a budget, goes on unless `actions` names it.
"""
TIERS: Final[tuple[Tier, ...]] = ("ask", "human", "outside", "deny")


class BadPolicy(ValueError):
    """A policy that can't be held to; the message says what is wrong with it and where."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The tier of every control action: that of `actions`, by the tool's name, else `default`.

    A tool that asks only over a budget (`generate_content`) does so by `default`; one that `actions` names asks always, and with `deny`
    does nothing.
    """

    default: Tier = "ask"
    actions: Mapping[str, Tier] = field(default_factory=dict[str, Tier])

    def tier(self, action: str) -> Tier:
        """Whose yes an action needs."""
        return self.actions.get(action, self.default)

    def tightened(self, least: Tier) -> Policy:
        """The same with no action below `least`; a policy is never loosened."""
        return self.narrowed(Policy(default=least))

    def narrowed(self, other: Policy) -> Policy:
        """Of each action the tighter of the two."""
        named: dict[str, Tier] = {name: _tighter(self.tier(name), other.tier(name)) for name in (*self.actions, *other.actions)}
        return Policy(default=_tighter(self.default, other.default), actions=named)


def _tighter(one: Tier, other: Tier) -> Tier:
    return one if TIERS.index(one) >= TIERS.index(other) else other


def _tier(given: object, where: str) -> Tier:
    for tier in TIERS:
        if tier == given:
            return tier
    raise BadPolicy(f"{where} is {given!r}; it must be one of {', '.join(TIERS)}")


def _known(name: str, actions: Collection[str]) -> str:
    if name in actions:
        return name
    near = difflib.get_close_matches(name, sorted(actions), n=1, cutoff=0.0)
    raise BadPolicy(f"actions.{name} is no action that needs a yes; the nearest is {near[0] if near else 'none'}")


def read_policy(file: Path, *, default: Tier, actions: Collection[str]) -> Policy:
    """The policy in a TOML file: `default`, and a table `actions` of tool names and tiers; no action is below the given `default`.

    Raises:
        BadPolicy: the file can't be read, is no TOML, or names an action or a tier that nobody knows.
    """
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise BadPolicy(f"the file can't be read ({problem.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadPolicy(f"the file is no TOML: {problem}") from None
    unknown = sorted(set(found) - {"default", "actions"})
    if unknown:
        raise BadPolicy(f"{unknown[0]} is not known; there are default and actions")
    return policy_of(found.get("default", default), found.get("actions", {}), actions=actions).tightened(default)


def policy_of(default: object, given: object, *, actions: Collection[str], said: str = "default") -> Policy:
    """The policy of a default and a table of tool names and tiers, as a person wrote them; `said`: what the default is called there.

    Raises:
        BadPolicy: one of them names an action or a tier that nobody knows.
    """
    if not isinstance(given, dict):
        raise BadPolicy("actions must be a table of tool names and tiers")
    named: dict[str, Tier] = {
        _known(name, actions): _tier(tier, f"actions.{name}") for name, tier in cast("dict[str, object]", given).items()
    }
    return Policy(default=_tier(default, said), actions=named)
