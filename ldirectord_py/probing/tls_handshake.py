"""What a server sends under TLS, looked at record by record before OpenSSL computes with it.

The server chooses what its handshake costs us: the size of a Diffie-Hellman group, the number of certificates.
Its choice is in clear, so a group can be refused before anything is computed, and a handshake that may be expensive
can be computed in a thread.  Bytes that are not TLS are left to OpenSSL, which has the better words for them.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass

LARGEST_GROUP = 4096
"""Bits of a finite Diffie-Hellman group; one of 8,192 takes OpenSSL seven times as long as one of 4,096."""
LARGEST_CERTIFICATES = 60_000
"""Bytes of the message with all the certificates of a server."""
LARGEST_HANDSHAKE = 65_536
"""Bytes of everything that a server sends before the handshake is done; most servers send 2,000 to 6,000."""
MOST_MESSAGES = 32
"""Handshake messages in clear; no server that keeps to RFC 5246 §7.3 sends more than ten."""
CHEAP_CERTIFICATES = 4096
"""Bytes of certificates that OpenSSL parses on the loop: twenty of the smallest, which take it 2 to 4 ms."""
PIECE = 16
"""Records that OpenSSL is given at a time: a record of 27 bytes may hold a key update, which takes it 20 to 40 µs."""

_HEADER = 5  # of a record: type, version, length (RFC 8446 §5.1)
_MESSAGE_HEADER = 4  # of a handshake message: type, length (RFC 8446 §4)
_CHANGE_CIPHER_SPEC, _ALERT, _HANDSHAKE, _APPLICATION_DATA = range(20, 24)
_MAJOR_VERSION = 3  # of every record since SSL 3.0
_SERVER_HELLO, _CERTIFICATE, _SERVER_KEY_EXCHANGE = 2, 11, 12
_SUPPORTED_VERSIONS, _KEY_SHARE = 43, 51
_TLS_1_3 = b"\x03\x04"
_FINITE_GROUPS = {0x0100: 2048, 0x0101: 3072, 0x0102: 4096, 0x0103: 6144, 0x0104: 8192}
"""Bits by number, RFC 7919 §2; TLS 1.3 has no others (RFC 8446 §4.2.7)."""


class HandshakeRefused(Exception):
    """The server wants more work of us than a check is worth; the message says what it wants."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What the server chose in a ServerHello or, in TLS 1.3, a HelloRetryRequest."""

    suite: int
    is_tls_1_3: bool
    group: int | None
    """The group of its key share; None up to TLS 1.2, where another message has it."""


class ServerHandshake:
    """The handshake messages of a server, and what they will cost.

    *finite_suites* are the cipher suites up to TLS 1.2 with a Diffie-Hellman group of the server's own (DHE).
    """

    __slots__ = (
        "_brings_finite_group",
        "_encrypted",
        "_finite_suites",
        "_has_hello",
        "_is_sealed",
        "_is_tls_1_3",
        "_messages",
        "_received",
        "_unread",
        "is_done",
        "is_expensive",
    )

    def __init__(self, finite_suites: Container[int]) -> None:
        self.is_expensive = False
        """Whether OpenSSL may need more than 5 ms for what has come."""
        self._finite_suites = finite_suites
        self._has_hello = self._is_tls_1_3 = self._brings_finite_group = False
        self._unread = b""
        """The beginning of a message, with its header."""
        self._messages = self._received = self._encrypted = 0
        self._is_sealed = False
        self.is_done = False
        """Whether OpenSSL has done the first handshake."""

    def finish(self) -> None:
        """Take note that OpenSSL has done the handshake."""
        self.is_done, self.is_expensive = True, False

    def count(self, size: int) -> None:
        """Take note of *size* bytes from the server; raises `HandshakeRefused`."""
        if self.is_done:
            return
        self._received += size
        if self._received > LARGEST_HANDSHAKE:
            raise HandshakeRefused(
                f"the server sent more than {LARGEST_HANDSHAKE} bytes, certificates included, "
                "before the TLS handshake was done"
            )

    def take(self, record_type: int, content: bytes) -> None:
        """Look at *content*, some or all of a record; raises `HandshakeRefused`."""
        if self.is_done:
            # Up to TLS 1.2 the types of encrypted records are in clear (RFC 5246 §6.2.3): this one negotiates anew.
            if record_type == _HANDSHAKE:
                self.is_expensive = True
        elif record_type == _HANDSHAKE and not self._is_sealed:
            self._unread = self._read_messages(self._unread + content)
        elif record_type == _APPLICATION_DATA:  # TLS 1.3: messages in disguise (RFC 8446 §5.2), certificates among them
            self._encrypted += len(content)
            self.is_expensive |= self._encrypted > CHEAP_CERTIFICATES
        elif record_type == _CHANGE_CIPHER_SPEC and self._has_hello:
            self._is_sealed = not self._is_tls_1_3  # there it means nothing (RFC 8446 §5)

    def _read_messages(self, content: bytes) -> bytes:
        """Read the messages that are whole; return the rest."""
        place = 0
        while (start := place + _MESSAGE_HEADER) <= len(content):
            kind, size = content[place], int.from_bytes(content[place + 1 : start])
            if kind == _CERTIFICATE:
                self._allow_certificates(size)
            if (end := start + size) > len(content):
                break
            self._messages += 1
            if self._messages > MOST_MESSAGES:
                raise HandshakeRefused(f"the server sent more than {MOST_MESSAGES} messages in its TLS handshake")
            if kind == _SERVER_HELLO:
                self._read_hello(content[start:end])
            elif kind == _SERVER_KEY_EXCHANGE and self._brings_finite_group:
                self._allow_group(_bits_of_prime(content[start:end]))
            place = end
        return content[place:]

    def _allow_certificates(self, size: int) -> None:
        if size > LARGEST_CERTIFICATES:
            raise HandshakeRefused(
                f"the server's certificates have {size} bytes: at most {LARGEST_CERTIFICATES} are taken"
            )
        self.is_expensive |= size > CHEAP_CERTIFICATES

    def _read_hello(self, body: bytes) -> None:
        hello = read_hello(body)
        self._has_hello, self._is_tls_1_3 = True, hello.is_tls_1_3
        self._brings_finite_group = not hello.is_tls_1_3 and hello.suite in self._finite_suites
        if hello.group in _FINITE_GROUPS:
            self._allow_group(_FINITE_GROUPS[hello.group])

    def _allow_group(self, bits: int) -> None:
        if bits > LARGEST_GROUP:
            raise HandshakeRefused(
                f"the server's Diffie-Hellman group has {bits} bits: at most {LARGEST_GROUP} are taken"
            )
        self.is_expensive = True


