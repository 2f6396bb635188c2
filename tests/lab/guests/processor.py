"""What the user-mode kernel needs on this machine's processor, and what makes it quicker."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

_SOURCE = Path(__file__).with_name("registers.c")


def lacking() -> list[str]:
    """Return the Debian packages that are missing for guests to run on this processor."""
    return ["gcc and libc6-dev"] if _has_wide_registers() and not _has_compiler() else []


def environment(folder: Path) -> dict[str, str]:
    """Return the variables that the kernel is to be started with; what they name is made in *folder*.

    Without a compiler there are none: guests need a tenth more of the processors' time then.
    """
    if not _has_compiler():
        return {}
    library = folder / "registers.so"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", library, _SOURCE], check=True, stdin=subprocess.DEVNULL)
    return {"LD_PRELOAD": str(library)}


@cache
def _has_wide_registers() -> bool:
    """Return whether this processor has AMX, whose registers the kernel of Debian 12 has no room for."""
    flags = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags")), "")
    return "amx_tile" in flags.split()


def _has_compiler() -> bool:
    """Return whether there is gcc, and what Debian has in a package of its own: the headers of libc."""
    headers = (header for place in (".", "*") for header in Path("/usr/include").glob(f"{place}/sys/ptrace.h"))
    return shutil.which("gcc") is not None and any(headers)
