"""Frames of HTTP/2 (RFC 9113 §4), cut out of a stream one by one and within bounds; what they say is h2's affair."""

from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.checks.conversation import Peer, PeerClosed, PeerTooLong

MOST_BYTES = 32 * 1024
"""Bytes of all frames together, up to one more frame: an answer to us has a hundred or two."""
MOST_FRAMES = 128
"""Each takes some 20 µs."""
MOST_HEADERS = 8 * 1024
"""Bytes of all headers as they are packed: to unpack a KiB can take 0.2 ms."""
LARGEST = 16_384
"""Bytes within one frame: what we allow by saying nothing of it (§4.2)."""

_HEAD = 9
_SETTINGS, GOAWAY = 4, 7
_HEADERS = frozenset((1, 5, 9))  # HEADERS, PUSH_PROMISE, CONTINUATION (RFC 9113 §6)
_TLS = (b"\x15\x03", b"\x16\x03")
"""How an alert and a handshake begin (RFC 8446 §5.1)."""


class NoHttp2(Exception):
    """What came is no HTTP/2; the message is a sentence."""


class Frames:
    """The frames that a peer sends."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._buffer = bytearray()
        self._taken = 0
        self._count = self._headers = 0

    @property
    def pending(self) -> bool:
        """Whether the next one is there already."""
        return len(self._buffer) >= _HEAD and len(self._buffer) >= _HEAD + int.from_bytes(self._buffer[:3])

    async def next(self) -> bytes:
        """Return the next frame, whole; raises `NoHttp2`, `PeerClosed` and `PeerTooLong`."""
        await self._need(_HEAD)
        size = _HEAD + int.from_bytes(self._buffer[:3])
        if not self._count and self._buffer[3] != _SETTINGS:
            raise self._strange()
        if size > _HEAD + LARGEST:
            raise NoHttp2(f"the server sends a frame of {size - _HEAD} bytes, where at most {LARGEST} are allowed")
        await self._need(size)
        await self._peer.took_apart()
        self._count += 1
        if self._count > MOST_FRAMES:
            raise PeerTooLong(f"the server sent more than {MOST_FRAMES} frames without an answer")
        frame = bytes(self._buffer[:size])
        del self._buffer[:size]
        if frame[3] in _HEADERS:
            self._headers += size
            if self._headers > MOST_HEADERS:
                raise PeerTooLong(f"the answer's headers have more than {MOST_HEADERS // 1024} KiB")
        return frame

    async def _need(self, size: int) -> None:
        while len(self._buffer) < size:
            if self._taken > MOST_BYTES:
                raise PeerTooLong(f"the answer did not end within {MOST_BYTES // 1024} KiB")
            if not (data := await self._peer.some()):
                if self._buffer and not self._count:
                    raise self._strange()
                raise PeerClosed("the server closed the connection before its answer was complete")
            self._taken += len(data)
            self._buffer += data

    def _strange(self) -> NoHttp2:
        """Return the error of a stream that does not begin with SETTINGS (§3.4)."""
        begun = bytes(self._buffer[:40])
        if begun.startswith(b"HTTP/1"):
            line = begun.partition(b"\r")[0]
            return NoHttp2(f"the server answers in HTTP/1, expected HTTP/2: got {quoted(line)}")
        if begun.startswith(_TLS):
            return NoHttp2("the server speaks TLS on this port: use service grpcs")
        return NoHttp2(f"expected HTTP/2, but got {quoted(begun)}")
