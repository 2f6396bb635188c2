"""What the log says of VIPs that the director brings up itself."""

from ldirectord_py.model.cluster.vips import VipCause, VipState
from ldirectord_py.model.events.vips import VipAdded, VipConflict, VipContested, VipRemoved, VipTakenAway, VipTrouble
from ldirectord_py.observers.events.log_line import Field, Level, LogLine

_WHY_DOWN = {
    VipCause.ROLE: "the director is standby",
    VipCause.INTERFACE: "the interface is down or has no carrier, and another director may take it over",
    VipCause.STOP: "the daemon ends",
    VipCause.CONFLICT: "another machine had it when the interface came back",
}
_UNWANTED = "the configuration does not want it there"
_SOUND = {VipState.HELD, VipState.FOREIGN, VipState.STANDBY}
"""States in which clients are served all the same, here or by another director."""

ToldVipEvent = VipAdded | VipRemoved | VipTakenAway | VipContested | VipConflict | VipTrouble


def vip_added(event: VipAdded) -> list[LogLine]:
    """Return the line for a VIP that was brought up."""
    alias = f" as {event.label}" if event.label else ""
    fields = {**_names(event), "label": event.label, "cause": event.cause.value}
    text = f"Brought the VIP {event.address} up on {event.device}{alias}"
    return [LogLine(Level.DEBUG if event.again else Level.INFO, "vip_added", text, fields)]


def vip_removed(event: VipRemoved) -> list[LogLine]:
    """Return the line for a VIP that was taken down."""
    why = _WHY_DOWN.get(event.cause, _UNWANTED)
    text = f"Took the VIP {event.address} down on {event.device}: {why}"
    return [LogLine(Level.INFO, "vip_removed", text, {**_names(event), "cause": event.cause.value})]


def vip_taken_away(event: VipTakenAway) -> list[LogLine]:
    """Return the line for a VIP that somebody else has removed."""
    text = (
        f"The VIP {event.address} is gone from {event.device}: somebody has removed it, or the interface was down;"
        " it is brought up again"
    )
    return [LogLine(Level.DEBUG if event.again else Level.WARNING, "vip_taken_away", text, _names(event))]


def vip_contested(event: VipContested) -> list[LogLine]:
    """Return the line for a VIP that is removed again and again."""
    text = (
        f"The VIP {event.address} has been removed from {event.device} {event.times} times: something else keeps the"
        " addresses of this machine too, such as keepalived, a network manager or a script; stop one of the two. Until"
        " it rests, the VIP comes back later each time, and no line tells of it."
    )
    return [LogLine(Level.ERROR, "vip_contested", text, {**_names(event), "times": event.times})]


def vip_conflict(event: VipConflict) -> list[LogLine]:
    """Return the line for a VIP that another machine has."""
    owners, has = " and ".join(event.owners), "have" if len(event.owners) > 1 else "has"
    fields = {**_names(event), "owners": list(event.owners), "held": event.held, "place": event.place}
    vip = f"The VIP {event.address} ({event.place})"
    if event.held:
        both = "clients reach the one or the other"
        text = f"{vip} is here on {event.device}, and {owners} there {has} it as well: {both}"
        return [LogLine(Level.ERROR, "vip_conflict", text, fields)]
    text = f"{vip} is not brought up: {owners} on {event.device} {has} it; that is asked again and again"
    return [LogLine(Level.WARNING, "vip_conflict", text, fields)]


def vip_trouble(event: VipTrouble) -> list[LogLine]:
    """Return the line for a VIP that cannot be brought up or taken down."""
    place = f" ({event.place})" if event.place else ""
    fields = {**_names(event), "state": event.state.value, "sentence": event.sentence, "place": event.place}
    level = Level.WARNING if event.state in _SOUND else Level.ERROR
    return [LogLine(level, "vip_trouble", f"VIP {event.address}{place}: {event.sentence}", fields)]


def _names(event: ToldVipEvent) -> dict[str, Field]:
    return {"vip": str(event.address), "device": event.device}
