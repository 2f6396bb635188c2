"""The rights that a check's program runs with: a user's, or ours without most capabilities."""

import os
import pwd
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

KEPT = {"net_admin": 12, "net_raw": 13}
"""The capabilities that programs keep, with their numbers (capability.h): those that the unit gives the daemon."""
_SETPCAP = 8
_TOOL = "setpriv"
SAYS = b"setpriv: "
"""How a line begins with which that tool says that it has failed."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user whom programs run as, with all groups; looked up when a configuration is read, not at each check."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]


def account(name: str) -> Account | None:
    """Return the user *name*, or None if this machine has none of that name; may ask name services."""
    try:
        found = pwd.getpwnam(name)
        groups = os.getgrouplist(name, found.pw_gid)
    except (KeyError, OSError):
        return None
    return Account(name, found.pw_uid, found.pw_gid, tuple(groups))


@cache
def words(account: Account | None) -> tuple[str, ...]:
    """Return the words that a program's argv begins with so that it runs as *account*; None: as we do, see `KEPT`.

    There are none if it has all of our rights, or none to lose.  Raises `PermissionError` if we may not run programs
    as *account*, and `FileNotFoundError` if `setpriv` (util-linux), which changes the rights, is not there.
    """
    effective, bounding = _capabilities()
    if account is None:
        if bounding & ~sum(1 << number for number in KEPT.values()) == 0 or not effective & 1 << _SETPCAP:
            return ()
        kept = ",".join(("-all", *(f"+{name}" for name in KEPT)))
        return (_tool(), "--bounding-set", kept, "--inh-caps", "-all", "--ambient-caps", "-all", "--")
    if account.uid == os.geteuid():
        return ()
    if os.geteuid() != 0:
        raise PermissionError(f"only root runs programs as another user, and the director is user {os.geteuid()}")
    groups = ",".join(map(str, account.groups))
    user = ("--reuid", str(account.uid), "--regid", str(account.gid), "--groups", groups)
    return (_tool(), *user, "--inh-caps", "-all", "--ambient-caps", "-all", "--")


def _tool() -> str:
    if (found := shutil.which(_TOOL)) is None:
        raise FileNotFoundError(f"there is no {_TOOL} (util-linux) on this machine, which takes rights from programs")
    return found


def _capabilities() -> tuple[int, int]:
    """Return our effective and our bounding set (proc(5))."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return int(lines["CapEff"], 16), int(lines["CapBnd"], 16)
