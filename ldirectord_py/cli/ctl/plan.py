"""`ldirectorctl plan`: what a configuration would change in the kernel's table."""

import asyncio
import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from ldirectord_py.cli.ctl.command import Command, Status
from ldirectord_py.cli.daemon.kept_services import KeptServices, ownership
from ldirectord_py.cli.environment import Environment
from ldirectord_py.cli.instances import find_config, instance_name, pid_paths
from ldirectord_py.cli.terminal import Style, tell
from ldirectord_py.config.load import load
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.config import Config
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import (
    AddDestination,
    AddService,
    Change,
    Destination,
    RemoveDestination,
    RemoveService,
    ServiceFlags,
    SetDestination,
    SetService,
    Settings,
    TableState,
)
from ldirectord_py.model.table_words import scheduler_flags
from ldirectord_py.observers.changes import CHANGE_WORDS
from ldirectord_py.planning import Foresight, foresee
from ldirectord_py.runtime.check_once import CheckedOnce
from ldirectord_py.system.sysctls import advised, current

_DESCRIPTION = """\
Say what starting on FILE, or reloading it, would change in the kernel's table now. Nothing is written.

A server that the table has in service stays in until its checks say otherwise; any other comes in with its first
success. What that would change is shown apart, and every server is expected to pass unless --check asks them.
Services that FILE does not name are removed by a reload if the daemon that runs on FILE keeps them, with all their
connections: the daemon is asked, or else its state file. Others are never touched.
"""


@dataclass(frozen=True, slots=True)
class _Step:
    """One change, with what it replaces."""

    at_once: bool
    change: Change
    before: Settings | Destination | None
    fallback: bool


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="looked for as ldirectord does: in /etc/ha.d first")
    parser.add_argument("--check", action="store_true", help="ask every real server once, and plan by what they answer")
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")


def _run(asked: Namespace) -> Status:
    environment = Environment.of_process()
    config = load(find_config(asked.file, environment.config_dirs))
    known = ownership(*pid_paths(environment.run_dir, instance_name(asked.file)))
    foresight = asyncio.run(foresee(config, check=asked.check, ours=known.virtuals or ()))
    steps = list(_steps(config, foresight))
    if asked.json:
        tell(json.dumps(_as_json(config, foresight, steps, known), indent=2))
    else:
        _show(config, foresight, steps)
        _tell_untouched(foresight, known)
        for advice in advised(config, current):
            tell(advice.sentence, Style.YELLOW)
    return Status.FOUND if steps else Status.FINE


PLAN = Command(
    name="plan",
    summary="say what a configuration would change in the kernel's table now",
    description=_DESCRIPTION,
    arguments=_arguments,
    run=_run,
)


def _steps(config: Config, foresight: Foresight) -> Iterator[_Step]:
    virtuals = {virtual.key: virtual for virtual in config.virtuals}
    state = _State(foresight.found)
    for at_once, changes in ((True, foresight.forecast.now), (False, foresight.forecast.later)):
        for change in changes:
            virtual = virtuals.get(change.virtual)
            fallback = virtual and virtual.fallback and virtual.kernel_endpoint(virtual.fallback)
            real = _real(change)
            yield _Step(at_once, change, state.replaced_by(change), real is not None and real == fallback)


class _State:
    """A table on its way through the changes: what each one replaces."""

    def __init__(self, found: TableState) -> None:
        self._settings: dict[VirtualKey, Settings] = {key: service.settings for key, service in found.items()}
        self._destinations: dict[RealKey, Destination] = {
            RealKey(key, real): destination
            for key, service in found.items()
            for real, destination in service.destinations.items()
        }

    def replaced_by(self, change: Change) -> Settings | Destination | None:
        match change:
            case AddService() | SetService():
                before = self._settings.get(change.virtual)
                self._settings[change.virtual] = change.settings
                return before
            case RemoveService():
                return self._settings.pop(change.virtual)
            case AddDestination() | SetDestination():
                key = RealKey(change.virtual, change.real)
                was = self._destinations.get(key)
                self._destinations[key] = change.destination
                return was
            case RemoveDestination():
                return self._destinations.pop(RealKey(change.virtual, change.real))
            case _:
                assert_never(change)


def _real(change: Change) -> Endpoint | None:
    match change:
        case AddService() | SetService() | RemoveService():
            return None
        case _:
            return change.real


# For people.


def _show(config: Config, foresight: Foresight, steps: Sequence[_Step]) -> None:
    width = max((len(str(real)) for step in steps if (real := _real(step.change)) is not None), default=0)
    for virtual in config.virtuals:
        own = [step for step in steps if step.change.virtual == virtual.key]
        out = _kept_out(virtual.key, foresight)
        maintained = {key: file for key, file in foresight.maintained.items() if key.virtual == virtual.key}
        if not own and not out and not maintained:
            continue
        tell(str(virtual.key), Style.BOLD)
        for step in own:
            if step.at_once:
                _tell(step, width, "  ")
        if any(not step.at_once for step in own):
            tell("  once their checks succeed:" if foresight.checked is None else "  after the checks:")
        for step in own:
            if not step.at_once:
                _tell(step, width, "    ")
        for key, file in maintained.items():
            tell(f"    {key.real} is in maintenance: there is a file '{file}'", Style.DIM)
        for key, found in out:
            asked = f"{found.asked}: " if found.asked else ""
            tell(f"    {key.real} does not pass: {asked}{found.outcome.detail or found.outcome.reason}", Style.DIM)
    _show_removed(foresight, steps)
    _sum_up(config, steps)


