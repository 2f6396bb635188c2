"""Where the VIPs are: here, and nowhere else."""

from collections.abc import Iterator

from ldirectord_py.cluster.doctor.surroundings import Check, Surroundings, vips
from ldirectord_py.cluster.finding import Finding, FindingSeverity
from ldirectord_py.cluster.vips.vip_plan import VipStanding, plan_vips
from ldirectord_py.cluster.vips.wanted import wanted_vips
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.cluster.vips import VipState

_PROBES = {4: "an ARP probe", 6: "a neighbour solicitation"}


def _present(seen: Surroundings) -> Iterator[Finding]:
    ours = wanted_vips(seen.config)
    foreseen = plan_vips(ours, (), seen.network, active=True).verdicts
    for vip in vips(seen.config):
        if vip in ours:
            yield from _brought_up(vip, foreseen[vip], _others(seen, vip))
            continue
        if seen.network.holders(vip):
            continue
        device = seen.wire_of(vip) or "DEVICE"
        command = f"ip address add {vip}/{vip.max_prefixlen} dev {device}"
        if others := _others(seen, vip):
            text = f"the VIP {vip} is on another machine: this one is on standby, or both do not know of each other"
            yield Finding(id="vip-missing", severity=FindingSeverity.NOTE, text=text, evidence=f"{others} has it")
        else:
            text = f"the VIP {vip} is not on this machine: nobody reaches its services"
            evidence = f"none of {len(seen.network.addresses)} addresses here is {vip}"
            yield Finding(
                id="vip-missing", severity=FindingSeverity.ERROR, text=text, evidence=evidence, command=command
            )


def _brought_up(vip: IPAddress, verdict: VipStanding, others: str) -> Iterator[Finding]:
    """Yield what is to be said of a VIP that the director brings up itself, from the same plan as it has."""
    if verdict.state is VipState.PENDING:
        text = f"the VIP {vip} is not on this machine: the director brings it up on {verdict.device} while it is active"
        yield Finding(
            id="vip-missing", severity=FindingSeverity.NOTE, text=text, evidence=f"{others or 'nobody'} has it"
        )
    elif verdict.state is not VipState.FOREIGN:
        text = f"the director cannot bring the VIP {vip} up: nobody reaches its services here"
        yield Finding(id="vip-missing", severity=FindingSeverity.ERROR, text=text, evidence=verdict.sentence)


def _alone(seen: Surroundings) -> Iterator[Finding]:
    if seen.owners.trouble:
        text = f"whether others have a VIP too was not asked: {seen.owners.trouble}"
        yield Finding(id="vip-duplicate", severity=FindingSeverity.NOTE, text=text)
    for vip in vips(seen.config):
        if seen.network.holders(vip) and (others := _others(seen, vip)):
            yield Finding(
                id="vip-duplicate",
                severity=FindingSeverity.ERROR,
                text=(
                    f"another machine has the VIP {vip} as well, and clients reach the one or the other: a director, or"
                    " a real server that answers ARP for it"
                ),
                evidence=f"{others} answered {_PROBES[vip.version]}",
                command=f"ldirectorctl realserver check {vip}  # there, if it is a real server",
            )


def _others(seen: Surroundings, vip: IPAddress) -> str:
    """Return who else has *vip*, in words; empty: nobody was heard of."""
    found = seen.owners.macs.get(vip, {})
    return ", ".join(f"{mac} on {device}" for device, macs in sorted(found.items()) for mac in sorted(macs))


CHECKS = (
    Check("vip-missing", "each VIP is on this machine", _present),
    Check("vip-duplicate", "no other machine on the wire has a VIP (ARP and neighbour discovery ask)", _alone),
)
