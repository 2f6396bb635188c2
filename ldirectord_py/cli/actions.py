"""What each action does, once the configuration is read."""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from ldirectord_py.cli.children import itself, statuses
from ldirectord_py.cli.command_log import CommandLog, destination
from ldirectord_py.cli.daemon import account, units
from ldirectord_py.cli.daemon.background import Announce, StartReport, early_signals, in_background
from ldirectord_py.cli.daemon.control_client import control_path
from ldirectord_py.cli.daemon.pidfile import AlreadyRunning, PidFile, Running, Stopped, end, held, permitted, standing
from ldirectord_py.cli.daemon.processes import Process
from ldirectord_py.cli.environment import Environment
from ldirectord_py.cli.options import Action, Invocation
from ldirectord_py.cli.reloading import REFUSED, reload
from ldirectord_py.cli.terminal import complain, tell
from ldirectord_py.cli.texts import COMPATIBLE
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import ConfigRejected, DirectorError
from ldirectord_py.model.signals import LEAVE_TABLE
from ldirectord_py.model.text.secrets import without
from ldirectord_py.observers.events.log_line import Level
from ldirectord_py.observers.logging.destinations import FileAndJournal, LogDestination, LogFile, journal_of
from ldirectord_py.options import Options, Ready

_STARTING = f"Starting Linux Director {COMPATIBLE}"

