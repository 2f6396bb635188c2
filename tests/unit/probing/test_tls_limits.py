"""What a server may send within a TLS handshake, on real sockets: too much is down, and no bug or fault of ours."""

import socket
import ssl
from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from ldirectord_py.model.checking import TlsOptions
from ldirectord_py.model.outcome import Outcome, Reason, Verdict
from tests.peers.asking import checking
from tests.peers.certificates import NamedAuthority, serving_certificate
from tests.peers.listeners import accepting, serving
from tests.unit.probing.test_tls import VERSIONS, greet

HELLO_REQUEST = b"\x16\x03\x03\x00\x04" + bytes(4)
"""Clients ignore it within a handshake (RFC 5246 §7.4.1.1)."""


def with_names(count: int) -> ssl.SSLContext:
    """Return a server's context whose certificate has *count* names."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.DNSName(f"a{number:05}") for number in range(count)])
    authority = NamedAuthority("Acme")
    certificate = authority.builder("a", key).add_extension(names, critical=False).sign(authority.key, hashes.SHA256())
    return serving_certificate(certificate, key)


async def checked(context: ssl.SSLContext) -> Outcome:
    async with serving(greet, context) as endpoint, checking() as check:
        return await check(endpoint, service="imaps", tls=TlsOptions())


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("names", "verdict", "said"),
    [
        (5_000, Verdict.UP, "greeted"),
        (8_500, Verdict.DOWN, "bytes: at most 60000 are taken"),
        (12_000, Verdict.DOWN, "bytes: at most 60000 are taken"),
        (30_000, Verdict.DOWN, "TLS failed: excessive message size"),
    ],
)
async def test_a_large_certificate_is_down_with_its_reason(
    names: int, verdict: Verdict, said: str, version: ssl.TLSVersion
) -> None:
    context = with_names(names)
    context.minimum_version = context.maximum_version = version

    outcome = await checked(context)

    assert outcome.verdict is verdict
    assert said in outcome.detail
    assert outcome.reason is not Reason.LOCAL


async def test_a_handshake_without_end_is_down() -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(4096)
        with suppress(OSError):
            connection.sendall(HELLO_REQUEST * 40_000)
            connection.recv(1)

    with accepting(answer) as endpoint:
        async with checking() as check:
            outcome = await check(endpoint, service="imaps", tls=TlsOptions())

    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.TOO_LONG)
    assert outcome.detail == "the server sent more than 262144 bytes before the TLS handshake was done"
