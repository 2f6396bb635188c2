"""What is asked of the kernel and the wire for VIPs, with what keeps it from coming about put into words."""

import errno
from collections.abc import Collection, Mapping

from ldirectord_py.cluster.network import Device, Network
from ldirectord_py.cluster.rtnetlink import Rtnetlink
from ldirectord_py.cluster.vips.vip_plan import AddedVip, VipStanding
from ldirectord_py.cluster.wire.owners import Asking, owners
from ldirectord_py.cluster.wire.pacing import Pace
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.cluster.vips import VipState

_TIMES, _PAUSE = 2, 0.1
"""How often is asked who has an address, and how long is listened: a takeover waits for it."""
_PER_SECOND, _AT_ONCE = 500, 64

HardwareOwners = Mapping[IPAddress, frozenset[str]]
"""The hardware addresses of other machines that have an address."""


class VipKernel:
    """Adds and removes addresses, and asks whether other machines have them."""

    def __init__(self, kernel: Rtnetlink) -> None:
        self._kernel = kernel
        self._asking = Asking(times=_TIMES, pause=_PAUSE, pace=Pace(_PER_SECOND, _AT_ONCE))

    async def network(self) -> Network:
        """Return what this network namespace has; raise `OSError`."""
        return await self._kernel.network()

    async def owners(self, device: Device, addresses: Collection[IPAddress]) -> HardwareOwners | VipStanding:
        """Return which other machines on the wire of *device* have *addresses*, or why that cannot be asked."""
        if not device.announces:
            return {}
        try:
            return await owners(device, addresses, self._asking)
        except OSError as error:
            return _unasked(device.name, error)

    async def add(self, one: AddedVip) -> VipStanding | None:
        """Add *one*; return what is in the way, None: it is there now."""
        try:
            await self._kernel.add_address(one.address, one.device, one.label)
        except OSError as error:
            return _refused(one, error, "bring up")
        return None

    async def remove(self, one: AddedVip) -> VipStanding | None:
        """Remove *one*, and nothing that is not just like it; return what is in the way, None: it is gone."""
        try:
            await self._kernel.remove_address(one.address, one.device, one.label)
        except OSError as error:
            return _refused(one, error, "take down")
        return None


def _unasked(device: str, error: OSError) -> VipStanding:
    match error.errno:
        case errno.EPERM:
            why = "to ask on the wire whether another machine has it takes the capability CAP_NET_RAW"
            return VipStanding(VipState.NO_RIGHTS, device, f"{why}, which this process has not got")
        case errno.EAFNOSUPPORT:
            why = "sockets of AF_PACKET are not permitted here (RestrictAddressFamilies of a systemd unit?)"
            return VipStanding(VipState.NO_RIGHTS, device, f"{why}; whether another machine has it cannot be asked")
        case errno.ENETDOWN:
            return VipStanding(VipState.INTERFACE_DOWN, device, f"the interface {device} is down")
        case _:
            return VipStanding(VipState.REFUSED, device, f"{device} takes no frames: {error.strerror}")


def _refused(one: AddedVip, error: OSError, deed: str) -> VipStanding:
    match error.errno:
        case errno.EPERM:
            why = f"to {deed} an address takes the capability CAP_NET_ADMIN, which this process has not got"
            return VipStanding(VipState.NO_RIGHTS, one.device, why)
        case errno.EACCES if one.address.version == 6:
            why = f"IPv6 is switched off on {one.device}: sysctl -w net.ipv6.conf.{one.device}.disable_ipv6=0"
            return VipStanding(VipState.REFUSED, one.device, why)
        case errno.ENODEV:
            return VipStanding(VipState.NO_INTERFACE, one.device, f"there is no interface {one.device}")
        case _:
            return VipStanding(VipState.REFUSED, one.device, f"the kernel refuses to {deed} it: {error.strerror}")
