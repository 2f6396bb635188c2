"""Loading the kernel's IPVS module."""

import os
import shutil
import subprocess

_SECONDS = 10
_ELSEWHERE = "/usr/sbin:/sbin"


def load_ip_vs(program: str = "modprobe") -> str | None:
    """Have the kernel load its module `ip_vs`; return None when that worked, else why not, as a clause.

    Waits for at most ten seconds; meant for the start, before anything else runs.
    """
    path = f"{os.environ.get('PATH', '')}:{_ELSEWHERE}"
    found = shutil.which(program, path=path)
    if found is None:
        return f"there is no {program} here"
    try:
        # The loop does not run yet, so nothing is kept waiting; the command is fixed.
        done = subprocess.run(  # noqa: TID251, S603  (see above)
            [found, "ip_vs"],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"{program} took more than {_SECONDS} seconds"
    except OSError as error:
        return f"{found} could not be started ({error.strerror})"
    if done.returncode == 0:
        return None
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"{program} ended with status {done.returncode}"
