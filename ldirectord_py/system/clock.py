"""Whether the machine's clock is kept right, by adjtimex(2)."""

import struct
from dataclasses import dataclass

_LAYOUT = "@Illlli"  # modes, offset, freq, maxerror, esterror, status of struct timex
_UNSYNCHRONISED = 0x40  # STA_UNSYNC
_ROOM = 512  # more than any struct timex takes


@dataclass(frozen=True, slots=True)
class Clock:
    """How the kernel's clock is kept."""

    synchronised: bool
    """A daemon, such as chrony's, keeps it right."""
    error: float
    """Seconds that it may be wrong by, at most, as that daemon or the kernel reckons."""


def clock() -> Clock:
    """Return how the clock is kept; raise `OSError`."""
    import ctypes  # noqa: PLC0415  # a quarter of a megabyte that few have need of

    libc = ctypes.CDLL(None, use_errno=True)
    room = ctypes.create_string_buffer(_ROOM)  # all zero: nothing is changed
    if libc.adjtimex(room) < 0:
        raise OSError(ctypes.get_errno(), "adjtimex")
    _, _, _, most, _, status = struct.unpack_from(_LAYOUT, room.raw)
    return Clock(synchronised=not status & _UNSYNCHRONISED, error=most / 1e6)
