"""Reasons in HAProxy's words."""

import pytest

from ldirectord_py.model.checks.outcome import CODES, Outcome, Reason, code, down, fault, up
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.network import outcome_of_errno

CASES = [
    (up("200 OK"), "OK"),
    (outcome_of_errno(111), "L4CON"),
    (outcome_of_errno(110), "L4TOUT"),
    (down(Reason.TIMEOUT, "no connection within 5 s"), "L4TOUT"),
    (down(Reason.TIMEOUT, "check 2 of 3: no connection within 5 s"), "L4TOUT"),
    (down(Reason.TIMEOUT, "connected, but no answer within 5 s"), "L7TOUT"),
    (down(Reason.TIMEOUT, "no result within 5 s"), "L7TOUT"),
    (down(Reason.TLS, "TLS failed: the server does not speak TLS on this port"), "L6RSP"),
    (down(Reason.TLS, "certificate of 10.0.0.5:443 has expired"), "CERT"),
    (down(Reason.TLS, "check 1 of 2: certificate of 10.0.0.5:443 names TLS failed: x"), "CERT"),
    (down(Reason.STATUS, "404 Not Found, expected 2xx"), "L7STS"),
    (down(Reason.MISMATCH, "the body does not match 'ok'"), "REGEX"),
    (down(Reason.MAINTENANCE, "Server in maintenance"), "MAINT"),
    (fault(CheckUnavailable("too many open files")), "LOCAL"),
]


@pytest.mark.parametrize(("outcome", "expected"), CASES)
def test_a_code_names_the_layer_where_that_is_known(outcome: Outcome, expected: str) -> None:
    assert code(outcome.reason, outcome.detail) == expected


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_code_without_a_detail_too(reason: Reason) -> None:
    assert code(reason) in CODES
