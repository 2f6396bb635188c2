"""A guard that ends our programs if this process is killed before it can end them itself."""

import atexit
import os
import subprocess
from contextlib import suppress

_SCRIPT = """\
trap '' HUP INT QUIT TERM
live=' '
while read -r sign group; do
  case $sign in
    +) live="$live$group " ;;
    -) case $live in *" $group "*) live="${live%% $group *} ${live#* $group }" ;; esac ;;
  esac
done
for group in $live; do kill -s KILL -- "-$group"; done
"""
"""Reads `+ GROUP` and `- GROUP`; at the end of its input, which is the end of us, it ends the groups that are left."""


class Guard:
    """A shell that reads from a pipe which process groups of ours are alive.

    The kernel closes the pipe however this process ends, with SIGKILL too.  `PR_SET_PDEATHSIG` would reach the
    programs alone, and not what they have started.  Where no guard can be started, programs run without one.
    """

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Be there before the first program is, which could otherwise be missed while the guard starts."""
        if self._process is None:
            self._start()

    def add(self, group: int) -> None:
        """Have the process group *group* ended if we end before `remove`."""
        self._groups.add(group)
        if self._process is None or not self._write(f"+ {group}\n"):
            self._start()

    def remove(self, group: int) -> None:
        """Forget *group*, which has ended."""
        self._groups.discard(group)
        if self._process is not None:
            self._write(f"- {group}\n")

    def close(self) -> None:
        """End the guard, and with it what is left."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            with suppress(BrokenPipeError):
                process.stdin.close()
            process.wait()

    def _start(self) -> None:
        """Start the guard, or another one if the last has ended."""
        if self._process is not None:
            self._process.kill()
            self.close()
        with suppress(OSError):  # no process can be had: the next program tries again
            self._process = subprocess.Popen(  # noqa: S603  # a script of ours
                ("/bin/sh", "-c", _SCRIPT),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={},
                bufsize=0,
                start_new_session=True,
            )
            os.set_blocking(self._process.stdin.fileno(), False)  # type: ignore[union-attr]  # it is a pipe
            self._write("".join(f"+ {group}\n" for group in self._groups))

    def _write(self, text: str) -> bool:
        """Tell the guard; return whether it is alive.  The pipe holds thousands of lines, so this does not wait."""
        if self._process is None or self._process.stdin is None:
            return False
        try:
            os.write(self._process.stdin.fileno(), text.encode())
        except OSError:
            return False
        return True


GUARD = Guard()
"""The one of this process."""
atexit.register(GUARD.close)
