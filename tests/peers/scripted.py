"""A peer in memory that says what a script says, cut wherever the test likes."""

from collections.abc import Iterable
from itertools import pairwise

from ldirectord_py.model.checks.conversation import Pattern, PeerClosed


class Reset(Exception):
    """Stands for what a connection's reset raises in the prober."""


Said = bytes | type[Reset]


class ScriptedPeer:
    """Says *said*, piece by piece, then ends the stream; each reconnect goes on with the next of *later*."""

    def __init__(self, *said: Said, later: Iterable[Iterable[Said]] = ()) -> None:
        self._pieces = list(said)
        self._later = [list(pieces) for pieces in later]
        self._ahead = b""
        self.heard: list[bytes] = []
        self.connections = 1
        self.reads = 0
        self.ended = False
        self.server_closes = False
        self.secured = False
        self.answered = False

    async def send(self, data: bytes) -> None:
        self.heard.append(data)

    async def some(self) -> bytes:
        self.reads += 1
        if self._ahead:
            data, self._ahead = self._ahead, b""
            return data
        if not self._pieces:
            return b""
        piece = self._pieces.pop(0)
        if isinstance(piece, bytes):
            return piece or await self.some()
        raise piece

    async def more(self) -> bytes:
        try:
            data = await self.some()
        except Reset:
            if self.answered:
                return b""
            raise
        self.answered = self.answered or bool(data)
        return data

    async def line(self) -> bytes:
        taken = b""
        while b"\n" not in taken:
            taken += await self._more()
        line, _, self._ahead = taken.partition(b"\n")
        return line.removesuffix(b"\r")

    async def exactly(self, count: int) -> bytes:
        taken = b""
        while len(taken) < count:
            taken += await self._more()
        self._ahead = taken[count:]
        return taken[:count]

    async def took_apart(self) -> None:
        pass

    async def start_tls(self) -> None:
        assert not self._ahead, "read ahead before TLS"
        self.secured = True

    async def reconnect(self) -> None:
        assert self._later, "the script has no further connection"
        self.connections += 1
        self._pieces, self._ahead = self._later.pop(0), b""

    async def has_match(self, pattern: Pattern, subject: bytes) -> bool:
        return pattern.matches(subject)

    def end(self) -> None:
        self.ended = True

    def leave_closing(self, *, answering: bool) -> None:
        self.server_closes = True

    async def _more(self) -> bytes:
        if not (data := await self.some()):
            raise PeerClosed
        return data


def pieces(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """Return *data* cut at each of *cuts*."""
    places = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    return [data[start:end] for start, end in pairwise(places)]
