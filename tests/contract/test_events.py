"""What Layers tells by webhook is read whatever edition it is of, and its signature is the documented one."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from pydantic import ValidationError

from layers_mcp.contract import events, signing, webhooks


def test_an_event_of_the_catalog_says_what_its_kind_says():
    """Layers-api, "Event catalog": content.approved with id, projectId, approvedAt, approvedBy."""
    body = b'{"id":"evt_1","type":"content.approved","data":{"id":"cnt_7","projectId":"prj_1","approvedAt":"2026-04-18T17:41:08.712Z"}}'

    said = events.Event.model_validate_json(body).said()

    assert isinstance(said, events.ContentDecided)
    assert (said.id, said.project_id, said.approved_by) == ("cnt_7", "prj_1", None)


def test_an_event_of_an_unknown_kind_is_kept_whole():
    """Issue 7: unknown types kept; new envelope fields are no reason to refuse."""
    event = events.Event.model_validate({"id": "evt_2", "type": "billing.paid", "data": {"cents": 5}, "createdAt": "whenever"})

    assert (event.type, event.data, event.said()) == ("billing.paid", {"cents": 5}, None)


def test_an_event_that_lacks_its_id_says_nothing_rather_than_a_guess():
    """Payloads past post.failed stand on no page; a shape that does not fit is kept and not acted on."""
    event = events.Event.model_validate({"id": "evt_3", "type": "post.published", "data": {"postId": "sp_1"}})

    assert event.said() is None


def test_every_event_of_the_seed_is_known():
    """Seed 000, "Webhook events to subscribe to", and the three of pattern B."""
    named = {"project.ready", "content.generated", "content.approved", "post.published", "ads.decision", "lease_request.assigned"}

    assert named | {"social_account.connected"} <= set(events.EVENTS)
    assert len(events.EVENTS) <= webhooks.MOST_EVENTS


def test_a_signature_is_the_documented_one_over_the_raw_body():
    """Layers-api: HMAC-SHA256(secret, "${t}.${rawBody}"); of every secret one v1."""
    body, first = b'{ "id":\t"evt_1" }\n', hmac.new(b"whsec_a", b'1790000000.{ "id":\t"evt_1" }\n', hashlib.sha256).hexdigest()

    header = signing.signature(["whsec_a", "whsec_b"], body, 1_790_000_000)

    assert header.split(",")[:2] == ["t=1790000000", f"v1={first}"]
    assert signing.read_signature(header) == (1_790_000_000, (first, signing.mac("whsec_b", body, 1_790_000_000)))


@pytest.mark.parametrize("more", [",v0=abc", " , v2=x", ",scheme"])
def test_a_scheme_that_is_not_known_is_passed_over(more):
    """Layers may add one beside v1."""
    assert signing.read_signature(f"t=5,v1={'a' * 64}{more}") == (5, ("a" * 64,))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=5",
        f"v1={'a' * 64}",
        f"t=5,t=6,v1={'a' * 64}",
        f"t=-5,v1={'a' * 64}",
        f"t=\u0665,v1={'a' * 64}",
        f"t=5,v1={'a' * 63}",
        f"t=5,v1={'A' * 64}",
        f"t=5,v1={'a' * 64},v1=short",
        "t=5" + f",v1={'a' * 64}" * 9,
        f"t={'9' * 13},v1={'a' * 64}",
        f"t=5,v1={'a' * 64}," + "x" * 1_000,
    ],
)
def test_what_is_no_signature_is_read_as_none(header):
    """A receiver answers it without reckoning."""
    assert signing.read_signature(header) is None


def test_an_endpoint_is_changed_in_something_and_never_to_nothing():
    """Layers-api, PATCH: at least one field; description and metadata may be null."""
    change = webhooks.UpdateWebhook.model_validate({"endpointId": "e", "description": None})

    assert change.model_dump(by_alias=True, exclude_unset=True) == {"endpointId": "e", "description": None}
    for wrong in ({}, {"url": None}, {"events": []}, {"status": "auto_paused"}):
        with pytest.raises(ValidationError):
            webhooks.UpdateWebhook.model_validate({"endpointId": "e"} | wrong)


def test_a_signing_secret_is_in_no_dump_but_the_one_that_shows_it():
    """Layers-api: shown once."""
    made = webhooks.Rotated.model_validate({"endpointId": "e", "signingSecret": "whsec_abc"})

    assert "whsec_abc" not in made.model_dump_json() + repr(made)
