"""Real checks through the real prober, asked for in the words of a configuration."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address

from ldirectord_py.checks.registry import plan
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.asking import Asking, Subject
from ldirectord_py.model.checking import Probe, Repeated
from ldirectord_py.model.outcome import Outcome
from ldirectord_py.model.service import AddressKey, Protocol, VirtualKey
from ldirectord_py.probing.prober import Prober

VIP = AddressKey(Protocol.TCP, Endpoint(ip_address("192.0.2.1"), 80))
UDP_VIP = AddressKey(Protocol.UDP, Endpoint(ip_address("192.0.2.1"), 80))
TIMEOUT = 1.0
PATIENCE = 10.0

Check = Callable[..., Awaitable[Outcome]]


def probe_of(endpoint: Endpoint, virtual: VirtualKey = VIP, **words: object) -> Probe:
    """Return the probe of a server by the words of a configuration, as in `Asking`, with timeouts of 1 s."""
    words = {"negotiatetimeout": TIMEOUT, "checktimeout": TIMEOUT} | words
    repeated = plan(Asking(**words), Subject(virtual=virtual, endpoint=endpoint))  # type: ignore[arg-type]
    assert isinstance(repeated, Repeated)
    return repeated.probe


@asynccontextmanager
async def checking() -> AsyncIterator[Check]:
    """Yield a way to check a server by the words of a configuration; a bug in a check is raised."""
    crashes: list[Exception] = []
    async with asyncio.TaskGroup() as tasks:
        prober = Prober(tasks, crashed=lambda _probe, error: crashes.append(error))

        async def check(endpoint: Endpoint, virtual: VirtualKey = VIP, **words: object) -> Outcome:
            verdict: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
            probe = probe_of(endpoint, virtual, **words)
            prober.prepare(probe)(lambda outcome, *_: verdict.set_result(outcome), asyncio.get_running_loop().time())
            async with asyncio.timeout(PATIENCE):
                return await verdict

        yield check
        prober.close()
    if crashes:
        raise crashes[0]
