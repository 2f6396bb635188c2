"""What a server may have us compute under TLS, on real sockets: too much is down, and nothing holds the loop."""

import asyncio
import re
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from shutil import which
from tempfile import NamedTemporaryFile, TemporaryDirectory

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict
from ldirectord_py.model.checks.probe import Probe, TlsOptions
from ldirectord_py.probing import tls
from ldirectord_py.probing.prober import Prober
from ldirectord_py.workers.workers import Workers
from tests.peers.certificates import NOW, Authority, NamedAuthority, serving_as, serving_certificate
from tests.peers.listeners import LOOPBACK
from tests.peers.options import checking, probe_of
from tests.peers.tls_flights import (
    DHE_RSA_AES128_GCM,
    FFDHE,
    certificates,
    hello,
    hello_of_1_3,
    in_records,
    key_exchange,
    message,
    parameters,
    session_of,
)
from tests.peers.tls_key_updates import update_keys
from tests.peers.turns import MOST, elsewhere, held_for
from tests.unit.probing.test_tls import greet

Server = AbstractContextManager[Endpoint]
ACME = Authority()
HELLO_REQUEST = message(0, b"")
"""Clients ignore it within a handshake (RFC 5246 §7.4.1.1)."""
TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def only(context: ssl.SSLContext, version: ssl.TLSVersion) -> Server:
    """Return a server that greets, in *version* alone."""
    context.minimum_version = context.maximum_version = version
    return elsewhere(greet, context)


def with_group(bits: int) -> Server:
    """Return a server of TLS 1.2 that speaks DHE, with ffdhe*bits*, and nothing else."""
    context = serving_as(ACME.ca.issue_cert("www.example", key_type=trustme.KeyType.RSA))
    context.set_ciphers("kDHE:@SECLEVEL=0")
    with NamedTemporaryFile() as file:
        file.write(ssl.DER_cert_to_PEM_cert(parameters(bits)).replace("CERTIFICATE", "DH PARAMETERS").encode())
        file.flush()
        context.load_dh_params(file.name)
    return only(context, TLS_1_2)


def with_names(count: int, name: str, authority: NamedAuthority | None = None) -> ssl.SSLContext:
    """Return the context of a server whose certificate has *count* names."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.DNSName(name.format(number)) for number in range(count)])
    authority = authority or NamedAuthority("Acme")
    certificate = authority.builder("a", key).add_extension(names, critical=False).sign(authority.key, hashes.SHA256())
    return serving_certificate(certificate, key)


@cache
def small_certificate() -> x509.Certificate:
    """Return a certificate of fewer than 200 bytes: it is their number that takes long."""
    key, nobody = ed25519.Ed25519PrivateKey.generate(), x509.Name([])
    builder = x509.CertificateBuilder().subject_name(nobody).issuer_name(nobody).public_key(key.public_key())
    return builder.serial_number(1).not_valid_before(NOW).not_valid_after(NOW).sign(key, None)


def with_chain(count: int) -> ssl.SSLContext:
    """Return the context of a server that sends *count* certificates."""
    own = NamedAuthority("www.example")
    return serving_certificate(own.certificate, own.key, *[small_certificate()] * (count - 1))


def saying(*flights: Callable[[bytes], bytes]) -> Server:
    """Return a server that answers each of our flights with what the next of *flights* makes of it."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            for flight in flights:
                head = await reader.readexactly(5)
                writer.write(flight(head + await reader.readexactly(int.from_bytes(head[3:]))))
                await writer.drain()
            await reader.read()

    return elsewhere(answer)


