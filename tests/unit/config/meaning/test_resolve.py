from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.config.meaning.resolve import host_address, host_name, port_number, unwritable


@pytest.mark.parametrize(
    ("host", "family", "address"),
    [
        ("192.0.2.1", 4, IPv4Address("192.0.2.1")),
        ("10.9", 4, IPv4Address("10.0.0.9")),
        ("5060", 4, IPv4Address("0.0.19.196")),
        ("010.9.0.1", 4, IPv4Address("8.9.0.1")),
        ("", 4, IPv4Address("127.0.0.1")),
        ("", 6, IPv6Address("::1")),
        ("[2001:DB8:0::1]", 6, IPv6Address("2001:db8::1")),
        ("[::zz]", 6, None),
        ("[::1]", 4, None),
        ("192.0.2.1", 6, None),
        ("192.0.2.400", 4, None),
        ("a b", 4, None),
        ("\udcff", 4, None),
        ("a" * 300, 4, None),
        (".", 4, None),
    ],
)
def test_a_host_is_an_address(host, family, address):
    assert host_address(host, family) == address


@pytest.mark.parametrize(
    ("word", "protocol", "port"),
    [
        ("80", "tcp", 80),
        ("00080", None, 80),
        ("0", "udp", 0),
        ("65535", None, 65535),
        ("65536", None, None),
        ("9" * 5000, None, None),
        ("domain", "udp", 53),
        ("domain", None, 53),
        ("domain", "fwm", None),
        ("no-such-service", "tcp", None),
        ("80x", None, None),
    ],
)
def test_a_port_is_a_number_or_a_name(word, protocol, port):
    assert port_number(word, protocol) == port


@given(st.text(), st.sampled_from(["tcp", "udp", None]))
def test_no_word_raises(word, protocol):
    port = port_number(word, protocol)
    assert port is None or 0 <= port < 65536


def test_this_machine_has_a_name():
    assert host_name()


def test_what_cannot_be_written_is_said(tmp_path):
    assert unwritable(str(tmp_path / "new")) == ""
    assert unwritable(str(tmp_path)) == "it is a directory"
    assert unwritable(str(tmp_path / "none" / "new")) == "its directory does not exist"
    assert unwritable("/" + "a" * 300) == "File name too long"
    (tmp_path / "old").write_bytes(b"")
    assert unwritable(str(tmp_path / "old")) == ""
