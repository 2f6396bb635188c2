"""Which VIPs a configuration has the director bring up."""

from collections.abc import Mapping
from dataclasses import dataclass

from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.cluster.role import RoleKind
from ldirectord_py.model.config import Config
from ldirectord_py.model.service import AddressKey


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedVip:
    """An address that the director is to bring up."""

    address: IPAddress
    device: str = ""
    """The interface; empty: the one of its network."""
    place: str = ""
    """The file and the line of the first virtual service that has it."""
    shared: bool = False
    """Another director may take it over, as the role says."""
    stays: bool = False
    """It stays when the daemon ends, as a virtual service with `cleanstop=no` stays in the table."""


def wanted_vips(config: Config) -> Mapping[IPAddress, WantedVip]:
    """Return what *config* wants; of several virtuals at one address, one that names an interface decides.

    None that is shared stays at the end: another director is to have it then.
    """
    shared = config.cluster.role.kind is not RoleKind.FIXED
    found: dict[IPAddress, WantedVip] = {}
    for virtual in config.virtuals:
        if virtual.vips is None or not isinstance(virtual.key, AddressKey):
            continue
        address = virtual.key.endpoint.address
        before = found.get(address)
        found[address] = WantedVip(
            address=address,
            device=(before.device if before else "") or virtual.vips.device,
            place=before.place if before else f"{virtual.file}:{virtual.line}",
            shared=shared,
            stays=(before is not None and before.stays) or not (shared or virtual.cleanstop),
        )
    return found
