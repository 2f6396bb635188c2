"""Settings of the kernel without which clients stay with a server that is out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ldirectord_py.model.config import Config, Virtual
from ldirectord_py.model.service import AddressKey, Protocol
from ldirectord_py.model.table import ServiceFlags

EXPIRE_QUIESCENT_TEMPLATE = "net.ipv4.vs.expire_quiescent_template"
EXPIRE_NODEST_CONN = "net.ipv4.vs.expire_nodest_conn"


@dataclass(frozen=True, slots=True)
class Advice:
    """A setting that should be 1 for some virtual services."""

    name: str
    why: str
    """A clause: what happens otherwise."""
    virtuals: tuple[Virtual, ...]

    @property
    def sentence(self) -> str:
        """What to do, and why."""
        others = f" and {len(self.virtuals) - 1} more" if len(self.virtuals) > 1 else ""
        return f"{self.virtuals[0].key}{others}: {self.why}; set it: sysctl -w {self.name}=1"


def advised(config: Config, value: Callable[[str], int | None]) -> tuple[Advice, ...]:
    """Return which settings of the kernel should be 1 for *config* and are not.

    *value* returns a setting of this network namespace, or None where it cannot be read; such a one is not spoken of.
    """
    found = (
        Advice(
            EXPIRE_QUIESCENT_TEMPLATE,
            "with persistent and quiescent=yes, its clients stay with a server that is out while "
            f"{EXPIRE_QUIESCENT_TEMPLATE} is 0",
            tuple(virtual for virtual in config.virtuals if _persistent(virtual) and virtual.quiescent),
        ),
        Advice(
            EXPIRE_NODEST_CONN,
            "what its clients send goes to nobody after their server was taken out, until they have been silent for "
            f"a while, as long as {EXPIRE_NODEST_CONN} is 0",
            tuple(virtual for virtual in config.virtuals if _remembering(virtual) and not virtual.quiescent),
        ),
    )
    return tuple(advice for advice in found if advice.virtuals and value(advice.name) == 0)


def put(advice: Advice, root: Path = Path("/proc/sys")) -> str:
    """Set what *advice* asks for; return a sentence that says so, or what kept us from it."""
    try:
        root.joinpath(*advice.name.split(".")).write_text("1\n")
    except OSError as error:
        return f"sysctls: {advice.name} cannot be set: {error.strerror}; {advice.sentence}"
    return f"sysctls: {advice.name} set to 1; it was 0, and stays set when this daemon ends"


def current(name: str, root: Path = Path("/proc/sys")) -> int | None:
    """Return the setting *name* of this process's network namespace; None where there is none to be read."""
    try:
        return int(root.joinpath(*name.split(".")).read_text())
    except (OSError, ValueError):
        return None


def _persistent(virtual: Virtual) -> bool:
    return bool(virtual.settings.flags & ServiceFlags.PERSISTENT)


def _remembering(virtual: Virtual) -> bool:
    """Return whether a client's next packets follow its last ones: by persistence, or as UDP without `ops`."""
    if _persistent(virtual):
        return True
    udp = isinstance(virtual.key, AddressKey) and virtual.key.protocol is Protocol.UDP
    return udp and not virtual.settings.flags & ServiceFlags.ONE_PACKET
