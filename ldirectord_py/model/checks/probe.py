"""One check of one server, complete: what is asked, where, and for how long at most."""

from dataclasses import dataclass, field

from ldirectord_py.model.address import Endpoint, IPAddress
from ldirectord_py.model.checks.conversation import Conversation, Driver, DriverServices, Transport
from ldirectord_py.model.checks.outcome import Outcome
from ldirectord_py.model.hashing import HashedOnce


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedOutcome:
    """A driver that comes to the same outcome each time, because there is nobody or nothing to ask."""

    outcome: Outcome
    group: int | None = None
    """Whom it is for, where it is not one check for everybody."""

    async def run(self, _services: DriverServices) -> Outcome:
        """See `Driver.run`."""
        return self.outcome


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
    """The source of a check on this machine; what is None is left to the kernel's routes."""

    __hash__ = HashedOnce.__hash__

    address: IPAddress | None = None
    device: str | None = None
    """An interface's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTarget(HashedOnce):
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
    target: CheckTarget | None = None
    """None for drivers, which know their own way."""
    timeout: float
    """Seconds from the first socket (or process) to the verdict."""
    attempts: int = 1
    """So many tries before down is down (ping's `checkcount`); each has the timeout for itself."""
    sends: int = 1
    """Over UDP: how often the question is sent while there is no answer, at even shares of the timeout."""
    asked: str = ""
    """What is asked, for people and without secrets: `GET http://10.0.0.5:80/`; empty: nobody is asked."""

    @property
    def most_seconds(self) -> float:
        """Seconds that it takes at most, with all its attempts."""
        return self.timeout * self.attempts
