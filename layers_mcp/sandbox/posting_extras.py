"""What goes with posting: there is no music here, and no phone; who would have been told is written down."""

from __future__ import annotations

from layers_mcp.contract import errors
from layers_mcp.contract import posting_extras as contract
from layers_mcp.contract.endpoint import Empty
from layers_mcp.sandbox import audit, publishing
from layers_mcp.sandbox.visit import Visit

__all__ = ["music", "notify"]


def music(_visit: Visit, _request: Empty) -> contract.Tracks:
    """No music: the sandbox has no catalogue of TikTok's."""
    return contract.Tracks(tracks=(), total=0)


def notify(visit: Visit, request: contract.NotifyDevice) -> contract.NotifiedDevice:
    """Write down that a phone was told; what waits for a decision is shown to nobody.

    Raises:
        errors.UnknownProblem: PHONE_REQUIRED, as no key's owner has a phone here.
    """
    row = publishing.ready(visit, request.container_id)
    publishing.check_let_through(row)
    if request.phone_number is None:
        raise errors.UnknownProblem("the key's owner has no phone; give phoneNumber", wire_code="PHONE_REQUIRED", wire_status=422)
    audit.log(visit, "content.device_notified", row.project_id, containerId=row.id)
    return contract.NotifiedDevice(container_id=row.id, status="sent", sent_at=visit.now)
