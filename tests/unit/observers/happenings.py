"""Events, one of each kind and more, and a snapshot to go with them."""

from ipaddress import ip_address

from ldirectord_py.model import events as ev
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import Reason, down, fault, up
from ldirectord_py.model.cluster.sync_daemon import SyncDaemon, SyncRole
from ldirectord_py.model.cluster.vips import VipCause, VipState
from ldirectord_py.model.commands import AdminKind, AdminState
from ldirectord_py.model.health import Health, State
from ldirectord_py.model.problems import Problem, Severity
from ldirectord_py.model.service import AddressKey, Forwarding, MarkKey, Protocol, RealKey, VirtualKey
from ldirectord_py.model.snapshot import NetlinkCalls, RealStatus, Snapshot, VirtualStatus
from ldirectord_py.model.table import (
    AddDestination,
    AddService,
    Destination,
    Refusal,
    RemoveDestination,
    RemoveService,
    SetDestination,
    SetService,
    Settings,
)


def endpoint(text: str) -> Endpoint:
    address, _, port = text.rpartition(":")
    return Endpoint(ip_address(address.strip("[]")), int(port))


WEB = AddressKey(Protocol.TCP, endpoint("10.0.0.1:80"))
MARK6 = MarkKey(5, 6)
REAL = RealKey(WEB, endpoint("10.0.0.5:80"))
OTHER = RealKey(WEB, endpoint("10.0.0.6:80"))
MARKED = RealKey(MARK6, endpoint("[fd00::5]:0"))
SETTINGS = Settings(scheduler="wlc", netmask=32)


def destination(weight: int) -> Destination:
    return Destination(forwarding=Forwarding.GATE, weight=weight)


def health(state: State, *, failures: int = 0, reason: Reason = Reason.OK, detail: str = "") -> Health:
    return Health(state, 1_000_000_000.5, failures, reason, detail)


UP = health(State.UP)
DOWN = health(State.DOWN, failures=2, reason=Reason.MISMATCH, detail="the body does not match 'ok'")
ASKED = "GET http://10.0.0.5:80/"

