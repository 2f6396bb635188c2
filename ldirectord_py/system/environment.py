"""The environment that programs get: ours, without what is for this process alone."""

import os
from collections.abc import Mapping

_OURS = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC")
"""What systemd tells this process alone (sd_notify(3)): a daemon started from here must not speak in our name."""
_withheld = {"CREDENTIALS_DIRECTORY"}
"""Variables of our environment that tell secrets, or where they are (systemd.exec(5))."""


def withhold(name: str) -> None:
    """Keep the variable *name* of our environment from all programs but ourselves, from now on."""
    _withheld.add(name)


def environment(*, of_ourselves: bool = False) -> Mapping[str, str]:
    """Return the environment of a program, or of this very program, run on another configuration."""
    hidden = {*_OURS, *(() if of_ourselves else _withheld)}
    return {name: value for name, value in os.environ.items() if name not in hidden}
