"""A whole configuration, complete and checked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntFlag, StrEnum

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckOptions
from ldirectord_py.model.checks.check_plan import CheckPlan
from ldirectord_py.model.checks.probe import Pem
from ldirectord_py.model.cluster.settings import ClusterSettings
from ldirectord_py.model.cluster.vips import VipPlace
from ldirectord_py.model.health import FaultRules, Rules
from ldirectord_py.model.problems import Problem
from ldirectord_py.model.service import RealKey, VirtualKey, kernel_endpoint
from ldirectord_py.model.sources import Sources
from ldirectord_py.model.table import Destination, Settings


class AlertStatus(IntFlag):
    """`emailalertstatus`: the states of the daemon in which mail is sent."""

    NONE = 0
    STARTING = 1
    RUNNING = 2
    STOPPING = 4
    RELOADING = 8
    ALL = 15


class MetricsDetail(StrEnum):
    """`metricsdetail`: for what there are series of its own."""

    EXTRA = "extra"
    """Besides that the traffic of each real server, and how long the phases of checks take."""
    FULL = "full"
    """Everything else that there is of each real server."""
    REAL = "real"
    """Of each real server only whether it is up, its effective weight and its last change."""
    VIRTUAL = "virtual"
    """Virtual services, and no real server."""
    OFF = "off"
    """The director itself alone."""


class ForeignWeight(StrEnum):
    """`handset`: what becomes of a weight that somebody else sets in the kernel's table."""

    REPAIR = "repair"
    """It is drift, and written over."""
    RESPECT = "respect"
    """It holds like an operator's command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Real:
    """One real server of one virtual."""

    endpoint: Endpoint
    """As configured; port 0 where none is."""
    destination: Destination
    """As it stands in the table while it serves."""
    plan: CheckPlan
    request: str | None = field(default=None, repr=False)
    """May be a URL with a password."""
    receive: str | None = None
    line: int = 0
    file: str = field(default="", compare=False)
    """Where *line* is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """Who serves a virtual when no real server does."""

    endpoint: Endpoint
    destination: Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerting:
    """Whom to tell of a virtual's changes by mail, and when."""

    recipients: str = ""
    frequency: int = 0
    """Seconds between reminders; 0: none."""
    status: AlertStatus = AlertStatus.ALL
    smtp: str | None = None
    sender: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Virtual:
    """One virtual service; every value is resolved: globals and defaults are applied."""

    key: VirtualKey
    settings: Settings
    reals: tuple[Real, ...] = ()
    fallback: Fallback | None = None
    check_options: CheckOptions = field(default_factory=CheckOptions)
    checks: tuple[CheckOptions, ...] = ()
    """Where a real server has to pass several checks: all of them, of which `check_options` is the first."""
    quiescent: bool = False
    cleanstop: bool = True
    handset: ForeignWeight = ForeignWeight.REPAIR
    vips: VipPlace | None = None
    """Where the director brings its address up; None: somebody else does."""
    failurecount: int = Rules().failurecount
    fallbackcommand: str | None = None
    alerting: Alerting = field(default_factory=Alerting)
    monitorfile: str | None = None
    trackfile: str | None = None
    """The file that says whether it is served, alone or among others; None: none does."""
    servicename: str | None = None
    comment: str | None = None
    line: int = 0
    file: str = field(default="", compare=False)
    """Where *line* is."""

    keys: tuple[RealKey, ...] = field(init=False, compare=False, repr=False)
    """What names each of *reals*, in their order."""

    def __post_init__(self) -> None:
        """Name the real servers, once: they are looked up at each change."""
        keys = tuple(RealKey(self.key, self.kernel_endpoint(real)) for real in self.reals)
        object.__setattr__(self, "keys", keys)

    @property
    def has_weight(self) -> bool:
        """Whether some real server of it is configured to take clients."""
        return any(real.destination.weight for real in self.reals)

    @property
    def can_be_served(self) -> bool:
        """Whether its clients can be served at all; no fallback stands in for servers of configured weight 0."""
        return self.has_weight or (self.fallback is not None and not self.reals)

    @property
    def servers(self) -> Iterable[tuple[RealKey, Real]]:
        """Its real servers, each with its key."""
        return zip(self.keys, self.reals, strict=True)

    def named(self, key: VirtualKey, keys: Sequence[RealKey], reals: Sequence[Real]) -> "Virtual":
        """Return the same with *key*, *keys* and *reals*, which are equal to its own, in their place."""
        same = replace(self, key=key, reals=tuple(reals))
        object.__setattr__(same, "keys", tuple(keys))
        return same

    @property
    def fallback_endpoint(self) -> Endpoint | None:
        """The address and port under which the table keeps the fallback; None: there is none."""
        return self.kernel_endpoint(self.fallback) if self.fallback else None

    def kernel_endpoint(self, real: Real | Fallback) -> Endpoint:
        """Return the address and port under which the table keeps *real*."""
        return kernel_endpoint(self.key, real.endpoint, real.destination.forwarding)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiTls:
    """How TLS is spoken where `statuslisten` says."""

    certificate: Pem
    key: Pem | None = None
    """The key of *certificate*; None: it is in the same file."""
    clientca: Pem | None = None
    """Whose certificates of clients are believed; None: none is asked for."""
    clients: tuple[str, ...] = ()
    """The names in such certificates whose holders may write, or `ANY_CLIENT`."""


