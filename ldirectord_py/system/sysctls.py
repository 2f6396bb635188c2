"""Settings of the kernel without which clients stay with a server that is out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ldirectord_py.model.config import Config, Virtual
from ldirectord_py.model.service import AddressKey, Protocol
from ldirectord_py.model.table import ServiceFlags

EXPIRE_QUIESCENT_TEMPLATE = "net.ipv4.vs.expire_quiescent_template"
EXPIRE_NODEST_CONN = "net.ipv4.vs.expire_nodest_conn"
_NAMES = frozenset((EXPIRE_QUIESCENT_TEMPLATE, EXPIRE_NODEST_CONN))
_ROOT = Path("/proc/sys")


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


class KernelSettings:
    """What directors have set, the one that runs and those before it; *before* is what each was before all of them."""

    def __init__(self, before: Mapping[str, int], root: Path = _ROOT) -> None:
        self.before = {name: value for name, value in before.items() if name in _NAMES}
        self._root = root

    def put(self, advice: Advice) -> str:
        """Set what *advice* asks for; return a sentence that says so, or what kept us from it."""
        before = current(advice.name, self._root)
        try:
            put(advice.name, 1, self._root)
        except OSError as error:
            return f"sysctls: {advice.name} cannot be set: {error.strerror}; {advice.sentence}"
        self.before.setdefault(advice.name, before or 0)
        return f"sysctls: {advice.name} set to 1; it was 0, and stays set when this daemon ends"

    def told(self) -> list[dict[str, Any]]:
        """Return each setting's name, what it was, and what it is (None: it cannot be read)."""
        return [
            {"name": name, "before": before, "now": current(name, self._root)} for name, before in self.before.items()
        ]


def current(name: str, root: Path = _ROOT) -> int | None:
    """Return the setting *name* of this process's network namespace; None where there is none to be read."""
    try:
        return int(_file(name, root).read_text())
    except (OSError, ValueError):
        return None


def put(name: str, value: int, root: Path = _ROOT) -> None:
    """Give the setting *name* of this process's network namespace another value; raise `OSError`."""
    _file(name, root).write_text(f"{value}\n")


def of_device(family: str, device: str, kind: str) -> str:
    """Return the name of a setting of *device*, such as `net.ipv4.conf.eth0.rp_filter`, with slashes if need be."""
    return ("/" if "." in device else ".").join(("net", family, "conf", device, kind))


def _file(name: str, root: Path) -> Path:
    """Return the file of a setting; where a part of its name has a dot, slashes part them, as in sysctl(8)."""
    return root.joinpath(*name.split("/" if "/" in name else "."))


def _persistent(virtual: Virtual) -> bool:
    return bool(virtual.settings.flags & ServiceFlags.PERSISTENT)


def _remembering(virtual: Virtual) -> bool:
    """Return whether a client's next packets follow its last ones: by persistence, or as UDP without `ops`."""
    if _persistent(virtual):
        return True
    udp = isinstance(virtual.key, AddressKey) and virtual.key.protocol is Protocol.UDP
    return udp and not virtual.settings.flags & ServiceFlags.ONE_PACKET
