"""`ldirectorctl plan`: what a configuration would change in the kernel's table."""

import asyncio
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand
from ldirectord_py.cli.ctl.comparing.plan_text import Plan, coming_and_going, show, tell_untouched
from ldirectord_py.cli.ctl.remote.choosing import add_arguments
from ldirectord_py.cli.ctl.remote.daemon import Daemon, daemon_of, tell_json
from ldirectord_py.cli.daemon.kept_services import KeptServices, commands_in_force, ownership, state_files, too_much_for
from ldirectord_py.cli.daemon.pidfile import Running, standing
from ldirectord_py.cli.environment import Environment
from ldirectord_py.cli.instances import find_config, instance_name, pid_paths
from ldirectord_py.cli.terminal import Style, complain, tell
from ldirectord_py.config.load import load
from ldirectord_py.model.checks.outcome import CheckedOnce, Reason, down
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import DirectorError
from ldirectord_py.model.plan_steps import PlannedReload, found_as_json, maintained_as_json, step_as_json
from ldirectord_py.model.service import RealKey
from ldirectord_py.planning import planned_changes, planned_vips

_DESCRIPTION = """\
Say what starting on FILE, or reloading it, would change in the kernel's table now, and which VIPs it would bring up or
take down (vips). Nothing is written.
Without FILE it is the one of the daemon that runs here. A daemon that runs on that very file is asked; otherwise,
and with --check, the kernel's table is read, which takes root's right to it.

A server that the table has in service stays in until its checks say otherwise; any other comes in with its first
success. What that would change is shown apart. Every server is expected to pass, but for those that the daemon at
work has found down; --check asks them all.
Services that FILE does not name are removed by a reload if the daemon that runs on FILE keeps them, with all their
connections: the daemon is asked, or else its state file. Others are never touched. Commands of operators that are
in force, as that file has them, hold. Whether another machine has a VIP is not asked; ldirectorctl doctor does.
"""
_SECONDS = 60.0
"""So long may the daemon read and compare; 10,000 servers take it some seconds."""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", nargs="?", help="looked for as ldirectord does: in /etc/ha.d first")
    parser.add_argument("--check", action="store_true", help="ask every real server once, and plan by what they answer")
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    add_arguments(parser)


def _run(asked: Namespace) -> ExitStatus:
    plan = _plan(asked)
    for problem in plan["problems"]:
        complain(problem)
    if plan["problems"]:
        return ExitStatus.ERROR
    if asked.json:
        tell_json({name: value for name, value in plan.items() if name != "problems"})
    else:
        show(plan)
        tell_untouched(plan)
        if refusal := plan.get("refusal"):  # daemons of former versions do not say
            tell(f"{refusal}: it is refused without --force", Style.RED)
        for advice in plan["advice"]:
            tell(advice, Style.YELLOW)
    return ExitStatus.FOUND if plan["changes"] or coming_and_going(plan) else ExitStatus.FINE


def _plan(asked: Namespace) -> Plan:
    """Return the plan of the daemon that runs on the file, or else the one that is made here."""
    environment = Environment.of_process()
    if asked.file is None:
        status = daemon_of(asked).status()
        file, instance = Path(status["config"]), status["instance"]
    else:
        file, instance = find_config(asked.file, environment.config_dirs), instance_name(asked.file)
    pid_files = pid_paths(environment.run_dir, instance)
    known = ownership(*pid_files)
    if known.socket is not None:
        daemon = Daemon(known.socket)
        status = daemon.status()
        if not asked.check and Path(status["config"]).resolve() == file.resolve():
            planned = daemon.get("/v1/plan", seconds=_SECONDS)
            return {**planned, "daemon": known.pid, "owned": _owned(known), "checks": None}
        if status["table"]["kind"] == "memory":
            sentence = f"only it can read it, and plans its own file, {status['config']}, without --check"
            raise DirectorError(f"the daemon keeps a table in memory: {sentence}")
    return as_json(_planned_here(file, asked, known, pid_files), known)


def _planned_here(file: Path, asked: Namespace, known: KeptServices, pid_files: Sequence[Path]) -> PlannedReload:
    config = load(file)
    found = standing(*pid_files)
    running = found if isinstance(found, Running) else None

    async def planned() -> PlannedReload:
        changes = await planned_changes(
            config,
            check=asked.check,
            ours=known.virtuals or (),
            commanded=commands_in_force(*pid_files),
            believed=_believed(config, known),
        )
        vips = await planned_vips(config, state_files(*pid_files))
        return replace(changes, vips=vips, refusal=None if running is None else too_much_for(running, config, "reload"))

    return asyncio.run(planned())


def _believed(config: Config, known: KeptServices) -> dict[RealKey, CheckedOnce]:
    """Return what the daemon has found of those servers of *config* that it takes for down."""
    found = {}
    for virtual in config.virtuals:
        for key in virtual.keys:
            if (real := known.down.get(f"{key.real}@{key.virtual}")) is not None:
                found[key] = CheckedOnce(down(Reason(real["reason"]), real["detail"]), real["asked"])
    return found


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)


def as_json(planned: PlannedReload, known: KeptServices) -> Plan:
    """Return *planned* as `--json` tells it, with what is *known* of a daemon."""
    counts = planned.connections
    return {
        "file": planned.file,
        "daemon": known.pid,
        "owned": _owned(known),
        "problems": [],
        "changes": [step_as_json(step, counts.get(step.change.virtual)) for step in planned.steps],
        "checks": None if planned.checked is None else _checks_as_json(planned.checked),
        "believed": _checks_as_json(planned.believed),
        "maintenance": [maintained_as_json(key, file) for key, file in planned.maintained.items()],
        "refusal": planned.refusal,
        "advice": list(planned.advice),
        "vips": [step.as_json() for step in planned.vips],
        "untouched": [str(key) for key in planned.untouched],
    }


def _owned(known: KeptServices) -> Mapping[str, Any] | None:
    return None if known.virtuals is None else {"by": known.source, "virtuals": sorted(known.virtuals)}


def _checks_as_json(checks: Mapping[RealKey, CheckedOnce]) -> list[dict[str, Any]]:
    return [found_as_json(key, found) for key, found in checks.items()]
