"""The pid file is looked after while the director runs: tools that go by it would take the director for stopped."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.system.supervision import SideJob
from ldirectord_py.system.threads import NoThread

KEEPING_PID_FILE = SideJob("Looking after the pid file", "one that somebody removes stays away")
_EVERY = 5.0


async def keep_pid_file(mend: Callable[[], str], warn: Callable[[str], None]) -> None:
    """Have the pid file put back whenever it has gone; runs until cancelled."""
    while True:
        await asyncio.sleep(_EVERY)
        with suppress(NoThread):
            if said := await in_thread(mend):
                warn(said)
