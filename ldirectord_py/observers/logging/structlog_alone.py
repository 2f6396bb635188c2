"""structlog without rich, which it imports where that is installed, for tracebacks in colours: no log of ours has any.

That would be 50 ms and 5 MB of each daemon, and of each command that logs a line.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _absent(name: str) -> Iterator[None]:
    """Have imports not find the package *name*, unless it is there already."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # what stands for a module that cannot be imported
    try:
        yield
    finally:
        del sys.modules[name]


with _absent("rich"):
    import structlog
    from structlog.typing import EventDict, FilteringBoundLogger, Processor

__all__ = ["EventDict", "FilteringBoundLogger", "Processor", "structlog"]
