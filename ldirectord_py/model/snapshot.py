"""The director's state at one moment, to be shown."""

from collections.abc import Iterable
from dataclasses import dataclass

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.health import Health
from ldirectord_py.model.service import Forwarding, RealKey, VirtualKey
from ldirectord_py.model.table import Connections


@dataclass(frozen=True, slots=True, kw_only=True)
class RealStatus:
    """One real server."""

    key: RealKey
    configured: Endpoint
    """Address and port as configured; the key has them as the table does."""
    forwarding: Forwarding
    health: Health
    maintenance: str | None = None
    """The name of the file that keeps it in maintenance; None: it is not."""
    weight: int
    """As configured."""
    wanted: int | None
    """The weight that we want in the table now; None: not in it."""
    actual: int | None
    """The weight that the table had when last written or read; None: not in it."""
    certificate_expires: float | None = None
    """Until when the certificate is valid that it last showed, in seconds since the epoch; None: it showed none."""
    connections: Connections | None = None
    """Those that the kernel has for it, a few seconds ago at most; None: not in the table, or nobody has looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualStatus:
    """One virtual service."""

    key: VirtualKey
    servicename: str | None = None
    scheduler: str
    service: str
    checktype: str
    quiescent: bool
    fallback: Endpoint | None
    fallback_active: bool
    reals: tuple[RealStatus, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All of it."""

    virtuals: Iterable[VirtualStatus]
    """Each is made when it is asked for, as it is then: with thousands of servers, others need turns in between."""
    inflight: int
    """Checks under way."""
    queued: int
    """Checks that are due and wait for a place."""
    first_pass: bool
    """Whether every real server that is checked has been checked once."""
    log_lines_lost: int = 0
    """Lines of the log that its destination has not taken."""
