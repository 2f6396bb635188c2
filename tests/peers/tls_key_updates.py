"""One end of TLS 1.3 that changes its keys again and again, which no library does at this pace."""

import asyncio
import hmac
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.peers.tls_flights import APPLICATION_DATA, HANDSHAKE, message, vector

_KEY_UPDATE = message(24, b"\1")
"""One that asks for ours, too: RFC 8446 §4.6.3."""


async def update_keys(
    context: ssl.SSLContext, count: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, end: str = "SERVER"
) -> None:
    """Shake hands as *context* has it, change the keys *count* times, and hang up when the other end does.

    This *end* is the SERVER or the CLIENT.
    """
    with TemporaryDirectory() as folder, suppress(OSError):
        context.keylog_filename = str(Path(folder, "keys"))
        await _shake_hands(context, reader, writer, server_side=end == "SERVER")
        named = (line.split() for line in Path(context.keylog_filename).read_text().splitlines())
        (secret,) = (bytes.fromhex(words[2]) for words in named if words[0] == f"{end}_TRAFFIC_SECRET_0")
        writer.writelines(_updates(secret, count))
        await writer.drain()
        await reader.read()


async def _shake_hands(
    context: ssl.SSLContext, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, server_side: bool
) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_side=server_side)
    while True:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            writer.write(outgoing.read())
            incoming.write(await reader.read(4096))
        else:
            writer.write(outgoing.read())  # a client's last words
            return


def _updates(secret: bytes, count: int) -> Iterator[bytes]:
    """Yield *count* records with a key update each, the first of them under the keys of *secret*."""
    plain = _KEY_UPDATE + bytes((HANDSHAKE,))
    head = bytes((APPLICATION_DATA, 3, 3)) + (len(plain) + 16).to_bytes(2)
    for _ in range(count):
        cipher, nonce = AESGCM(_expanded(secret, b"key", 32)), _expanded(secret, b"iv", 12)
        yield head + cipher.encrypt(nonce, plain, head)
        secret = _expanded(secret, b"traffic upd", len(secret))


def _expanded(secret: bytes, label: bytes, size: int) -> bytes:
    """Return HKDF-Expand-Label of RFC 8446 §7.1, no more than one block of it."""
    info = size.to_bytes(2) + vector(b"tls13 " + label, 1) + b"\0\1"
    return hmac.digest(secret, info, "sha384" if len(secret) == 48 else "sha256")[:size]
