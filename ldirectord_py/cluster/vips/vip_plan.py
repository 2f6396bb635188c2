"""What is to be done so that VIPs are here, or not: a function of what is wanted, what was added, and what there is.

Only what this director has added is ever removed, and no address is added that another device of this machine has: both
would answer for it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from ldirectord_py.cluster.network import HeldAddress, Network
from ldirectord_py.cluster.vips.wanted import WantedVip
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.cluster.vips import VipState

_LONGEST_LABEL = 15
"""Characters: IFNAMSIZ of <linux/if.h>, without the zero behind them."""


@dataclass(frozen=True, slots=True)
class AddedVip:
    """An address that this director, or the one before it, has added to this machine."""

    address: IPAddress
    device: str
    label: str = ""
    """The alias that it was given; IPv6 has none."""

    def is_at(self, held: HeldAddress) -> bool:
        """Return whether it is *held*, and not another one that somebody has added in its place."""
        same = held.address == self.address and held.length == self.address.max_prefixlen
        return same and held.device == self.device and (not self.label or held.label == self.label)

    def as_json(self) -> dict[str, str]:
        """Return it for the state file."""
        return {"address": str(self.address), "device": self.device, "label": self.label}


@dataclass(frozen=True, slots=True)
class VipStanding:
    """How it stands with one VIP."""

    state: VipState
    device: str = ""
    sentence: str = ""
    """What is wrong with it, as a clause; empty: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VipPlan:
    """What is to be done, in this order: remove, then add; and how it stands with each VIP until then."""

    remove: tuple[AddedVip, ...] = ()
    add: tuple[AddedVip, ...] = ()
    """If no other machine has them."""
    lost: tuple[AddedVip, ...] = ()
    """Somebody else has removed these, or their devices have gone."""
    verdicts: Mapping[IPAddress, VipStanding]


def plan_vips(
    wanted: Mapping[IPAddress, WantedVip], added: Collection[AddedVip], network: Network, *, active: bool
) -> VipPlan:
    """Return what is to be done so that *wanted* are here if the director is *active*, and nothing of ours besides."""
    seen = _Seen(network, active=active)
    here = {one: held for one in added for held in seen.holders(one.address) if one.is_at(held)}
    ours: dict[IPAddress, AddedVip] = {}
    for one in here:
        if active and one.address in wanted and seen.stays(one, wanted[one.address]):
            ours.setdefault(one.address, one)
    remove = tuple(one for one in here if ours.get(one.address) != one)
    seen.forget(here[one] for one in remove)
    verdicts = {address: seen.verdict(vip, ours.get(address)) for address, vip in wanted.items()}
    add = [(address, each.device) for address, each in verdicts.items() if each.state is VipState.PENDING]
    return VipPlan(
        remove=remove,
        add=tuple(AddedVip(address, device, seen.free_label(address, device)) for address, device in add),
        lost=tuple(one for one in added if one not in here),
        verdicts=verdicts,
    )


class _Seen:
    """What there is in a network namespace, as planning goes on."""

    def __init__(self, network: Network, *, active: bool) -> None:
        self._network = network
        self._active = active
        self._holders: dict[IPAddress, list[HeldAddress]] = {}
        for held in network.addresses:
            self._holders.setdefault(held.address, []).append(held)
        used = {held.label for held in network.addresses}
        self._labels = {name: (each for each in _labels(name) if each not in used) for name in network.devices}

    def holders(self, address: IPAddress) -> Sequence[HeldAddress]:
        """Return where this machine has *address*."""
        return self._holders.get(address, ())

    def forget(self, removed: Iterable[HeldAddress]) -> None:
        """Go on as if these were not there."""
        for held in removed:
            self._holders[held.address].remove(held)

    def free_label(self, address: IPAddress, device: str) -> str:
        """Return an alias of *device* as ifconfig(8) shows them, such as `eth0:1`; empty: there can be none."""
        return "" if address.version == 6 else next(self._labels[device], "")

    def stays(self, ours: AddedVip, vip: WantedVip) -> bool:
        """Return whether *ours* is where *vip* is wanted, or at least cannot be there.

        One that nobody can reach, while another director may take it over, does not stay: there would be two of it
        when the interface is back.
        """
        device = self._network.devices[ours.device]
        if vip.shared and not (device.up and device.running):
            return False
        return vip.device in {"", ours.device} or self._place(vip).state is not VipState.PENDING

    def verdict(self, vip: WantedVip, ours: AddedVip | None) -> VipStanding:
        """Return how it stands with *vip*, which is on this machine as *ours*, or not by us."""
        if ours is not None:
            return self._ours(vip, ours)
        found = self._by_others(vip) or self._place(vip)
        if self._active or found.state is VipState.FOREIGN:
            return found
        hindrance = f"it could not be taken over: {found.sentence}" if found.sentence else ""
        return VipStanding(VipState.STANDBY, found.device, hindrance)

    def _ours(self, vip: WantedVip, ours: AddedVip) -> VipStanding:
        if any(ours.is_at(held) and held.unusable for held in self.holders(vip.address)):
            found = "duplicate address detection has found another machine that has it"
            return VipStanding(VipState.CONFLICT, ours.device, found)
        if vip.device in {"", ours.device}:
            return VipStanding(VipState.HELD, ours.device)
        return VipStanding(VipState.HELD, ours.device, f"it stays on {ours.device}: {self._place(vip).sentence}")

    def _by_others(self, vip: WantedVip) -> VipStanding | None:
        """Return what keeps us from *vip* if this machine has it by somebody else's doing."""
        held = next(iter(self.holders(vip.address)), None)
        if held is None:
            return None
        name, answers = f"{held} is on {held.device} already", self._network.answers(held.device)
        if vip.device == held.device or (not vip.device and answers):
            stays = "it stays there while this director is standby, and when it ends"
            return VipStanding(VipState.FOREIGN, held.device, f"{name}, added by somebody else: {stays}")
        why = "" if answers else ", as on a real server"
        sentence = f"{name}{why}; take it away first: ip address del {held} dev {held.device}"
        return VipStanding(VipState.ELSEWHERE, held.device, sentence)

    def _place(self, vip: WantedVip) -> VipStanding:
        """Return on which device *vip* can be brought up, or why on none."""
        name = vip.device
        if not name:
            longest = max(self._network.connected(vip.address), key=lambda held: held.length, default=None)
            if longest is None:
                why = "it is in no network of this machine; name the interface: vips = INTERFACE"
                return VipStanding(VipState.NO_NETWORK, "", why)
            name = longest.device
        device = self._network.devices.get(name)
        if device is None:
            return VipStanding(VipState.NO_INTERFACE, name, f"there is no interface {name}")
        if not device.up or not device.running:
            what = "has no carrier" if device.up else "is down"
            return VipStanding(VipState.INTERFACE_DOWN, name, f"the interface {name} {what}")
        return VipStanding(VipState.PENDING, name)


def _labels(device: str) -> Iterator[str]:
    number = 1
    while len(label := f"{device}:{number}") <= _LONGEST_LABEL:
        yield label
        number += 1


def added_of_json(told: Any) -> AddedVip:
    """Return what `AddedVip.as_json` made *told* of; raise `LookupError`, `TypeError` or `ValueError` of others."""
    return AddedVip(ip_address(str(told["address"])), str(told["device"]), str(told["label"]))
