"""What one row of `drift` holds, and the places that rows quote."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["NOTHING", "PLAIN", "PLAYBOOK", "SEED", "Drift", "P", "S"]


class Drift(NamedTuple):
    """One disagreement, or one choice where nobody says anything."""

    topic: str
    a: str
    says_a: str
    b: str
    says_b: str
    ours: str
    why: str


S = "seed 004"
PLAYBOOK = "seed 000"
P = "layers-api"
NOTHING = "(nothing)"
SEED = "a seed is printed as it stands"
PLAIN = "the plainest shape"
