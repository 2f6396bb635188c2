"""The table of events: for each kind its level, its sentences, its fields, and what it counts for."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ldirectord_py.model import events as ev
from ldirectord_py.model.events import MailDelayed, MailDone, MailQueued, MailsLost
from ldirectord_py.observers.events.counters import Counters
from ldirectord_py.observers.events.lines import (
    administration,
    checks,
    cluster,
    configuration,
    mail,
    table,
    upkeep,
    vips,
)
from ldirectord_py.observers.events.lines.sentences import silent, told
from ldirectord_py.observers.events.log_line import Level, LogLine

EventT = TypeVar("EventT", bound=ev.Event)


@dataclass(frozen=True, slots=True)
class EventRow(Generic[EventT]):
    """What is told of the events of one *kind*."""

    kind: type[EventT]
    lines: Callable[[EventT], Sequence[LogLine]]
    """Returns what the log says, in order; the fields of a line are its JSON form."""
    count: Callable[[Counters, EventT], None] = Counters.nothing
    """Moves the counters."""


ROWS: tuple[EventRow[Any], ...] = (
    # checks
    EventRow(ev.CheckDone, checks.check_done, Counters.check_done),
    EventRow(ev.HealthChanged, checks.health_changed, Counters.health_changed),
    EventRow(ev.SoftFailure, checks.soft_failure),
    EventRow(ev.FaultLasts, checks.fault_lasts),
    EventRow(ev.CertificateSeen, checks.certificate_seen),
    EventRow(ev.CertificateExpiring, checks.certificate_expiring),
    # who serves
    EventRow(ev.FallbackChanged, upkeep.fallback_changed),
    EventRow(ev.ServingChanged, upkeep.serving_changed),
    EventRow(ev.MaintenanceChanged, upkeep.maintenance_changed, Counters.maintenance_changed),
    EventRow(ev.AdminChanged, administration.admin_changed, Counters.admin_changed),
    EventRow(ev.MaintenanceUnclear, told(Level.WARNING, "maintenance_unclear", "{0.sentence}")),
    # the IPVS table
    EventRow(ev.TableChanged, table.table_changed, Counters.table_changed),
    EventRow(ev.ChangeRefused, table.change_refused, Counters.change_refused),
    EventRow(ev.DriftFound, table.drift_found, Counters.drift_found),
    EventRow(ev.DriftRecurs, table.drift_recurs),
    EventRow(ev.WeightContested, table.weight_contested),
    EventRow(ev.Diverged, table.diverged),
    EventRow(ev.Agreed, table.agreed),
    EventRow(
        ev.TableLost,
        told(
            Level.ERROR,
            "table_lost",
            "{0.sentence} Checks go on, and what they find is written as soon as the IPVS table can be reached.",
            "sentence",
        ),
        Counters.table_lost,
    ),
    EventRow(ev.Reconciled, silent, Counters.reconciled),  # what differed has been told
    EventRow(ev.TableBack, told(Level.INFO, "table_back", "The IPVS table can be reached again"), Counters.table_back),
    # the director and its configuration
    EventRow(
        ev.Started,
        told(
            Level.INFO,
            "started",
            "Watching {0.reals} real servers of {0.virtuals} virtual servers",
            "virtuals",
            "reals",
        ),
    ),
    EventRow(
        ev.FirstPassComplete,
        told(
            Level.INFO,
            "first_pass_completed",
            "Every real server has been checked once, within {0.seconds:.1f} seconds",
            "seconds",
        ),
    ),
    EventRow(ev.InitialChecksDone, silent),  # what came of it has been told
    EventRow(ev.ConfigChanged, configuration.config_changed),
    EventRow(ev.Reloaded, configuration.reloaded, Counters.reloaded),
    EventRow(ev.ReloadRefused, configuration.reload_refused, Counters.reload_refused),
    EventRow(ev.RoleChanged, cluster.role_changed, Counters.role_changed),
    EventRow(ev.RoleUnclear, cluster.role_unclear),
    EventRow(ev.SyncStarted, cluster.sync_started),
    EventRow(ev.SyncStopped, cluster.sync_stopped),
    EventRow(ev.SyncRefused, cluster.sync_refused),
    # VIPs
    EventRow(ev.VipAdded, vips.vip_added, Counters.vip_added),
    EventRow(ev.VipRemoved, vips.vip_removed, Counters.vip_removed),
    EventRow(ev.VipTakenAway, vips.vip_taken_away, Counters.vip_taken_away),
    EventRow(ev.VipContested, vips.vip_contested),
    EventRow(ev.VipConflict, vips.vip_conflict, Counters.vip_conflict),
    EventRow(ev.VipTrouble, vips.vip_trouble),
    EventRow(
        ev.Stopping,
        told(Level.INFO, "stopped", "Linux Director Daemon terminated on signal: {0.signal}", "signal"),
    ),
    # the operator's programs and files, and side jobs
    EventRow(ev.HookDone, upkeep.hook_done, Counters.hook_done),
    EventRow(ev.MonitorFileFailed, upkeep.monitorfile_failed, Counters.monitorfile_failed),
    EventRow(
        ev.MonitorFileBack,
        told(
            Level.INFO,
            "monitorfile_back",
            "The monitorfile {0.path} can be written again; {0.lost} lines are missing in it",
            "path",
            "lost",
        ),
    ),
    EventRow(
        ev.SideJobFailed,
        told(
            Level.ERROR,
            "side_job_failed",
            "{0.job} failed and is tried again; checks go on, but meanwhile {0.cost}: {0.sentence}",
            "job",
            "sentence",
        ),
    ),
    EventRow(
        ev.HistoryLost,
        told(
            Level.WARNING,
            "history_lost",
            "{0.events} events are missing in the history file {0.path}: it could not be written for too long",
            "path",
            "events",
        ),
    ),
    EventRow(
        ev.TrackFileWritten,
        told(
            Level.INFO,
            "track_file_written",
            "The track file {0.path} says that {0.percent} % of its virtual services are served",
            "path",
            "percent",
        ),
    ),
    EventRow(
        ev.TrackFileFailed,
        told(
            Level.ERROR,
            "track_file_failed",
            "The track file {0.path} is not kept up to date: {0.sentence}",
            "path",
            "sentence",
        ),
    ),
    EventRow(ev.SideJobBack, told(Level.INFO, "side_job_back", "{0.job} is done again", "job")),
    # mails
    EventRow(MailQueued, told(Level.INFO, "mail_queued", "emailalert: {0.message}", "subject=message")),
    EventRow(MailDone, mail.mail_done, Counters.mail_done),
    EventRow(MailDelayed, mail.mail_delayed),
    EventRow(
        MailsLost,
        told(
            Level.ERROR,
            "mails_lost",
            "{0.count} mails were given up for newer ones, {0.reminders} of them reminders: mail takes too long",
            "mails=count",
            "reminders",
        ),
        Counters.mails_lost,
    ),
)
"""One for each kind of event; what the original logs too is worded as the original words it."""

TABLE: dict[type[ev.Event], EventRow[Any]] = {row.kind: row for row in ROWS}

KINDS: dict[type[ev.Event], str] = {kind: re.sub("(?<!^)(?=[A-Z])", "_", kind.__name__).lower() for kind in TABLE}
"""What each kind is called in JSON: `health_changed`."""


def lines(event: ev.Event) -> Sequence[LogLine]:
    """Return what is to be logged of *event*, in order."""
    return TABLE[type(event)].lines(event)