def _show_removed(foresight: Foresight, steps: Sequence[_Step]) -> None:
    for step in steps:
        virtual = step.change.virtual
        if isinstance(step.change, RemoveService):
            servers = _count(len(foresight.found[virtual].destinations), "server")
            connections = _count(foresight.connections.get(virtual, 0), "connection")
            tell(str(virtual), Style.BOLD)
            _tell(step, 0, "  ", f": removed with its {servers} and {connections}")


def _kept_out(virtual: VirtualKey, foresight: Foresight) -> list[tuple[RealKey, CheckedOnce]]:
    checked: Mapping[RealKey, CheckedOnce] = foresight.checked or {}
    mine = [(key, found) for key, found in checked.items() if key.virtual == virtual]
    return [(key, one) for key, one in mine if key not in foresight.maintained and one.outcome.verdict != "up"]


def _sum_up(config: Config, steps: Sequence[_Step]) -> None:
    now = sum(step.at_once for step in steps)
    later = len(steps) - now
    if steps:
        tell(f"{config.path}: {_count(now, 'change')} at once, {later} after the checks")
    else:
        tell(f"{config.path}: the table is as it should be, nothing would change")


def _tell_untouched(foresight: Foresight, known: KeptServices) -> None:
    if not (untouched := foresight.forecast.untouched):
        return
    shown = ", ".join(map(str, untouched[:5])) + (", ..." if len(untouched) > 5 else "")
    which = f"{_count(len(untouched), 'service')} ({shown})"
    if known.virtuals is not None:
        tell(f"Not in the file, and not touched: {which}")
    elif known.pid is None:
        tell(f"Not in the file, and not touched by a start: {which}; no daemon runs here that could remove them")
    else:
        why = f"the daemon, pid {known.pid}, does not answer and there is no state file"
        tell(f"Not in the file: {which}; whether a reload removes them is not known: {why}", Style.YELLOW)


def _tell(step: _Step, width: int, indent: str, more: str = "") -> None:
    sign, text = _described(step, width)
    style = {"+": Style.GREEN, "~": Style.YELLOW, "-": Style.RED}[sign]
    tell(f"{indent}{sign} {text}{'  (fallback)' if step.fallback else ''}{more}", style)


def _described(step: _Step, width: int) -> tuple[str, str]:
    match step.change:
        case AddService(settings=settings):
            return "+", f"virtual service: {_settings(settings)}"
        case SetService(settings=settings):
            before = step.before if isinstance(step.before, Settings) else settings
            return "~", f"virtual service: {_settings(before)} → {_settings(settings)}"
        case RemoveService():
            return "-", "virtual service"
        case AddDestination(real=real, destination=destination):
            return "+", f"{real!s:<{width}}  {_destination(destination)}"
        case SetDestination(real=real, destination=destination):
            was = step.before if isinstance(step.before, Destination) else destination
            return "~", f"{real!s:<{width}}  {_difference(was, destination)}"
        case RemoveDestination(real=real):
            return "-", f"{real!s:<{width}}"
        case _:
            assert_never(step.change)


def _settings(settings: Settings) -> str:
    words = [f"scheduler {settings.scheduler}"]
    if settings.flags & ServiceFlags.PERSISTENT:
        words.append(f"persistent {settings.persistence} s per {settings.netmask}")
    if flags := scheduler_flags(settings):
        words.append(f"schedflags {flags}")
    if ServiceFlags.ONE_PACKET in settings.flags:
        words.append("ops")
    if settings.engine:
        words.append(f"engine {settings.engine}")
    return ", ".join(words)


def _destination(destination: Destination) -> str:
    words = [destination.forwarding, f"weight {destination.weight}"]
    words += [f"{name} threshold {number}" for name, number in _thresholds(destination) if number]
    return ", ".join(words)


def _thresholds(destination: Destination) -> tuple[tuple[str, int], tuple[str, int]]:
    return ("lower", destination.lower), ("upper", destination.upper)


def _difference(was: Destination, will: Destination) -> str:
    words = []
    if was.forwarding != will.forwarding:
        words.append(f"{was.forwarding} → {will.forwarding}")
    if was.weight != will.weight:
        words.append(f"weight {was.weight} → {will.weight}")
    for (name, before), (_, after) in zip(_thresholds(was), _thresholds(will), strict=True):
        if before != after:
            words.append(f"{name} threshold {before} → {after}")
    return ", ".join(words)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# For programs.


def _as_json(config: Config, foresight: Foresight, steps: Sequence[_Step], known: KeptServices) -> dict[str, Any]:
    return {
        "file": config.path,
        "daemon": known.pid,
        "owned": None if known.virtuals is None else {"by": known.source, "virtuals": sorted(known.virtuals)},
        "changes": [_step_as_json(step, foresight) for step in steps],
        "checks": None
        if foresight.checked is None
        else [
            {
                "virtual": str(key.virtual),
                "real": str(key.real),
                "asked": found.asked,
                "verdict": found.outcome.verdict,
                "reason": found.outcome.reason,
                "detail": found.outcome.detail,
            }
            for key, found in foresight.checked.items()
        ],
        "maintenance": [
            {"virtual": str(key.virtual), "real": str(key.real), "file": file}
            for key, file in foresight.maintained.items()
        ],
        "advice": [advice.sentence for advice in advised(config, current)],
        "untouched": [str(key) for key in foresight.forecast.untouched],
    }


def _step_as_json(step: _Step, foresight: Foresight) -> dict[str, Any]:
    change, real = step.change, _real(step.change)
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
        "connections": foresight.connections.get(change.virtual) if isinstance(change, RemoveService) else None,
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
