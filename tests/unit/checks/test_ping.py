import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.checks.ping import Ping
from ldirectord_py.model.checks.outcome import Reason, Verdict, down, up


class Network:
    """Hands what was sent to *answer*, and what that returns to the check, one datagram at a time."""

    def __init__(self, answer) -> None:
        self.answer = answer
        self.waiting: list[bytes] = []
        self.heard: list[bytes] = []

    async def send(self, data: bytes) -> None:
        self.heard.append(data)
        self.waiting += self.answer(data)

    async def some(self) -> bytes:
        return self.waiting.pop(0) if self.waiting else b""


def total(message: bytes) -> int:
    words = sum(int.from_bytes(message[place : place + 2], "big") for place in range(0, len(message), 2))
    return (words & 0xFFFF) + (words >> 16)


def reply(request: bytes, kind: int = 0, identifier: bytes | None = None) -> bytes:
    return bytes((kind, 0)) + b"\0\0" + (request[4:6] if identifier is None else identifier) + request[6:]


def unreachable(request: bytes, *, family: int = 4, quoting: int = 8) -> bytes:
    header = b"\x46" + bytes(23) if family == 4 else b"\x60" + bytes(39)
    return bytes((3 if family == 4 else 1, 1)) + bytes(6) + header + request[:quoting]


async def test_an_echo_is_up() -> None:
    network = Network(lambda request: [reply(request)])
    assert await Ping(family=4).probe(network) == up("echo replied")
    (request,) = network.heard
    assert (request[:2], len(request), total(request)) == (b"\x08\x00", 72, 0xFFFF)


async def test_an_echo_over_ipv6_is_up() -> None:
    network = Network(lambda request: [request, reply(request, 129)])
    assert await Ping(family=6).probe(network) == up("echo replied")
    assert network.heard[0][:4] == b"\x80\x00\x00\x00"  # the kernel writes the checksum


async def test_the_kernel_may_choose_the_identifier() -> None:
    assert (await Ping().probe(Network(lambda request: [reply(request, identifier=b"\x12\x34")]))).verdict is Verdict.UP


async def test_what_is_not_ours_is_passed_over() -> None:
    def answer(request: bytes) -> list[bytes]:
        strange = request[:12] + bytes(60)
        return [
            request,
            reply(strange),
            unreachable(strange[:4] + b"zzzz"),
            b"\x03\x01",
            b"\x00",
            bytes(100),
            reply(request),
        ]

    assert (await Ping().probe(Network(answer))).verdict is Verdict.UP


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("quoting", [8, 72])
async def test_an_error_about_our_request_is_unreachable(family, quoting) -> None:
    network = Network(lambda request: [unreachable(request, family=family, quoting=quoting)])
    assert await Ping(family=family).probe(network) == down(
        Reason.UNREACHABLE, "the echo request could not be delivered: destination unreachable"
    )


async def test_two_requests_differ() -> None:
    network = Network(lambda _: [])
    await Ping().probe(network)
    assert (await Ping().probe(network)).verdict is Verdict.DOWN
    assert network.heard[0] != network.heard[1]


@given(st.lists(st.binary(min_size=1, max_size=120)), st.sampled_from([4, 6]))
async def test_no_datagrams_crash_or_convince_it(datagrams, family) -> None:
    assert (await Ping(family=family).probe(Network(lambda _: datagrams))).verdict is Verdict.DOWN
