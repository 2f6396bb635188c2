"""What happened: each event once, for all observers.

One frozen class for each kind, in a file for each subject.  What the log and the metrics make of a kind is said in
`observers/events/event_table.py`, which has a row for each.
"""

from collections.abc import Callable

from ldirectord_py.model.events.cluster import (
    ClusterEvent,
    RoleChanged,
    RoleUnclear,
    SyncRefused,
    SyncStarted,
    SyncStopped,
)
from ldirectord_py.model.events.director import (
    ConfigChanged,
    DirectorEvent,
    FirstPassComplete,
    InitialChecksDone,
    Reloaded,
    ReloadRefused,
    Started,
    Stopping,
)
from ldirectord_py.model.events.mails import MailDelayed, MailDone, MailEvent, MailQueued, MailsLost
from ldirectord_py.model.events.servers import (
    AdminCause,
    AdminChanged,
    CertificateExpiring,
    CertificateSeen,
    CheckDone,
    FallbackChanged,
    FaultLasts,
    HealthChanged,
    MaintenanceChanged,
    MaintenanceUnclear,
    ServerEvent,
    ServingChanged,
    SoftFailure,
)
from ldirectord_py.model.events.side_jobs import (
    HistoryLost,
    HookDone,
    MonitorFileBack,
    MonitorFileFailed,
    SideJobBack,
    SideJobEvent,
    SideJobFailed,
    TrackFileFailed,
    TrackFileWritten,
)
from ldirectord_py.model.events.table import (
    Agreed,
    ChangeRefused,
    Diverged,
    DriftFound,
    DriftKind,
    DriftRecurs,
    Reconciled,
    TableBack,
    TableChanged,
    TableEvent,
    TableLost,
    Trigger,
    WeightContested,
)
from ldirectord_py.model.events.vips import (
    VipAdded,
    VipConflict,
    VipContested,
    VipEvent,
    VipRemoved,
    VipTakenAway,
    VipTrouble,
)

__all__ = [
    "AdminCause",
    "AdminChanged",
    "Agreed",
    "CertificateExpiring",
    "CertificateSeen",
    "ChangeRefused",
    "CheckDone",
    "ConfigChanged",
    "Diverged",
    "DriftFound",
    "DriftKind",
    "DriftRecurs",
    "Event",
    "FallbackChanged",
    "FaultLasts",
    "FirstPassComplete",
    "HealthChanged",
    "HistoryLost",
    "HookDone",
    "InitialChecksDone",
    "MailDelayed",
    "MailDone",
    "MailEvent",
    "MailQueued",
    "MailsLost",
    "MaintenanceChanged",
    "MaintenanceUnclear",
    "MonitorFileBack",
    "MonitorFileFailed",
    "Observer",
    "Reconciled",
    "ReloadRefused",
    "Reloaded",
    "RoleChanged",
    "RoleUnclear",
    "ServingChanged",
    "SideJobBack",
    "SideJobFailed",
    "SoftFailure",
    "Started",
    "Stopping",
    "SyncRefused",
    "SyncStarted",
    "SyncStopped",
    "TableBack",
    "TableChanged",
    "TableLost",
    "TrackFileFailed",
    "TrackFileWritten",
    "Trigger",
    "VipAdded",
    "VipConflict",
    "VipContested",
    "VipEvent",
    "VipRemoved",
    "VipTakenAway",
    "VipTrouble",
    "WeightContested",
]

Event = ServerEvent | TableEvent | DirectorEvent | ClusterEvent | SideJobEvent | MailEvent | VipEvent

Observer = Callable[[Event], None]
"""Is told of events; must return at once and never raise."""
