"""The steps of a plan, as values: what a reload would change, and what it would find there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.table import (
    AddDestination,
    AddService,
    Change,
    Destination,
    RemoveService,
    SetDestination,
    SetService,
    Settings,
)
from ldirectord_py.model.text.change_words import CHANGE_WORDS


@dataclass(frozen=True, slots=True)
class Step:
    """One change, with what it replaces."""

    at_once: bool
    change: Change
    before: Settings | Destination | None
    fallback: bool


def real_of(change: Change) -> Endpoint | None:
    """Return the server that *change* is about; None: it is about a service."""
    match change:
        case AddService() | SetService() | RemoveService():
            return None
        case _:
            return change.real


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedReload:
    """What a reload would do now."""

    problems: tuple[str, ...] = ()
    """Why it would be refused; none: it would not."""
    steps: Sequence[Step] = ()


def step_as_json(step: Step, connections: int | None) -> dict[str, Any]:
    """Return *step* as the API and `ldirectorctl plan --json` tell it; *connections* are those of its service."""
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
        "connections": connections if isinstance(change, RemoveService) else None,
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
