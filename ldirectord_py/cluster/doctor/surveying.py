"""Surveys a machine: asks the kernel, and the wire."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ldirectord_py.cluster.doctor.surroundings import Ipvs, Owners, Surroundings, servers, vips
from ldirectord_py.cluster.rtnetlink import session
from ldirectord_py.cluster.wire.owners import owners
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.config import Config
from ldirectord_py.system.clock import Clock, clock
from ldirectord_py.system.sysctls import current

_PROC = Path("/proc")


async def survey(config: Config, ipvs: Ipvs) -> Surroundings:
    """Return what is to be known of this machine; raise `OSError` if the kernel tells nothing of its network."""
    async with session() as kernel:
        network = await kernel.network()
        addresses = dict.fromkeys(server.address for server in servers(config))
        routes = {address: await kernel.route_to(address) for address in addresses}
    seen = Surroundings(
        config=config,
        network=network,
        routes=routes,
        setting=current,
        ipvs=ipvs,
        clock=_clock(),
        packet_filters=packet_filters(_PROC),
    )
    return replace(seen, owners=await _owners(seen))


async def _owners(seen: Surroundings) -> Owners:
    """Ask on each wire that VIPs are on, or would be."""
    asked: dict[str, list[IPAddress]] = {}
    for vip in vips(seen.config):
        device = seen.wire_of(vip)
        if device is not None and seen.network.devices[device].up:
            asked.setdefault(device, []).append(vip)
    ours = {device.mac for device in seen.network.devices.values()}
    found: dict[IPAddress, Mapping[str, frozenset[str]]] = {}
    for device, addresses in asked.items():
        try:
            heard = await owners(seen.network.devices[device], addresses)
        except PermissionError:
            return Owners(trouble="that takes CAP_NET_RAW; run it as root")
        except OSError as error:
            return Owners(macs=found, trouble=f"{device} takes no questions ({error.strerror})")
        found |= {address: {device: macs - ours} for address, macs in heard.items() if macs - ours}
    return Owners(macs=found)


def packet_filters(proc: Path) -> list[str]:
    """Return what filters packets here, as far as *proc*, which is /proc, has it."""
    found = []
    for program, names in (("iptables", "ip_tables_names"), ("ip6tables", "ip6_tables_names")):
        with suppress(OSError):
            tables = (proc / "net" / names).read_text().split()
            found += [f"{program} with {', '.join(tables)}"] if tables else []
    with suppress(OSError):
        modules = {line.partition(" ")[0] for line in (proc / "modules").read_text().splitlines()}
        found += ["nftables"] if {"nf_tables", "nf_conntrack"} <= modules else []
    return found


def _clock() -> Clock | None:
    try:
        return clock()
    except OSError:
        return None
