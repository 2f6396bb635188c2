"""What an errno means for a change, in words for the operator.

The numbers are those of `net/netfilter/ipvs/ip_vs_ctl.c`, where one errno has several meanings.
"""

import errno
import os

from ldirectord_py.ipvs.wire import LONGEST_PERSISTENCE
from ldirectord_py.model.service import Forwarding, RealKey, VirtualKey
from ldirectord_py.model.table import (
    AddDestination,
    AddService,
    Change,
    Destination,
    Refusal,
    RemoveDestination,
    RemoveService,
    SetDestination,
    SetService,
    Settings,
)

HIGHEST = 2**31 - 1
"""Of a weight: the kernel counts with a C int."""


def harmless(change: Change, number: int) -> bool:
    """Tell whether a refusal means that things are as they were to be: what was to go is gone."""
    match change:
        case RemoveService() | RemoveDestination():
            return number in (errno.ENOENT, errno.ESRCH)
        case _:
            return False


def adopted(change: Change, number: int) -> Change | None:
    """Return the change that takes over what exists already (EEXIST); None where that is not what happened."""
    if number != errno.EEXIST:
        return None
    match change:
        case AddService(virtual, settings):
            return SetService(virtual, settings)
        case AddDestination(virtual, real, destination):
            return SetDestination(virtual, real, destination)
        case _:
            return None


def refusal(change: Change, number: int) -> Refusal:
    """Return the refusal of *change* with a sentence that says what to do."""
    return Refusal(change, number, _sentence(change, number))


def _sentence(change: Change, number: int) -> str:
    match number:
        case errno.ENOMEM | errno.ENOBUFS:
            return f"The kernel had no memory for {subject(change)}; it is tried again every few seconds."
        case errno.ESRCH:
            return f"The virtual service {change.virtual} is not in the table; it is tried again every few seconds."
        case errno.EAFNOSUPPORT:
            return f"The kernel's IPVS was built without IPv6, which {subject(change)} needs."
        case _:
            return _particular(change, number) or (
                f"The kernel refused {subject(change)}: {os.strerror(number)} (errno {number})."
            )


def _particular(change: Change, number: int) -> str | None:
    match change:
        case AddService(virtual, settings) | SetService(virtual, settings):
            return _of_service(virtual, settings, number)
        case AddDestination(_, _, destination) | SetDestination(_, _, destination):
            return _of_destination(change, destination, number)
        case _:
            return None


def _of_service(virtual: VirtualKey, settings: Settings, number: int) -> str | None:
    match number:
        case errno.ENOENT:
            engine = f" or no persistence engine {settings.engine!r} (ip_vs_pe_{settings.engine})"
            return (
                f"The kernel has no scheduler {settings.scheduler!r} (module ip_vs_{settings.scheduler})"
                f"{engine if settings.engine else ''} for {virtual}: correct the name or install the module."
            )
        case errno.EINVAL | errno.ERANGE:
            return (
                f"The virtual service {virtual} cannot be set up: expected a mark above 0 (if any), names of at most"
                " 15 letters, a netmask of its own IP family (IPv6: a prefix length from 1 to 128) and a"
                f" persistence of at most {LONGEST_PERSISTENCE} s, but got scheduler {settings.scheduler!r},"
                f" netmask {settings.netmask} and persistence {settings.persistence} s."
            )
        case _:
            return None


def _of_destination(change: AddDestination | SetDestination, destination: Destination, number: int) -> str | None:
    real, virtual = change.real, change.virtual
    match number:
        case errno.ENOENT:
            return f"The real server {real} is not in the table under {virtual}; it is tried again every few seconds."
        case errno.ERANGE:
            return (
                f"The real server {real} of {virtual} cannot be entered: expected a weight from 0 to {HIGHEST} and a"
                f" lower threshold not above the upper one, but got weight {destination.weight},"
                f" upper {destination.upper}, lower {destination.lower}."
            )
        case errno.EINVAL if real.address.version == virtual.family:
            return (
                f"The real server {real} of {virtual} cannot be entered: expected the address of a single machine,"
                " but this is a broadcast, multicast or unspecified one."
            )
        case errno.EINVAL if destination.forwarding is Forwarding.IPIP:
            return (
                f"The real server {real} of {virtual} cannot be entered while the sync daemon runs: it cannot tell"
                " the backup of real servers of the other IP family; stop it or use one family."
            )
        case errno.EINVAL:
            return (
                f"The real server {real} of {virtual} cannot be entered: only ipip may lead to the other IP family,"
                f" but this is {destination.forwarding}."
            )
        case _:
            return None


def subject(change: Change) -> VirtualKey | RealKey:
    """Return what *change* is about."""
    match change:
        case AddService(virtual) | SetService(virtual) | RemoveService(virtual):
            return virtual
        case AddDestination(virtual, real) | SetDestination(virtual, real) | RemoveDestination(virtual, real):
            return RealKey(virtual, real)
