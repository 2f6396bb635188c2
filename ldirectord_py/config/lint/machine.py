"""What this machine is like, as far as a configuration can be at odds with it."""

import os
import platform
import re
import shutil
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Self

from ldirectord_py.config.lint.managers import managed_addresses
from ldirectord_py.config.meaning.here import FOLDERS
from ldirectord_py.model.address import IPAddress
from ldirectord_py.system.sysctls import current

_IPVS = "kernel/net/netfilter/ipvs"
_MODULE = re.compile(r"ip_vs_([a-z]+)\.ko")
_NO_SCHEDULERS = {"ftp"}


def file_mode(path: str) -> int | None:
    """Return the permission bits of *path*; None where there are none to be seen."""
    try:
        return stat.S_IMODE(Path(path).stat().st_mode)
    except OSError:
        return None


def is_folder(path: str) -> bool:
    """Return whether *path* is a directory, as far as can be seen."""
    return Path(path).is_dir()


def group_of(path: str) -> str | None:
    """Return the name of the group of *path*, or its number; None where it cannot be seen."""
    try:
        return Path(path).group()
    except KeyError:
        return str(Path(path).stat().st_gid)
    except OSError:
        return None


def first_line(path: str) -> bytes:
    """Return how the file *path* begins, at most its first line; nothing where that cannot be seen."""
    try:
        # Not blocking, so that a FIFO without a writer does not keep us.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        return os.read(descriptor, 256).split(b"\n", 1)[0]
    except OSError:
        return b""
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What is to be known of a machine; None where it cannot be known."""

    addresses: frozenset[IPAddress] | None = None
    """Its own, on whatever interface."""
    schedulers: frozenset[str] | None = None
    """Those that its kernel has as modules or built in."""
    mode: Callable[[str], int | None] = file_mode
    """The permission bits of a file; None where it cannot be seen."""
    folder: Callable[[str], bool] = is_folder
    """Whether a path is a directory."""
    which: Callable[[str], str | None] = shutil.which
    """Where PATH has a program; None: nowhere."""
    config_dirs: tuple[str, ...] = FOLDERS
    """Where configurations are looked for by their names."""
    first_line: Callable[[str], bytes] = first_line
    """How a file begins."""
    group: Callable[[str], str | None] = group_of
    """Whose group a file is; None where that cannot be seen."""
    setting: Callable[[str], int | None] = current
    """A setting of the kernel; None where it cannot be read."""
    managed: Mapping[str, frozenset[IPAddress]] = field(default_factory=dict)
    """The addresses that configurations of cluster managers name, by their files."""

    @classmethod
    def this(cls, root: Path = Path("/")) -> Self:
        """Return the machine that this process runs on, in its network namespace; *root* is where its files are."""
        modules = root / "lib/modules" / platform.release()
        addresses = _addresses(root / "proc/net")
        return cls(addresses=addresses, schedulers=_schedulers(modules), managed=managed_addresses(root))


def _addresses(proc: Path) -> frozenset[IPAddress] | None:
    """Read the local addresses from the kernel's routing trie and its list of IPv6 addresses (proc_pid_net(5))."""
    found: set[IPAddress] = set()
    try:
        last = ""
        for line in (proc / "fib_trie").read_text().splitlines():
            if "/32 host LOCAL" in line:
                found.add(IPv4Address(last))
            last = line.rpartition("-- ")[2]
    except (OSError, ValueError):
        return None
    with suppress(OSError):  # a kernel without IPv6 has no such address either
        found.update(IPv6Address(int(line[:32], 16)) for line in (proc / "if_inet6").read_text().splitlines())
    return frozenset(found)


def _schedulers(modules: Path) -> frozenset[str] | None:
    names: list[str] = []
    with suppress(OSError):
        names += (modules / "modules.builtin").read_text().splitlines()
        names += (path.name for path in (modules / _IPVS).iterdir())
    found = {match[1] for name in names if (match := _MODULE.search(name))} - _NO_SCHEDULERS
    return frozenset(found) or None
