"""What is offered to those who complete a command line."""

import pytest

from ldirectord_py.cli.ctl.reports.names import names_of
from tests.peers.api_answers import server, virtual

WEB, TLS = "tcp:10.0.0.1:80", "tcp:[fd00::1]:443"
VIRTUALS = [
    virtual(WEB, server("10.0.0.5:80", WEB), server("10.0.0.6:80", WEB)),
    virtual(TLS, server("10.0.0.5:80", TLS), server("10.0.0.6:443", TLS), server("[fd00::5]:443", TLS)),
]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("t", [WEB, TLS]),
        ("10.0.0.5", ["10.0.0.5:80", "10.0.0.5", f"10.0.0.5:80@{WEB}", f"10.0.0.5:80@{TLS}"]),
        ("10.0.0.6", ["10.0.0.6:80", "10.0.0.6:443", "10.0.0.6"]),
        ("10.0.0.6:80@", [f"10.0.0.6:80@{WEB}"]),
        ("[", ["[fd00::5]:443"]),
        ("x", []),
    ],
)
def test_names_begin_with_what_was_typed(prefix: str, expected: list[str]) -> None:
    assert names_of(VIRTUALS, prefix) == expected
