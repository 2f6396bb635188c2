"""Runs all benchmarks one after the other and writes what they found; see `run`."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import report
from processes import cpu, family
from report import Fact

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"


class Size(NamedTuple):
    """How long and how large: exactly, or for those who work on the benchmarks."""

    guest_seconds: float
    table: int
    native_seconds: float
    failures: int
    pairs: int
    starts: int


FULL = Size(guest_seconds=20, table=10_000, native_seconds=21, failures=300, pairs=50, starts=7)
QUICK = Size(guest_seconds=5, table=2_000, native_seconds=6, failures=50, pairs=6, starts=1)
REALS, MANY, STARTED, CLOSED, OBSERVED = 500, 10_000, 200, 2_000, 1_000
WINDOWS = 12
PAIR_SECONDS = 0.7
PRECEDENCE = -15
QUICK_TURNS = ("ours", "http", "keepalived", "http", "ours", "tcp", "keepalived", "tcp")


def facts(command: Sequence[str], environment: dict[str, str]) -> Iterator[Fact]:
    """Run *command*, and yield the facts that it prints, a line of JSON each; other lines are passed on.

    Between marks, what *command* spends is taken down; the fact that follows them is about a share in it.
    """
    marks: dict[str, float] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            try:
                found: Any = json.loads(line)
            except ValueError:
                print(f"   {line.rstrip()}", flush=True)
                continue
            if "kernel" in found:  # a guest is up, and a session of its own
                for pid in family(process.pid):
                    prefer(pid, PRECEDENCE)
            if "mark" in found:
                marks[found["mark"]] = cpu(process.pid)
                continue
            if "share" in found:
                found["micros"] = round(found["share"] * (marks["end"] - marks["begin"]) / found["checks"] * 1e6)
            print(f"   {report.spoken(found)}", flush=True)
            yield found
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with status {process.returncode}")


def in_guest(seconds: int, script: str, *words: object) -> Iterator[Fact]:
    """Run one of our scripts in the guest, on the last processor alone: its kernel hands over at each system call."""
    core = str(max(os.sched_getaffinity(0)))
    python = [sys.executable, str(HERE / script), *map(str, words)]
    return facts([str(HERE / "guest"), str(seconds), *python], {"GUEST_CORE": core})


@contextmanager
def precedence() -> Iterator[None]:
    """Go before whatever else this machine does, as far as we may: its work would be taken for ours."""
    with suppress(OSError):
        os.nice(PRECEDENCE)
    prefer(os.getpid(), PRECEDENCE)
    try:
        yield
    finally:
        prefer(os.getpid(), 0)


def prefer(pid: int, nice: int) -> None:
    """Have the scheduler prefer the whole session of *pid*: niceness counts within sessions only."""
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(nice))


def measure(size: Size, *, quick: bool) -> Iterator[Fact]:
    if os.geteuid() == 0 and shutil.which("linux.uml"):
        print("-- what a check costs, in a user-mode kernel, ours and others' in turn", flush=True)
        turns = QUICK_TURNS if quick else ()
        yield from in_guest(900, "guest_checks.py", REALS, size.guest_seconds, *turns)
        print("-- a start, ours and the original's, in a user-mode kernel", flush=True)
        yield from in_guest(600, "starting.py", STARTED)
        print("-- the kernel's table, in a user-mode kernel", flush=True)
        yield from in_guest(300, "table.py", size.table)
    else:
        print("-- left out: what needs root's rights and Debian's user-mode-linux", flush=True)
    print("-- the engine alone, on random inputs", flush=True)
    yield from facts([sys.executable, str(HERE / "engine.py")], {"PYTHONPATH": "."})
    print("-- very many servers on loopback, and one that does not answer", flush=True)
    yield from facts(
        [sys.executable, str(HERE / "native.py"), str(MANY), str(size.native_seconds), str(size.failures)], {}
    )
    print("-- a director that is observed, and one that is not, side by side", flush=True)
    yield from facts(
        [sys.executable, str(HERE / "observers.py"), str(OBSERVED), str(size.starts), str(WINDOWS)], {"PYTHONPATH": "."}
    )
    print("-- connections closed in order, and reset, turn about", flush=True)
    yield from facts(
        [sys.executable, str(HERE / "closing.py"), str(CLOSED), str(size.pairs), str(PAIR_SECONDS)],
        {"PYTHONPATH": "."},
    )


def main() -> None:
    quick = "--quick" in sys.argv[1:]
    began = time.monotonic()
    with precedence():
        found = list(measure(QUICK if quick else FULL, quick=quick))
    page = report.page(found, minutes=(time.monotonic() - began) / 60)
    if quick:
        print(f"\n{page}")
        return
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page)
    print(f"-- written: {PAGE.relative_to(HERE.parent)}")


if __name__ == "__main__":
    main()
