"""What two configurations differ in, by their virtual services."""

from collections.abc import Sequence
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
        added=_removed(after, before),
        removed=_removed(before, after),
        changed=tuple(key for key in new if key in old and _unplaced(new[key]) != _unplaced(old[key])),
    )


def _removed(before: Config, after: Config) -> tuple[VirtualKey, ...]:
    stay = {virtual.key for virtual in after.virtuals}
    return tuple(virtual.key for virtual in before.virtuals if virtual.key not in stay)


def _unplaced(virtual: Virtual) -> Virtual:
    return replace(virtual, line=0, reals=tuple(replace(real, line=0) for real in virtual.reals))


_NO_LIMIT = 100
_SHOWN = 5


def too_much(before: Config, after: Config) -> str | None:
    """Return why putting *after* in force needs to be insisted on; None: it does not.

    The limit is that of *before*: what a file that was emptied or mistaken for another says of itself does not count.
    """
    limit = before.reloadlimit
    if share := beyond_limit(len(before.virtuals), _removed(before, after), limit):
        return f"a reload would take away {share}, and reloadlimit is {limit} percent"
    served = [virtual.key for virtual in before.virtuals if virtual.reals]
    still = {virtual.key for virtual in after.virtuals if virtual.reals or virtual.fallback}
    if share := beyond_limit(len(served), [key for key in served if key not in still], limit):
        return f"a reload would leave nobody to serve {share}, and reloadlimit is {limit} percent"
    with_vip = [virtual.key for virtual in before.virtuals if virtual.vips]
    without = {virtual.key for virtual in after.virtuals if not virtual.vips}
    if share := beyond_limit(len(with_vip), [key for key in with_vip if key in without], limit):
        return f"a reload would take the VIP from {share} that had one, and reloadlimit is {limit} percent"
    return None


def beyond_limit(had: int, removed: Sequence[object], limit: int) -> str | None:
    """Return which share of the *had* virtual services *removed* is, if that is more than *limit* percent or all."""
    if not removed or limit >= _NO_LIMIT or (len(removed) < had and len(removed) * 100 <= limit * had):
        return None
    which = ", ".join(map(str, removed[:_SHOWN])) + (", ..." if len(removed) > _SHOWN else "")
    if had == 1:
        return f"the only virtual service ({which})"
    share = f"all {had}" if len(removed) == had else f"{len(removed)} of {had}"
    return f"{share} virtual services ({which})"
