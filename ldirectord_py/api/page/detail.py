"""One server with its history: why it has its weight, what its last checks found, and what may be done about it."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ldirectord_py.api.page.feed import FeedLine, feed
from ldirectord_py.api.page.plots import Bar, Plot, bars, plot
from ldirectord_py.api.page.rows import ServerRow, row, why
from ldirectord_py.api.page.words import ShownMoment, maybe, milliseconds, moment, sentence
from ldirectord_py.model.text.moments import brief

MOST_CHECKS = 20
MOST_EVENTS = 20
OWNERS = {
    "config": "Configuration",
    "check": "Check",
    "operator": "Operator",
    "file": "Maintenance file",
    "table": "IPVS table",
    "kernel": "IPVS table",
}
"""Who has a say in a weight, by the API's word for it."""


@dataclass(frozen=True, slots=True)
class CauseLine:
    """One link of the chain from the configured weight to the one that is wanted."""

    who: str
    text: str
    since: ShownMoment | None
    until: ShownMoment | None


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One check, or several alike in a row, the newest of which is meant."""

    at: ShownMoment
    verdict: str
    text: str
    asked: str
    took: str
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """A server, ready for the template."""

    row: ServerRow
    why: str
    """As in the row, with what is asked."""
    service: str
    facts: tuple[tuple[str, str], ...]
    steps: tuple[CauseLine, ...]
    plot: Plot | None
    bars: tuple[Bar, ...]
    exchanges: tuple[CheckLine, ...]
    events: tuple[FeedLine, ...]
    commands: tuple[tuple[str, str], ...]
    """Commands that make sense now, and the words for them."""
    argument: str
    """The server's name as a shell takes it."""


def detail(virtual: Mapping[str, Any], server: Mapping[str, Any], history: Mapping[str, Any], now: float) -> Detail:
    """Return *server* of *virtual* with its *history*, as the API describes them, as it is shown at *now*."""
    checks, events = history["checks"], history["events"]
    return Detail(
        row=row(server, now),
        why=why(server),
        service=virtual["label"],
        facts=_facts(virtual, server),
        steps=tuple(_step(cause, now) for cause in server["why"]),
        plot=plot(checks, events, now),
        bars=bars(server["check"]["recent"]),
        exchanges=tuple(_exchange(check, now) for check in reversed(checks[-MOST_CHECKS:])),
        events=feed(events, now, MOST_EVENTS, consequences=True),
        commands=tuple(commands(server)),
        argument=shlex.quote(server["name"]),
    )


def _step(cause: Mapping[str, Any], now: float) -> CauseLine:
    who = OWNERS.get(cause["who"], cause["who"])
    return CauseLine(who, sentence(cause["sentence"]), maybe(cause["since"], now), maybe(cause["until"], now))


def _exchange(check: Mapping[str, Any], now: float) -> CheckLine:
    seconds = check["seconds"]
    return CheckLine(
        moment(check["time"], now),
        check["verdict"],
        sentence(check["detail"] or ("" if check["verdict"] == "up" else check["reason"])),
        check["asked"],
        "" if seconds is None else milliseconds(seconds),
        check["count"],
    )


def _facts(virtual: Mapping[str, Any], server: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    how = "" if virtual["checktype"] == "negotiate" else f" ({virtual['checktype']})"
    failures = server["failurecount"]
    known = (
        ("Virtual service", virtual["label"]),
        ("Check", f"{virtual['service']}{how}{_pace(server['check']['interval'])}"),
        ("Asks", server["asked"]),
        ("Out after", f"{failures} failures in a row" if failures > 1 else "the first failure"),
        ("Forwarding", server["forwarding"]),
        ("In the file", server["configured"] if server["configured"] != server["real"] else ""),
    )
    return tuple((word, text) for word, text in known if text)


def _pace(interval: float | None) -> str:
    if interval is None:
        return ""
    return f", every {interval:g} s" if interval < 60 else f", every {brief(interval)}"


def commands(server: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Return the commands that would change something about a server."""
    by_hand = {"drain": "drain", "maintenance": "maintain"}
    present = by_hand.get(server["admin"]["kind"], "weight") if server["admin"] is not None else ""
    possible = (("drain", "Drain"), ("maintain", "Maintenance"), ("enable", "Enable"))
    return tuple((name, word) for name, word in possible if name != present and (present or name != "enable"))
