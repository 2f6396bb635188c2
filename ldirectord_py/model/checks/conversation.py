"""What a check is: a conversation with a peer, or a driver."""

from enum import StrEnum
from typing import Protocol, runtime_checkable

from ldirectord_py.model.checks.outcome import Outcome
from ldirectord_py.model.checks.trace import StepKind
from ldirectord_py.model.workers import WorkerAnswer, WorkerKind, WorkerQuestion


class Transport(StrEnum):
    """What carries a conversation."""

    TCP = "tcp"
    TLS = "tls"
    UDP = "udp"
    ICMP = "icmp"


class PeerClosed(Exception):
    """The peer ended its side although the conversation needed more."""


class PeerTooLong(Exception):
    """The peer sent more than the conversation was willing to read."""


class Pattern(Protocol):
    """What a peer can be asked to look for."""

    @property
    def text(self) -> bytes:
        """As it stands in the configuration."""
        ...

    def matches_at_once(self, subject: bytes) -> bool | None:
        """Return whether *subject* matches, or None where to find out might hold others up."""
        ...

    def matches(self, subject: bytes) -> bool:
        """Return whether *subject* matches."""
        ...


class Peer(Protocol):
    """The other side of a conversation, as the conversation sees it: bytes, and nothing of sockets or clocks.

    What is read in one conversation is bounded: above the bound `PeerTooLong` is raised.
    """

    async def send(self, data: bytes) -> None:
        """Send all of *data*.

        A server may have answered, and closed, without reading it: then the answer can still be read, and only after
        it the error is raised.
        """
        ...

    async def some(self) -> bytes:
        """Return what has come, at least one byte; nothing at the end of the stream.  Of a datagram: all of it."""
        ...

    async def more(self) -> bytes:
        """As `some`, for answers that the end of the stream completes: after the first byte a reset is an end, too."""
        ...

    async def line(self) -> bytes:
        """Return a line without its end (LF or CRLF); raise `PeerClosed` where the stream ends before one."""
        ...

    async def exactly(self, count: int) -> bytes:
        """Return *count* bytes; raise `PeerClosed` where the stream ends before."""
        ...

    async def took_apart(self) -> None:
        """Count a part that was taken from an answer for as much as a line; others have their turn if it is time."""
        ...

    async def start_tls(self) -> None:
        """Go on under TLS (STARTTLS); what was read ahead is an error of the peer."""
        ...

    async def reconnect(self) -> None:
        """Start over with a new connection to the same server, under the same deadline."""
        ...

    async def has_match(self, pattern: "Pattern", subject: bytes) -> bool:
        """Return whether *subject* matches, however long that takes; raise what the pattern raises."""
        ...

    def end(self) -> None:
        """Half-close: say that nothing more will be sent."""
        ...

    def leave_closing(self, *, answering: bool) -> None:
        """Leave it to the server to close the connection first: it was asked to, and may be *answering* until then."""
        ...


class Conversation(Protocol):
    """A check that is a conversation: options, and one way to go about it.

    Implementations are frozen dataclasses, so that equal checks of equal targets run once.
    They never time, log, retry, count or catch network errors: that is the prober's.
    """

    async def probe(self, peer: Peer) -> Outcome:
        """Ask the peer, and say what its answer means."""
        ...


class DriverServices(Protocol):
    """What a driver may ask of its runner, for one check."""

    def note(self, what: StepKind, content: str | bytes) -> None:
        """Tell those who follow the check, if anybody does, of a step: bytes, or a sentence; secrets may be in it."""
        ...

    async def has_match(self, pattern: "Pattern", subject: bytes) -> bool:
        """See `Peer.has_match`."""
        ...

    async def worker_ready(self, kind: WorkerKind) -> None:
        """Wait until a worker of *kind* is free, to be asked next; raises `CheckUnavailable` if there can be none."""
        ...

    async def ask_worker(self, kind: WorkerKind, question: WorkerQuestion) -> WorkerAnswer:
        """Return what a worker of *kind* answers; raises `WorkerEnded` where it has ended over the question.

        Raises `CheckUnavailable` where nobody can be asked.
        """
        ...


class Driver(Protocol):
    """A check that cannot be a conversation (a program, a database library); also a frozen dataclass."""

    async def run(self, services: DriverServices) -> Outcome:
        """Ask, and say what the answer means; cancelled at its deadline, and then leaves nothing behind.

        Raises `CheckUnavailable` where it cannot be carried out here.
        """
        ...


@runtime_checkable
class PreparedDriver(Driver, Protocol):
    """A driver that needs something of this machine first, which takes time that is not the server's."""

    async def ready(self, services: DriverServices) -> None:
        """Wait for it, before the time of the check begins; raises `CheckUnavailable` where it cannot be had."""
        ...
