"""Carries out a check that somebody follows.

It has a prober of its own, so that checks that nobody follows cost nothing more, and neither their sessions nor what
is known of certificates is touched.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from typing import TypeVar

from ldirectord_py.model.checks.check_plan import Alternating, Always, CheckPlan, Never
from ldirectord_py.model.checks.conversation import Pattern, Transport
from ldirectord_py.model.checks.outcome import Outcome, Verdict, fault
from ldirectord_py.model.checks.probe import CheckTarget, Probe
from ldirectord_py.model.checks.trace import StepKind, Trace, TraceStep
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.text.escaping import printable
from ldirectord_py.model.text.secrets import without
from ldirectord_py.model.workers import WorkerAnswer, WorkerKind, WorkerQuestion
from ldirectord_py.probing.closing import MOST_SECONDS
from ldirectord_py.probing.compiled_probe import CompiledProbe
from ldirectord_py.probing.drivers import RunServices
from ldirectord_py.probing.peer_services import PeerServices, TellOutcome
from ldirectord_py.probing.prober import Prober
from ldirectord_py.probing.stream_peer import StreamPeer
from ldirectord_py.probing.tls_memory import TlsMemory
from ldirectord_py.probing.tracing.peers import (
    TracedDatagramPeer,
    TracedIcmpPeer,
    TracedInsistentPeer,
    TracedPeer,
    TracedTlsPeer,
    told_match,
)
from ldirectord_py.probing.tracing.recorder import TraceRecorder
from ldirectord_py.system.daemon_thread import Threads
from ldirectord_py.workers.workers import Workers

AT_A_TIME = 8
"""Checks that are followed at the same time; others wait."""
_LINGERING = 16
"""Probers whose check is over and whose connections are still being closed."""

_ON = "this server is not checked: it counts as up (checktype=on, or service=none)"
_OFF = "this server is not checked: it keeps the place that it had in the table (checktype=off)"

TracedPeerType = TypeVar("TracedPeerType", bound=TracedPeer)


class Tracer:
    """Follows checks, a few at a time; to be made where a loop runs, and closed."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._places = asyncio.Semaphore(AT_A_TIME)
        self._threads = Threads(1)
        self._lingering: deque[Prober] = deque()

    async def trace(self, plan: CheckPlan, secrets: Collection[str]) -> Trace:
        """Check once as *plan* says, and return how that went, without *secrets*.

        Of checks that take turns with mere connections (`checktype=N`) it is the one that negotiates.
        """
        if isinstance(plan, Always | Never):
            told = _ON if isinstance(plan, Always) else _OFF
            return Trace(outcome=None, seconds=0.0, steps=(TraceStep(0.0, StepKind.JUDGE, told),))
        probes = (plan.negotiate,) if isinstance(plan, Alternating) else plan.probes
        async with self._places:
            recorder = TraceRecorder()
            outcome, seconds = await self._carry_out(probes, recorder)
            recorder.conclude(f"{outcome.verdict}: {outcome.detail}" if outcome.detail else outcome.verdict)
        try:
            return await self._threads.in_thread(partial(_finished, recorder, outcome, seconds, secrets))
        except CheckUnavailable as error:  # no thread in which secrets could be taken out
            told = f"what was found cannot be shown: {error}"
            return Trace(outcome=fault(error), seconds=seconds, steps=(TraceStep(0.0, StepKind.JUDGE, told),))

    def close(self) -> None:
        """Close the connections that the servers have not closed yet."""
        while self._lingering:
            self._lingering.popleft().close()

    async def _carry_out(self, probes: Collection[Probe], recorder: TraceRecorder) -> tuple[Outcome, float]:
        """Return what the first of *probes* that is not up has found, or the last one, and the seconds of all."""
        workers = Workers()
        try:
            async with asyncio.TaskGroup() as tasks:
                prober = _TracingProber(tasks, workers, recorder)
                try:
                    return await _in_turn(prober, probes, recorder)
                finally:
                    self._let_linger(prober)
        finally:
            workers.close()

    def _let_linger(self, prober: Prober) -> None:
        """Close *prober* once its connections have had the time to be closed in order."""
        if len(self._lingering) == _LINGERING:
            self._lingering.popleft().close()
        self._lingering.append(prober)
        self._loop.call_later(MOST_SECONDS, self._end, prober)

    def _end(self, prober: Prober) -> None:
        if prober in self._lingering:
            self._lingering.remove(prober)
            prober.close()


