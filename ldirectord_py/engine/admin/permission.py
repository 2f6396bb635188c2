"""Which commands are refused, so that nobody makes an outage by a slip, and what may surprise of those that are not."""

from collections.abc import Callable, Collection, Iterator, Mapping

from ldirectord_py.engine.servers import ServerState
from ldirectord_py.model.commands import HIGHEST_WEIGHT, Command, Enable, SetWeight, target_name
from ldirectord_py.model.config import Virtual
from ldirectord_py.model.decisions import Decision
from ldirectord_py.model.errors import CommandRefused, LastServer
from ldirectord_py.model.service import RealKey, VirtualKey

Decide = Callable[[VirtualKey], Decision | None]
"""Returns what is wanted of a virtual service; None: there is no such one."""


def examine(command: Command, now: float) -> None:
    """Raise `CommandRefused` if *command* can never be carried out: its weight is none, or its time is over *now*."""
    if isinstance(command, SetWeight) and not 0 <= command.weight <= HIGHEST_WEIGHT:
        raise CommandRefused(f"weight must be 0 to {HIGHEST_WEIGHT}, but got {command.weight}")
    if not isinstance(command, Enable) and command.until is not None and command.until <= now:
        raise CommandRefused("the time at which that should end has passed")


def spare_the_last(
    command: Command, reals: Collection[RealKey], decide: Decide, virtuals: Mapping[VirtualKey, Virtual]
) -> None:
    """Raise `LastServer` if *command*, which means *reals*, would leave one of *virtuals* without a server."""
    if isinstance(command, Enable) or (isinstance(command, SetWeight) and command.weight):
        return
    named = set(reals)
    if left := [key for key in dict.fromkeys(real.virtual for real in reals) if _would_be_left(decide(key), named)]:
        names = [str(key) for key in left]
        instead = "; its fallback would stand in" if all(virtuals[key].fallback_endpoint for key in left) else ""
        raise LastServer(f"nobody would serve {', '.join(names)} any more{instead}; if that is meant, force it", names)


def _would_be_left(decision: Decision | None, without: Collection[RealKey]) -> bool:
    """Return whether somebody serves now, as *decision* says, and nobody would *without* those servers."""
    serving = [real for real, standing in decision.reals.items() if standing.weight] if decision else []
    return bool(serving) and all(real in without for real in serving)


def surprises(command: Command, reals: Collection[RealKey], servers: Mapping[RealKey, ServerState]) -> Iterator[str]:
    """Yield what may surprise whoever gave *command*, which means *reals* and has been carried out."""
    if isinstance(command, Enable):
        for real in reals:
            if (file := servers[real].file) is not None:
                yield f"the file {file} keeps {target_name(real)} in maintenance"
        for real in reals:
            if servers[real].file is None and not servers[real].health.state.serving:
                yield f"{target_name(real)} is out until a check of it succeeds"
