"""Real checks through the real prober, asked for in the words of a configuration."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address

from ldirectord_py.checks.registry import plan
from ldirectord_py.config.load import parse
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.check_plan import CheckPlan, Repeated
from ldirectord_py.model.checks.outcome import Outcome
from ldirectord_py.model.checks.probe import Probe
from ldirectord_py.model.service import AddressKey, Protocol, VirtualKey
from ldirectord_py.probing.prober import Prober
from ldirectord_py.probing.tls_memory import OnCertificate
from ldirectord_py.probing.tracing.phases import time_phases
from ldirectord_py.workers.workers import Workers
from tests.peers.patience import PATIENCE

VIP = AddressKey(Protocol.TCP, Endpoint(ip_address("192.0.2.1"), 80))
UDP_VIP = AddressKey(Protocol.UDP, Endpoint(ip_address("192.0.2.1"), 80))
TIMEOUT = 1.0
Ask = Callable[[Probe], Awaitable[Outcome]]
Check = Callable[..., Awaitable[Outcome]]


def probe_of(endpoint: Endpoint, virtual: VirtualKey = VIP, **words: object) -> Probe:
    """Return the probe of a server by the words of a configuration, as in `CheckOptions`, with timeouts of 1 s."""
    words = {"negotiatetimeout": TIMEOUT, "checktimeout": TIMEOUT} | words
    options = CheckOptions(**words)
    return planned(options, CheckedServer(virtual=virtual, endpoint=endpoint))


def planned(options: CheckOptions, server: CheckedServer) -> Probe:
    """Return the probe of *server*, by a checktype that has one."""
    repeated = plan(options, server)
    assert isinstance(repeated, Repeated)
    return repeated.probe


def configured(real: str, *lines: str, virtual: str | None = None) -> CheckPlan:
    """Return the plan of the *real* server of one virtual, whose section has *lines* too, as `ldirectord.cf` has it.

    Timeouts are 1 s, unless *lines* say otherwise.
    """
    family, default = ("6", "[2001:db8::1]:80") if real.startswith("[") else ("", "192.0.2.1:80")
    section = (f"real{family}={real}", f"negotiatetimeout={TIMEOUT:g}", f"checktimeout={TIMEOUT:g}", *lines)
    config = parse("\n\t".join((f"virtual{family}={virtual or default}", *section, "")).encode(), "test.cf")
    ((found,),) = (each.reals for each in config.virtuals)
    return found.plan


@asynccontextmanager
async def probing(
    certificate_seen: OnCertificate = lambda _target, _expires: None,
    workers: Workers | None = None,
    *,
    phases: bool = False,
) -> AsyncIterator[Ask]:
    """Yield a way to carry out a probe, once, with the times of its *phases* if wanted; a bug in a check is raised."""
    crashes: list[Exception] = []
    workers = workers or Workers()
    async with asyncio.TaskGroup() as tasks:
        prober = Prober(
            tasks,
            workers,
            crashed=lambda _probe, error: crashes.append(error),
            certificate_seen=certificate_seen,
        )

        time_phases(prober, wanted=phases)

        async def ask(probe: Probe) -> Outcome:
            verdict: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
            prober.prepare(probe)(lambda outcome, *_: verdict.set_result(outcome), asyncio.get_running_loop().time())
            async with asyncio.timeout(PATIENCE):
                return await verdict

        yield ask
        prober.close()
        workers.close()
    if crashes:
        raise crashes[0]


@asynccontextmanager
async def checking(
    certificate_seen: OnCertificate = lambda _target, _expires: None, workers: Workers | None = None
) -> AsyncIterator[Check]:
    """Yield a way to check a server by the words of a configuration; a bug in a check is raised."""
    async with probing(certificate_seen, workers) as ask:

        async def check(endpoint: Endpoint, virtual: VirtualKey = VIP, **words: object) -> Outcome:
            return await ask(probe_of(endpoint, virtual, **words))

        yield check
