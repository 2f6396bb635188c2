"""What is told of the director itself: what is wrong with it, its role, and the VIPs that it brings up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ldirectord_py.api.page.problems import PageProblem
from ldirectord_py.api.page.rows import Outlook
from ldirectord_py.api.page.words import ShownMoment, count, maybe, moment, sentence

MOST_VIPS = 200
_ALIKE = 3
"""More VIPs with which something is wrong are told as one."""
_STATES = {
    "held": "here",
    "foreign": "here, put there by somebody else",
    "standby": "left to the active director",
    "pending": "about to come",
}


@dataclass(frozen=True, slots=True)
class Vip:
    """One of the director's VIPs."""

    address: str
    where: str
    """Its alias, or the interface; empty: that is not known."""
    mark: str
    """`up`, `down` or `note`."""
    told: str
    since: ShownMoment


@dataclass(frozen=True, slots=True)
class Vips:
    """The VIPs that the director is to bring up, those first that are not as they should be."""

    summary: str
    shown: tuple[Vip, ...]
    more: int
    """VIPs that are not shown."""


def says(role: Mapping[str, Any]) -> str:
    """Return what says which role a director has."""
    source = str(role["source"])
    return "the configuration" if source in {"active", "standby"} else source


def vips(found: Sequence[Mapping[str, Any]], now: float) -> Vips | None:
    """Return what is told of the VIPs that the API tells; None: the director brings none up."""
    if not found:
        return None
    held = sum(vip["held"] for vip in found)
    everyone = "The only one is here" if held == 1 else f"All {held:,} are here"
    summary = everyone if held == len(found) else f"{held:,} of {len(found):,} {'is' if held == 1 else 'are'} here"
    ordered = sorted(found, key=lambda vip: (not vip["trouble"], vip["held"]))
    return Vips(summary, tuple(_vip(vip, now) for vip in ordered[:MOST_VIPS]), max(0, len(found) - MOST_VIPS))


def _vip(vip: Mapping[str, Any], now: float) -> Vip:
    state = _STATES.get(vip["state"], "not here")
    told = "; ".join(filter(None, (state, vip["trouble"])))
    mark = "up" if vip["held"] and not vip["trouble"] else "note" if vip["state"] in _STATES else "down"
    return Vip(vip["address"], vip["label"] or vip["device"], mark, told, moment(vip["since"], now))


def missing(found: Sequence[Mapping[str, Any]]) -> str:
    """Return which VIPs clients do not reach here though they should, as a sentence; empty: none."""
    gone = [vip["address"] for vip in found if _is_gone(vip)]
    if not gone:
        return ""
    return f"The VIP {gone[0]} is not here." if len(gone) == 1 else f"{len(gone):,} VIPs are not here."


def _is_gone(vip: Mapping[str, Any]) -> bool:
    """Return whether a VIP is missing, and not because another director has it."""
    return bool(vip["trouble"]) and not vip["held"] and vip["state"] != "standby"


def problems(status: Mapping[str, Any], now: float) -> Iterable[PageProblem]:
    """Return what is wrong with the director, or to be known of it."""
    role, table = status["role"], status["table"]
    if role["role"] == "standby":
        text = f"Clients go to another one, as {says(role)} says; this one keeps its table warm and sends no mails."
        yield _own("note", "standby", "This director", text, maybe(role["since"], now))
    if not status["healthy"]:
        yield _own("bad", "daemon", "The daemon", "It makes no progress: what this page shows may be old.")
    if not table["reachable"]:
        yield _own("bad", "table", "The IPVS table", "It cannot be reached. Changes are written as soon as it can be.")
    elif not table["agrees"]:
        yield _own("warning", "table", "The IPVS table", "It differs from what is wanted, for some seconds at most.")
    if status["refused_at"] is not None:
        first = [sentence(problem) for problem in status["refused"][:3]]
        text = " ".join(["The file was refused, and the configuration before it stays in force.", *first])
        yield _own("warning", "config", "The configuration", text, moment(status["refused_at"], now))
    yield from _of_vips([vip for vip in status["vips"] if vip["trouble"]], now)


def _of_vips(troubled: Sequence[Mapping[str, Any]], now: float) -> Iterable[PageProblem]:
    if len(troubled) > _ALIKE:
        grade = "bad" if any(map(_is_gone, troubled)) else "warning"
        began = moment(min(vip["since"] for vip in troubled), now)
        text = f"The first of them, {troubled[0]['address']}: {troubled[0]['trouble']}."
        yield _own(grade, "vip", count(len(troubled), "VIP"), text, began)
        return
    for vip in troubled:
        grade, began = "bad" if _is_gone(vip) else "warning", moment(vip["since"], now)
        here = "It is not here" if _is_gone(vip) else "It is here" if vip["held"] else "It is not wanted here"
        yield _own(grade, "vip", vip["address"], f"{here}: {vip['trouble']}.", began)


def _own(level: str, kind: str, subject: str, text: str, since: ShownMoment | None = None) -> PageProblem:
    return PageProblem(level, kind, subject, "", text, Outlook(), since)
