"""A plan as people read it."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from ldirectord_py.cli.daemon.kept_services import KeptServices
from ldirectord_py.cli.rendering import Row, tell_rows
from ldirectord_py.cli.terminal import Style, tell
from ldirectord_py.model.config import Config
from ldirectord_py.model.plan_steps import Step, real_of
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import (
    AddDestination,
    AddService,
    Destination,
    RemoveDestination,
    RemoveService,
    ServiceFlags,
    SetDestination,
    SetService,
    Settings,
)
from ldirectord_py.model.text.table_words import scheduler_flags
from ldirectord_py.planning import PlannedChanges
from ldirectord_py.runtime.check_once import CheckedOnce


def show(config: Config, planned: PlannedChanges, steps: Sequence[Step]) -> None:
    """Write the plan to standard output, by virtual services."""
    width = max((len(str(real)) for step in steps if (real := real_of(step.change)) is not None), default=0)
    for virtual in config.virtuals:
        own = [step for step in steps if step.change.virtual == virtual.key]
        idle = [*_maintained(virtual.key, planned), *_kept_out(virtual.key, planned)]
        if not own and not idle:
            continue
        tell(str(virtual.key), Style.BOLD)
        tell_rows([_row(step, width, "  ") for step in own if step.at_once], 2)
        if later := [_row(step, width, "    ") for step in own if not step.at_once]:
            tell("  once their checks succeed:" if planned.checked is None else "  after the checks:")
            tell_rows(later, 4)
        tell_rows(idle, 4)
    _show_removed(planned, steps)
    _sum_up(config, steps)


def _show_removed(planned: PlannedChanges, steps: Sequence[Step]) -> None:
    for step in steps:
        virtual = step.change.virtual
        if isinstance(step.change, RemoveService):
            servers = _count(len(planned.found[virtual].destinations), "server")
            connections = _count(planned.connections.get(virtual, 0), "connection")
            tell(str(virtual), Style.BOLD)
            tell_rows([_row(step, 0, "  ", f": removed with its {servers} and {connections}")], 2)


def _maintained(virtual: VirtualKey, planned: PlannedChanges) -> list[Row]:
    return [
        _idle(key, f"is in maintenance: there is a file '{file}'")
        for key, file in planned.maintained.items()
        if key.virtual == virtual
    ]


def _kept_out(virtual: VirtualKey, planned: PlannedChanges) -> list[Row]:
    checked: Mapping[RealKey, CheckedOnce] = planned.checked or planned.believed
    return [
        _idle(key, f"does not pass: {f'{one.asked}: ' if one.asked else ''}{one.outcome.detail or one.outcome.reason}")
        for key, one in checked.items()
        if key.virtual == virtual and key not in planned.maintained and one.outcome.verdict != "up"
    ]


def _idle(key: RealKey, why: str) -> Row:
    return Row(f"    {key.real} {why}", (str(key.real), why), Style.DIM)


def _sum_up(config: Config, steps: Sequence[Step]) -> None:
    now = sum(step.at_once for step in steps)
    later = len(steps) - now
    if steps:
        tell(f"{config.path}: {_count(now, 'change')} at once, {later} after the checks")
    else:
        tell(f"{config.path}: the table is as it should be, nothing would change")


def tell_untouched(planned: PlannedChanges, known: KeptServices) -> None:
    """Say which services of the table the file does not name, and what a reload does to them."""
    if not (untouched := planned.forecast.untouched):
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


def _row(step: Step, width: int, indent: str, more: str = "") -> Row:
    sign, words = _described(step)
    style = {"+": Style.GREEN, "~": Style.YELLOW, "-": Style.RED}[sign]
    more = f"{'  (fallback)' if step.fallback else ''}{more}"
    if (real := real_of(step.change)) is None:
        what, between = "virtual service", ": "
    else:
        what, between = f"{real!s:<{width}}", "  "
    told = f"{what}{between}{words}" if words else what
    return Row(f"{indent}{sign} {told}{more}", (sign, what, f"{words}{more}".lstrip(": ")), style)


def _described(step: Step) -> tuple[str, str]:
    """Return the sign of a step, and what becomes of what it is about."""
    match step.change:
        case AddService(settings=settings):
            return "+", _settings(settings)
        case SetService(settings=settings):
            before = step.before if isinstance(step.before, Settings) else settings
            return "~", f"{_settings(before)} → {_settings(settings)}"
        case AddDestination(destination=destination):
            return "+", _destination(destination)
        case SetDestination(destination=destination):
            was = step.before if isinstance(step.before, Destination) else destination
            return "~", _difference(was, destination)
        case RemoveService() | RemoveDestination():
            return "-", ""
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
