"""What servers say in a TLS handshake, written by hand: for choices that no library makes, and to be cut at will."""

from decimal import Decimal, localcontext

HANDSHAKE, CHANGE_CIPHER_SPEC, APPLICATION_DATA = 22, 20, 23
SERVER_HELLO, CERTIFICATE, SERVER_KEY_EXCHANGE, SERVER_HELLO_DONE = 2, 11, 12, 14
DHE_RSA_AES128_GCM, ECDHE_RSA_AES128_GCM, TLS_1_3_AES128_GCM = 0x009E, 0xC02F, 0x1301
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random bytes that make a HelloRetryRequest of a ServerHello, RFC 8446 §4.1.3."""
FFDHE = {2048: 0x0100, 3072: 0x0101, 4096: 0x0102, 6144: 0x0103, 8192: 0x0104}
"""Groups by their bits, RFC 7919 §2."""
_OFFSETS = {2048: 560316, 3072: 2625351, 4096: 5736041, 6144: 15705020, 8192: 10965728}


def record(kind: int, content: bytes) -> bytes:
    return bytes((kind, 3, 3)) + len(content).to_bytes(2) + content


def in_records(messages: bytes, size: int = 16384) -> bytes:
    return b"".join(record(HANDSHAKE, messages[start : start + size]) for start in range(0, len(messages), size))


def message(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + len(body).to_bytes(3) + body


def vector(content: bytes, size: int = 2) -> bytes:
    """Return *content* behind its length, a number of *size* bytes."""
    return len(content).to_bytes(size) + content


def extension(kind: int, content: bytes) -> bytes:
    return kind.to_bytes(2) + vector(content)


def hello(suite: int, extensions: bytes | None = b"", *, random: bytes = b"r" * 32, session: bytes = b"") -> bytes:
    """Return a ServerHello; without *extensions* it ends before them."""
    end = b"" if extensions is None else vector(extensions)
    return message(SERVER_HELLO, b"\3\3" + random + vector(session, 1) + suite.to_bytes(2) + b"\0" + end)


def hello_of_1_3(group: int, *, retry: bool, session: bytes = b"", share: bytes = b"s" * 32) -> bytes:
    """Return a ServerHello of TLS 1.3, or a HelloRetryRequest, that chooses *group*."""
    key_share = extension(51, group.to_bytes(2) + (b"" if retry else vector(share)))
    return hello(
        TLS_1_3_AES128_GCM,
        extension(43, b"\3\4") + key_share,
        random=RETRY if retry else b"r" * 32,
        session=session,
    )


def certificates(*ders: bytes) -> bytes:
    return message(CERTIFICATE, vector(b"".join(vector(der, 3) for der in ders), 3))


def key_exchange(prime: int, size: int | None = None) -> bytes:
    """Return a ServerKeyExchange with the group of *prime*, written in *size* bytes, and a signature of nothing."""
    written = prime.to_bytes(size or (prime.bit_length() + 7) // 8)
    return message(SERVER_KEY_EXCHANGE, vector(written) + vector(b"\2") + vector(b"\4") + b"\4\1" + vector(b"s" * 256))


def session_of(client_hello: bytes) -> bytes:
    """Return the session's name in a ClientHello that came in one record; a server of TLS 1.3 repeats it."""
    size = client_hello[43]
    return client_hello[44 : 44 + size]


def prime_of(bits: int) -> int:
    """Return the prime of the group ffdhe*bits*, by its formula in RFC 7919 appendix A."""
    with localcontext() as context:
        context.prec = bits // 3  # decimal digits: a few more than are needed
        scaled = int(Decimal(1).exp() * (1 << bits - 130))
    return (1 << bits) - (1 << bits - 64) + ((scaled + _OFFSETS[bits]) << 64) - 1


def parameters(bits: int) -> bytes:
    """Return the group ffdhe*bits* as a file that `load_dh_params` reads, DHParameter of PKCS #3 in DER."""
    prime = _integer(prime_of(bits))
    content = prime + _integer(2)
    return b"\x30\x82" + vector(content)


def _integer(number: int) -> bytes:
    written = number.to_bytes(number.bit_length() // 8 + 1)
    return (b"\2\x82" + vector(written)) if len(written) > 127 else (b"\2" + vector(written, 1))
