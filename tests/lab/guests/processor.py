"""What the user-mode kernel needs on this machine's processor, and what makes it quicker: see `ptrace/preload.c`."""

import shutil
import subprocess
from pathlib import Path

_SOURCES = Path(__file__).with_name("ptrace")


def lacking() -> list[str]:
    """Return the Debian packages that are missing for guests to run."""
    return [] if _has_compiler() else ["gcc and libc6-dev"]


def environment(folder: Path) -> dict[str, str]:
    """Return the variables that the kernel is to be started with; what they name is made in *folder*."""
    return {"LD_PRELOAD": str(compiled(folder))}


def compiled(folder: Path) -> Path:
    """Return a library in *folder*, made of what stands before libc's ptrace(3)."""
    library = folder / "ptrace.so"
    words = ["gcc", "-O2", "-shared", "-fPIC", "-o", library, *_SOURCES.glob("*.c")]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    return library


def _has_compiler() -> bool:
    """Return whether there is gcc, and what Debian has in a package of its own: the headers of libc."""
    headers = (header for place in (".", "*") for header in Path("/usr/include").glob(f"{place}/sys/ptrace.h"))
    return shutil.which("gcc") is not None and any(headers)
