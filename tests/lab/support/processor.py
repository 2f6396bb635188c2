"""What the user-mode kernel needs on this machine's processor."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

_SOURCE = Path(__file__).with_name("wide_registers.c")


def lacking() -> list[str]:
    """Return the Debian packages that are missing for guests to run on this processor."""
    return ["gcc and libc6-dev"] if _has_wide_registers() and shutil.which("gcc") is None else []


def environment(folder: Path) -> dict[str, str]:
    """Return the variables that the kernel is to be started with; what they name is made in *folder*."""
    if not _has_wide_registers():
        return {}
    library = folder / "wide_registers.so"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", library, _SOURCE], check=True, stdin=subprocess.DEVNULL)
    return {"LD_PRELOAD": str(library)}


@cache
def _has_wide_registers() -> bool:
    """Return whether this processor has AMX, whose registers the kernel of Debian 12 has no room for."""
    flags = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags")), "")
    return "amx_tile" in flags.split()
