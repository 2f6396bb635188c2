"""TLS on real sockets: what is verified, what is shown, what is said of it, and what is remembered."""

import asyncio
import re
import socket
import ssl
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checking import Target, TlsOptions, Transport
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.outcome import LONGEST_DETAIL, Outcome, Reason, Verdict
from ldirectord_py.probing import tls_memory
from ldirectord_py.probing.prober import Prober
from ldirectord_py.probing.tls_memory import RESUMED, TlsMemory
from tests.peers.asking import checking, probe_of
from tests.peers.certificates import (
    NOW,
    Authority,
    NamedAuthority,
    pem,
    self_signed,
    serving_as,
    wanting_certificates,
)
from tests.peers.listeners import LOOPBACK, accepting, serving

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


# What is remembered.


async def test_the_end_of_a_certificate_is_told_once_while_it_stays_the_same() -> None:
    seen: list[tuple[Target, float]] = []
    async with (
        serving(greet, ACME.server("www.example", ends=30)) as endpoint,
        checking(lambda *what: seen.append(what)) as check,
    ):
        for _ in range(3):
            assert (await check(endpoint, service="imaps")).verdict is Verdict.UP

    ((target, expires),) = seen
    assert target == probe_of(endpoint, service="imaps").target
    assert expires == pytest.approx(NOW.timestamp() + 30 * DAY, abs=1)


async def test_the_end_of_a_refused_certificate_is_told_too() -> None:
    seen: list[float] = []
    async with (
        serving(greet, ACME.server("www.example", ends=-3)) as endpoint,
        checking(lambda _target, expires: seen.append(expires)) as check,
    ):
        for _ in range(2):
            outcome = await check(endpoint, service="imaps", tls=VERIFIED, virtualhost="www.example")
            assert outcome.reason is Reason.TLS

    assert seen == [pytest.approx(NOW.timestamp() - 3 * DAY, abs=1)]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("seconds", "handshakes", "ends"), [(RESUMED, [False, True, True], [30]), (0.0, [False] * 3, [30, 30, 90])]
)
async def test_sessions_are_resumed_for_a_time_and_then_the_certificate_is_looked_at_again(
    seconds: float,
    handshakes: list[bool],
    ends: list[int],
    version: ssl.TLSVersion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each resumed session begets another, so without an end a renewed certificate would never be seen."""
    monkeypatch.setattr(tls_memory, "RESUMED", seconds)
    seen: list[float] = []
    resumed: list[bool] = []
    context = ACME.server("www.example", ends=30)
    context.minimum_version = context.maximum_version = version

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        resumed.append(writer.get_extra_info("ssl_object").session_reused)
        await greet(reader, writer)

    async with serving(serve, context) as endpoint, checking(lambda _target, expires: seen.append(expires)) as check:
        for _ in range(2):
            await check(endpoint, service="imaps")
        ACME.ca.issue_cert("www.example", not_after=NOW + timedelta(days=90)).configure_cert(context)
        await check(endpoint, service="imaps")

    assert resumed == handshakes
    assert seen == [pytest.approx(NOW.timestamp() + days * DAY, abs=1) for days in ends]


TARGET = Target(endpoint=Endpoint(LOOPBACK, 443), transport=Transport.TLS, tls=VERIFIED)


def test_contexts_are_shared_by_all_that_differ_in_their_servers_name_alone() -> None:
    memory = TlsMemory(lambda *_: None)
    one, other = (memory.context(replace(VERIFIED, server_name=name)) for name in ("a.example", "b.example"))

    assert one is other
    assert one.check_hostname
    assert memory.context(VERIFIED) is not one
    assert not memory.context(VERIFIED).check_hostname
    assert memory.context(replace(VERIFIED, authorities=OTHERS.pem, server_name="a.example")) is not one


def test_a_file_with_another_content_makes_another_context() -> None:
    before, after = (pem("/etc/ssl/ca.pem", authority.ca.cert_pem.bytes()) for authority in (ACME, OTHERS))
    again = pem("/etc/ssl/ca.pem", ACME.ca.cert_pem.bytes())
    memory = TlsMemory(lambda *_: None)

    assert before != after
    assert before == again
    assert memory.context(replace(VERIFIED, authorities=before)) is memory.context(replace(VERIFIED, authorities=again))
    assert memory.context(replace(VERIFIED, authorities=before)) is not memory.context(
        replace(VERIFIED, authorities=after)
    )


def test_a_reload_keeps_contexts_of_files_and_makes_those_of_the_systems_store_anew() -> None:
    """The system's store may have been brought up to date; a file's content is part of the options."""
    memory = TlsMemory(lambda *_: None)
    by_system = replace(TARGET, tls=TlsOptions(verify=True))
    gone = replace(TARGET, tls=TlsOptions())
    kept = [memory.context(target.tls or TlsOptions()) for target in (TARGET, by_system, gone)]

    memory.forget_all_but({TARGET, by_system})

    renewed = [memory.context(target.tls or TlsOptions()) for target in (TARGET, by_system, gone)]
    assert [one is other for one, other in zip(kept, renewed, strict=True)] == [True, False, False]


async def test_a_session_of_a_context_that_is_gone_is_not_offered() -> None:
    """Python refuses it with an error that would be taken for a bug."""
    async with serving(greet, ACME.server("www.example")) as endpoint, asyncio.TaskGroup() as tasks:
        prober = Prober(tasks, crashed=lambda _probe, error: pytest.fail(str(error)))
        probe = probe_of(endpoint, service="imaps")
        outcomes = []
        for _ in range(3):
            verdict: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
            prober.prepare(probe)(
                lambda outcome, *_, verdict=verdict: verdict.set_result(outcome), asyncio.get_running_loop().time()
            )
            outcomes.append(await verdict)
            prober.tls._contexts.clear()
            prober.tls._nameless.clear()
        prober.close()

    assert [outcome.verdict for outcome in outcomes] == [Verdict.UP] * 3


def test_a_context_that_cannot_be_made_is_our_own_fault() -> None:
    with pytest.raises(CheckUnavailable, match=r"TLS cannot be set up: /etc/ssl/no\.pem holds no certificate"):
        TlsMemory(lambda *_: None).context(TlsOptions(verify=True, authorities=pem("/etc/ssl/no.pem", b"nothing")))


def test_a_certificate_without_a_readable_date_is_passed_over() -> None:
    seen: list[float] = []
    memory = TlsMemory(lambda _target, expires: seen.append(expires))

    memory.met(TARGET, b"\x30\x00", 0.0)
    memory.met(TARGET, None, 1.0)

    assert seen == []
