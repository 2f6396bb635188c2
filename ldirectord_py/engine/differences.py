"""What two configurations differ in, by their virtual services."""

from dataclasses import dataclass, replace

from ldirectord_py.model.config import Config, Virtual
from ldirectord_py.model.service import VirtualKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """The virtual services that come, go, or are set up in another way."""

    added: tuple[VirtualKey, ...] = ()
    removed: tuple[VirtualKey, ...] = ()
    changed: tuple[VirtualKey, ...] = ()


def differences(before: Config, after: Config) -> Differences:
    """Return what putting *after* in force in place of *before* changes; where its lines stand does not count."""
    old = {virtual.key: virtual for virtual in before.virtuals}
    new = {virtual.key: virtual for virtual in after.virtuals}
    return Differences(
        added=tuple(key for key in new if key not in old),
        removed=tuple(key for key in old if key not in new),
        changed=tuple(key for key in new if key in old and _unplaced(new[key]) != _unplaced(old[key])),
    )


def _unplaced(virtual: Virtual) -> Virtual:
    return replace(virtual, line=0, reals=tuple(replace(real, line=0) for real in virtual.reals))
