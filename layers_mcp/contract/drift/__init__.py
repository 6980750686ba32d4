"""Where the sources disagree or are silent, and what we do: one row for each, as data.

`a` and `b` are two places and what each says, cut short; a place that says nothing says `(nothing)`. The seeds win over the
pages, and where nothing is known the plainest shape holds (design, "Sources of truth").
"""

from __future__ import annotations

from layers_mcp.contract.drift.apps import APPS
from layers_mcp.contract.drift.edge import EDGE
from layers_mcp.contract.drift.editing import EDITING
from layers_mcp.contract.drift.learning import LEARNING
from layers_mcp.contract.drift.organizations import ORGANIZATIONS
from layers_mcp.contract.drift.paid import PAID
from layers_mcp.contract.drift.posting import CONTENT, PUBLISHING
from layers_mcp.contract.drift.row import Drift
from layers_mcp.contract.drift.setup import GITHUB, IDENTITY, PAGES, PROJECTS
from layers_mcp.contract.drift.telling import ENGAGEMENT, LEASES, WEBHOOKS

__all__ = ["DRIFT", "Drift"]

DRIFT: tuple[Drift, ...] = (
    *IDENTITY,
    *PROJECTS,
    *GITHUB,
    *PAGES,
    *CONTENT,
    *EDITING,
    *PUBLISHING,
    *EDGE,
    *APPS,
    *LEARNING,
    *PAID,
    *WEBHOOKS,
    *LEASES,
    *ENGAGEMENT,
    *ORGANIZATIONS,
)
"""Every disagreement and every choice of ours that we know of."""