def _finished(recorder: TraceRecorder, outcome: Outcome, seconds: float, secrets: Collection[str]) -> Trace:
    safe = replace(outcome, detail=printable(without(outcome.detail, secrets)))
    return Trace(outcome=safe, seconds=seconds, steps=recorder.finish(secrets))


async def _in_turn(prober: Prober, probes: Collection[Probe], recorder: TraceRecorder) -> tuple[Outcome, float]:
    spent = 0.0
    outcome: Outcome | None = None
    for number, probe in enumerate(probes, 1):
        if probe.asked:
            several = f"check {number} of {len(probes)}: " if len(probes) > 1 else ""
            recorder.note(StepKind.ASK, several + probe.asked)
        outcome, seconds = await _once(prober, probe)
        spent += seconds
        if outcome.verdict is not Verdict.UP:
            break
    if outcome is None:
        raise AssertionError("a plan has one probe at least")
    return outcome, spent


async def _once(prober: Prober, probe: Probe) -> tuple[Outcome, float]:
    """Carry *probe* out; abandon it if nobody waits for it any more."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[tuple[Outcome, float]] = loop.create_future()

    def done(outcome: Outcome, seconds: float, _now: float) -> None:
        if not ended.done():
            ended.set_result((outcome, seconds))

    run = prober.prepare(probe)(done, loop.time())
    try:
        return await ended
    except asyncio.CancelledError:
        run.abandon()
        raise


class _TracingProber(Prober):
    """A prober whose peers and drivers tell *recorder* what they do."""

    def __init__(self, tasks: asyncio.TaskGroup, workers: Workers, recorder: TraceRecorder) -> None:
        def crashed(_probe: Probe, error: Exception) -> None:
            recorder.note(StepKind.JUDGE, f"the check has a bug: {type(error).__name__}: {error}")

        super().__init__(tasks, workers, crashed=crashed)
        self._recorder = recorder

    def _peer_class(self, target: CheckTarget) -> Callable[[CompiledProbe, PeerServices, TellOutcome], StreamPeer]:
        match target.transport:
            case Transport.TCP if target.tls is None:
                return partial(self._traced, TracedPeer)
            case Transport.TCP | Transport.TLS:
                # with no session of another check, so that the certificate is seen
                memory = TlsMemory(lambda _target, _expires: None)
                return partial(self._traced, partial(TracedTlsPeer, memory=memory))
            case Transport.UDP:
                return partial(self._traced, TracedDatagramPeer)
            case Transport.ICMP:
                return partial(self._traced, TracedIcmpPeer)

    def _driver_services(self, workers: Workers) -> RunServices:
        return _TracingServices(workers, self._recorder)

    def _insistent_class(self) -> Callable[[CompiledProbe, PeerServices, TellOutcome], TracedInsistentPeer]:
        return partial(self._traced, TracedInsistentPeer)

    def _traced(
        self,
        peer_class: Callable[[CompiledProbe, PeerServices, TellOutcome], TracedPeerType],
        compiled: CompiledProbe,
        services: PeerServices,
        done: TellOutcome,
    ) -> TracedPeerType:
        peer = peer_class(compiled, services, done)
        peer.recorder = self._recorder
        return peer


class _TracingServices(RunServices):
    """What a driver may ask for, with every question in *recorder*."""

    def __init__(self, workers: Workers, recorder: TraceRecorder) -> None:
        super().__init__(workers)
        self._recorder = recorder

    def note(self, what: StepKind, content: str | bytes) -> None:
        """See `DriverServices.note`."""
        self._recorder.note(what, content)

    async def has_match(self, pattern: Pattern, subject: bytes) -> bool:
        """See `DriverServices.has_match`."""
        found = await super().has_match(pattern, subject)
        self.note(StepKind.JUDGE, told_match(pattern, subject, found=found))
        return found

    async def worker_ready(self, kind: WorkerKind) -> None:
        """See `DriverServices.worker_ready`."""
        self.note(StepKind.RUN, f"a process with {kind.module}, without rights, is to ask")
        await super().worker_ready(kind)
        self.note(StepKind.RUN, "it is ready")

    async def ask_worker(self, kind: WorkerKind, question: WorkerQuestion) -> WorkerAnswer:
        """See `DriverServices.ask_worker`."""
        answer = await super().ask_worker(kind, question)
        self.note(StepKind.RUN, "it has answered")
        return answer