CrashHook = Callable[[type[BaseException], BaseException, TracebackType | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An action to take, with all that it takes."""

    invocation: Invocation
    config: Config
    trouble: str
    """What is wrong with the file, for actions that do without it; *config* then has only its path."""
    pid_file: Path
    """Of a daemon that this process becomes."""
    pid_files: tuple[Path, ...]
    """Of daemons that may run already."""
    environment: Environment
    log: CommandLog


def perform(job: Job) -> int:
    """Take the action; return the exit status.  Raises `DirectorError`."""
    return _ACTIONS[job.invocation.action](job, standing(*job.pid_files))


def _start(job: Job, found: Running | Stopped) -> int:
    if isinstance(found, Running):
        job.log.say(_is_running(job, found.pid))
        if told := _told(found.flaw, account.other_file(job.config.path, account.asked(found))):
            complain(f"ldirectord runs already, pid {found.pid}: {told}")
        return 0
    if job.invocation.debug or job.config.supervised:
        return _alone(job)
    if job.invocation.foreground:
        return _foreground(job)
    job.log.say(f"{_STARTING} as daemon")
    report = in_background(lambda announce: _daemon(job, announce), job.environment.patience)
    if report.status:
        job.log.tell(f"{report.sentence.rstrip('.')}; the log may say more ({job.config.logfile})")
    elif report.sentence:
        complain(report.sentence)
    return report.status


def _stop(job: Job, found: Running | Stopped) -> int:
    """Stop the daemon and wait for its end, so that `start` may follow at once."""
    if isinstance(found, Stopped):
        _warn_of_file(job)
        return 0
    permitted(found)
    if not job.invocation.shadow:
        tell(_foretold(job))
        if told := account.settings(account.asked(found)):
            tell(f"{told}\nthat stays as it is: other instances, and the table, may need it")
    return _end(job, found, LEAVE_TABLE if job.invocation.leave_table else signal.SIGTERM)


def _foretold(job: Job) -> str:
    """Say what the end of the daemon does to the table."""
    if job.invocation.leave_table:
        return "--leave-table: the table stays as it is, and nobody checks its servers"
    if job.trouble:
        return f"{job.trouble}\nwhat leaves the table depends on the cleanstop that the daemon has read"
    virtuals = job.config.virtuals
    cleaned = sum(virtual.cleanstop for virtual in virtuals)
    if not cleaned:
        return "cleanstop=no: the table stays as it is, and nobody checks its servers"
    which = f"{cleaned} of {len(virtuals)} virtual services"
    return f"cleanstop=yes: this takes {which} out of the table, and ends their connections"


def _end(job: Job, found: Running, number: signal.Signals) -> int:
    seconds = job.environment.patience
    if end(found, seconds, number):
        return 0
    name = "SIGTERM" if number == signal.SIGTERM else f"signal {number:d}"
    job.log.tell(
        f"ldirectord for {job.config.path} has not ended within {seconds:g} seconds of {name}, pid: {found.pid}"
    )
    return 1


def _restart(job: Job, found: Running | Stopped) -> int:
    """Prove that a daemon can start; only then have the one that runs make way, with its table as it is."""
    if isinstance(found, Stopped):
        return _start(job, found)
    # With asyncio, which a status does without.
    from ldirectord_py.cli.daemon.kept_services import too_much_for  # noqa: PLC0415  # as above

    job.environment.prover(_options(job))
    unit = units.running(job.log.instance, found)
    # systemd starts the next daemon, and without --force.
    forced = job.invocation.force and unit is None
    if not forced and (sentence := too_much_for(found, job.config, "restart")):
        insist = f"if it is meant: ldirectord {job.config.path} {'reload' if unit else 'restart'} --force"
        job.log.tell(f"{job.config.path}: {sentence}; the director goes on as it is; {insist}")
        return REFUSED
    if unit is not None:
        return units.restart(unit)
    # The original knows no way to end that leaves the table to another.
    number = signal.SIGTERM if Process(found.pid).is_original else LEAVE_TABLE
    return _end(job, found, number) or _start(job, Stopped())


def _try_restart(job: Job, found: Running | Stopped) -> int:
    return _restart(job, found) if isinstance(found, Running) else 0


def _reload(job: Job, found: Running | Stopped) -> int:
    if isinstance(found, Running):
        if other := account.other_file(job.config.path, account.asked(found)):
            job.log.tell(f"nothing was reloaded, ldirectord runs, pid {found.pid}: {other}")
            return REFUSED
        return reload(found, job.log, job.environment.patience, force=job.invocation.force)
    job.log.tell(f"ldirectord is stopped for {job.config.path}")
    return 1


def _status(job: Job, found: Running | Stopped) -> int:
    """Say where things stand, in the words and on the streams that cluster agents look at."""
    if isinstance(found, Running):
        job.log.tell(_is_running(job, found.pid), Level.INFO)
        reply = account.asked(found)
        for told in filter(None, (account.place(reply), account.settings(reply))):
            tell(told)
        if trouble := _told(found.flaw, account.trouble(job.config.path, job.trouble, reply)):
            complain(f"{account.in_force(found, reply)}; {trouble}")
        if not job.invocation.shadow:
            statuses(job.config, job.invocation, job.environment.program)
        return 0
    if found.stale:
        job.log.tell(f"ldirectord stale pid file {found.stale} for {job.config.path}")
    tell(f"ldirectord is stopped for {job.config.path}")
    _warn_of_file(job)
    return 1 if found.stale else 3


def _told(*sentences: str) -> str:
    return "; ".join(filter(None, sentences))


def _warn_of_file(job: Job) -> None:
    if job.trouble:
        complain(job.trouble)


_ACTIONS = {
    Action.START: _start,
    Action.STOP: _stop,
    Action.RESTART: _restart,
    Action.TRY_RESTART: _try_restart,
    Action.RELOAD: _reload,
    Action.FORCE_RELOAD: _reload,
    Action.STATUS: _status,
}
"""All but `configtest`, whose work is done once the configuration is read."""


def _is_running(job: Job, pid: int) -> str:
    return f"ldirectord for {job.config.path} is running with pid: {pid}"


def _options(job: Job, control: Path | None = None) -> Options:
    journal = journal_of(sys.stdout, sys.stderr)  # that of the unit, if it runs in one

    def log(config: Config) -> LogDestination:
        where = destination(job.invocation, config.logfile, supervised=config.supervised)
        return FileAndJournal(where, journal) if journal is not None and isinstance(where, LogFile) else where

    return Options(
        table=job.invocation.table,
        log=log,
        log_format=job.invocation.log_format,
        debug=job.invocation.debug,
        shadow=job.invocation.shadow,
        force=job.invocation.force,
        instance=job.log.instance,
        program=itself(job.invocation, job.environment.program),
        pid_file=job.pid_file,
        run_dir=job.environment.run_dir,
        control=control,
        state=control and control.with_suffix(".state"),
    )


def _run(job: Job, begun: Ready, pid_file: PidFile | None = None) -> int:
    """Direct until the end, and keep the *pid_file* meanwhile."""
    control = control_path(job.pid_file) if pid_file else None
    mend = pid_file.mend if pid_file else None
    return job.environment.runner(job.config, replace(_options(job, control), mend_pid_file=mend), begun)


def _alone(job: Job) -> int:
    """Direct in the foreground without a pid file, as the original does, even while a daemon runs."""
    job.log.say(f"{_STARTING} with pid: {os.getpid()}")
    return _run(job, early_signals())


def _foreground(job: Job) -> int:
    """Direct in the foreground, in the daemon's place."""
    begun = early_signals()
    job.log.say(f"{_STARTING} with pid: {os.getpid()}")
    try:
        with held(job.pid_file, *job.pid_files) as pid_file:
            return _run(job, begun, pid_file)
    except AlreadyRunning as error:
        job.log.say(str(error))
        return 0


def _daemon(job: Job, announce: Announce) -> int:
    """Be the daemon: hold the pid file, run the director, and let the foreground know how that begins."""
    begun = early_signals()
    sys.excepthook = _crash_log(job, announce)

    def ready(*troubles: str) -> None:
        begun()
        announce(StartReport(0, "\n".join(troubles)))

    try:
        with held(job.pid_file, *job.pid_files) as pid_file:
            return _run(job, ready, pid_file)
    except AlreadyRunning as error:
        job.log.say(str(error))
        announce(StartReport(0))
        return 0
    except DirectorError as error:
        job.log.say(str(error), Level.ERROR)
        status = 2 if isinstance(error, ConfigRejected) else 1
        announce(StartReport(status, str(error)))
        return status


def _crash_log(job: Job, announce: Announce) -> CrashHook:
    """Return a hook that keeps from being lost what a daemon, without a terminal, dies of."""

    def hook(kind: type[BaseException], error: BaseException, place: TracebackType | None) -> None:
        secrets = job.config.secrets
        for line in without("".join(traceback.format_exception(kind, error, place)), secrets).splitlines():
            job.log.say(f"crashed: {line}", Level.ERROR)
        announce(StartReport(1, f"ldirectord ended by a fault of its own: {without(repr(error), secrets)}"))

    return hook
