from dataclasses import replace
from ipaddress import ip_address

import pytest

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.dns.conversation import Dns
from ldirectord_py.checks.dns.messages import RecordType
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.conversation import Transport
from ldirectord_py.model.checks.probe import CheckTarget, Probe
from ldirectord_py.model.service import AddressKey, MarkKey, Protocol
from tests.peers.options import planned

REAL = Endpoint(ip_address("10.0.0.5"), 53)
VIP = Endpoint(ip_address("10.0.0.1"), 53)
UDP, TCP = AddressKey(Protocol.UDP, VIP), AddressKey(Protocol.TCP, VIP)
SUBJECT = CheckedServer(virtual=UDP, endpoint=REAL)


def built(request: str = "/www.example.org", subject: CheckedServer = SUBJECT, **words: str) -> Probe:
    return planned(CheckOptions(service="dns", request=request, checktimeout=3, negotiatetimeout=7, **words), subject)


@pytest.mark.parametrize(
    ("virtual", "transport"), [(UDP, Transport.UDP), (TCP, Transport.TCP), (MarkKey(1), Transport.UDP)]
)
def test_the_virtuals_protocol_says_what_carries_the_question(virtual, transport) -> None:
    assert built(subject=replace(SUBJECT, virtual=virtual)) == Probe(
        check=Dns(name="www.example.org.", stream=transport is Transport.TCP),
        target=CheckTarget(endpoint=REAL, transport=transport),
        timeout=7,
        asked=f"query of www.example.org A at {REAL}" + (" over TCP" if transport is Transport.TCP else ""),
    )


@pytest.mark.parametrize(
    ("request_", "name", "kind"),
    [
        ("/", ".", "A"),
        ("", ".", "A"),
        ("/.", ".", "A"),
        ("/www.example.org", "www.example.org.", "A"),
        ("/www.example.org.", "www.example.org.", "A"),
        ("/localhost.", "localhost.", "A"),
        ("/www", "www.", "A"),
        ("/www AAAA", "www.", "AAAA"),
        ("/WWW.Example.org", "WWW.Example.org.", "A"),
        ("/bücher.example", "bücher.example.", "A"),
        ("/www.example.org AAAA", "www.example.org.", "AAAA"),
        ("/www.example.org  a", "www.example.org.", "A"),
        ("/1.0.0.10.in-addr.arpa ptr", "1.0.0.10.in-addr.arpa.", "PTR"),
        ("/10.0.0.1", "1.0.0.10.in-addr.arpa.", "PTR"),
        ("/10.0.0.1 PTR", "1.0.0.10.in-addr.arpa.", "PTR"),
        ("/2001:db8::1", f"1.{'0.' * 23}8.b.d.0.1.0.0.2.ip6.arpa.", "PTR"),
        ("/10.0.0.1 A", "10.0.0.1.", "A"),
        ("/010.0.0.1", "010.0.0.1.", "A"),
    ],
)
def test_the_request_says_which_name_and_which_records(request_: str, name: str, kind: str) -> None:
    assert built(request_).check == Dns(name=name, kind=RecordType(kind))


def test_a_real_servers_own_words_come_first() -> None:
    own = replace(SUBJECT, request="/a.example", receive="^10")
    assert built(subject=own, receive="^192").check == Dns(name="a.example.", receive=Receive(b"^10"))


@pytest.mark.parametrize(
    ("words", "directive", "complaint"),
    [
        ({"request": "/a.example MX"}, "request", r"^expected a name to ask for, such as .*, but got 'a.example MX'$"),
        ({"request": "/a.example A A"}, "request", r"^expected a name to ask for, .*, but got 'a.example A A'$"),
        ({"request": "/a..example"}, "request", r"^expected .*, but got '/a..example': A DNS label is empty"),
        ({"request": "/" + "a" * 64 + "."}, "request", r"^expected .*: A DNS label is > 63 octets long"),
        ({"request": "/\udcff.example"}, "request", r"^expected .*, but got '/\\xff.example': "),
        ({"receive": "("}, "receive", "is no regular expression"),
    ],
)
def test_what_cannot_be_asked_is_refused(words: dict[str, str], directive: str, complaint: str) -> None:
    with pytest.raises(InvalidOption, match=complaint) as refused:
        built(**words)
    assert refused.value.directive == directive
