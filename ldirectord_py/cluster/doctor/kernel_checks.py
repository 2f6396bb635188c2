"""What the kernel has to offer, and how it is set."""

from collections.abc import Iterator

from ldirectord_py.cluster.doctor.surroundings import Check, Surroundings
from ldirectord_py.cluster.finding import Finding, FindingSeverity, setting_commands
from ldirectord_py.model.service import Forwarding
from ldirectord_py.system.sysctls import advised

_FORWARD_4, _FORWARD_6 = "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"
_CONNTRACK = "net.ipv4.vs.conntrack"


def _ip_vs(seen: Surroundings) -> Iterator[Finding]:
    if seen.ipvs.trouble:
        text = "the kernel's table of virtual services cannot be reached: nothing is balanced"
        yield Finding(
            id="ip-vs", severity=FindingSeverity.ERROR, text=text, evidence=seen.ipvs.trouble, command="modprobe ip_vs"
        )


def _schedulers(seen: Surroundings) -> Iterator[Finding]:
    for problem in seen.ipvs.missing:
        yield Finding(id="scheduler", severity=FindingSeverity.ERROR, text=problem.text)


def _forwarding(seen: Surroundings) -> Iterator[Finding]:
    families = {server.address.version for server in seen.servers(Forwarding.MASQ)}
    if 4 in families and seen.setting(_FORWARD_4) == 0:
        yield Finding(
            id="ip-forward",
            severity=FindingSeverity.ERROR,
            text="real servers with masq answer by this machine, which does not forward: no connection comes about",
            evidence=f"{_FORWARD_4} is 0",
            command=setting_commands([(_FORWARD_4, 1)]),
            sysctls=((_FORWARD_4, 1),),
        )
    if 6 in families and seen.setting(_FORWARD_6) == 0:
        yield Finding(
            id="ip-forward",
            severity=FindingSeverity.ERROR,
            text=(
                "real servers with masq answer over IPv6 by this machine, which does not forward: no connection comes"
                " about (a machine that forwards heeds no router advertisements, unless accept_ra is 2)"
            ),
            evidence=f"{_FORWARD_6} is 0",
            command=setting_commands([(_FORWARD_6, 1)]),
        )


def _conntrack(seen: Surroundings) -> Iterator[Finding]:
    if seen.packet_filters and seen.setting(_CONNTRACK) == 0 and any(seen.servers(Forwarding.MASQ)):
        yield Finding(
            id="conntrack",
            severity=FindingSeverity.WARNING,
            text=(
                "rules that go by the state of connections, SNAT and MASQUERADE among them, do not see those to real"
                " servers with masq"
            ),
            evidence=f"{_CONNTRACK} is 0, and there are {', '.join(seen.packet_filters)}",
            command=setting_commands([(_CONNTRACK, 1)]),
        )


def _expiry(seen: Surroundings) -> Iterator[Finding]:
    for advice in advised(seen.config, seen.setting):
        yield Finding(
            id="expire",
            severity=FindingSeverity.WARNING,
            text=advice.sentence.partition("; set it: ")[0],
            evidence=f"{advice.name} is 0",
            command=setting_commands([(advice.name, 1)]),
            sysctls=((advice.name, 1),),
        )


CHECKS = (
    Check("ip-vs", "the kernel has IPVS, and this process may use it", _ip_vs),
    Check("scheduler", "the kernel has the schedulers and persistence engines that are asked for", _schedulers),
    Check("ip-forward", "this machine forwards packets, where masq is used", _forwarding),
    Check("conntrack", "rules with connection states see IPVS's connections, where masq is used", _conntrack),
    Check("expire", "clients of servers that are out are sent to others: expire_* settings", _expiry),
)
