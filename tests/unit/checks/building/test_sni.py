import pytest

from ldirectord_py.checks.building.sni import tls_options
from ldirectord_py.model.checks.check_options import CheckOptions
from ldirectord_py.model.checks.probe import TlsOptions


@pytest.mark.parametrize(
    ("host", "name"),
    [
        (None, None),
        ("", None),
        ("mail.example.org", "mail.example.org"),
        ("mail.example.org:993", "mail.example.org"),
        ("10.0.0.1", None),
        ("[fd00::1]:993", None),
        ("a..b", None),
    ],
)
def test_a_name_is_sent_and_an_address_is_not(host, name) -> None:
    assert tls_options(CheckOptions(), host) == TlsOptions(server_name=name)


def test_a_name_that_is_given_counts_more_and_what_else_is_said_of_tls_stays() -> None:
    options = CheckOptions(tls=TlsOptions(verify=True, server_name="www.example.org"))

    assert tls_options(options, "mail.example.org") is options.tls
    assert tls_options(CheckOptions(tls=TlsOptions(verify=True)), "mail.example.org") == TlsOptions(
        verify=True, server_name="mail.example.org"
    )