def choosing(bits: int, *, retry: bool) -> Server:
    """Return a server of TLS 1.3 that chooses ffdhe*bits*."""
    return saying(
        lambda asked: in_records(
            hello_of_1_3(FFDHE[bits], retry=retry, session=session_of(asked), share=b"s" * (bits // 8))
        )
    )


@contextmanager
def with_group_of_1_3(bits: int) -> Iterator[Endpoint]:
    """Serve TLS 1.3 by the `openssl` program, with ffdhe*bits* and nothing else."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "pair.pem")
        file.write_bytes(ACME.ca.issue_cert("www.example").private_key_and_cert_chain_pem.bytes())
        argv = ("openssl", "s_server", "-accept", "127.0.0.1:0", "-tls1_3", "-groups", f"ffdhe{bits}", "-www")
        with subprocess.Popen(
            (*argv, "-cert", str(file), "-key", str(file)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            try:
                yield Endpoint(LOOPBACK, _port(process))
            finally:
                process.terminate()


def _port(process: subprocess.Popen[bytes]) -> int:
    for line in process.stdout or ():
        if line.startswith(b"ACCEPT"):
            return int(line.rpartition(b":")[2])
    pytest.fail("openssl s_server does not say where it listens")


def updating_keys(count: int) -> Server:
    """Return a server of TLS 1.3 that changes its keys *count* times, and says nothing."""
    context = ACME.server("www.example")
    context.minimum_version, context.num_tickets = TLS_1_3, 0
    return elsewhere(partial(update_keys, context, count))


@dataclass(frozen=True)
class Case:
    server: Callable[[], Server]
    verdict: Verdict
    said: str
    service: str = "imaps"


def down(server: Callable[[], Server], said: str) -> Case:
    return Case(server, Verdict.DOWN, f"TLS failed: {said}")


def greeted(server: Callable[[], Server]) -> Case:
    return Case(server, Verdict.UP, "greeted")


GROUP = "the server's Diffie-Hellman group has {} bits: at most 4096 are taken"
LARGE = "the server's certificates have 90"
LONG = "the server sent more than 65536 bytes, certificates included, before the TLS handshake was done"
MANY = "the server sent more than 32 messages in its TLS handshake"
TEN_THOUSAND = hello(DHE_RSA_AES128_GCM) + certificates(b"c") + key_exchange(3 << 9998)
needs_openssl = pytest.mark.skipif(which("openssl") is None, reason="the openssl program is not installed")

CASES = {
    "DHE 2048": greeted(lambda: with_group(2048)),
    "DHE 4096": greeted(lambda: with_group(4096)),
    "DHE 6144": down(lambda: with_group(6144), GROUP.format(6144)),
    "DHE 8192": down(lambda: with_group(8192), GROUP.format(8192)),
    "DHE 10000": down(lambda: saying(lambda _asked: in_records(TEN_THOUSAND)), GROUP.format(10_000)),
    "retry with ffdhe6144": down(lambda: choosing(6144, retry=True), GROUP.format(6144)),
    "retry with ffdhe8192": down(lambda: choosing(8192, retry=True), GROUP.format(8192)),
    "ffdhe8192 unasked": down(lambda: choosing(8192, retry=False), GROUP.format(8192)),
    "ffdhe2048 in TLS 1.3": Case(lambda: with_group_of_1_3(2048), Verdict.UP, "200 OK", "https"),
    "ffdhe4096 in TLS 1.3": Case(lambda: with_group_of_1_3(4096), Verdict.UP, "200 OK", "https"),
    "250 certificates": greeted(lambda: only(with_chain(250), TLS_1_2)),
    "250 certificates in TLS 1.3": greeted(lambda: only(with_chain(250), TLS_1_3)),
    "5000 names": greeted(lambda: only(with_names(5000, "a{:05}"), TLS_1_2)),
    "5000 names in TLS 1.3": greeted(lambda: only(with_names(5000, "a{:05}"), TLS_1_3)),
    "30000 names": down(lambda: only(with_names(30_000, "a"), TLS_1_2), LARGE),
    "30000 names in TLS 1.3": down(lambda: only(with_names(30_000, "a"), TLS_1_3), LONG),
    "messages without end": down(lambda: saying(lambda _asked: in_records(HELLO_REQUEST * 40_000, 4)), MANY),
}


async def test_keys_that_change_again_and_again_hold_no_loop() -> None:
    """Each change takes 27 bytes, and OpenSSL some 20 µs: a usual read holds 600 of them."""
    words = {"service": "imaps", "tls": TlsOptions(), "negotiatetimeout": 0.5}
    with updating_keys(4000) as endpoint:
        async with checking() as check:
            seconds, callback, outcomes = await held_for(lambda: check(endpoint, **words))

    assert {outcome.reason for outcome in outcomes} == {Reason.TIMEOUT}
    assert "bytes had come" in outcomes[0].detail
    assert seconds <= MOST, callback


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[needs_openssl] if CASES[name].service == "https" else []) for name in CASES]
)
async def test_a_handshake_that_takes_long_holds_no_loop(name: str) -> None:
    case = CASES[name]
    words = {"service": case.service, "tls": TlsOptions(), "request": "/", "negotiatetimeout": 20.0}
    with case.server() as endpoint:

        async def once() -> Outcome:
            async with checking() as check:  # anew, so that nothing is known of the server
                return await check(endpoint, **words)

        seconds, callback, outcomes = await held_for(once)

    assert {outcome.verdict for outcome in outcomes} == {case.verdict}, outcomes
    assert {outcome.reason for outcome in outcomes} <= {Reason.TLS, Reason.OK}
    assert case.said in outcomes[0].detail
    assert seconds <= MOST, callback


async def test_to_say_what_is_wrong_with_many_names_holds_no_loop() -> None:
    acme = NamedAuthority("Acme")
    verified = TlsOptions(verify=True, authorities=acme.pem)
    words = {"service": "imaps", "tls": verified, "virtualhost": "www.example", "negotiatetimeout": 20.0}
    with only(with_names(18_000, "a", acme), TLS_1_2) as endpoint:
        async with checking() as check:
            seconds, callback, outcomes = await held_for(lambda: check(endpoint, **words))

    assert outcomes[0].reason is Reason.TLS
    assert outcomes[0].detail.endswith(" and at least 479 more, not www.example")
    assert seconds <= MOST, callback


async def test_a_server_that_costs_more_than_a_check_is_worth_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "MOST_CPU", 0.001)  # a group of 4,096 bits takes some ten times as much
    with with_group(4096) as endpoint:
        async with checking() as check:
            outcome = await check(endpoint, service="imaps", tls=TlsOptions())

    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.TLS)
    said = r"TLS failed: TLS with the server took \d+\.\d s of processor time: at most 0\.001 s is given"
    assert re.fullmatch(said, outcome.detail)


async def outcome_of(prober: Prober, probe: Probe) -> Outcome:
    verdict: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    prober.prepare(probe)(lambda outcome, *_: verdict.set_result(outcome), asyncio.get_running_loop().time())
    return await verdict


async def test_what_took_long_once_is_done_in_a_thread_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    handshake = ssl.SSLObject.do_handshake

    def noted(self: ssl.SSLObject) -> None:
        threads.append(threading.current_thread().name)
        handshake(self)

    monkeypatch.setattr(ssl.SSLObject, "do_handshake", noted)
    with only(ACME.server("www.example"), TLS_1_3) as endpoint:
        async with asyncio.TaskGroup() as tasks:
            prober = Prober(tasks, Workers(), crashed=lambda _probe, error: pytest.fail(str(error)))
            probe = probe_of(endpoint, service="imaps", tls=TlsOptions())
            before = await outcome_of(prober, probe), {*threads} & {"in a thread"}
            monkeypatch.setattr(tls, "_LONG", 0.0)
            await outcome_of(prober, probe)
            threads.clear()
            after = await outcome_of(prober, probe), {*threads} & {"in a thread"}
            prober.close()

    assert [outcome.verdict for outcome, _ in (before, after)] == [Verdict.UP] * 2
    assert [in_thread for _, in_thread in (before, after)] == [set(), {"in a thread"}]


async def test_a_deadline_that_passed_while_no_thread_was_free_is_our_own_fault() -> None:
    over = threading.Event()
    with with_group(2048) as endpoint:
        async with asyncio.TaskGroup() as tasks:
            prober = Prober(tasks, Workers(), crashed=lambda _probe, error: pytest.fail(str(error)))
            held = [prober._threads.in_thread(over.wait) for _ in range(prober._threads._free)]
            asyncio.get_running_loop().call_later(0.8, over.set)
            outcome = await outcome_of(prober, probe_of(endpoint, service="imaps", negotiatetimeout=0.6))
            await asyncio.gather(*held)
            prober.close()

    assert outcome.verdict is Verdict.FAULT
    assert outcome.detail.startswith("this director itself was held up for 0.")
