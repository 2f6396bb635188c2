"""TLS on real sockets: what is verified, what is shown, what is said of it, and what is remembered."""

import asyncio
import re
import socket
import ssl
from contextlib import AbstractContextManager, suppress
from dataclasses import replace

import pytest

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, Verdict
from ldirectord_py.model.checks.probe import TlsOptions
from tests.peers.certificates import (
    Authority,
    NamedAuthority,
    pem,
    self_signed,
    serving_as,
    wanting_certificates,
)
from tests.peers.listeners import accepting, serving
from tests.peers.options import checking

DAY = 86400
ACME, OTHERS = Authority(), Authority()
VERIFIED = TlsOptions(verify=True, authorities=ACME.pem)
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"* OK ready\r\n")
    await writer.drain()
    await reader.read()


def alerting(context: ssl.SSLContext) -> AbstractContextManager[Endpoint]:
    """Serve as `greet` does, but from a thread: asyncio's servers end a failed handshake without an alert."""

    def answer(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.sendall(b"* OK ready\r\n")
            secure.recv(100)

    return accepting(answer)


async def checked(context: ssl.SSLContext, tls: TlsOptions, **words: object) -> Outcome:
    async with serving(greet, context) as endpoint, checking() as check:
        return await check(endpoint, service="imaps", tls=tls, **{"virtualhost": "www.example", **words})


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("context", "tls"),
    [
        (ACME.server("www.example"), VERIFIED),
        (ACME.server("*.shop.example"), replace(VERIFIED, server_name="www.shop.example")),
        (ACME.server("mail.example"), replace(VERIFIED, server_name="mail.example")),
        (ACME.server("10.1.2.3"), replace(VERIFIED, server_name="10.1.2.3")),
        (ACME.server("www.example", ends=-3), TlsOptions()),
        (ACME.server("www.other"), TlsOptions()),
        (OTHERS.server("www.example"), TlsOptions()),
    ],
    ids=["name", "wildcard", "tlsservername", "address", "expired", "other name", "unknown signer"],
)
async def test_what_is_in_order_or_not_looked_at_is_up(
    context: ssl.SSLContext, tls: TlsOptions, version: ssl.TLSVersion
) -> None:
    context.minimum_version = context.maximum_version = version

    assert (await checked(context, tls)).verdict is Verdict.UP


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("context", "tls", "sentence"),
    [
        (ACME.server("www.example", ends=-3.5), VERIFIED, r"expired 3 days ago, on \d{4}-\d\d-\d\d \d\d:\d\d UTC"),
        (
            ACME.server("www.example", begins=2),
            VERIFIED,
            r"is not valid before \S+ \S+ UTC yet: look at the clocks, too",
        ),
        (
            ACME.server("a.example", "b.example", "10.0.0.9"),
            VERIFIED,
            r"is for names a\.example, b\.example, 10\.0\.0\.9, not www\.example",
        ),
        (
            ACME.server("a.example"),
            replace(VERIFIED, server_name="10.1.2.3"),
            r"is for names a\.example, not 10\.1\.2\.3",
        ),
        (
            ACME.server(*(f"www{number}.example" for number in range(200))),
            VERIFIED,
            r"is for names www0\.example, www1\.example, .* and 196 more, not www\.example",
        ),
        (
            OTHERS.server("www.example"),
            VERIFIED,
            r"is signed by nobody we trust; tlscafile names /etc/ssl/acme\.pem",
        ),
        (
            ACME.server("www.example"),
            TlsOptions(verify=True),
            r"is signed by nobody we trust; there is no tlscafile, so the system's store counts",
        ),
    ],
    ids=["expired", "not yet", "names", "address", "many names", "unknown signer", "system's store"],
)
async def test_a_certificate_that_is_not_in_order_is_down_and_says_why(
    context: ssl.SSLContext, tls: TlsOptions, sentence: str, version: ssl.TLSVersion
) -> None:
    context.minimum_version = context.maximum_version = version

    outcome = await checked(context, tls)

    assert outcome.reason is Reason.TLS
    assert re.fullmatch(rf"certificate of 127\.0\.0\.1:\d+ {sentence}", outcome.detail), outcome.detail
    assert len(outcome.detail) <= LONGEST_DETAIL


async def test_an_expired_signer_is_told_from_an_expired_server() -> None:
    old = NamedAuthority("Old Authority", ends=-1)

    outcome = await checked(old.server("www.example"), TlsOptions(verify=True, authorities=old.pem))

    assert outcome.detail.endswith(" is in order, but one that it depends on has expired")