class ServerRecords:
    """The records of a connection, whose bytes come in whatever portions the network makes of them."""

    __slots__ = ("_handshake", "_header", "_is_foreign", "_left")

    def __init__(self, handshake: ServerHandshake) -> None:
        self._handshake = handshake
        self._header = b""
        """Of the record that is under way, as far as it has come."""
        self._left = 0
        """Bytes of its content that are still to come."""
        self._is_foreign = False
        """Whether something came that is no record: OpenSSL ends the connection there."""

    def pieces(self, received: bytes) -> Iterator[tuple[bytes, int]]:
        """Yield *received* in pieces for OpenSSL, each looked at, with the number of records that begin in it.

        Raises `HandshakeRefused`.
        """
        self._handshake.count(len(received))
        start = place = records = 0
        while place < len(received) and not self._is_foreign:
            if not self._left:
                place = self._take_header(received, place)
                records += len(self._header) == _HEADER
            content = received[place : place + self._left]
            place += len(content)
            self._left -= len(content)
            if len(self._header) == _HEADER and not self._is_foreign:
                self._handshake.take(self._header[0], content)
            if records == PIECE and not self._left:
                yield received[start:place], records
                start, records = place, 0
        if start < len(received):
            yield received[start:], records

    def _take_header(self, received: bytes, place: int) -> int:
        """Begin a record, or go on with its header; return the place after it."""
        begun = b"" if len(self._header) == _HEADER else self._header
        end = place + _HEADER - len(begun)
        self._header = begun + received[place:end]
        if len(self._header) < _HEADER:
            return len(received)
        record_type, major = self._header[0], self._header[1]
        self._is_foreign = major != _MAJOR_VERSION or not _CHANGE_CIPHER_SPEC <= record_type <= _APPLICATION_DATA
        self._left = int.from_bytes(self._header[3:])
        return end


def read_hello(body: bytes) -> Hello:
    """Return what a ServerHello chooses (RFC 8446 §4.1.3, RFC 5246 §7.4.1.3); raises `HandshakeRefused`.

    Its body is a version, 32 random bytes, a session's name of up to 32 bytes with its length, a cipher suite,
    a byte of compression, and extensions.
    """
    if len(body) < 35 or len(body) < (suite_at := 35 + body[34]) + 3:
        raise HandshakeRefused("the server's TLS hello ends amid its fields")
    extensions = dict(_extensions(body[suite_at + 5 :]))
    share = extensions.get(_KEY_SHARE, b"")
    return Hello(
        suite=int.from_bytes(body[suite_at : suite_at + 2]),
        is_tls_1_3=extensions.get(_SUPPORTED_VERSIONS) == _TLS_1_3,
        group=int.from_bytes(share[:2]) if len(share) >= 2 else None,
    )


def _extensions(block: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the type and the content of each extension (RFC 8446 §4.2)."""
    place = 0
    while place < len(block):
        start = place + 4
        end = start + int.from_bytes(block[place + 2 : start])
        if end > len(block) or start > len(block):
            raise HandshakeRefused("the server's TLS hello ends amid an extension")
        yield int.from_bytes(block[place : place + 2]), block[start:end]
        place = end


def _bits_of_prime(body: bytes) -> int:
    """Return the bits of the prime that a ServerKeyExchange of DHE begins with (RFC 5246 §7.4.3, `dh_p`)."""
    return int.from_bytes(body[2 : 2 + int.from_bytes(body[:2])]).bit_length()
