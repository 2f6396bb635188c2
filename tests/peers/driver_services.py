"""What drivers may ask for, in tests that run them without a prober."""

from collections.abc import Iterator
from contextlib import contextmanager

from ldirectord_py.probing.drivers import RunServices
from ldirectord_py.workers.workers import Workers

_KEPT: list[Workers] = []


@contextmanager
def kept_workers() -> Iterator[Workers]:
    """Keep the workers that `services` gives until the end of a test, so that one test starts them once."""
    workers = Workers()
    _KEPT.append(workers)
    try:
        yield workers
    finally:
        _KEPT.remove(workers)
        workers.close()


def services() -> RunServices:
    """Return what one run of a driver may ask for."""
    return RunServices(_KEPT[-1] if _KEPT else Workers())
