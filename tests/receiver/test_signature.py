"""What Layers signed is let in, and nothing else."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from layers_mcp.contract.signing import EVENT_ID, SIGNATURE, TOLERANCE_S, mac, read_signature, signature
from layers_mcp.receiver.signature import signed_by

AT = 1_790_000_000
BODY = b'{ "id":\t"evt_1", "type": "test.ping" }\n'
SECRETS = st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=4, unique=True)


@given(body=st.binary(max_size=200), secrets=SECRETS, which=st.integers(0, 3), late_s=st.floats(-TOLERANCE_S, TOLERANCE_S))
@example(body=b"", secrets=["a"], which=0, late_s=300.0)
@example(body=b"", secrets=["a"], which=0, late_s=-300.0)
def test_what_one_of_our_secrets_signed_within_five_minutes_is_let_in(body, secrets, which, late_s):
    """layers-api, operational/webhooks: over the raw body; five minutes both ways; whichever secret it was is named."""
    secret = secrets[which % len(secrets)]

    assert signed_by(signature([secret], body, AT), body, secrets, now_s=AT + late_s) == secret


@given(late_s=st.floats(TOLERANCE_S + 0.001, 1e12), ahead=st.booleans())
@example(late_s=300.5, ahead=True)
@example(late_s=300.5, ahead=False)
def test_what_was_signed_earlier_or_later_than_five_minutes_is_turned_away(late_s, ahead):
    """A delivery that somebody kept can't be played again."""
    assert signed_by(signature(["whsec_a"], BODY, AT), BODY, ["whsec_a"], now_s=AT - late_s if ahead else AT + late_s) is None


@given(body=st.binary(max_size=60), other=st.binary(max_size=60))
def test_a_body_that_was_changed_is_turned_away(body, other):
    """Not one byte of it, nor a blank between fields."""
    expected = "whsec_a" if body == other else None

    assert signed_by(signature(["whsec_a"], body, AT), other, ["whsec_a"], now_s=AT) == expected


@given(secrets=SECRETS, stranger=st.text(min_size=1, max_size=40))
def test_what_a_stranger_signed_is_turned_away(secrets, stranger):
    """Only who knows a secret can sign."""
    expected = stranger if stranger in secrets else None

    assert signed_by(signature([stranger], BODY, AT), BODY, secrets, now_s=AT) == expected


@given(header=st.text(max_size=200) | st.from_regex(r"t=[0-9]{1,12}(,v1=[0-9a-f]{64}){1,3}", fullmatch=True))
def test_no_header_that_was_made_up_is_let_in(header):
    """Whatever it looks like, nothing breaks."""
    assert signed_by(header, BODY, ["whsec_a"], now_s=AT) is None


@pytest.mark.parametrize("signers", [["whsec_new", "whsec_old"], ["whsec_old", "whsec_new"], ["whsec_x", "whsec_new"]])
@pytest.mark.parametrize("known", [["whsec_new"], ["whsec_new", "whsec_gone"], ["whsec_gone", "whsec_new"]])
def test_while_a_secret_is_rotated_any_of_the_signatures_will_do(signers, known):
    """layers-api: several v1 during the overlap; accept any, in whatever order."""
    assert signed_by(signature(signers, BODY, AT), BODY, known, now_s=AT) == "whsec_new"


def test_the_time_that_was_signed_is_the_time_that_counts():
    """A stale delivery can't be made fresh by writing another time in front of its MAC."""
    fresh = f"t={AT + 1000},v1={mac('whsec_a', BODY, AT)}"

    assert signed_by(fresh, BODY, ["whsec_a"], now_s=AT + 1000) is None


def test_nobody_is_let_in_where_no_secret_is_known():
    """Before an endpoint is registered nothing is a delivery, not even one that is signed with nothing."""
    assert signed_by(signature([""], BODY, AT), BODY, [], now_s=AT) is None


def test_every_secret_is_compared_with_every_signature_in_constant_time(monkeypatch):
    """How long an answer takes tells nobody which secret, or how much of a MAC, was right."""
    compared = []

    def compare(one, other):
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    header = signature(["whsec_a", "whsec_b", "whsec_c"], BODY, AT)

    assert signed_by(header, BODY, ["whsec_a", "whsec_b"], now_s=AT) in {"whsec_a", "whsec_b"}
    assert len(compared) == 6


def test_the_headers_are_called_as_documented():
    """layers-api, operational/webhooks."""
    assert (SIGNATURE, EVENT_ID) == ("X-Layers-Signature", "X-Layers-Event-Id")


def test_a_header_is_read_up_to_its_bounds():
    """Eight signatures and a thousand characters are more than any rotation needs; beyond them nothing is reckoned."""
    eight = "t=5" + f",v1={'a' * 64}" * 8
    padded = eight + "," + "x" * (1_000 - len(eight) - 1)

    assert len(read_signature(eight).macs) == len(read_signature(padded).macs) == 8
    assert read_signature(padded + "x") is None
