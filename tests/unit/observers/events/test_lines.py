"""What the log says of each event, word for word."""

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from ldirectord_py.model import events as ev
from ldirectord_py.model.checks.outcome import Reason, down
from ldirectord_py.model.cluster.role import Role
from ldirectord_py.model.cluster.vips import VipCause, VipState
from ldirectord_py.model.events import MailDelayed, MailDone, MailQueued, MailsLost
from ldirectord_py.model.health import State
from ldirectord_py.model.service import Forwarding
from ldirectord_py.model.table import Destination, SetDestination
from ldirectord_py.observers.events.event_table import lines
from ldirectord_py.observers.events.lines.checks import fault_over, faulted
from ldirectord_py.observers.events.log_line import Level, LogLine
from tests.unit.observers import happenings as the

MASQUERADED = Destination(forwarding=Forwarding.MASQ, weight=3)
NAMES = {"virtual": "tcp:10.0.0.1:80", "real": "10.0.0.5:80"}


def info(event: str, message: str, **fields) -> LogLine:
    return LogLine(Level.INFO, event, message, fields)


def warning(event: str, message: str, **fields) -> LogLine:
    return LogLine(Level.WARNING, event, message, fields)


DRAINED = "drained by root (pid 801), until 2001-09-09 02:46 UTC: a new release"

