"""A plan as people read it."""

from collections.abc import Mapping, Sequence
from typing import Any

from ldirectord_py.cli.rendering import TableRow, tell_rows
from ldirectord_py.cli.terminal import Style, tell

Plan = Mapping[str, Any]
"""What `ldirectorctl plan --json` writes."""
StepJson = Mapping[str, Any]
EntryJson = Mapping[str, Any]
"""What the table has, or would have, of a service or a server."""

_SIGNS = {"add": ("+", Style.GREEN), "set": ("~", Style.YELLOW), "remove": ("-", Style.RED)}
_WAYS = {"add": "on", "remove": "from"}
"""Of VIPs that come and go."""


def show(plan: Plan) -> None:
    """Write the plan to standard output, by virtual services."""
    steps = plan["changes"]
    width = max((len(step["real"]) for step in steps if step["real"] is not None), default=0)
    gone = {step["virtual"]: step for step in steps if step["action"] == "remove_service"}
    named = (entry["virtual"] for entry in (*steps, *plan["maintenance"], *_out(plan)))
    for virtual in dict.fromkeys(name for name in named if name not in gone):
        own = [step for step in steps if step["virtual"] == virtual]
        tell(virtual, Style.BOLD)
        tell_rows([_row(step, width, "  ") for step in own if step["when"] == "now"], 2)
        if later := [_row(step, width, "    ") for step in own if step["when"] != "now"]:
            tell("  once their checks succeed:" if plan["checks"] is None else "  after the checks:")
            tell_rows(later, 4)
        tell_rows([*_maintained(virtual, plan), *_kept_out(virtual, plan)], 4)
    for virtual, step in gone.items():
        what = f"{_count(step['servers'], 'server')} and {_count(step['connections'] or 0, 'connection')}"
        tell(virtual, Style.BOLD)
        tell_rows([_row(step, 0, "  ", f": removed with its {what}")], 2)
    _show_vips(plan["vips"])
    _sum_up(plan["file"], steps, coming_and_going(plan))


def coming_and_going(plan: Plan) -> Sequence[EntryJson]:
    """Return the VIPs that would come up, or go down."""
    return [vip for vip in plan["vips"] if vip["action"] in _WAYS]


def _show_vips(vips: Sequence[EntryJson]) -> None:
    if vips:
        tell("VIPs", Style.BOLD)
    width = max((len(vip["address"]) for vip in vips), default=0)
    tell_rows([_moved(vip, width) for vip in vips if vip["action"] in _WAYS], 2)
    tell_rows([_idle(vip["address"], vip["trouble"], ": ") for vip in vips if vip["action"] not in _WAYS], 4)


def _moved(vip: EntryJson, width: int) -> TableRow:
    sign, style = _SIGNS[vip["action"]]
    way = f"{_WAYS[vip['action']]} {vip['device']}"
    return TableRow(f"  {sign} {vip['address']:<{width}}  {way}", (sign, vip["address"], way), style)


def _out(plan: Plan) -> Sequence[Mapping[str, Any]]:
    """Return who does not pass, or is not believed to."""
    maintained = {(each["virtual"], each["real"]) for each in plan["maintenance"]}
    checked = plan["believed"] if plan["checks"] is None else plan["checks"]
    return [each for each in checked if each["verdict"] != "up" and (each["virtual"], each["real"]) not in maintained]


def _maintained(virtual: str, plan: Plan) -> list[TableRow]:
    return [
        _idle(each["real"], f"is in maintenance: there is a file '{each['file']}'")
        for each in plan["maintenance"]
        if each["virtual"] == virtual
    ]


def _kept_out(virtual: str, plan: Plan) -> list[TableRow]:
    return [
        _idle(each["real"], ": ".join(filter(None, ("does not pass", each["asked"], each["detail"] or each["reason"]))))
        for each in _out(plan)
        if each["virtual"] == virtual
    ]


def _idle(name: str, why: str, between: str = " ") -> TableRow:
    return TableRow(f"    {name}{between}{why}", (name, why), Style.DIM)


def _sum_up(file: str, steps: Sequence[StepJson], vips: Sequence[EntryJson]) -> None:
    now = sum(step["when"] == "now" for step in steps)
    told = f"{_count(now, 'change')} at once, {len(steps) - now} after the checks"
    if not steps:
        told = "the table is as it should be" + ("" if vips else ", nothing would change")
    if vips:
        coming = sum(vip["action"] == "add" for vip in vips)
        told += f"; {_count(coming, 'VIP')} would come up, {len(vips) - coming} go down"
    tell(f"{file}: {told}")


def tell_untouched(plan: Plan) -> None:
    """Say which services of the table the file does not name, and what a reload does to them."""
    if not (untouched := plan["untouched"]):
        return
    shown = ", ".join(untouched[:5]) + (", ..." if len(untouched) > 5 else "")
    which = f"{_count(len(untouched), 'service')} ({shown})"
    if plan["owned"] is not None:
        tell(f"Not in the file, and not touched: {which}")
    elif plan["daemon"] is None:
        tell(f"Not in the file, and not touched by a start: {which}; no daemon runs here that could remove them")
    else:
        why = f"the daemon, pid {plan['daemon']}, does not answer and there is no state file"
        tell(f"Not in the file: {which}; whether a reload removes them is not known: {why}", Style.YELLOW)


def _row(step: StepJson, width: int, indent: str, more: str = "") -> TableRow:
    kind, _, noun = step["action"].partition("_")
    sign, style = _SIGNS[kind]
    describe = _settings if noun == "service" else _destination
    before, after = step["before"], step["after"]
    words = describe(after) if after else ""
    if kind == "set" and before:
        words = f"{describe(before)} → {words}" if noun == "service" else _difference(before, after)
    more = f"{'  (fallback)' if step['fallback'] else ''}{more}"
    what, between = ("virtual service", ": ") if step["real"] is None else (f"{step['real']:<{width}}", "  ")
    told = f"{what}{between}{words}" if words else what
    return TableRow(f"{indent}{sign} {told}{more}", (sign, what, f"{words}{more}".lstrip(": ")), style)


def _settings(entry: EntryJson) -> str:
    words = [f"scheduler {entry['scheduler']}"]
    if "PERSISTENT" in entry["flags"]:
        words.append(f"persistent {entry['persistence']} s per {entry['netmask']}")
    if entry["schedflags"]:
        words.append(f"schedflags {entry['schedflags']}")
    if "ONE_PACKET" in entry["flags"]:
        words.append("ops")
    if entry["engine"]:
        words.append(f"engine {entry['engine']}")
    return ", ".join(words)


def _destination(entry: EntryJson) -> str:
    words = [entry["forwarding"], f"weight {entry['weight']}"]
    words += [f"{name} threshold {entry[name]}" for name in ("lower", "upper") if entry[name]]
    return ", ".join(words)


def _difference(was: EntryJson, will: EntryJson) -> str:
    words = []
    if was["forwarding"] != will["forwarding"]:
        words.append(f"{was['forwarding']} → {will['forwarding']}")
    for name, told in (("weight", "weight"), ("lower", "lower threshold"), ("upper", "upper threshold")):
        if was[name] != will[name]:
            words.append(f"{told} {was[name]} → {will[name]}")
    return ", ".join(words)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