async def test_an_unknown_signer_is_told_by_its_name() -> None:
    outcome = await checked(NamedAuthority("Shop CA").server("www.example"), VERIFIED)

    assert outcome.detail.endswith(" is signed by nobody we trust (Shop CA); tlscafile names /etc/ssl/acme.pem")


async def test_a_certificate_that_signed_itself_is_trusted_only_where_it_is_named() -> None:
    context, own = self_signed("www.example")

    assert (await checked(context, TlsOptions())).verdict is Verdict.UP
    assert (await checked(context, TlsOptions(verify=True, authorities=own))).verdict is Verdict.UP
    assert (await checked(context, VERIFIED)).detail.endswith(
        " is signed by itself, and not among those we trust; tlscafile names /etc/ssl/acme.pem"
    )


async def test_a_signed_certificate_may_be_named_instead_of_its_signer() -> None:
    issued = OTHERS.ca.issue_cert("www.example")
    itself = pem("/etc/ssl/www.pem", issued.cert_chain_pems[0].bytes())

    assert (await checked(serving_as(issued), TlsOptions(verify=True, authorities=itself))).verdict is Verdict.UP


async def test_without_a_name_the_signer_alone_counts() -> None:
    assert (await checked(ACME.server("www.other"), VERIFIED, virtualhost=None)).verdict is Verdict.UP
    assert (await checked(OTHERS.server("www.other"), VERIFIED, virtualhost=None)).reason is Reason.TLS


@pytest.mark.parametrize("version", VERSIONS)
async def test_our_certificate_is_shown_where_it_is_wanted(version: ssl.TLSVersion) -> None:
    context = wanting_certificates(ACME.server("www.example"), ACME)
    context.minimum_version = context.maximum_version = version

    with alerting(context) as endpoint:
        async with checking() as check:
            shown, foreign, missing = [
                await check(endpoint, service="imaps", tls=tls, virtualhost="www.example")
                for tls in (
                    replace(VERIFIED, certificate=ACME.client()),
                    replace(VERIFIED, certificate=OTHERS.client()),
                    VERIFIED,
                )
            ]

    assert shown.verdict is Verdict.UP
    assert (foreign.reason, foreign.detail) == (
        Reason.TLS,
        "TLS failed: the server does not trust our certificate: look at tlscertfile",
    )
    assert missing.reason is Reason.TLS
    assert missing.detail.startswith(
        {
            ssl.TLSVersion.TLSv1_2: "TLS failed: the server refuses the handshake (handshake failure): it may want",
            ssl.TLSVersion.TLSv1_3: "TLS failed: the server wants a certificate of ours: tlscertfile names one",
        }[version]
    )


async def test_a_server_that_does_not_know_the_name_says_so() -> None:
    context = ACME.server("www.example")
    context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    with alerting(context) as endpoint:
        async with checking() as check:
            outcome = await check(endpoint, service="imaps", virtualhost="www.example")

    assert outcome.detail == (
        "TLS failed: the server does not know the name that it is asked for: look at tlsservername or virtualhost"
    )


async def test_the_server_is_told_why_its_certificate_is_refused() -> None:
    told: list[str | None] = []
    context = OTHERS.server("www.example")

    def answer(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                secure.recv(100)
        except ssl.SSLError as error:
            told.append(error.reason)

    with accepting(answer) as endpoint:
        async with checking() as check:
            outcome = await check(endpoint, service="imaps", tls=VERIFIED, virtualhost="www.example")

    assert outcome.reason is Reason.TLS
    assert told[:1] == ["TLSV1_ALERT_UNKNOWN_CA"]


async def test_what_is_known_of_a_certificate_outlasts_the_time_for_it() -> None:
    """The server is asked a second time for its certificate, and then hangs: it is still down for its certificate."""
    context, connections = OTHERS.server("www.example"), 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with suppress(ssl.SSLError):  # it is told why its certificate is refused
            if connections == 1:
                await writer.start_tls(context)
            await reader.read()

    async with serving(serve) as endpoint, checking() as check:
        outcome = await check(endpoint, service="imaps", tls=VERIFIED, virtualhost="www.example", negotiatetimeout=0.5)

    assert connections == 2
    assert outcome.detail.endswith(" is signed by nobody we trust; tlscafile names /etc/ssl/acme.pem")
