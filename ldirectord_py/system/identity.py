"""What names this boot and this process's network namespace, so that what is remembered of others is not used."""

import os
from pathlib import Path


def boot_id() -> str:
    """Return what is another one after each boot; empty where it cannot be known."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def network_namespace() -> int:
    """Return the inode that names this process's network namespace, and so its table; 0 where it cannot be known."""
    try:
        return os.stat("/proc/self/ns/net").st_ino  # noqa: PTH116  # no path of a file
    except OSError:
        return 0
