"""What the log says of the IPVS table: what is written to it, and how it differs from what it should be."""

from dataclasses import replace
from typing import assert_never

from ldirectord_py.model.events import (
    Agreed,
    ChangeRefused,
    Diverged,
    DriftFound,
    DriftKind,
    DriftRecurs,
    TableChanged,
    Trigger,
    WeightContested,
)
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import (
    AddDestination,
    AddService,
    Change,
    Destination,
    RemoveDestination,
    RemoveService,
    SetDestination,
    SetService,
    Settings,
)
from ldirectord_py.model.text.change_words import CHANGE_WORDS
from ldirectord_py.model.text.table_words import destination_differences, settings_differences
from ldirectord_py.observers.events.log_line import Field, Level, LogLine, names_of

_INSTEAD = " (to have another weight: ldirectorctl weight or drain, or handset=respect)"


def table_changed(event: TableChanged) -> list[LogLine]:
    """Return the line for a change that was written."""
    fields = _change_fields(event.change, event.cause)
    if event.fallback:
        fields["fallback"] = True
    text = change_message(event)
    if differences := _differences(event):
        # The original's words, and behind them what it does not say.
        fields["differences"] = differences
        text = f"{text}: {differences}"
    return [LogLine(Level.DEBUG if event.again else Level.INFO, "table_changed", text, fields)]


def _differences(event: TableChanged) -> str:
    """Return what is set anew but a weight alone, of which the message tells: `forwarding masq instead of gate`."""
    match event.change, event.before:
        case SetService(_, settings), Settings() as before:
            return settings_differences(settings, before)
        case SetDestination(_, _, destination), Destination() as before:
            return destination_differences(destination, replace(before, weight=destination.weight))
        case _:
            return ""


def change_message(event: TableChanged) -> str:
    """Return the original's message for *event*, such as `Added real server: RS (VS) (Weight set to 3)`.

    Where a server keeps its weight and gets another forwarding method or threshold, the original says that it is
    restored, as if it had been out; here it is changed, as a virtual server is.
    """
    change = event.change
    virtual = change.virtual.label
    when = "stop" if event.cause is Trigger.STOP else "start"
    kind = "fallback" if event.fallback else "real"
    match change:
        case AddService():
            return f"Added virtual server: {virtual}"
        case SetService():
            return f"Changed virtual server: {virtual}"
        case RemoveService():
            return f"Purged virtual server ({when}): {virtual}"
        case AddDestination(_, real, destination) | SetDestination(_, real, destination):
            word = _entered(event, change)
            return f"{word} {kind} server: {real} ({virtual}) (Weight set to {destination.weight})"
        case RemoveDestination(_, real):
            purged = event.cause in {Trigger.START, Trigger.RELOAD, Trigger.STOP} and not event.fallback
            return f"{f'Purged real server ({when})' if purged else f'Deleted {kind} server'}: {real} ({virtual})"
        case _:
            assert_never(change)


def _entered(event: TableChanged, change: AddDestination | SetDestination) -> str:
    quiescent = change.destination.weight == 0 and not event.fallback
    if isinstance(change, AddDestination):
        return "Readd Quiescent" if quiescent else "Added"
    if isinstance(event.before, Destination) and event.before.weight == change.destination.weight:
        return "Changed"
    return "Quiescent" if quiescent else "Restored"


def _change_fields(change: Change, cause: Trigger) -> dict[str, Field]:
    fields: dict[str, Field] = {"change": CHANGE_WORDS[type(change)], "cause": cause.value}
    fields["virtual"] = str(change.virtual)
    if isinstance(change, AddDestination | SetDestination):
        fields |= {
            "real": str(change.real),
            "weight": change.destination.weight,
            "forwarding": change.destination.forwarding.value,
        }
    elif isinstance(change, RemoveDestination):
        fields["real"] = str(change.real)
    return fields


def change_refused(event: ChangeRefused) -> list[LogLine]:
    """Return the line for a change that the table did not accept."""
    change, refusal = event.refusal.change, event.refusal
    deed = CHANGE_WORDS[type(change)].partition("_")[0]
    if isinstance(change, AddDestination | SetDestination | RemoveDestination):
        whom = f"real server {change.real} ({change.virtual})"
    else:
        whom = f"virtual server {change.virtual}"
    text = f"The IPVS table refused to {deed} {whom}: {refusal.sentence}"
    fields = _change_fields(change, event.cause)
    return [
        LogLine(Level.ERROR, "change_refused", text, {**fields, "errno": refusal.errno, "sentence": refusal.sentence})
    ]


def drift_found(event: DriftFound) -> list[LogLine]:
    """Return the line for what somebody else has changed in the table."""
    fields: dict[str, Field] = {"kind": event.kind.value, **_place(event.virtual, event.real)}
    text = f"The IPVS table is not as it was left: {_whom(event.virtual, event.real)}: {event.sentence}"
    if event.kind is DriftKind.WEIGHT:
        text += _INSTEAD
    level = Level.DEBUG if event.again else Level.WARNING
    return [LogLine(level, "drift_found", text, {**fields, "sentence": event.sentence})]


def drift_recurs(event: DriftRecurs) -> list[LogLine]:
    """Return the line for what somebody else changes again and again."""
    who = ", ".join(event.suspects) or "nobody known: look for scripts that call ipvsadm"
    text = (
        f"Something else keeps changing the IPVS table back, in {event.places} places, such as"
        f" {_whom(event.virtual, event.real)}; stop one of the two; it may be: {who}. Until it rests, drift is not"
        " logged any more."
    )
    fields = {**_place(event.virtual, event.real), "places": event.places, "suspects": list(event.suspects)}
    return [LogLine(Level.ERROR, "drift_recurs", text, fields)]


def weight_contested(event: WeightContested) -> list[LogLine]:
    """Return the line for a weight that several others set against one another."""
    one, other = event.weights
    text = (
        f"The weight of {_whom(event.real.virtual, event.real)} goes to and fro between {one} and {other}: several"
        " others set it, and handset=respect obeys each of them; stop all but one. Until they rest, this is not logged"
        " again."
    )
    return [
        LogLine(Level.WARNING, "weight_contested", text, {**names_of(event.real), "weights": [str(one), str(other)]})
    ]


def diverged(event: Diverged) -> list[LogLine]:
    """Return the line for what a shadow would change."""
    deed = CHANGE_WORDS[type(event.change)].partition("_")[0]
    text = f"Shadow: would {deed} {_whom(event.virtual, event.real)}: {event.sentence}"
    fields = {**_place(event.virtual, event.real), "change": CHANGE_WORDS[type(event.change)]}
    return [LogLine(Level.WARNING, "diverged", text, {**fields, "sentence": event.sentence})]


def agreed(event: Agreed) -> list[LogLine]:
    """Return the line for a difference that a shadow sees no more."""
    text = f"Shadow: the table agrees again on {_whom(event.virtual, event.real)}, after {event.seconds:.1f} s"
    return [
        LogLine(Level.INFO, "agreed", text, {**_place(event.virtual, event.real), "seconds": round(event.seconds, 6)})
    ]


def _whom(virtual: VirtualKey, real: RealKey | None) -> str:
    return f"virtual server {virtual}" if real is None else f"real server {real}"


def _place(virtual: VirtualKey, real: RealKey | None) -> dict[str, Field]:
    return {"virtual": str(virtual)} if real is None else names_of(real)