CASES = [
    (
        the.IS_DRAINED,
        [
            info(
                "admin_changed",
                f"Real server 10.0.0.5:80 (tcp:10.0.0.1:80) is {DRAINED}",
                **NAMES,
                cause="command",
                admin="drain",
                before=None,
                by="root (pid 801)",
                reason="a new release",
                weight=None,
                until=1_000_003_600.0,
                scope="",
            )
        ],
    ),
    *(
        (event, [LogLine(level, "admin_changed", f"Real server 10.0.0.5:80 (tcp:10.0.0.1:80) {text}", NAMES | fields)])
        for event, level, text, fields in (
            (
                the.IS_WEIGHTED,
                Level.INFO,
                f"is given weight 7 by eve (pid 802); before it was {DRAINED}",
                {"cause": "command", "admin": "weight", "before": "drain", "by": "eve (pid 802)", "reason": ""}
                | {"weight": 7, "until": None, "scope": "10.0.0.5"},
            ),
            (
                the.IS_ENABLED,
                Level.INFO,
                f"is enabled by eve (pid 802): the release is out; it was {DRAINED}",
                {"cause": "command", "admin": None, "before": "drain", "by": "eve (pid 802)"}
                | {"reason": "the release is out", "weight": None, "until": None, "scope": ""},
            ),
            (
                the.STILL_DRAINED,
                Level.INFO,
                f"is still {DRAINED}",
                {"cause": "restored", "admin": "drain", "before": None, "by": "root (pid 801)"}
                | {"reason": "a new release", "weight": None, "until": 1_000_003_600.0, "scope": ""},
            ),
            (
                the.DRAIN_OVER,
                Level.INFO,
                f"is enabled: the time of the command is over; it was {DRAINED}",
                {"cause": "expired", "admin": None, "before": "drain", "by": "root (pid 801)"}
                | {"reason": "", "weight": None, "until": None, "scope": ""},
            ),
            (
                the.DRAIN_DROPPED,
                Level.WARNING,
                (
                    "has gone with the reload, and with it the command of an operator;"
                    " it was given weight 7 by eve (pid 802)"
                ),
                {"cause": "dropped", "admin": None, "before": "weight", "by": "eve (pid 802)"}
                | {"reason": "", "weight": None, "until": None, "scope": "10.0.0.5"},
            ),
            (
                the.HAND_OVER,
                Level.INFO,
                "has its configured weight with the reload; it was given weight 7 by somebody else's hand",
                {"cause": "reloaded", "admin": None, "before": "weight", "by": "somebody else's hand"}
                | {"reason": "", "weight": None, "until": None, "scope": ""},
            ),
        )
    ),
    (
        the.CHECKED,
        [
            LogLine(
                Level.DEBUG,
                "real_checked",
                "Checked real server 10.0.0.5:80 (tcp:10.0.0.1:80) (GET http://10.0.0.5:80/) in 12.0 ms: up: 200",
                NAMES
                | {"verdict": "up", "reason": "ok", "detail": "200", "asked": the.ASKED}
                | {"seconds": 0.012, "lateness": 0.002},
            )
        ],
    ),
    (
        the.WENT_DOWN,
        [
            warning(
                "real_down",
                "Real server 10.0.0.5:80 (tcp:10.0.0.1:80) is down (2 of 2): GET http://10.0.0.5:80/:"
                " the body does not match 'ok'",
                **NAMES,
                before="up",
                after="down",
                reason="mismatch",
                code="REGEX",
                detail="the body does not match 'ok'",
                failures=2,
                failurecount=2,
                asked=the.ASKED,
            )
        ],
    ),
    (
        the.CAME_UP,
        [
            info("soft_failures_reset", "Resetting soft failure count: 10.0.0.5:80 (tcp:10.0.0.1:80)", **NAMES),
            info(
                "real_up",
                "Real server 10.0.0.5:80 (tcp:10.0.0.1:80) is up",
                **NAMES,
                before="down",
                after="up",
                reason="ok",
                code="OK",
                detail="",
                failures=0,
                failurecount=2,
                asked=the.ASKED,
            ),
        ],
    ),
    (
        the.FORGIVEN,
        [info("soft_failures_reset", "Resetting soft failure count: 10.0.0.5:80 (tcp:10.0.0.1:80)", **NAMES)],
    ),
    (
        the.SOFTLY,
        [
            info(
                "real_failed_softly",
                "Soft failure real server: 10.0.0.5:80 (tcp:10.0.0.1:80) failure 1/3: GET http://10.0.0.5:80/:"
                " connection refused",
                **NAMES,
                reason="refused",
                code="L4CON",
                detail="connection refused",
                failures=1,
                failurecount=3,
                asked=the.ASKED,
            )
        ],
    ),
    (
        ev.FallbackChanged(the.MARK6, active=True, fallback=the.MARKED.real),
        [
            warning(
                "fallback_activated",
                "No real server of fwm6:5 serves: it falls back to [fd00::5]:0",
                virtual="fwm6:5",
                fallback="[fd00::5]:0",
            )
        ],
    ),
    (
        ev.FallbackChanged(the.WEB, active=False, fallback=the.OTHER.real),
        [
            info(
                "fallback_released",
                "A real server of tcp:10.0.0.1:80 serves again: the fallback 10.0.0.6:80 goes out",
                virtual="tcp:10.0.0.1:80",
                fallback="10.0.0.6:80",
            )
        ],
    ),
    (
        ev.FallbackChanged(the.WEB, active=False, fallback=None),
        [
            info(
                "fallback_released",
                "tcp:10.0.0.1:80 has no fallback in the configuration any more: what stood in goes out",
                virtual="tcp:10.0.0.1:80",
                fallback=None,
            )
        ],
    ),
    (ev.ServingChanged(the.WEB, serving=True, fallback=False, first=True), []),
    (ev.ServingChanged(the.WEB, serving=False, fallback=True), []),
    (
        ev.ServingChanged(the.MARK6, serving=False, fallback=False, first=True),
        [
            LogLine(
                Level.ERROR,
                "virtual_unserved",
                "No real server of fwm6:5 serves, and it has no fallback",
                {"virtual": "fwm6:5"},
            )
        ],
    ),
    (
        ev.ServingChanged(the.MARK6, serving=True, fallback=False),
        [info("virtual_served", "A real server of fwm6:5 serves again", virtual="fwm6:5")],
    ),
    (
        ev.MaintenanceChanged(the.REAL, active=True, by="web5"),
        [
            info(
                "maintenance_begun",
                "Real server 10.0.0.5:80 (tcp:10.0.0.1:80) is in maintenance: there is a file 'web5'",
                **NAMES,
                file="web5",
            )
        ],
    ),
    (
        ev.MaintenanceChanged(the.REAL, active=False, by="web5"),
        [
            info(
                "maintenance_ended",
                "Real server 10.0.0.5:80 (tcp:10.0.0.1:80) is no longer in maintenance",
                **NAMES,
                file="web5",
            )
        ],
    ),
    (
        ev.MaintenanceUnclear("Maintenance file 'web55' names no real server"),
        [LogLine(Level.WARNING, "maintenance_unclear", "Maintenance file 'web55' names no real server")],
    ),
    (
        ev.HookDone("fallbackcommand", "/bin/x start", "exit status 2: no route", 0.25),
        [
            LogLine(
                Level.ERROR,
                "hook_failed",
                "fallbackcommand: '/bin/x start': exit status 2: no route",
                {
                    "directive": "fallbackcommand",
                    "command": "/bin/x start",
                    "seconds": 0.25,
                    "failure": "exit status 2: no route",
                },
            )
        ],
    ),
    (
        MailQueued("Deleted real server: x"),
        [info("mail_queued", "emailalert: Deleted real server: x", subject="Deleted real server: x")],
    ),
    (
        MailDone("Deleted real server: x", ("a@b", "c@d"), "mx", "550 no"),
        [
            LogLine(
                Level.ERROR,
                "mail_failed",
                "failed to send SMTP email message to a@b, c@d: 550 no: Deleted real server: x",
                {
                    "subject": "Deleted real server: x",
                    "recipients": ("a@b", "c@d"),
                    "server": "mx",
                    "failure": "550 no",
                },
                original=True,
            )
        ],
    ),
    (
        MailDone("x", ("a@b",), None, "exit status 67"),
        [
            LogLine(
                Level.ERROR,
                "mail_failed",
                "failed to send email message to a@b: exit status 67: x",
                {"subject": "x", "recipients": ("a@b",), "server": None, "failure": "exit status 67"},
                original=True,
            )
        ],
    ),
    (
        MailDone("x", ("a@b",), "mx", ""),
        [
            LogLine(
                Level.DEBUG,
                "mail_sent",
                "Mail to a@b was taken by mx: x",
                {"subject": "x", "recipients": ("a@b",), "server": "mx"},
            )
        ],
    ),
    (
        MailDelayed("mx", "connection refused"),
        [
            LogLine(
                Level.WARNING,
                "mail_delayed",
                "Mail server mx takes no mail, and is tried again: connection refused",
                {"server": "mx", "sentence": "connection refused"},
            )
        ],
    ),
    (
        MailsLost(7, 5),
        [
            LogLine(
                Level.ERROR,
                "mails_lost",
                "7 mails were given up for newer ones, 5 of them reminders: mail takes too long",
                {"mails": 7, "reminders": 5},
            )
        ],
    ),
    (ev.InitialChecksDone(), []),
    (
        ev.SideJobFailed("Watching maintenancedir", "maintenance stays as it is", "no thread can be started"),
        [
            LogLine(
                Level.ERROR,
                "side_job_failed",
                "Watching maintenancedir failed and is tried again; checks go on, but meanwhile maintenance stays as "
                "it is: no thread can be started",
                {"job": "Watching maintenancedir", "sentence": "no thread can be started"},
            )
        ],
    ),
    (
        ev.HistoryLost("/var/log/history.jsonl", 250),
        [
            LogLine(
                Level.WARNING,
                "history_lost",
                "250 events are missing in the history file /var/log/history.jsonl: it could not be written for too "
                "long",
                {"path": "/var/log/history.jsonl", "events": 250},
            )
        ],
    ),
    (
        ev.TrackFileWritten("/run/served", 33),
        [
            info(
                "track_file_written",
                "The track file /run/served says that 33 % of its virtual services are served",
                path="/run/served",
                percent=33,
            )
        ],
    ),
    (
        ev.TrackFileFailed("/run/served", "it is a directory"),
        [
            LogLine(
                Level.ERROR,
                "track_file_failed",
                "The track file /run/served is not kept up to date: it is a directory",
                {"path": "/run/served", "sentence": "it is a directory"},
            )
        ],
    ),
    (
        ev.SideJobBack("Watching maintenancedir"),
        [info("side_job_back", "Watching maintenancedir is done again", job="Watching maintenancedir")],
    ),
    (
        ev.HookDone("callback", "/bin/x /etc/l.cf", "", 0.25),
        [
            info(
                "hook_done",
                "callback: '/bin/x /etc/l.cf' has run, in 0.2 s",
                directive="callback",
                command="/bin/x /etc/l.cf",
                seconds=0.25,
            )
        ],
    ),
    (
        ev.MonitorFileFailed("/m", 3, "No space left on device", first=True),
        [
            LogLine(
                Level.ERROR,
                "monitorfile_failed",
                "Nothing can be written to the monitorfile /m: No space left on device",
                {"path": "/m", "lines": 3},
            )
        ],
    ),
    (ev.MonitorFileFailed("/m", 3, "No space left on device", first=False), []),
    (
        ev.MonitorFileBack("/m", 6),
        [
            info(
                "monitorfile_back",
                "The monitorfile /m can be written again; 6 lines are missing in it",
                path="/m",
                lost=6,
            )
        ],
    ),
    (
        the.written(the.add(3)),
        [
            info(
                "table_changed",
                "Added real server: 10.0.0.5:80 (10.0.0.1:80) (Weight set to 3)",
                change="add_destination",
                cause="health",
                **NAMES,
                weight=3,
                forwarding="gate",
            )
        ],
    ),
    (
        the.written(the.REMOVE, ev.Trigger.HEALTH, fallback=True),
        [
            info(
                "table_changed",
                "Deleted fallback server: 10.0.0.5:80 (10.0.0.1:80)",
                change="remove_destination",
                cause="health",
                **NAMES,
                fallback=True,
            )
        ],
    ),
    (
        the.REFUSED,
        [
            LogLine(
                Level.ERROR,
                "change_refused",
                "The IPVS table refused to add real server 10.0.0.5:80 (tcp:10.0.0.1:80): the service does not exist",
                {
                    "change": "add_destination",
                    "cause": "health",
                    **NAMES,
                    "weight": 3,
                    "forwarding": "gate",
                    "errno": 2,
                    "sentence": "the service does not exist",
                },
            )
        ],
    ),
    (
        the.DRIFT,
        [
            LogLine(
                Level.WARNING,
                "drift_found",
                "The IPVS table is not as it was left: "
                "real server 10.0.0.5:80 (tcp:10.0.0.1:80): weight 0 instead of 3"
                " (to have another weight: ldirectorctl weight or drain, or handset=respect)",
                {"kind": "weight", **NAMES, "sentence": "weight 0 instead of 3"},
            )
        ],
    ),
    (
        the.DRIFT_RECURS,
        [
            LogLine(
                Level.ERROR,
                "drift_recurs",
                "Something else keeps changing the IPVS table back, in 2 places, such as "
                "real server 10.0.0.5:80 (tcp:10.0.0.1:80); stop one of the two; it may be: keepalived (pid 801). "
                "Until it rests, drift is not logged any more.",
                {
                    "virtual": "tcp:10.0.0.1:80",
                    "real": "10.0.0.5:80",
                    "places": 2,
                    "suspects": ["keepalived (pid 801)"],
                },
            )
        ],
    ),
    (
        the.CONTESTED,
        [
            LogLine(
                Level.WARNING,
                "weight_contested",
                "The weight of real server 10.0.0.5:80 (tcp:10.0.0.1:80) goes to and fro between 5 and 9: "
                "several others set it, and handset=respect obeys each of them; stop all but one. "
                "Until they rest, this is not logged again.",
                {**NAMES, "weights": ["5", "9"]},
            )
        ],
    ),
    (
        the.GONE,
        [
            LogLine(
                Level.WARNING,
                "drift_found",
                "The IPVS table is not as it was left: virtual server tcp:10.0.0.1:80: it is missing",
                {"kind": "missing_service", "virtual": "tcp:10.0.0.1:80", "sentence": "it is missing"},
            )
        ],
    ),
    (
        ev.Diverged(the.WEB, the.REAL, SetDestination(the.WEB, the.REAL.real, the.destination(0)), "it had weight 3"),
        [
            LogLine(
                Level.WARNING,
                "diverged",
                "Shadow: would set real server 10.0.0.5:80 (tcp:10.0.0.1:80): it had weight 3",
                NAMES | {"change": "set_destination", "sentence": "it had weight 3"},
            )
        ],
    ),
    (
        ev.Agreed(the.WEB, None, 12.34),
        [
            info(
                "agreed",
                "Shadow: the table agrees again on virtual server tcp:10.0.0.1:80, after 12.3 s",
                virtual="tcp:10.0.0.1:80",
                seconds=12.34,
            )
        ],
    ),
    (
        ev.TableLost("The kernel's IPVS is gone: load it again with `modprobe ip_vs`."),
        [
            LogLine(
                Level.ERROR,
                "table_lost",
                "The kernel's IPVS is gone: load it again with `modprobe ip_vs`."
                " Checks go on, and what they find is written as soon as the IPVS table can be reached.",
                {"sentence": "The kernel's IPVS is gone: load it again with `modprobe ip_vs`."},
            )
        ],
    ),
    (ev.Reconciled(0.01), []),
    (ev.TableBack(), [info("table_back", "The IPVS table can be reached again")]),
    (
        ev.Started(2, 7),
        [info("started", "Watching 7 real servers of 2 virtual servers", virtuals=2, reals=7)],
    ),
    (
        ev.FirstPassComplete(1.25),
        [
            info(
                "first_pass_completed",
                "Every real server has been checked once, within 1.2 seconds",
                seconds=1.25,
            )
        ],
    ),
    (
        ev.RoleChanged(None, Role.STANDBY, "/run/role"),
        [
            info(
                "role_changed",
                "The director is standby now, as /run/role says: its table is kept warm; "
                "mails, fallbackcommand and callback are held",
                role="standby",
                before=None,
                source="/run/role",
            )
        ],
    ),
    (
        ev.RoleChanged(Role.STANDBY, Role.ACTIVE, "fifo:/run/\x1bpipe"),
        [
            info(
                "role_changed",
                "The director is active now, and no longer standby, as fifo:/run/\\x1bpipe says",
                role="active",
                before="standby",
                source="fifo:/run/\x1bpipe",
            )
        ],
    ),
    (
        ev.SyncStarted(the.SYNC),
        [
            info(
                "sync_started",
                "The kernel's sync daemon runs: master on eth1 with id=7",
                sync="master",
                device="eth1",
                sync_id=7,
            )
        ],
    ),
    (
        ev.SyncStarted(the.SYNC, found=True),
        [
            info(
                "sync_started",
                "The kernel's sync daemon runs already: master on eth1 with id=7",
                sync="master",
                device="eth1",
                sync_id=7,
            )
        ],
    ),
    (
        ev.SyncStopped(replace(the.SYNC, ttl=4)),
        [
            info(
                "sync_stopped",
                "The kernel's sync daemon was ended: master on eth1 with id=7 ttl=4",
                sync="master",
                device="eth1",
                sync_id=7,
            )
        ],
    ),
    (
        ev.SyncRefused(the.SYNC, "there is no interface eth1"),
        [
            LogLine(
                Level.WARNING,
                "sync_refused",
                "After a takeover connections will be lost: there is no interface eth1",
                {"sync": "master", "device": "eth1", "sync_id": 7, "sentence": "there is no interface eth1"},
            )
        ],
    ),
    (
        ev.RoleUnclear(Role.ACTIVE, "/run/role", "/run/role: expected active or standby, but got 'no'"),
        [
            LogLine(
                Level.WARNING,
                "role_unclear",
                "The role stays active: /run/role: expected active or standby, but got 'no'",
                {"role": "active", "source": "/run/role"},
            )
        ],
    ),
    (
        the.VIP_ADDED,
        [
            info(
                "vip_added",
                "Brought the VIP 10.0.0.1 up on eth0 as eth0:1",
                vip="10.0.0.1",
                device="eth0",
                label="eth0:1",
                cause="start",
            )
        ],
    ),
    (
        replace(the.VIP_ADDED, label="", cause=VipCause.REPAIR, again=True),
        [
            LogLine(
                Level.DEBUG,
                "vip_added",
                "Brought the VIP 10.0.0.1 up on eth0",
                {"vip": "10.0.0.1", "device": "eth0", "label": "", "cause": "repair"},
            )
        ],
    ),
    (
        the.VIP_REMOVED,
        [
            info(
                "vip_removed",
                "Took the VIP 10.0.0.1 down on eth0: the director is standby",
                vip="10.0.0.1",
                device="eth0",
                cause="role",
            )
        ],
    ),
    (
        replace(the.VIP_REMOVED, cause=VipCause.RELOAD),
        [
            info(
                "vip_removed",
                "Took the VIP 10.0.0.1 down on eth0: the configuration does not want it there",
                vip="10.0.0.1",
                device="eth0",
                cause="reload",
            )
        ],
    ),
    (
        the.VIP_TAKEN_AWAY,
        [
            LogLine(
                Level.WARNING,
                "vip_taken_away",
                "The VIP 10.0.0.1 is gone from eth0: somebody has removed it, or the interface was down;"
                " it is brought up again",
                {"vip": "10.0.0.1", "device": "eth0"},
            )
        ],
    ),
    (
        the.VIP_CONTESTED,
        [
            LogLine(
                Level.ERROR,
                "vip_contested",
                "The VIP 10.0.0.1 has been removed from eth0 3 times: something else keeps the addresses of this"
                " machine too, such as keepalived, a network manager or a script; stop one of the two. Until it rests,"
                " the VIP comes back later each time, and no line tells of it.",
                {"vip": "10.0.0.1", "device": "eth0", "times": 3},
            )
        ],
    ),
    (
        the.VIP_CONFLICT,
        [
            LogLine(
                Level.WARNING,
                "vip_conflict",
                "The VIP 10.0.0.1 (/etc/l.cf:5) is not brought up: 02:00:00:00:00:07 on eth0 has it;"
                " that is asked again and again",
                {
                    "vip": "10.0.0.1",
                    "device": "eth0",
                    "owners": ["02:00:00:00:00:07"],
                    "held": False,
                    "place": "/etc/l.cf:5",
                },
            )
        ],
    ),
    (
        replace(the.VIP_CONFLICT, owners=("02:00:00:00:00:07", "02:00:00:00:00:08"), held=True),
        [
            LogLine(
                Level.ERROR,
                "vip_conflict",
                "The VIP 10.0.0.1 (/etc/l.cf:5) is here on eth0, and 02:00:00:00:00:07 and 02:00:00:00:00:08 there have"
                " it as well: clients reach the one or the other",
                {
                    "vip": "10.0.0.1",
                    "device": "eth0",
                    "owners": ["02:00:00:00:00:07", "02:00:00:00:00:08"],
                    "held": True,
                    "place": "/etc/l.cf:5",
                },
            )
        ],
    ),
    *(
        (
            replace(the.VIP_TROUBLE, state=state),
            [
                LogLine(
                    level,
                    "vip_trouble",
                    "VIP 10.0.0.1 (/etc/l.cf:5): there is no interface eth7",
                    {
                        "vip": "10.0.0.1",
                        "device": "eth7",
                        "state": state.value,
                        "sentence": "there is no interface eth7",
                        "place": "/etc/l.cf:5",
                    },
                )
            ],
        )
        for state, level in ((VipState.NO_INTERFACE, Level.ERROR), (VipState.STANDBY, Level.WARNING))
    ),
    (
        ev.ConfigChanged("/etc/l.cf", reread=True),
        [
            info("config_changed", "Configuration file '/etc/l.cf' has changed on disk", path="/etc/l.cf", reread=True),
            info("config_reread", " - reread new configuration", path="/etc/l.cf", reread=True),
        ],
    ),
    (
        ev.ConfigChanged("/etc/l.cf", reread=False),
        [
            info(
                "config_changed", "Configuration file '/etc/l.cf' has changed on disk", path="/etc/l.cf", reread=False
            ),
            info("config_ignored", " - ignore new configuration", path="/etc/l.cf", reread=False),
        ],
    ),
    (
        ev.Reloaded("/etc/l.cf", (the.WARNING, the.NOWHERE)),
        [
            LogLine(
                Level.WARNING,
                "config_problem_found",
                f"Warning [{os.getpid()}] reading file /etc/l.cf at line 2: maintenance directory does not exist",
                {"path": "/etc/l.cf", "line": 2, "text": "maintenance directory does not exist"},
                original=True,
            ),
            LogLine(
                Level.WARNING,
                "config_problem_found",
                f"Warning [{os.getpid()}]: checkinterval ignored",
                {"path": "/etc/l.cf", "line": 0, "text": "checkinterval ignored"},
                original=True,
            ),
            info("reloaded", "Configuration file '/etc/l.cf' is in force", path="/etc/l.cf", warnings=2),
        ],
    ),
    (
        ev.ReloadRefused("/etc/l.cf", (the.ERROR,)),
        [
            LogLine(
                Level.ERROR,
                "config_problem_found",
                f"Error [{os.getpid()}] reading file /etc/l.cf at line 6: Unknown command bogus line",
                {"path": "/etc/l.cf", "line": 6, "text": "Unknown command bogus line"},
                original=True,
            ),
            LogLine(
                Level.ERROR,
                "reload_refused",
                "Configuration file '/etc/l.cf' is refused, the one in force stays; correct what is named above",
                {"path": "/etc/l.cf", "problems": 1},
            ),
        ],
    ),
    (
        the.CERTIFICATE,
        [
            LogLine(
                Level.DEBUG,
                "certificate_seen",
                "Real server 10.0.0.5:80 (tcp:10.0.0.1:80) shows a certificate that is valid until "
                "2001-09-09 01:46 UTC",
                NAMES | {"expires": 1_000_000_000.0},
            )
        ],
    ),
    *(
        (
            ev.FaultLasts(the.REAL, down(Reason.LOCAL, "too many open files"), 61.25, down=taken),
            [
                LogLine(
                    Level.ERROR,
                    "fault_lasts",
                    "Real server 10.0.0.5:80 (tcp:10.0.0.1:80) could not be checked for 61 s, through a fault of ours; "
                    f"{what}: too many open files",
                    NAMES | {"reason": "local", "detail": "too many open files", "seconds": 61.25},
                )
            ],
        )
        for taken, what in ((False, "it stays as it is"), (True, "it counts as down, as faultdown says"))
    ),
    (
        ev.CertificateExpiring(the.REAL, 1_000_000_000.0, 3.5 * 86400),
        [
            LogLine(
                Level.WARNING,
                "certificate_expiring",
                "The certificate of real server 10.0.0.5:80 (tcp:10.0.0.1:80) expires in 3 days, "
                "on 2001-09-09 01:46 UTC",
                NAMES | {"expires": 1_000_000_000.0, "left": 302400},
            )
        ],
    ),
    (
        ev.CertificateExpiring(the.REAL, 1_000_000_000.0, -7200.0),
        [
            LogLine(
                Level.WARNING,
                "certificate_expiring",
                "The certificate of real server 10.0.0.5:80 (tcp:10.0.0.1:80) expired 2 hours ago, "
                "on 2001-09-09 01:46 UTC",
                NAMES | {"expires": 1_000_000_000.0, "left": -7200},
            )
        ],
    ),
    (
        ev.Stopping("TERM"),
        [info("stopped", "Linux Director Daemon terminated on signal: TERM", signal="TERM")],
    ),
]


