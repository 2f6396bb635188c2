"""What is kept from one TLS connection to the next, on real sockets: contexts, sessions, when certificates end."""

import asyncio
import ssl
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.conversation import Transport
from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict
from ldirectord_py.model.checks.probe import CheckTarget, TlsOptions
from ldirectord_py.probing import tls_memory
from ldirectord_py.probing.prober import Prober
from ldirectord_py.probing.tls_memory import RESUMED, TlsMemory
from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.workers.workers import Workers
from tests.peers.certificates import NOW, Authority, NamedAuthority, pem
from tests.peers.listeners import LOOPBACK, serving
from tests.peers.options import checking, probe_of
from tests.peers.patience import PATIENCE
from tests.peers.turns import MOST, elsewhere, held_for
from tests.unit.probing.test_tls import VERSIONS, greet

DAY = 86400
ACME, OTHERS = Authority(), Authority()
VERIFIED = TlsOptions(verify=True, authorities=ACME.pem)


async def test_the_end_of_a_certificate_is_told_once_while_it_stays_the_same() -> None:
    seen: list[tuple[CheckTarget, float]] = []
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


TARGET = CheckTarget(endpoint=Endpoint(LOOPBACK, 443), transport=Transport.TLS, tls=VERIFIED)


async def made(memory: TlsMemory, options: TlsOptions) -> ssl.SSLContext:
    return memory.context(options) or await memory.make(options, in_thread)


async def test_contexts_are_shared_by_all_that_differ_in_their_servers_name_alone() -> None:
    memory = TlsMemory(lambda *_: None)
    one, other = [await made(memory, replace(VERIFIED, server_name=name)) for name in ("a.example", "b.example")]

    assert one is other
    assert one.check_hostname
    assert await made(memory, VERIFIED) is not one
    assert not (await made(memory, VERIFIED)).check_hostname
    assert await made(memory, replace(VERIFIED, authorities=OTHERS.pem, server_name="a.example")) is not one


async def test_a_context_that_many_want_is_made_once() -> None:
    memory = TlsMemory(lambda *_: None)
    wanted = [memory.make(replace(VERIFIED, server_name=name), in_thread) for name in ("a.example", "b.example")]

    one, other = await asyncio.gather(*wanted)

    assert one is other
    assert memory.context(replace(VERIFIED, server_name="c.example")) is one


async def test_a_file_with_another_content_makes_another_context() -> None:
    before, after = (pem("/etc/ssl/ca.pem", authority.ca.cert_pem.bytes()) for authority in (ACME, OTHERS))
    again = pem("/etc/ssl/ca.pem", ACME.ca.cert_pem.bytes())
    memory = TlsMemory(lambda *_: None)
    first, second, third = [
        await made(memory, replace(VERIFIED, authorities=authorities)) for authorities in (before, again, after)
    ]

    assert before != after
    assert before == again
    assert first is second
    assert first is not third


async def test_a_reload_keeps_contexts_but_for_those_of_a_systems_store_that_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file's content is part of the options; the system's store is read again only if it was changed."""
    store = tmp_path / "store.pem"
    store.write_bytes(ACME.ca.cert_pem.bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(store))
    memory = TlsMemory(lambda *_: None)
    by_system = replace(TARGET, tls=TlsOptions(verify=True))
    gone = replace(TARGET, tls=TlsOptions())
    options = [target.tls or TlsOptions() for target in (TARGET, by_system, gone)]
    contexts = [await made(memory, each) for each in options]

    memory.forget_all_but({TARGET, by_system})
    unchanged = [memory.context(each) for each in options]
    renewed = store.with_suffix(".new")
    renewed.write_bytes(OTHERS.ca.cert_pem.bytes())
    renewed.replace(store)
    memory.forget_all_but({TARGET, by_system})

    assert unchanged == [*contexts[:2], None]
    assert [memory.context(each) for each in options] == [contexts[0], None, None]
    assert (await made(memory, options[1])).get_ca_certs() != contexts[1].get_ca_certs()


async def test_the_systems_store_is_read_off_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "store.pem"
    store.write_bytes(b"".join(NamedAuthority(f"CA {number}").pem.content for number in range(500)))
    monkeypatch.setenv("SSL_CERT_FILE", str(store))
    with elsewhere(greet, OTHERS.server("www.example")) as endpoint:
        words = {"service": "imaps", "tls": TlsOptions(verify=True), "virtualhost": "www.example"}

        async def once() -> Outcome:
            async with checking() as check:  # a busy machine takes its time to read the store
                return await check(endpoint, **words, negotiatetimeout=PATIENCE)

        seconds, callback, outcomes = await held_for(once)

    assert outcomes[0].detail.endswith("there is no tlscafile, so the system's store counts")
    assert seconds <= MOST, callback


async def test_a_session_of_a_context_that_is_gone_is_not_offered() -> None:
    """Python refuses it with an error that would be taken for a bug."""
    async with serving(greet, ACME.server("www.example")) as endpoint, asyncio.TaskGroup() as tasks:
        prober = Prober(tasks, Workers(), crashed=lambda _probe, error: pytest.fail(str(error)))
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


async def test_a_context_that_cannot_be_made_is_our_own_fault() -> None:
    options = TlsOptions(verify=True, authorities=pem("/etc/ssl/no.pem", b"nothing"))
    async with serving(greet, ACME.server("www.example")) as endpoint, checking() as check:
        outcomes = [await check(endpoint, service="imaps", tls=options) for _ in range(2)]

    assert {outcome.verdict for outcome in outcomes} == {Verdict.FAULT}
    assert outcomes[0].detail == "TLS cannot be set up: /etc/ssl/no.pem holds no certificate in PEM form"


def test_a_certificate_without_a_readable_date_is_passed_over() -> None:
    seen: list[float] = []
    memory = TlsMemory(lambda _target, expires: seen.append(expires))

    memory.met(TARGET, b"\x30\x00", 0.0)
    memory.met(TARGET, None, 1.0)

    assert seen == []
