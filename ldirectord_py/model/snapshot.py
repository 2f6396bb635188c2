"""The director's state at one moment, to be shown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.cluster.role import NEVER_TOLD, RoleStatus
from ldirectord_py.model.cluster.sync_daemon import SyncDaemon
from ldirectord_py.model.cluster.vips import VipStatus
from ldirectord_py.model.commands import AdminKind, AdminState
from ldirectord_py.model.decisions import Cause, Mode
from ldirectord_py.model.health import Health, State
from ldirectord_py.model.service import Forwarding, RealKey, VirtualKey
from ldirectord_py.model.table import Connections, Rates, Totals


class StatusWord(StrEnum):
    """What an operator sees of a real server, in one word."""

    UP = "up"
    DOWN = "down"
    DRAINING = "draining"
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"  # not checked yet, and out
    CHECKING = "checking"  # not checked yet, and in, as the table had it when we came


@dataclass(frozen=True, slots=True, kw_only=True)
class RealStatus:
    """One real server."""

    key: RealKey
    configured: Endpoint
    """Address and port as configured; the key has them as the table does."""
    forwarding: Forwarding
    health: Health
    maintenance: str | None = None
    """The name of the file that keeps it in maintenance; None: none does."""
    admin: AdminState | None = None
    """What an operator has said of it."""
    weight: int
    """As configured."""
    wanted: int | None
    """The weight that we want in the table now; None: not in it."""
    actual: int | None
    """The weight that the table had when last written or read; None: not in it."""
    certificate_expires: float | None = None
    """Until when the certificate is valid that it last showed, in seconds since the epoch; None: it showed none."""
    connections: Connections | None = None
    totals: Totals | None = None
    """None: the table does not tell them, or nobody wants them."""
    """Those that the kernel has for it, a few seconds ago at most; None: not in the table, or nobody has looked."""
    failurecount: int = 1
    """So many failures in a row take it out."""
    asked: str = ""
    """What its check asks, without secrets; empty: nobody is asked."""
    interval: float | None = None
    """Seconds from one check to the next; None: it is not checked."""
    due: float | None = None
    """When the next check is due, in seconds since the epoch; None: there is none, or that is not known."""
    because: tuple[Cause, ...] = ()
    """The chain from its configured weight to the one that is wanted."""
    until: float | None = None
    """When that changes by itself, in seconds since the epoch; None: only when something happens."""

    @property
    def word(self) -> StatusWord:
        """How it is, in one word."""
        if self.maintenance is not None or (self.admin is not None and self.admin.kind is AdminKind.MAINTENANCE):
            return StatusWord.MAINTENANCE
        if self.admin is not None and self.admin.takes_no_clients:
            return StatusWord.DRAINING
        match self.health.state:
            case State.UP:
                return StatusWord.UP
            case State.DOWN:
                return StatusWord.DOWN
            case State.UNKNOWN:
                return StatusWord.UNKNOWN
            case State.ADOPTED:
                return StatusWord.UP if self.interval is None else StatusWord.CHECKING


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
    reals: Iterable[RealStatus]
    """Each may be made when it is asked for."""
    mode: Mode = Mode.REALS
    comment: str | None = None
    persistent: int | None = None
    """Seconds for which the kernel leads a client to its server again; None: it chooses anew each time."""
    rates: Rates | None = None
    """As the kernel estimated them a few seconds ago at most; None: not in the kernel's table, or nobody has looked."""
    until: float | None = None
    """When what is wanted of it changes by itself, in seconds since the epoch; None: only when something happens."""


@dataclass(frozen=True, slots=True)
class NetlinkCalls:
    """What the kernel was asked over netlink since the process began."""

    results: Mapping[tuple[str, str], int]
    """Messages by command, such as `set_dest`, and result: `ok`, or the name of an errno such as `eexist`."""
    count: int
    """Exchanges; one may hold many messages."""
    seconds: float
    """How long these took in all."""


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
    role: RoleStatus = NEVER_TOLD
    """Whether the director is active or standby."""
    sync_daemons: Sequence[SyncDaemon] = ()
    """The kernel's that run, if the director looks after any."""
    vips: Sequence[VipStatus] = ()
    """The VIPs that the director is to bring up."""
    log_lines_lost: int = 0
    """Lines of the log that its destination has not taken."""
    config_fingerprint: str = ""
    """The same for the same configuration, on every director; see `Sources.fingerprint`."""
    netlink: NetlinkCalls | None = None
    """None: the table is not the kernel's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableStatus:
    """How the director and its table stand."""

    kind: str
    """`kernel` or `memory`."""
    reachable: bool
    agrees: bool
    """Whether the table had what is wanted when it was last written or read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonStatus:
    """What a director says of itself; times are in seconds since the epoch."""

    pid: int
    instance: str
    config: str
    """The path of its configuration."""
    role: RoleStatus
    started: float
    loaded: float
    """When the configuration in force was put in force."""
    healthy: bool
    """Whether checks make progress."""
    table: TableStatus
    refused_at: float | None
    refused: tuple[str, ...]
    """Why the last reload was refused; none: it was not."""
    sysctls: Sequence[Mapping[str, Any]]
    """The settings of the kernel that directors have set, and what they were before."""
    reloadlimit: int
    checks_per_second: float
    """As the configuration asks for them."""
