"""Programs that a command runs before the operator's eyes; without asyncio, whose import would be half of a status."""

import subprocess
from collections.abc import Sequence

from ldirectord_py.system.environment import environment


def run_in_view(argv: Sequence[str], seconds: float | None = None) -> int | None:
    """Run a program in `/`, its output going where ours goes; return its exit status.

    None: it has not ended within *seconds*, and goes on.  Raises OSError.
    """
    words = [word.encode("utf-8", "surrogateescape") for word in argv]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, cwd="/", env=environment(of_ourselves=True))  # noqa: S603  # a program of ours or of the operator
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
