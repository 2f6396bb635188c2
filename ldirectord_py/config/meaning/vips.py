"""Where the director is to bring VIPs up itself, and what speaks against it."""

from collections.abc import Iterable

from ldirectord_py.config.grammar.directive import shown
from ldirectord_py.config.grammar.directives.cluster_directives import VIPS
from ldirectord_py.config.grammar.values import Values
from ldirectord_py.config.meaning.checks import CheckContext
from ldirectord_py.config.meaning.resolve import no_interface
from ldirectord_py.model.cluster.vips import VipPlace
from ldirectord_py.model.config import Virtual
from ldirectord_py.model.service import AddressKey, VirtualKey


def vip_place(key: VirtualKey, values: Values, line: int, around: CheckContext) -> VipPlace | None:
    """Return where the VIP of *key*, opened at *line*, is to be brought up; None: nowhere, or not by us."""
    place = values.get(VIPS)
    if place is None:
        return None
    if not isinstance(key, AddressKey):
        for entry in values.each(VIPS):
            around.diagnostics.warning(entry.line, "vips: a firewall mark has no address to bring up", "no-effect")
        return None
    address = key.endpoint.address
    if address.is_loopback or address.is_multicast or address.is_unspecified or address.is_link_local:
        sentence = f"vips: {address} is no address that clients come to; write vips=no in this section"
        around.diagnostics.error(line, sentence)
        return None
    if place.device and around.environment.check_paths and no_interface(place.device):
        sentence = f"there is no interface {shown(place.device)} here; {address} is brought up as soon as there is one"
        around.diagnostics.warning(values.line_in_force(VIPS), f"vips: {sentence}", "no-such-interface")
    return place


def check_vips(virtuals: Iterable[tuple[Virtual, int]], around: CheckContext) -> None:
    """Tell of virtual services, each with its line, that want the same address on different interfaces."""
    files = around.diagnostics.files
    found: dict[object, tuple[str, int]] = {}
    for virtual, line in virtuals:
        if virtual.vips is None or not virtual.vips.device or not isinstance(virtual.key, AddressKey):
            continue
        address, device = virtual.key.endpoint.address, virtual.vips.device
        before, first = found.setdefault(address, (device, line))
        if device != before:
            where = files.told(first, beside=line)
            sentence = f"vips: {address} cannot be on {shown(device)}: it is wanted on {shown(before)}, from {where} on"
            around.diagnostics.error(line, sentence)
