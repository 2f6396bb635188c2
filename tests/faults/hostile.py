"""Servers on loopback that give one answer after the other, each as hostile as chance makes it."""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import Outcome
from tests.peers.listeners import LOOPBACK, serving

Piece = bytes | Callable[[bytes], bytes]
"""What is said, as it is or made of what was asked."""
PAUSE = 0.02
"""Seconds for which a server waits to be asked further: the check may be waiting for the rest of what was cut."""
_MOST_CHANGES = 5
_RANDOM_ALL = 0.05
_EDGES = (b"\r\n", b"\n", b"\0", b"\xff" * 4, b"99999999999999999999", b"-1", b" ", b":", b"%s", b"\x7f\xff\xff\xff")
_LONG = 60_000
"""Bytes that a piece which is said again and again comes to: what takes quadratic time is slow by then."""
_LONGEST = 300_000


@dataclass
class Slot:
    """One server, and what it says to whoever connects next."""

    first: bool = False
    """Whether it speaks before it is asked."""
    pause: float = PAUSE
    changed: tuple[Callable[[bytes], bytes], ...] = ()
    said: list[bytes] = field(default_factory=list)
    """What was said since the last change, for whoever wants to know why."""

    def say(self, index: int, asked: bytes) -> bytes:
        piece = self.changed[index](asked)
        self.said.append(piece)
        return piece

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Say all pieces, whatever is asked, and hang up."""
        for index in range(len(self.changed)):
            asked = b""
            if index or not self.first:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.pause):
                        asked = await reader.read(65536)
            writer.write(self.say(index, asked))
            await writer.drain()


def mutated(pieces: Sequence[Piece], chance: random.Random) -> tuple[Callable[[bytes], bytes], ...]:
    """Return *pieces*, at least one of which is changed, or all of which are anything."""
    if chance.random() < _RANDOM_ALL:
        said = [chance.randbytes(chance.choice((0, 1, 20, 1000))) for _ in pieces]
        return tuple(lambda _asked, piece=piece: piece for piece in said)
    seeds = [chance.getrandbits(32) for _ in pieces]
    broken = chance.randrange(len(pieces))
    return tuple(
        _changed(piece, seed if number == broken or chance.random() < 1 / 3 else None)
        for number, (piece, seed) in enumerate(zip(pieces, seeds, strict=True))
    )


def unchanged(piece: Piece) -> Callable[[bytes], bytes]:
    """Return what says *piece* as it is."""
    return (lambda _asked: piece) if isinstance(piece, bytes) else piece


def _changed(piece: Piece, seed: int | None) -> Callable[[bytes], bytes]:
    say = unchanged(piece)
    return say if seed is None else lambda asked: _mangled(say(asked), random.Random(seed))


def _mangled(said: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, _MOST_CHANGES)):
        start, end = sorted((chance.randint(0, len(said)), chance.randint(0, len(said))))
        head, middle, tail = said[:start], said[start:end], said[end:]
        some = chance.choice((*_EDGES, chance.randbytes(chance.choice((1, 2, 8, 100)))))
        flipped = bytes(byte ^ 1 << chance.randrange(8) for byte in middle[:1])
        said = chance.choice(
            (
                head,
                head + tail,
                head + middle + middle + tail,
                head + middle * 50 + tail,
                head + middle * (_LONG // max(1, len(middle))) + tail,
                head + middle[:1] * _LONG + tail,
                head + some + middle + tail,
                head + some + tail,
                head + some + middle[len(some) :] + tail,
                head + flipped + middle[1:] + tail,
                said.replace(b"\r\n", b"\n"),
            )
        )[:_LONGEST]
    return said


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, slot: Slot) -> None:
        self._slot = slot

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.DatagramTransport = transport

    def datagram_received(self, data: bytes, address: object) -> None:
        for index in range(len(self._slot.changed)):
            with suppress(OSError):  # too long for a datagram
                self._transport.sendto(self._slot.say(index, data), address)


@asynccontextmanager
async def hostile(slot: Slot, context: ssl.SSLContext | None, *, datagrams: bool) -> AsyncIterator[Endpoint]:
    """Serve what *slot* has at the moment."""
    if not datagrams:
        async with serving(slot.answer, context) as endpoint:
            yield endpoint
        return
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Datagrams(slot), local_addr=("127.0.0.1", 0)
    )
    yield Endpoint(LOOPBACK, transport.get_extra_info("sockname")[1])
    transport.close()


_BUSY = ("this director itself was held up", "no process was free to ask")


def too_busy(outcome: Outcome) -> bool:
    """Return whether the machine was too busy for a verdict, which no answer can bring about."""
    return outcome.detail.startswith(_BUSY)
