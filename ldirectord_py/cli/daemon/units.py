"""Daemons that systemd runs: they are restarted through it, or it would lose sight of them."""

import os
from pathlib import Path

from ldirectord_py.cli.daemon.pidfile import Running
from ldirectord_py.cli.in_view import run_in_view
from ldirectord_py.cli.instances import unit_name

_BOOTED = Path("/run/systemd/system")
"""Is there while systemd is the first process, see sd_booted(3)."""


def running(instance: str, found: Running) -> str | None:
    """Return the unit that runs *found*, the daemon of *instance*, if it is systemd's and systemd can be reached."""
    unit = unit_name(instance)
    return f"{unit}.service" if found.path.parent.name == unit and _BOOTED.is_dir() and os.geteuid() == 0 else None


def restart(unit: str) -> int:
    """Have systemd restart *unit*, and wait for it; return its exit status."""
    return run_in_view(("systemctl", "restart", unit)) or 0
