"""What several machines have in common: the time, and connections."""

from collections.abc import Iterator

from ldirectord_py.cluster.doctor.surroundings import Check, Surroundings
from ldirectord_py.cluster.finding import Finding, FindingSeverity


def _clock(seen: Surroundings) -> Iterator[Finding]:
    if seen.clock is not None and not seen.clock.synchronised:
        yield Finding(
            id="clock",
            severity=FindingSeverity.WARNING,
            text="nobody keeps this machine's clock: logs of several machines do not fit, and certificates may expire",
            evidence=f"the kernel says that it is not synchronised, and may be wrong by {seen.clock.error:.3g} s",
            command="timedatectl set-ntp true",
        )


def _sync_daemons(seen: Surroundings) -> Iterator[Finding]:
    for daemon in seen.ipvs.sync_daemons:
        device = seen.network.devices.get(daemon.device)
        if device is None or not device.up:
            state = "down" if device else "missing"
            yield Finding(
                id="sync-device",
                severity=FindingSeverity.ERROR,
                text=f"the sync daemon has no wire: after a takeover connections are lost ({daemon.device} is {state})",
                evidence=f"{daemon.role} with sync id {daemon.sync_id} on {daemon.device}, which is {state}",
                command=f"ip link set {daemon.device} up" if device else "",
            )


CHECKS = (
    Check("clock", "the clock is synchronised", _clock),
    Check("sync-device", "the interface of the kernel's sync daemon, if one runs, is up", _sync_daemons),
)