ANY_CLIENT = "*"
"""What `apiclients` says for all whose certificate `apiclientca` has signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """Where the API is served besides its unix socket, and who may use it."""

    statuslisten: Endpoint | None = None
    """Where it is served over TCP; None: nowhere."""
    tokens: str | None = None
    """The file of tokens; None: nobody has one."""
    group: str | None = None
    """Who may read and write over the unix socket, besides root and the daemon's own user."""
    readgroup: str | None = None
    """Who may read there."""
    hosts: tuple[str, ...] = ()
    """Names under which it is reached over TCP, besides addresses and the machine's own name."""
    tls: ApiTls | None = None
    """None: there is no TLS."""


JOURNAL = "journal"
"""What `logfile` says for systemd's journal."""
JOURNAL_SOCKET = "/run/systemd/journal/socket"
"""Where journald takes entries with fields (systemd-journald.service(8))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What one `ldirectord.cf` or `ldirectord.yaml` says."""

    path: str
    virtuals: tuple[Virtual, ...] = ()
    autoreload: bool = False
    callback: str | None = None
    execute: tuple[str, ...] = ()
    supervised: bool = False
    fork: bool = False
    readdquiescent: bool = False
    logfile: str = "/var/log/ldirectord.log"
    maintenancedir: str | None = None
    record: str | None = None
    """Where the director's inputs are recorded; None: nowhere."""
    historyfile: str | None = None
    """Where events are kept over restarts; None: nowhere."""
    historysize: int = 16
    """MiB that it and the one before it take together, at most."""
    checkinterval: float = CheckOptions().interval
    metricslisten: Endpoint | None = None
    """Where `/metrics` is served; None: nowhere."""
    metricsdetail: MetricsDetail = MetricsDetail.FULL
    api: ApiSettings = field(default_factory=ApiSettings)
    cluster: ClusterSettings = field(default_factory=ClusterSettings)
    reconcileinterval: float = 5.0
    """Seconds between two comparisons of the whole table; 0: only when something changes."""
    sysctls: bool = False
    """Set the settings of the kernel that persistence and UDP need."""
    reloadlimit: int = 50
    """The percentage of its virtuals that a reload may take away without being forced."""
    faults: FaultRules = field(default_factory=FaultRules)
    warnings: tuple[Problem, ...] = ()
    sources: Sources = field(default_factory=Sources)
    """All files that it was read from, to be watched."""
    secrets: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    """What nobody may read in a log: logins, passwords, shared secrets, headers, values that stand elsewhere."""
