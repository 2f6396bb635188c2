"""What directors need that share the clients of a service, with the scheduler mh and no synchronised connections."""

from collections.abc import Iterator

from ldirectord_py.cluster.doctor.surroundings import Check, Surroundings
from ldirectord_py.cluster.finding import Finding, FindingSeverity, setting_commands
from ldirectord_py.model.config import Virtual
from ldirectord_py.model.service import AddressKey, Protocol, VirtualKey

_SLOPPY = "net.ipv4.vs.sloppy_tcp"


def shared(seen: Surroundings) -> Iterator[Virtual]:
    """Yield the virtual services that several directors may share the clients of."""
    return (virtual for virtual in seen.config.virtuals if virtual.settings.scheduler == "mh")


def _sloppy_tcp(seen: Surroundings) -> Iterator[Finding]:
    over_tcp = [virtual.key for virtual in shared(seen) if _may_be_tcp(virtual.key)]
    if over_tcp and seen.setting(_SLOPPY) == 0:
        others = f" and {len(over_tcp) - 1} more" if len(over_tcp) > 1 else ""
        yield Finding(
            id="sloppy-tcp",
            severity=FindingSeverity.NOTE,
            text=(
                f"if several directors share the clients of {over_tcp[0]}{others}: a connection that a router moves"
                " here from another director breaks; a director alone is better off without the setting"
            ),
            evidence=f"{_SLOPPY} is 0",
            command=setting_commands([(_SLOPPY, 1)]),
        )


def _server_order(seen: Surroundings) -> Iterator[Finding]:
    for virtual in shared(seen):
        order = seen.ipvs.orders.get(virtual.key, ())
        present = [key.real for key in virtual.keys if key.real in order]
        # The kernel puts what is entered ahead of what is there.
        entered = [real for real in reversed(order) if real in present]
        misplaced = next((pair for pair in zip(entered, present, strict=True) if pair[0] != pair[1]), None)
        if misplaced is not None:
            yield Finding(
                id="server-order",
                severity=FindingSeverity.NOTE,
                text=(
                    f"the servers of {virtual.key} were entered in another order than that of the file: another"
                    " director may send some clients to another server than this one does"
                ),
                evidence=f"{misplaced[0]} was entered before {misplaced[1]}",
                command=f"ipvsadm -D {_words(virtual.key)}  # while no client is sent here; the daemon enters it anew",
            )


def _may_be_tcp(virtual: VirtualKey) -> bool:
    return not isinstance(virtual, AddressKey) or virtual.protocol is Protocol.TCP


def _words(virtual: VirtualKey) -> str:
    """Return what names *virtual* for `ipvsadm`."""
    if isinstance(virtual, AddressKey):
        return f"{'-t' if virtual.protocol is Protocol.TCP else '-u'} {virtual.endpoint}"
    return f"-f {virtual.mark}{' -6' if virtual.family == 6 else ''}"


CHECKS = (
    Check("sloppy-tcp", "connections that come from another director are taken over, where mh is used", _sloppy_tcp),
    Check("server-order", "servers were entered in the order of the file, where mh is used", _server_order),
)
