"""What a check is: a conversation with a peer, or a driver; and when which one is due."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from ldirectord_py.model.address import Endpoint, IPAddress
from ldirectord_py.model.hashing import HashedOnce
from ldirectord_py.model.outcome import Outcome


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


class Driver(Protocol):
    """A check that cannot be a conversation (a program, a database library); also a frozen dataclass."""

    async def run(self) -> Outcome:
        """Ask, and say what the answer means; cancelled at its deadline, and then leaves nothing behind.

        Raises `CheckUnavailable` where it cannot be carried out here.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedOutcome:
    """A driver that comes to the same outcome each time, because there is nobody or nothing to ask."""

    outcome: Outcome
    group: int | None = None
    """Whom it is for, where it is not one check for everybody."""

    async def run(self) -> Outcome:
        """See `Driver.run`."""
        return self.outcome


@runtime_checkable
class PreparedDriver(Driver, Protocol):
    """A driver that needs something of this machine first, which takes time that is not the server's."""

    async def ready(self) -> None:
        """Wait for it, before the time of the check begins; raises `CheckUnavailable` where it cannot be had."""
        ...


@dataclass(frozen=True, slots=True)
class Pem(HashedOnce):
    """A file of certificates or of a key (RFC 7468), as it was when the configuration was read.

    Two are equal where path and content are: a file that has changed makes another check of a check.
    """

    __hash__ = HashedOnce.__hash__

    path: str
    digest: bytes = field(repr=False)
    """Of the content, by SHA-256."""
    content: bytes = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsOptions(HashedOnce):
    """How TLS is spoken to a server.  By default nothing is verified, as the original intended."""

    __hash__ = HashedOnce.__hash__

    server_name: str | None = None
    """Sent as SNI if it is no address and, with *verify*, compared with the certificate; None: neither."""
    verify: bool = False
    alpn: tuple[str, ...] = ()
    """The protocols that are offered within TLS (RFC 7301), the preferred one first; none: nothing is said of it."""
    authorities: Pem | None = None
    """Whose certificates are trusted; None: the system's."""
    certificate: Pem | None = None
    """Ours, shown to a server that asks for one."""
    key: Pem | None = None
    """The key of *certificate*; None: it is in the same file."""
    ciphers: str | None = None
    """What is offered up to TLS 1.2, as OpenSSL's lists say it; None: what OpenSSL does."""
    minimum: str | None = None
    """The oldest version of TLS that is spoken, such as "1.2"; None: 1.2 with *verify*, otherwise the library's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin(HashedOnce):
    """From where on this machine a check sets out; what is None is left to the kernel's routes."""

    __hash__ = HashedOnce.__hash__

    address: IPAddress | None = None
    device: str | None = None
    """An interface's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(HashedOnce):
    """Where a conversation takes place, and over what."""

    __hash__ = HashedOnce.__hash__

    endpoint: Endpoint
    transport: Transport = Transport.TCP
    tls: TlsOptions | None = None
    """With the transport TLS from the start; with TCP for `Peer.start_tls`."""
    origin: Origin | None = None
    """None: from wherever the kernel's routes say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe(HashedOnce):
    """One check of one server.  Equal probes are one: they run once and their outcome is shared."""

    __hash__ = HashedOnce.__hash__

    check: Conversation | Driver
    target: Target | None = None
    """None for drivers, which know their own way."""
    timeout: float
    """Seconds from the first socket (or process) to the verdict."""
    attempts: int = 1
    """So many tries before down is down (ping's `checkcount`); each has the timeout for itself."""
    sends: int = 1
    """Over UDP: how often the question is sent while there is no answer, at even shares of the timeout."""
    asked: str = ""
    """What is asked, for people and without secrets: `GET http://10.0.0.5:80/`; empty: nobody is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Always:
    """No check: the server counts as up (`checktype=on`, `service=none`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Never:
    """No check: the server keeps the place that it had in the table when we came (`checktype=off`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated(HashedOnce):
    """The same probe again and again."""

    __hash__ = HashedOnce.__hash__

    probe: Probe
    interval: float
    """Seconds from one start to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternating(HashedOnce):
    """`checktype=N`: one negotiate, then N connects while all goes well; after any failure negotiate again."""

    __hash__ = HashedOnce.__hash__

    negotiate: Probe
    connect: Probe
    connects: int
    interval: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Together(HashedOnce):
    """Several probes in one turn, one after the other: the server is up if all of them find it so."""

    __hash__ = HashedOnce.__hash__

    probes: tuple[Probe, ...]
    interval: float
    """Seconds from one turn's start to the next."""


Polled = Repeated | Alternating | Together
CheckPlan = Always | Never | Polled
