"""What systemd is told: ready, reloading, stopping, and that checks make progress (sd_notify(3))."""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Mapping

from ldirectord_py.system.supervision import SideJob

WATCHDOG = SideJob("Feeding the watchdog", "systemd gets no sign of life")


class Notifier:
    """Speaks to the service manager where there is one, and to nobody where there is none."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        usec = environment.get("WATCHDOG_USEC", "")
        mine = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog_seconds = int(usec) / 1e6 if usec.isdigit() and mine else 0.0
        """Within so many seconds systemd wants a sign of life; 0: it wants none."""

    def ready(self) -> None:
        """Say that the service is up, or that a reload has ended."""
        self._send("READY=1")

    def reloading(self) -> None:
        """Say that a reload begins."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Say that the service ends in order."""
        self._send("STOPPING=1")

    async def feed_watchdog(self, progressing: Callable[[], bool]) -> None:
        """Give the sign of life while *progressing*; runs until cancelled, or returns where none is wanted."""
        if not self.watchdog_seconds:
            return
        while True:
            if progressing():
                self._send("WATCHDOG=1")
            await asyncio.sleep(self.watchdog_seconds / 3)

    def _send(self, message: str) -> None:
        if not self._address:
            return
        # An address that begins with @ lies in the abstract namespace, unix(7).
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as channel:
            try:
                channel.sendto(message.encode(), address)
            except OSError:
                return  # the manager is gone or busy: nothing to be done about it here
