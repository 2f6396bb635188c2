"""`ldirectorctl plan`: what a configuration would change in the kernel's table."""

import asyncio
import json
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from typing import Any

from ldirectord_py.cli.ctl.command import Command, Status
from ldirectord_py.cli.ctl.comparing.plan_text import show, tell_untouched
from ldirectord_py.cli.ctl.remote.choosing import add_arguments
from ldirectord_py.cli.ctl.remote.daemon import daemon_of
from ldirectord_py.cli.daemon.kept_services import KeptServices, commands_in_force, ownership
from ldirectord_py.cli.environment import Environment
from ldirectord_py.cli.instances import find_config, instance_name, pid_paths
from ldirectord_py.cli.terminal import Style, tell
from ldirectord_py.config.load import load
from ldirectord_py.engine.plan_steps import steps_of
from ldirectord_py.model.checks.outcome import Reason, down
from ldirectord_py.model.config import Config
from ldirectord_py.model.plan_steps import Step, step_as_json
from ldirectord_py.model.service import RealKey
from ldirectord_py.planning import PlannedChanges, planned_changes
from ldirectord_py.runtime.check_once import CheckedOnce
from ldirectord_py.system.sysctls import advised, current

_DESCRIPTION = """\
Say what starting on FILE, or reloading it, would change in the kernel's table now. Nothing is written.
Without FILE it is the one of the daemon that runs here.

A server that the table has in service stays in until its checks say otherwise; any other comes in with its first
success. What that would change is shown apart. Every server is expected to pass, but for those that the daemon at
work has found down; --check asks them all.
Services that FILE does not name are removed by a reload if the daemon that runs on FILE keeps them, with all their
connections: the daemon is asked, or else its state file. Others are never touched. Commands of operators that are
in force, as that file has them, hold.
"""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", nargs="?", help="looked for as ldirectord does: in /etc/ha.d first")
    parser.add_argument("--check", action="store_true", help="ask every real server once, and plan by what they answer")
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    add_arguments(parser)


def _run(asked: Namespace) -> Status:
    environment = Environment.of_process()
    file, instance = _of_daemon(asked) if asked.file is None else (asked.file, instance_name(asked.file))
    config = load(find_config(file, environment.config_dirs))
    pid_files = pid_paths(environment.run_dir, instance)
    known = ownership(*pid_files)
    planned = asyncio.run(
        planned_changes(
            config,
            check=asked.check,
            ours=known.virtuals or (),
            commanded=commands_in_force(*pid_files),
            believed=_believed(config, known),
        )
    )
    steps = list(steps_of(config, planned.found, planned.forecast))
    if asked.json:
        tell(json.dumps(_as_json(config, planned, steps, known), indent=2))
    else:
        show(config, planned, steps)
        tell_untouched(planned, known)
        for advice in advised(config, current):
            tell(advice.sentence, Style.YELLOW)
    return Status.FOUND if steps else Status.FINE


def _of_daemon(asked: Namespace) -> tuple[str, str]:
    """Return the configuration of the daemon that is meant, and the name of its instance."""
    status = daemon_of(asked).status()
    return status["config"], status["instance"]


def _believed(config: Config, known: KeptServices) -> dict[RealKey, CheckedOnce]:
    """Return what the daemon has found of those servers of *config* that it takes for down."""
    found = {}
    for virtual in config.virtuals:
        for key in virtual.keys:
            if (real := known.down.get(f"{key.real}@{key.virtual}")) is not None:
                found[key] = CheckedOnce(down(Reason(real["reason"]), real["detail"]), real["asked"])
    return found


COMMAND = Command(description=_DESCRIPTION, arguments=_arguments, run=_run)


def _as_json(config: Config, planned: PlannedChanges, steps: Sequence[Step], known: KeptServices) -> dict[str, Any]:
    return {
        "file": config.path,
        "daemon": known.pid,
        "owned": None if known.virtuals is None else {"by": known.source, "virtuals": sorted(known.virtuals)},
        "changes": [step_as_json(step, planned.connections.get(step.change.virtual)) for step in steps],
        "checks": None if planned.checked is None else _checks_as_json(planned.checked),
        "believed": _checks_as_json(planned.believed),
        "maintenance": [
            {"virtual": str(key.virtual), "real": str(key.real), "file": file}
            for key, file in planned.maintained.items()
        ],
        "advice": [advice.sentence for advice in advised(config, current)],
        "untouched": [str(key) for key in planned.forecast.untouched],
    }


def _checks_as_json(checks: Mapping[RealKey, CheckedOnce]) -> list[dict[str, Any]]:
    return [
        {
            "virtual": str(key.virtual),
            "real": str(key.real),
            "asked": found.asked,
            "verdict": found.outcome.verdict,
            "reason": found.outcome.reason,
            "detail": found.outcome.detail,
        }
        for key, found in checks.items()
    ]
