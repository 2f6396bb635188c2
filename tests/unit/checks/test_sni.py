import pytest

from ldirectord_py.checks.sni import tls_options
from ldirectord_py.model.checking import TlsOptions


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
    assert tls_options(host) == TlsOptions(server_name=name)