CHECKED = ev.CheckDone((REAL,), up("200"), 0.012, 0.002, ASKED)
FAILED = ev.CheckDone((REAL,), down(Reason.REFUSED, "connection refused"), 0.003, 0.002)
TIMED_OUT = ev.CheckDone((REAL, OTHER), down(Reason.TIMEOUT, "no answer within 5 s"), 5.0, 0.2)
FAULT = ev.CheckDone((REAL,), fault("no file descriptor is free"), 0.0, 0.0, ASKED)
WENT_DOWN = ev.HealthChanged(REAL, UP, DOWN, 2, ASKED)
CAME_UP = ev.HealthChanged(REAL, DOWN, UP, 2, ASKED)
SOFTLY = ev.SoftFailure(
    REAL, health(State.UP, failures=1, reason=Reason.REFUSED, detail="connection refused"), 3, ASKED
)
FORGIVEN = ev.HealthChanged(REAL, SOFTLY.health, UP, 3, ASKED)
DRAINED = AdminState(
    kind=AdminKind.DRAIN, by="root (pid 801)", since=1_000_000_000.5, until=1_000_003_600.0, reason="a new release"
)
WEIGHTED = AdminState(kind=AdminKind.WEIGHT, by="eve (pid 802)", since=1_000_000_000.5, weight=7, scope="10.0.0.5")
IS_DRAINED = ev.AdminChanged(REAL, None, DRAINED, ev.AdminCause.COMMAND, "root (pid 801)", "a new release")
IS_WEIGHTED = ev.AdminChanged(REAL, DRAINED, WEIGHTED, ev.AdminCause.COMMAND, "eve (pid 802)")
IS_ENABLED = ev.AdminChanged(REAL, DRAINED, None, ev.AdminCause.COMMAND, "eve (pid 802)", "the release is out")
STILL_DRAINED = ev.AdminChanged(REAL, None, DRAINED, ev.AdminCause.RESTORED)
DRAIN_OVER = ev.AdminChanged(REAL, DRAINED, None, ev.AdminCause.EXPIRED)
DRAIN_DROPPED = ev.AdminChanged(REAL, WEIGHTED, None, ev.AdminCause.DROPPED)
HAND_OVER = ev.AdminChanged(
    REAL,
    AdminState(kind=AdminKind.WEIGHT, by="somebody else's hand", since=1_000_000_000.5, weight=7),
    None,
    ev.AdminCause.RELOADED,
)
CERTIFICATE = ev.CertificateSeen((REAL,), 1_000_000_000.0)
REFUSED = ev.ChangeRefused(
    Refusal(AddDestination(WEB, REAL.real, destination(3)), 2, "the service does not exist"), ev.Trigger.HEALTH
)
SYNC = SyncDaemon(role=SyncRole.MASTER, device="eth1", sync_id=7)
DRIFT = ev.DriftFound(ev.DriftKind.WEIGHT, WEB, REAL, "weight 0 instead of 3")
DRIFT_RECURS = ev.DriftRecurs(WEB, REAL, 2, ("keepalived (pid 801)",))
CONTESTED = ev.WeightContested(REAL, (5, 9))
GONE = ev.DriftFound(ev.DriftKind.MISSING_SERVICE, WEB, None, "it is missing")
WARNING = Problem("/etc/l.cf", 2, "maintenance directory does not exist", Severity.WARNING)
VIP = ip_address("10.0.0.1")
VIP_ADDED = ev.VipAdded(address=VIP, device="eth0", label="eth0:1", cause=VipCause.START)
VIP_REMOVED = ev.VipRemoved(address=VIP, device="eth0", cause=VipCause.ROLE)
VIP_TAKEN_AWAY = ev.VipTakenAway(address=VIP, device="eth0")
VIP_CONTESTED = ev.VipContested(address=VIP, device="eth0", times=3)
VIP_CONFLICT = ev.VipConflict(
    address=VIP, device="eth0", owners=("02:00:00:00:00:07",), held=False, place="/etc/l.cf:5"
)
VIP_TROUBLE = ev.VipTrouble(
    address=VIP, state=VipState.NO_INTERFACE, device="eth7", sentence="there is no interface eth7", place="/etc/l.cf:5"
)
ERROR = Problem("/etc/l.cf", 6, "Unknown command bogus line")
NOWHERE = Problem("/etc/l.cf", 0, "checkinterval ignored", Severity.WARNING)


def written(change, cause: ev.Trigger = ev.Trigger.HEALTH, *, fallback: bool = False, before=None) -> ev.TableChanged:
    return ev.TableChanged(change, cause, fallback, before=before)


def add(weight: int, virtual: VirtualKey = WEB) -> AddDestination:
    return AddDestination(virtual, REAL.real, destination(weight))


def change(weight: int) -> SetDestination:
    return SetDestination(WEB, REAL.real, destination(weight))


REMOVE = RemoveDestination(WEB, REAL.real)
ADD_SERVICE = AddService(MARK6, SETTINGS)
SET_SERVICE = SetService(WEB, SETTINGS)
REMOVE_SERVICE = RemoveService(WEB)


def status(key: RealKey, state: State = State.UP, *, weight: int = 3, actual: int | None = 3) -> RealStatus:
    return RealStatus(
        key=key,
        configured=key.real,
        forwarding=Forwarding.GATE,
        health=health(state),
        weight=weight,
        wanted=weight if state.serving else None,
        actual=actual,
    )


def virtual(key: VirtualKey, *reals: RealStatus, checktype: str = "negotiate") -> VirtualStatus:
    return VirtualStatus(
        key=key,
        servicename="shop",
        scheduler="wlc",
        service="http",
        checktype=checktype,
        quiescent=False,
        fallback=None,
        fallback_active=not any(real.health.state.serving for real in reals),
        reals=reals,
    )


def snapshot(*virtuals: VirtualStatus) -> Snapshot:
    return Snapshot(
        virtuals=virtuals,
        inflight=2,
        queued=1,
        first_pass=True,
        config_fingerprint="c0ffee",
        netlink=NetlinkCalls({("set_dest", "ok"): 7, ("new_dest", "eexist"): 1}, 4, 0.25),
    )
