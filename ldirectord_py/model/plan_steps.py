"""The steps of a plan, as values: what a reload would change, and what it would find there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from ldirectord_py.model.address import Endpoint, IPAddress
from ldirectord_py.model.checks.outcome import CheckedOnce
from ldirectord_py.model.service import RealKey, VirtualKey
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
from ldirectord_py.model.text.escaping import printable
from ldirectord_py.model.text.table_words import scheduler_flags


@dataclass(frozen=True, slots=True)
class Step:
    """One change, with what it replaces."""

    at_once: bool
    change: Change
    before: Settings | Destination | None
    fallback: bool
    servers: int = 0
    """So many go with a service that is removed."""


class VipAction(StrEnum):
    """What would be done with a VIP."""

    ADD = "add"
    REMOVE = "remove"
    NONE = "none"
    """It stays as it is, for a reason that is worth a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VipStep:
    """One VIP that the director would bring up or take down itself, or would not."""

    action: VipAction
    address: IPAddress
    device: str = ""
    """Where it is, or would be; empty: nowhere."""
    sentence: str = ""
    """Why nothing is done, as a clause."""

    def as_json(self) -> dict[str, str]:
        """Return it as the API and `ldirectorctl plan --json` tell it."""
        return {
            "action": self.action.value,
            "address": str(self.address),
            "device": printable(self.device),
            "trouble": printable(self.sentence),
        }


def real_of(change: Change) -> Endpoint | None:
    """Return the server that *change* is about; None: it is about a service."""
    match change:
        case AddService() | SetService() | RemoveService():
            return None
        case _:
            return change.real


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedReload:
    """What a reload, or a start, would do now."""

    file: str
    """The configuration that it would be on."""
    problems: tuple[str, ...] = ()
    """Why it would be refused; none: it would not."""
    steps: Sequence[Step] = ()
    connections: Mapping[VirtualKey, int] = field(default_factory=lambda: MappingProxyType({}))
    """Those of each service that would be removed, as far as they are known."""
    checked: Mapping[RealKey, CheckedOnce] | None = None
    """What one check of each server found; None: they were not asked."""
    believed: Mapping[RealKey, CheckedOnce] = field(default_factory=lambda: MappingProxyType({}))
    """The servers that the daemon at work has found down, if they were not asked."""
    maintained: Mapping[RealKey, str] = field(default_factory=lambda: MappingProxyType({}))
    """The servers in maintenance, and the name of the file that takes each out."""
    untouched: Sequence[VirtualKey] = ()
    """Services of the table that the configuration does not name, and that would stay as they are."""
    vips: Sequence[VipStep] = ()
    """What would be done with addresses, in this order."""
    advice: Sequence[str] = ()
    """Settings of the kernel that this configuration needs, and how they are."""
    refusal: str | None = None
    """Why a reload is refused unless it is forced; None: it is not."""


def found_as_json(key: RealKey, found: CheckedOnce) -> dict[str, Any]:
    """Return what a check has *found* of the server *key*."""
    return {
        "virtual": str(key.virtual),
        "real": str(key.real),
        "asked": found.asked,
        "verdict": found.outcome.verdict,
        "reason": found.outcome.reason,
        "detail": found.outcome.detail,
    }


def maintained_as_json(key: RealKey, file: str) -> dict[str, Any]:
    """Return that *file* has the server *key* in maintenance."""
    return {"virtual": str(key.virtual), "real": str(key.real), "file": file}


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
        "servers": step.servers if isinstance(change, RemoveService) else None,
    }


def _entry_as_json(entry: Settings | Destination | None) -> dict[str, Any] | None:
    match entry:
        case None:
            return None
        case Settings():
            return {
                "scheduler": entry.scheduler,
                "schedflags": scheduler_flags(entry),
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
