"""The command `ldirectord`, in place of the original of that name."""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace

from ldirectord_py.cli.actions import Job, perform
from ldirectord_py.cli.command_log import CommandLog, destination
from ldirectord_py.cli.environment import Environment
from ldirectord_py.cli.inherited import leave_behind
from ldirectord_py.cli.instances import (
    SHADOW,
    ConfigNotFound,
    find_config,
    instance_name,
    own_pid_path,
    pid_paths,
)
from ldirectord_py.cli.options import Action, Invocation, Topic, UsageError, parse
from ldirectord_py.cli.terminal import complain, tell
from ldirectord_py.cli.texts import HELP, USAGE, version
from ldirectord_py.config.load import load
from ldirectord_py.config.meaning.here import HERE
from ldirectord_py.config.meaning.resolve import Unasked
from ldirectord_py.model.checks.check_plan import Alternating, Repeated, Together
from ldirectord_py.model.config import Config, Virtual
from ldirectord_py.model.errors import ConfigRejected, DirectorError
from ldirectord_py.model.problems import Severity
from ldirectord_py.model.sources import Source
from ldirectord_py.observers.events.log_line import Level
from ldirectord_py.system.sysctls import advised, current

USAGE_STATUS = 255
UNKNOWN_STATUS = 4
"""Whether a daemon runs cannot be told (LSB: the status is unknown); a cluster manager must not take it for stopped."""

_BY_HAND = {Action.RELOAD, Action.FORCE_RELOAD}
"""What is done to a daemon that runs, with another environment than its own."""

_WITHOUT_FILE = {Action.STOP, Action.STATUS}
"""What is done to a daemon that runs whatever its file has come to, and without asking any name server."""


def main(argv: Sequence[str] | None = None, environment: Environment | None = None) -> int:
    """Do what the command line asks for; return the exit status."""
    if argv is None:  # a process of our own
        leave_behind()
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        asked = parse(words)
    except UsageError as error:
        for complaint in error.complaints:
            complain(complaint)
        if error.complaints:
            complain("see 'ldirectord --help'")  # all of it would drive what is wrong off the screen
        else:
            tell(USAGE)
        return USAGE_STATUS
    match asked:
        case Topic.HELP:
            tell(HELP)
        case Topic.VERSION:
            tell(version())
        case Invocation(action=Action.CONFIGTEST):
            return _configtest(asked, environment or Environment.of_process())
        case Invocation():
            return _act(asked, words, environment or Environment.of_process())
    return 0


def _configtest(asked: Invocation, environment: Environment) -> int:
    """Say all that is wrong with the configuration, one problem a line, and leave no trace."""
    try:
        path = find_config(asked.config, environment.config_dirs)
    except ConfigNotFound as error:
        tell(str(error))
        return 1
    try:
        config = load(path, replace(HERE, check_paths=True))
    except ConfigRejected as error:
        tell(str(error))
        return 2
    for warning in config.warnings:
        tell(str(warning))
    if sentence := _nobody_served(config):
        tell(f"{path}: warning: {sentence}")
    reals = sum(len(virtual.reals) for virtual in config.virtuals)
    found = f"{_count(len(config.virtuals), 'virtual service')}, {_count(reals, 'real server')}"
    tell(f"Configuration {path} is fine: {found}")
    for virtual in config.virtuals:
        if seconds := _longest_notice(virtual):
            tell(f"{virtual.key}: a real server that dies is out {seconds:g} s later at the latest")
    return 0


def _nobody_served(config: Config) -> str:
    """Say why nobody is served on *config*, or nothing: somebody may be."""
    if not config.virtuals:
        return "there is no virtual service in it: it directs nothing"
    if not any(virtual.can_be_served for virtual in config.virtuals):
        return "no virtual service in it has a server with a weight: nobody is served"
    return ""


def _longest_notice(virtual: Virtual) -> float:
    plans = {real.plan for real in virtual.reals}
    polled = [plan for plan in plans if isinstance(plan, Repeated | Together | Alternating)]
    return max((plan.longest_notice(virtual.failurecount) for plan in polled), default=0.0)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _act(asked: Invocation, words: Sequence[str], environment: Environment) -> int:
    """Carry out an action; whatever keeps us from it goes before the operator and into the log."""
    instance = instance_name(asked.config) + (SHADOW if asked.shadow else "")
    log = CommandLog(asked, destination(asked, environment.logfile), instance)
    try:
        config, trouble = _read(asked, environment)
        log.move(destination(asked, config.logfile, supervised=config.supervised))
        log.say(f"Invoking ldirectord invoked as: {' '.join((environment.program, *words))} ")
        _warn(asked, config)
        places = pid_paths(environment.run_dir, instance)
        job = Job(
            invocation=asked,
            config=config,
            trouble=trouble,
            pid_file=own_pid_path(places, environment.runtime_dir),
            pid_files=places,
            environment=environment,
            log=log,
        )
        status, reason = perform(job), f"Exiting from ldirectord {asked.action}"
    except ConfigRejected as error:
        status, reason = 2, "config_error: Configuration Error"
        complain(str(error))
    except DirectorError as error:
        status, reason = UNKNOWN_STATUS if asked.action is Action.STATUS else 1, "Initialisation Error"
        log.tell(str(error))
    if status or asked.debug:
        log.say(f"Exiting with exit_status {status}: {reason}", Level.ERROR if status else Level.INFO)
    return status


def _read(asked: Invocation, environment: Environment) -> tuple[Config, str]:
    """Return the configuration, and what is wrong with its file if the action does without it."""
    if asked.action not in _WITHOUT_FILE:
        # As with the original, files are no matter while debugging.
        where = replace(HERE, check_paths=not asked.debug)
        if asked.action in _BY_HAND:  # it is the daemon who asks name servers, and knows the last addresses
            where = replace(where, absent="absent", host_address=Unasked(), hosts=None)
        return load(find_config(asked.config, environment.config_dirs), where), ""
    try:
        path = find_config(asked.config, environment.config_dirs)
    except ConfigNotFound as error:
        return Config(path=str(error.expected)), str(error)
    try:
        return load(path, replace(HERE, host_address=Unasked(), hosts=None, absent="absent")), ""
    except ConfigRejected as rejected:
        if hidden := [source.path for source in rejected.sources.files if _hidden(source)]:
            return Config(path=str(path)), f"this user may not read {hidden[0]}, so nothing is said of what is in it"
        errors = (str(problem) for problem in rejected.problems if problem.severity is Severity.ERROR)
        return Config(path=str(path)), "the file on disk has errors: " + "\n".join(errors)


def _hidden(source: Source) -> bool:
    """Return whether *source* could not be read because this user may not."""
    if source.digest is not None:
        return False
    try:
        os.close(os.open(source.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError as error:
        return isinstance(error, PermissionError)
    return False


def _warn(asked: Invocation, config: Config) -> None:
    """Print the warnings where someone is likely to read them: not for what cluster agents ask all the time."""
    if asked.action in {Action.START, Action.RESTART}:
        for warning in config.warnings:
            complain(str(warning))
        for advice in () if config.sysctls or asked.table == "memory" or asked.shadow else advised(config, current):
            complain(advice.sentence)
