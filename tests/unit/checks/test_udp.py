import re
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.checks.udp import LARGEST, Udp
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.conversation import Transport
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, down, up
from ldirectord_py.model.checks.probe import CheckTarget, Probe
from ldirectord_py.model.service import AddressKey, MarkKey, Protocol, VirtualKey
from tests.peers.options import planned
from tests.peers.scripted import Reset, ScriptedPeer
from tests.unit.config.readings import only_virtual, problems

REAL = Endpoint(ip_address("10.0.0.5"), 27960)
UDP = AddressKey(Protocol.UDP, Endpoint(ip_address("10.0.0.1"), 27960))

CASES: dict[str, tuple[str, bytes, Outcome]] = {
    "any answer": ("", b"\xff\xff\xff\xffok", up(r"answered '\xff\xff\xff\xffok'")),
    "nothing is an answer": ("", b"", up("answered ''")),
    "it matches": ("^ok$", b"ok\n", up(r"answered 'ok\n'")),
    "across lines": (r"a\nb", b"a\nb", up(r"answered 'a\nb'")),
    "bytes": (r"^\xff\0", b"\xff\0", up(r"answered '\xff\x00'")),
    "it does not": ("ok", b"no", down(Reason.MISMATCH, "the answer does not match 'ok': got 'no'")),
    "nothing does not": ("ok", b"", down(Reason.MISMATCH, "the answer does not match 'ok': it is empty")),
    "gives up": (
        "^(a+)+$",
        b"a" * 30000 + b"b",
        down(
            Reason.MISMATCH,
            "the pattern '^(a+)+$' gave up on the answer: it backtracks too much, write it more narrowly",
        ),
    ),
}


@pytest.mark.parametrize(("receive", "said", "expected"), CASES.values(), ids=CASES.keys())
async def test_the_verdict_follows_the_datagram(receive: str, said: bytes, expected: Outcome) -> None:
    peer = ScriptedPeer(*([said] if said else []))
    assert await Udp(request=b"hello", receive=Receive.of(receive)).probe(peer) == expected
    assert (peer.heard, peer.reads, peer.ended) == ([b"hello"], 1, False)


async def test_the_first_datagram_decides() -> None:
    outcome = await Udp(receive=Receive(b"ok")).probe(ScriptedPeer(b"no", b"ok"))
    assert outcome.reason is Reason.MISMATCH


async def test_errors_of_the_network_are_the_probers() -> None:
    with pytest.raises(Reset):
        await Udp().probe(ScriptedPeer(Reset))


@given(st.binary(max_size=300), st.sampled_from(["", "a", "^$", r"[\x00-\x20]\n", "(a|b)*c"]))
async def test_no_bytes_crash_it(data: bytes, receive: str) -> None:
    peer = ScriptedPeer(data)
    outcome = await Udp(receive=Receive.of(receive)).probe(peer)
    assert len(outcome.detail) <= LONGEST_DETAIL
    assert outcome.reason in {Reason.OK, Reason.MISMATCH}
    assert peer.reads <= 2


def probe(virtual: VirtualKey = UDP, own: tuple[str, str] | None = None, **words: object) -> Probe:
    request, receive = own or (None, None)
    subject = CheckedServer(virtual=virtual, endpoint=REAL, request=request, receive=receive)
    return planned(CheckOptions(service="udp", **words), subject)


@pytest.mark.parametrize(
    ("request_", "sent"),
    [
        ("/", b""),
        ("/PING", b"PING"),
        ("//x", b"/x"),
        (r"/a\n\r\t\0\\n", b"a\n\r\t\0\\n"),
        (r"/\xff\xFF\x00\x0a1", b"\xff\xff\0\n1"),
        (r"/\\x41\\\x41", b"\\x41\\A"),
        ("/\udcff\u00fc", b"\xff\xc3\xbc"),
        (r"/\xff\xff\xff\xffgetstatus", b"\xff\xff\xff\xffgetstatus"),
    ],
)
def test_escapes_stand_for_bytes(request_: str, sent: bytes) -> None:
    expected = Probe(
        check=Udp(request=sent),
        target=CheckTarget(endpoint=REAL, transport=Transport.UDP),
        timeout=30,
        sends=3,
        asked=f"udp answer of {REAL}",
    )
    assert probe(request=request_) == expected
    assert probe(request="/section", own=(request_, "")) == expected
    assert probe(MarkKey(1), request=request_) == expected


@pytest.mark.parametrize(
    ("request_", "shown"),
    [(r"/\q", r"\q"), (r"/\x4", r"\x4"), (r"/\xfg1", r"\xfg"), ("/a\\", "\\"), (r"/\é", r"\é"), (r"/\N", r"\N")],
)
def test_other_escapes_are_refused(request_: str, shown: str) -> None:
    expected = r"expected \n, \r, \t, \0, \\ or \xNN with two hexadecimal digits, but got "
    with pytest.raises(InvalidOption, match=f"^{re.escape(expected)}'{re.escape(shown)}") as refused:
        probe(request=request_)
    assert refused.value.directive == "request"


def test_what_does_not_fit_into_a_datagram_is_refused() -> None:
    assert probe(request=f"/{'x' * LARGEST}").timeout == 30
    with pytest.raises(InvalidOption, match="expected at most 65507 bytes for one datagram, but got 65508"):
        probe(request=f"/{'x' * LARGEST}y")


@given(st.binary(max_size=40))
def test_any_payload_can_be_written(payload: bytes) -> None:
    written = "".join(f"\\x{byte:02x}" for byte in payload)
    assert probe(request=f"/{written}").check == Udp(request=payload)


SECTION = "virtual=192.0.2.1:27960\n\treal=192.0.2.2{} gate\n\tservice=udp\n\tprotocol=udp\n{}"


def test_without_any_port_it_is_refused() -> None:
    sentence = "service udp has no port of its own: give the real server one, or set checkport"
    assert problems(SECTION.format("", "")) == [f"ldirectord.cf:1: checkport: {sentence}"]
    (real,) = only_virtual(SECTION.format("", "\tcheckport=5000\n")).reals
    assert real.plan.probe.target.endpoint.port == 5000
    (real,) = only_virtual(SECTION.format(":5001", "")).reals
    assert real.plan.probe.target.endpoint.port == 5001
