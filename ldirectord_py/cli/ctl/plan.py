"""`ldirectorctl plan`: what a configuration would change in the kernel's table."""

import asyncio
import json
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any

from ldirectord_py.cli.ctl.command import Command, Status
from ldirectord_py.cli.ctl.comparing.plan_steps import Step, real_of, steps_of
from ldirectord_py.cli.ctl.comparing.plan_text import show, tell_untouched
from ldirectord_py.cli.daemon.kept_services import KeptServices, commands_in_force, ownership
from ldirectord_py.cli.environment import Environment
from ldirectord_py.cli.instances import find_config, instance_name, pid_paths
from ldirectord_py.cli.terminal import Style, tell
from ldirectord_py.config.load import load
from ldirectord_py.model.config import Config
from ldirectord_py.model.table import (
    AddDestination,
    AddService,
    Destination,
    RemoveService,
    SetDestination,
    SetService,
    Settings,
)
from ldirectord_py.observers.changes import CHANGE_WORDS
from ldirectord_py.planning import PlannedChanges, planned_changes
from ldirectord_py.system.sysctls import advised, current

_DESCRIPTION = """\
Say what starting on FILE, or reloading it, would change in the kernel's table now. Nothing is written.

A server that the table has in service stays in until its checks say otherwise; any other comes in with its first
success. What that would change is shown apart, and every server is expected to pass unless --check asks them.
Services that FILE does not name are removed by a reload if the daemon that runs on FILE keeps them, with all their
connections: the daemon is asked, or else its state file. Others are never touched. Commands of operators that are
in force, as that file has them, hold.
"""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="looked for as ldirectord does: in /etc/ha.d first")
    parser.add_argument("--check", action="store_true", help="ask every real server once, and plan by what they answer")
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")


def _run(asked: Namespace) -> Status:
    environment = Environment.of_process()
    config = load(find_config(asked.file, environment.config_dirs))
    pid_files = pid_paths(environment.run_dir, instance_name(asked.file))
    known = ownership(*pid_files)
    said = commands_in_force(*pid_files)
    planned = asyncio.run(planned_changes(config, check=asked.check, ours=known.virtuals or (), commanded=said))
    steps = list(steps_of(config, planned))
    if asked.json:
        tell(json.dumps(_as_json(config, planned, steps, known), indent=2))
    else:
        show(config, planned, steps)
        tell_untouched(planned, known)
        for advice in advised(config, current):
            tell(advice.sentence, Style.YELLOW)
    return Status.FOUND if steps else Status.FINE


COMMAND = Command(description=_DESCRIPTION, arguments=_arguments, run=_run)


def _as_json(config: Config, planned: PlannedChanges, steps: Sequence[Step], known: KeptServices) -> dict[str, Any]:
    return {
        "file": config.path,
        "daemon": known.pid,
        "owned": None if known.virtuals is None else {"by": known.source, "virtuals": sorted(known.virtuals)},
        "changes": [_step_as_json(step, planned) for step in steps],
        "checks": None
        if planned.checked is None
        else [
            {
                "virtual": str(key.virtual),
                "real": str(key.real),
                "asked": found.asked,
                "verdict": found.outcome.verdict,
                "reason": found.outcome.reason,
                "detail": found.outcome.detail,
            }
            for key, found in planned.checked.items()
        ],
        "maintenance": [
            {"virtual": str(key.virtual), "real": str(key.real), "file": file}
            for key, file in planned.maintained.items()
        ],
        "advice": [advice.sentence for advice in advised(config, current)],
        "untouched": [str(key) for key in planned.forecast.untouched],
    }


def _step_as_json(step: Step, planned: PlannedChanges) -> dict[str, Any]:
    change, real = step.change, real_of(step.change)
    match change:
        case AddService() | SetService():
            after: Settings | Destination | None = change.settings
        case AddDestination() | SetDestination():
            after = change.destination
        case _:
            after = None
    return {
        "when": "now" if step.at_once else "after_checks",
        "action": CHANGE_WORDS[type(change)],
        "virtual": str(change.virtual),
        "real": None if real is None else str(real),
        "fallback": step.fallback,
        "before": _entry_as_json(step.before),
        "after": _entry_as_json(after),
        "connections": planned.connections.get(change.virtual) if isinstance(change, RemoveService) else None,
    }


def _entry_as_json(entry: Settings | Destination | None) -> dict[str, Any] | None:
    match entry:
        case None:
            return None
        case Settings():
            return {
                "scheduler": entry.scheduler,
                "flags": [flag.name for flag in entry.flags],
                "persistence": entry.persistence,
                "netmask": str(entry.netmask),
                "engine": entry.engine,
            }
        case Destination():
            return {
                "forwarding": entry.forwarding,
                "weight": entry.weight,
                "upper": entry.upper,
                "lower": entry.lower,
            }
