"""What makes a machine a real server: steps, each of which can be undone."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from ldirectord_py.cluster.network import TUNNELS, Network
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.errors import DirectorError

_SETTING = re.compile(r"net\.ipv4\.conf\.\w+\.(arp_ignore|arp_announce|rp_filter)")

SILENT = (1, 2, 8)
"""Values of arp_ignore with which a device does not answer for an address of another device."""
OWN_SENDER = 2
"""The value of arp_announce with which ARP requests name an address of the device as their sender."""

ReadSetting = Callable[[str], int | None]
"""Returns a setting of the kernel; None where it cannot be read."""


class SetUpRefused(DirectorError):
    """A VIP that cannot be taken, or be let go; nothing was changed."""


@dataclass(frozen=True, slots=True)
class SetSetting:
    """Give a setting of the kernel another value."""

    name: str
    value: int
    before: int

    def __str__(self) -> str:
        """Return what is done, as one line."""
        return f"{self.name} {self.before} → {self.value}"


@dataclass(frozen=True, slots=True)
class RaiseDevice:
    """Set a device up."""

    device: str

    def __str__(self) -> str:
        """Return what is done, as one line."""
        return f"{self.device} up"


@dataclass(frozen=True, slots=True)
class AddAddress:
    """Add an address, and no network with it."""

    address: IPAddress
    device: str

    def __str__(self) -> str:
        """Return what is done, as one line."""
        return f"{self.address}/{self.address.max_prefixlen} on {self.device}"


SetupStep = SetSetting | RaiseDevice | AddAddress


def undone(step: SetupStep) -> str:
    """Return what is done where *step* is undone, as one line."""
    return f"{step.name} {step.value} → {step.before}" if isinstance(step, SetSetting) else str(step)


def device_for(vip: IPAddress, *, tunnel: bool) -> str:
    """Return the device that has *vip* on a real server."""
    return TUNNELS[vip.version] if tunnel else "lo"


def refuse(vips: Sequence[IPAddress], network: Network, *, tunnel: bool) -> None:
    """Raise `SetUpRefused` if one of *vips* is no address to be served, or stands elsewhere already."""
    for vip in vips:
        if vip.is_multicast or vip.is_loopback or vip.is_unspecified or vip.is_link_local:
            raise SetUpRefused(f"expected a VIP, an address that clients connect to, but got {vip}")
        device = device_for(vip, tunnel=tunnel)
        for held in network.holders(vip):
            if held.device == device and held.length == vip.max_prefixlen:
                continue
            why = ", which answers ARP for it" if network.answers(held.device) else f", and is wanted on {device}"
            if held.device == device:
                why = ", with which all of that network counts as this machine's own"
            command = f"ip address del {held} dev {held.device}"
            raise SetUpRefused(f"{held} is on {held.device} already{why}; take it away first: {command}")


def steps(vips: Sequence[IPAddress], network: Network, setting: ReadSetting, *, tunnel: bool) -> list[SetupStep]:
    """Return what is missing, in order: an address comes last, so that nobody ever answers ARP for it."""
    found: dict[SetupStep, None] = {}
    for vip in vips:
        device = device_for(vip, tunnel=tunnel)
        found |= dict.fromkeys(_settings(vip, device, setting))
        if device in network.devices and not network.devices[device].up:
            found[RaiseDevice(device)] = None
    for vip in vips:
        if not network.holders(vip):
            found[AddAddress(vip, device_for(vip, tunnel=tunnel))] = None
    return list(found)


def to_undo(done: Sequence[SetupStep], leaving: Collection[IPAddress]) -> list[SetupStep]:
    """Return those of the steps *done* that nobody needs once *leaving* have left, the last one first."""
    staying = [step for step in done if isinstance(step, AddAddress) and step.address not in leaving]
    needed = {name for step in staying for name in _names(step.address, step.device)}
    devices = {step.device for step in staying}
    return [step for step in reversed(done) if not _stays(step, staying, needed | devices)]


def _stays(step: SetupStep, staying: Sequence[SetupStep], needed: Collection[str]) -> bool:
    match step:
        case AddAddress():
            return step in staying
        case RaiseDevice():
            return step.device in needed
        case SetSetting():
            return step.name in needed


def _settings(vip: IPAddress, device: str, setting: ReadSetting) -> Iterator[SetSetting]:
    for name in _names(vip, device):
        value = setting(name)
        if value is None:
            continue
        kind = name.rpartition(".")[2]
        if kind == "arp_ignore" and value not in SILENT:
            yield SetSetting(name, 1, value)
        elif kind == "arp_announce" and value != OWN_SENDER:
            yield SetSetting(name, OWN_SENDER, value)
        elif kind == "rp_filter":
            yield from _unfiltered(name, value, setting("net.ipv4.conf.all.rp_filter") or 0)


def _unfiltered(name: str, value: int, everywhere: int) -> Iterator[SetSetting]:
    """Yield what lets tunnelled packets in: their senders are reached by another device.

    The larger one of the values of `all` and of the device is in force: 1 wants the device to lead to the sender, 2 any
    device.
    """
    if max(value, everywhere) == 1:
        yield SetSetting(name, 2 if everywhere else 0, value)


def _names(vip: IPAddress, device: str) -> list[str]:
    """Return the settings that count for *vip* on *device*; for IPv6 the kernel does what is wanted by itself."""
    if vip.version == 6:
        return []
    kinds = [f"net.ipv4.conf.{each}.{kind}" for each in ("all", device) for kind in ("arp_ignore", "arp_announce")]
    return [*kinds, f"net.ipv4.conf.{device}.rp_filter"] if device == TUNNELS[4] else kinds


def as_json(step: SetupStep) -> dict[str, Any]:
    """Return *step* for the state file, and for programs."""
    match step:
        case SetSetting():
            return {"setting": step.name, "value": step.value, "before": step.before}
        case RaiseDevice():
            return {"up": step.device}
        case AddAddress():
            return {"address": str(step.address), "device": step.device}


def of_json(told: Any) -> SetupStep:
    """Return the step that `as_json` made *told* of; raise `LookupError`, `TypeError` or `ValueError` of others."""
    if "setting" in told:
        name = str(told["setting"])
        if not _SETTING.fullmatch(name):
            raise ValueError(f"expected a setting that is changed here, but got {name!r}")
        return SetSetting(name, int(told["value"]), int(told["before"]))
    if "up" in told:
        return RaiseDevice(str(told["up"]))
    return AddAddress(ip_address(told["address"]), str(told["device"]))