@pytest.mark.parametrize(("event", "expected"), CASES, ids=[type(event).__name__ for event, _ in CASES])
def test_each_event_has_its_lines(event, expected):
    assert list(lines(event)) == expected


def test_the_page_about_the_log_has_each_event_with_its_keys():
    keys: dict[str, set[str]] = {}
    told = [line for event, _ in CASES for line in lines(event)]
    for line in (*told, faulted(the.REAL, the.FAULT), fault_over(the.REAL)):
        keys.setdefault(line.event, set()).update(line.fields)
    page = Path(__file__).parents[4].joinpath("docs", "logging.md").read_text()
    rows = re.findall(r"(?m)^\| `(\w+)` \| [^|]+ \| (.*) \|$", page.partition("## Events")[2])
    assert {event: set(re.findall(r"`(\w+)`", cell)) for event, cell in rows} == keys
    assert [event for event, _ in rows] == sorted(keys)


def test_no_kind_of_event_is_missing_from_the_cases():
    assert {type(event) for event, _ in CASES} == set(get_args(ev.Event))


HEALTH, START, RELOAD, DRIFT, STOP = (
    ev.Trigger.HEALTH,
    ev.Trigger.START,
    ev.Trigger.RELOAD,
    ev.Trigger.DRIFT,
    ev.Trigger.STOP,
)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (the.written(the.ADD_SERVICE, START), "Added virtual server: 5"),
        (the.written(the.SET_SERVICE, RELOAD), "Changed virtual server: 10.0.0.1:80"),
        (the.written(the.REMOVE_SERVICE, RELOAD), "Purged virtual server (start): 10.0.0.1:80"),
        (the.written(the.REMOVE_SERVICE, STOP), "Purged virtual server (stop): 10.0.0.1:80"),
        (the.written(the.add(3, the.MARK6)), "Added real server: 10.0.0.5:80 (5) (Weight set to 3)"),
        (the.written(the.add(0)), "Readd Quiescent real server: 10.0.0.5:80 (10.0.0.1:80) (Weight set to 0)"),
        (the.written(the.change(3)), "Restored real server: 10.0.0.5:80 (10.0.0.1:80) (Weight set to 3)"),
        (the.written(the.change(0)), "Quiescent real server: 10.0.0.5:80 (10.0.0.1:80) (Weight set to 0)"),
        (the.written(the.REMOVE, HEALTH), "Deleted real server: 10.0.0.5:80 (10.0.0.1:80)"),
        (the.written(the.REMOVE, DRIFT), "Deleted real server: 10.0.0.5:80 (10.0.0.1:80)"),
        (the.written(the.REMOVE, START), "Purged real server (start): 10.0.0.5:80 (10.0.0.1:80)"),
        (the.written(the.REMOVE, RELOAD), "Purged real server (start): 10.0.0.5:80 (10.0.0.1:80)"),
        (the.written(the.REMOVE, STOP), "Purged real server (stop): 10.0.0.5:80 (10.0.0.1:80)"),
        (
            the.written(the.add(1), fallback=True),
            "Added fallback server: 10.0.0.5:80 (10.0.0.1:80) (Weight set to 1)",
        ),
        (
            the.written(the.change(1), fallback=True),
            "Restored fallback server: 10.0.0.5:80 (10.0.0.1:80) (Weight set to 1)",
        ),
        (
            the.written(the.change(3), before=the.destination(0)),
            "Restored real server: 10.0.0.5:80 (10.0.0.1:80) (Weight set to 3)",
        ),
        (
            the.written(the.change(0), before=the.destination(3)),
            "Quiescent real server: 10.0.0.5:80 (10.0.0.1:80) (Weight set to 0)",
        ),
        (
            the.written(the.change(3), RELOAD, before=MASQUERADED),
            "Changed real server: 10.0.0.5:80 (10.0.0.1:80) (Weight set to 3): forwarding gate instead of masq",
        ),
        (
            the.written(the.change(5), RELOAD, before=MASQUERADED),
            "Restored real server: 10.0.0.5:80 (10.0.0.1:80) (Weight set to 5): forwarding gate instead of masq",
        ),
        (
            the.written(the.change(0), DRIFT, before=replace(the.destination(0), upper=9)),
            "Changed real server: 10.0.0.5:80 (10.0.0.1:80) (Weight set to 0): upper threshold 0 instead of 9",
        ),
        (
            the.written(the.SET_SERVICE, RELOAD, before=replace(the.SETTINGS, scheduler="rr")),
            "Changed virtual server: 10.0.0.1:80: scheduler=wlc instead of rr",
        ),
    ],
)
def test_changes_of_the_table_are_worded_as_the_original_words_them(event, message):
    assert [line.message for line in lines(event)] == [message]


