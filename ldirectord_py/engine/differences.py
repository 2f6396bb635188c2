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


@dataclass(frozen=True, slots=True)
class ServiceInForce:
    """A virtual service of the configuration in force, and what its clients depend on."""

    name: str
    has_weight: bool
    """Some real server of it is configured to take clients."""
    has_vip: bool
    """The director brings its address up."""


def services_in_force(config: Config) -> list[ServiceInForce]:
    """Return the services of *config*, which is in force."""
    return [ServiceInForce(str(virtual.key), virtual.has_weight, bool(virtual.vips)) for virtual in config.virtuals]


def too_much(before: Sequence[ServiceInForce], after: Config, limit: int, action: str) -> str | None:
    """Return why putting *after* in force by *action*, a reload or a restart, needs to be insisted on; None: no need.

    The *limit*, in percent, is that of the configuration in force: what a file that was emptied or mistaken for another
    says of itself does not count.
    """
    told = f"a {action} would", f"and reloadlimit is {limit} percent"
    named = {str(virtual.key) for virtual in after.virtuals}
    if share := beyond_limit(len(before), [kept.name for kept in before if kept.name not in named], limit):
        return f"{told[0]} take away {share}, {told[1]}"
    served = [kept.name for kept in before if kept.has_weight]
    still = {str(virtual.key) for virtual in after.virtuals if virtual.can_be_served}
    if share := beyond_limit(len(served), [name for name in served if name not in still], limit):
        return f"{told[0]} leave nobody to serve {share}, {told[1]}"
    with_vip = [kept.name for kept in before if kept.has_vip]
    without = {str(virtual.key) for virtual in after.virtuals if not virtual.vips}
    if share := beyond_limit(len(with_vip), [name for name in with_vip if name in without], limit):
        return f"{told[0]} take the VIP from {share} that had one, {told[1]}"
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
