"""The prober: carries probes out, many at a time, each under its own deadline."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from select import EPOLLERR, EPOLLET, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP, epoll
from typing import Protocol, TypeVar

from ldirectord_py.checks.matching.offload import Allowance, Matcher
from ldirectord_py.model.checks.conversation import Pattern, Transport
from ldirectord_py.model.checks.outcome import Outcome, Reason
from ldirectord_py.model.checks.probe import CheckTarget, Probe
from ldirectord_py.probing.closing import MOST_CLOSING, ClosingConnections
from ldirectord_py.probing.compiled_probe import CompiledProbe
from ldirectord_py.probing.datagrams import DatagramPeer, IcmpPeer, InsistentPeer
from ldirectord_py.probing.drivers import DriverRunner, RunServices
from ldirectord_py.probing.peer_services import PeerServices, ResumedPeer, TellOutcome
from ldirectord_py.probing.reasons import HELD_UP
from ldirectord_py.probing.stream_peer import StreamPeer
from ldirectord_py.probing.time_waits import TimeWaitBudget, per_second
from ldirectord_py.probing.tls import TlsPeer
from ldirectord_py.probing.tls_memory import OnCertificate, TlsMemory
from ldirectord_py.system.daemon_thread import Threads
from ldirectord_py.workers.workers import Workers

_WATCHED = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET
_HAS_COME = EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP
_THREADS = 2  # for handshakes that take long; they leave a processor of two to the loop half of the time
_BATCH = 256  # events taken at a time, so that others of the loop get their turn

T = TypeVar("T")


class Run(Protocol):
    """A probe under way."""

    def abandon(self) -> None:
        """End it without a verdict."""
        ...


ProbeStarter = Callable[[TellOutcome, float], Run]
"""A probe made ready: begins it at the time given, which is now (monotonic), and hands its outcome to `TellOutcome`,
once; possibly before it returns.  Time is asked for once a turn and handed on: where the kernel has no vDSO, that alone
halves the cost of a check."""


class Prober:
    """Carries probes out in one epoll set of its own, itself one reader of the asyncio loop.

    Conversations are resumed straight from the ready list, without tasks or futures.  Deadlines
    with the same timeout expire in the order in which they began, so each timeout has a queue, and
    only the heads of the queues are looked at.
    """

    def __init__(
        self,
        tasks: asyncio.TaskGroup,
        workers: Workers,
        *,
        crashed: Callable[[Probe, Exception], None],
        certificate_seen: OnCertificate = lambda _target, _expires: None,
        closing: int = MOST_CLOSING,
    ) -> None:
        self.crashed = crashed
        self.tls = TlsMemory(certificate_seen)
        self.converse_by(StreamPeer, TlsPeer)
        self._loop = asyncio.get_running_loop()
        self.closing = ClosingConnections(self._loop, TimeWaitBudget(per_second()), most=closing)
        self._drivers = DriverRunner(tasks, workers, crashed, self._driver_services)
        self._matcher = Matcher(workers)
        self._threads = Threads(_THREADS)
        self._epoll = epoll()
        self._ephemeral = _ephemeral_ports()
        self._peers: dict[int, ResumedPeer] = {}
        self._deadlines: dict[float, OrderedDict[ResumedPeer, float]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._loop.add_reader(self._epoll.fileno(), self._on_news)

    @property
    def conversations(self) -> int:
        """How many conversations are under way."""
        return len(self._peers)

    def converse_by(self, stream: type[StreamPeer], tls: type[TlsPeer]) -> None:
        """Have these carry out what is made ready from now on: one over TCP, the other over TLS."""
        self._stream_peer = stream
        self._tls_peer = partial(tls, memory=self.tls)

    def prepare(self, probe: Probe) -> ProbeStarter:
        """Return *probe* made ready for `start`, as often as one likes."""
        if probe.target is None:
            start: ProbeStarter = partial(self._drive, probe)
        elif probe.sends > 1:
            compiled = CompiledProbe(probe, probe.target, self._ephemeral)
            start = partial(_Insisting, self._loop, self, partial(self._insistent_class(), compiled, self))
        else:
            compiled = CompiledProbe(probe, probe.target, self._ephemeral)
            start = _Conversing(compiled, self._peer_class(probe.target), self).start
        return partial(_Attempts, start, probe.attempts) if probe.attempts > 1 else start

    def _peer_class(self, target: CheckTarget) -> Callable[[CompiledProbe, PeerServices, TellOutcome], StreamPeer]:
        match target.transport:
            case Transport.TCP if target.tls is None:
                return self._stream_peer
            case Transport.TCP | Transport.TLS:
                return self._tls_peer
            case Transport.UDP:
                return DatagramPeer
            case Transport.ICMP:
                return IcmpPeer

    def _insistent_class(self) -> Callable[[CompiledProbe, PeerServices, TellOutcome], InsistentPeer]:
        return InsistentPeer

    def _driver_services(self, workers: Workers) -> RunServices:
        return RunServices(workers)

    def _drive(self, probe: Probe, done: TellOutcome, _now: float) -> Run:
        return self._drivers.start(probe, done)

    def begin(self, peer: ResumedPeer, now: float) -> None:
        """Begin the conversation of *peer* at *now* (monotonic), under its deadline."""
        self._set_deadline(peer, now + peer.probe.timeout)
        peer.begin(now)

    def close(self) -> None:
        """Abandon what is under way and let go of the epoll set."""
        for peer in list(self._peers.values()):
            peer.abandon()
        self.closing.close()
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()

    # What peers need (see `PeerServices`).

    def watch(self, peer: ResumedPeer, descriptor: int) -> None:
        """See `PeerServices.watch`."""
        self._peers[descriptor] = peer
        self._epoll.register(descriptor, _WATCHED)

    def forget(self, descriptor: int) -> None:
        """See `PeerServices.forget`; it stays in the epoll set until it is closed."""
        self._peers.pop(descriptor, None)

    def match(self, peer: ResumedPeer, pattern: Pattern, subject: bytes, allowance: Allowance) -> asyncio.Task[bool]:
        """See `PeerServices.match`."""
        # The conversation takes what comes of it, also an error; so that is none of the group's.
        task = self._loop.create_task(self._matcher.matches(pattern, subject, allowance), name="match a pattern")
        task.add_done_callback(partial(self._done_elsewhere, peer))
        return task

    def in_thread(self, peer: ResumedPeer, work: Callable[[], T]) -> asyncio.Future[T]:
        """See `PeerServices.in_thread`."""
        future = self._threads.in_thread(work)
        future.add_done_callback(partial(self._done_elsewhere, peer))
        return future

    def _done_elsewhere(self, peer: ResumedPeer, future: asyncio.Future[T]) -> None:
        if not future.cancelled():
            future.exception()  # it has been looked at, even if nobody waits any more
        self.again(peer)

    def again(self, peer: ResumedPeer) -> None:
        """See `PeerServices.again`."""
        self._loop.call_soon(self._go_on, peer)

    def _go_on(self, peer: ResumedPeer) -> None:
        now = self.closing.now = self._loop.time()
        try:
            peer.go_on(now)
        except Exception as error:  # noqa: BLE001  # as in `_on_news`
            self.crashed(peer.probe, error)

    def expire(self, peer: ResumedPeer) -> None:
        """See `PeerServices.expire`."""
        self._set_deadline(peer, self._loop.time())
        self._deadlines[peer.probe.timeout].move_to_end(peer, last=False)

    def ended(self, peer: ResumedPeer) -> None:
        """See `PeerServices.ended`."""
        if peer.deadlines is not None:
            del peer.deadlines[peer]
            peer.deadlines = None

    # The loop's side.

    def _on_news(self) -> None:
        peers = self._peers
        now = self.closing.now = self._loop.time()
        for descriptor, events in self._epoll.poll(0, _BATCH):
            # One descriptor has one entry in a batch, and is closed nowhere but in its own turn or
            # by a deadline between batches: nobody is woken for somebody else's news.
            if (peer := peers.get(descriptor)) is not None:
                try:
                    peer.resume(events, now)
                except Exception as error:  # noqa: BLE001  # a bug on one outcome's way must not cost others their news
                    self.crashed(peer.probe, error)
            elif events & _HAS_COME:
                self.closing.on_news(descriptor)

    def _set_deadline(self, peer: ResumedPeer, deadline: float) -> None:
        queue = self._deadlines.get(peer.probe.timeout)
        if queue is None:
            queue = self._deadlines[peer.probe.timeout] = OrderedDict()
        queue[peer] = deadline
        peer.deadlines = queue
        if self._timer is None or self._timer.when() > deadline:
            self._arm(deadline)

    def _arm(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._on_deadline)

    def _on_deadline(self) -> None:
        late = self._loop.time() - self._timer.when() if self._timer else 0.0
        self._timer = None
        # News that is there already comes first: the deadline is the server's, not ours.
        self._on_news()
        now = self._loop.time()
        heads: list[float] = []
        for queue in list(self._deadlines.values()):
            while queue:
                peer, deadline = next(iter(queue.items()))
                if deadline > now:
                    heads.append(deadline)
                    break
                if late > HELD_UP:
                    peer.held_up(now, late)
                else:
                    peer.overdue(now)
        if heads:
            self._arm(min(heads))


def _ephemeral_ports() -> range:
    """Return the ports that the kernel gives to connections of ours, ip(7)."""
    try:
        low, high = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    except (OSError, ValueError):
        return range(1024, 65536)
    return range(int(low), int(high) + 1)


class _Conversing:
    """A conversation made ready; there is one for each server, and it takes less than half of what a `partial` does."""

    __slots__ = ("_compiled", "_peer_class", "_prober")

    def __init__(
        self,
        compiled: CompiledProbe,
        peer_class: Callable[[CompiledProbe, PeerServices, TellOutcome], StreamPeer],
        prober: Prober,
    ) -> None:
        self._compiled = compiled
        self._peer_class = peer_class
        self._prober = prober

    def start(self, done: TellOutcome, now: float) -> Run:
        """Begin it; see `ProbeStarter`."""
        peer = self._peer_class(self._compiled, self._prober, done)
        self._prober.begin(peer, now)
        return peer


class _Attempts:
    """A probe that is tried again while nothing answers, each try under a deadline of its own."""

    def __init__(self, start: ProbeStarter, attempts: int, done: TellOutcome, now: float) -> None:
        self._start = start
        self._left = attempts
        self._done = done
        self._spent = 0.0
        self._run: Run | None = None
        self._again(now)

    def abandon(self) -> None:
        """See `Run.abandon`."""
        if self._run is not None:
            self._run.abandon()

    def _again(self, now: float) -> None:
        self._left -= 1
        self._run = self._start(self._ended, now)

    def _ended(self, outcome: Outcome, seconds: float, now: float) -> None:
        self._spent += seconds
        if outcome.reason is Reason.TIMEOUT and self._left:
            self._again(now)
        else:
            self._done(outcome, self._spent, now)


class _Insisting:
    """A question in a datagram that is sent again while nothing has come back, at even shares of its time."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        prober: Prober,
        make_peer: Callable[[TellOutcome], InsistentPeer],
        done: TellOutcome,
        now: float,
    ) -> None:
        self._loop = loop
        self._done = done
        self._begun = now
        self._sent = 1
        self._peer = make_peer(self._ended)
        self._probe = self._peer.probe
        self._timer: asyncio.TimerHandle | None = self._next()
        prober.begin(self._peer, now)

    def abandon(self) -> None:
        """See `Run.abandon`."""
        self._stop()
        self._peer.abandon()

    def _next(self) -> asyncio.TimerHandle:
        return self._loop.call_at(self._begun + self._probe.timeout * self._sent / self._probe.sends, self._insist)

    def _insist(self) -> None:
        self._sent += 1
        self._timer = self._next() if self._sent < self._probe.sends else None
        self._peer.insist(self._loop.time())

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ended(self, outcome: Outcome, seconds: float, now: float) -> None:
        self._stop()
        self._done(outcome, seconds, now)