@pytest.mark.parametrize("state", [State.ADOPTED, State.UNKNOWN])
def test_a_server_that_is_not_checked_yet_is_told_of_too(state):
    (line,) = lines(ev.HealthChanged(the.REAL, the.UP, the.health(state)))

    assert line.event == f"real_{state}"
    assert line.message.endswith("until it has been checked")


@pytest.mark.parametrize(
    ("health", "failurecount", "asked", "end"),
    [
        (
            the.health(State.DOWN, failures=1, reason=Reason.STATUS, detail="404 Not Found, expected 2xx"),
            1,
            "GET http://10.77.0.12:80/alive.html",
            "is down (1 of 1): GET http://10.77.0.12:80/alive.html: 404 Not Found, expected 2xx",
        ),
        (the.DOWN, 2, "", "is down (2 of 2): the body does not match 'ok'"),
        (
            the.health(State.DOWN, failures=3, reason=Reason.TIMEOUT),
            3,
            "ping of 10.0.0.5",
            "is down (3 of 3): ping of 10.0.0.5: timeout",
        ),
        (
            the.health(State.DOWN, failures=1, reason=Reason.REFUSED, detail="connection refused"),
            3,
            "connect to 10.0.0.5:80",
            "is down (its first check): connect to 10.0.0.5:80: connection refused",
        ),
        (
            the.health(State.DOWN, failures=1, reason=Reason.MAINTENANCE, detail="Server in maintenance"),
            3,
            "",
            "is down: Server in maintenance",
        ),
    ],
)
def test_a_server_that_goes_out_is_told_with_the_count_the_question_and_the_answer(health, failurecount, asked, end):
    (line,) = lines(ev.HealthChanged(the.REAL, the.health(State.UNKNOWN), health, failurecount, asked))
    assert line.message == f"Real server 10.0.0.5:80 (tcp:10.0.0.1:80) {end}"
