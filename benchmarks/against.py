"""What a check costs in this tree, compared with another commit; prints a line for each kind of check.

    python benchmarks/against.py COMMIT [REALS [STARTS [WINDOWS [SECONDS]]]]

A director of each tree runs on the same processor: see `paired.py`.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from daemons import cf
from native import Director, directing, free_port, head
from paired import Compared, compared, cores, side_by_side, window
from webserver import WebServer

HERE = Path(__file__).parents[1]
INTERVAL = 1
SETTLE = 2.0 * INTERVAL
"""Seconds until each server has its own place within the interval."""
KINDS = {"tcp": 1, "http": 1, "https": 10}
"""And by how many the number of servers is divided: of handshakes the web server's processor can do a tenth."""


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """Yield a folder with the tree of *commit*."""
    with tempfile.TemporaryDirectory(prefix="ldirectord-against-") as folder:
        tree = Path(folder) / "tree"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", tree, commit], cwd=HERE, check=True)
        try:
            yield tree
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=HERE, check=True)


@contextmanager
def director_of(tree: Path, kind: str, reals: int, port: int, core: int) -> Iterator[Director]:
    """Run the director of a *tree* on servers at *port*."""
    with directing(cf(kind, reals, port, head(INTERVAL, free_port())), core, tree) as (director, _):
        yield director


class Size(NamedTuple):
    """How much is measured."""

    reals: int = 1000
    starts: int = 9
    windows: int = 12
    seconds: float = 0.7


def measured(kind: str, reals: int, size: Size, trees: tuple[Path, Path]) -> Compared:
    own, other = cores()
    with WebServer(own, tls=kind == "https") as web:
        ours, theirs = (partial(director_of, tree, kind, reals, web.port, other) for tree in trees)
        found = []
        for number in range(size.starts):
            with side_by_side((ours, theirs), number, SETTLE) as both:
                found.append([window(both, size.seconds) for _ in range(size.windows)])
    return compared(found)


def main() -> None:
    commit, *numbers = sys.argv[1:]
    size = Size(*map(int, numbers[:3]), *map(float, numbers[3:]))
    os.sched_setaffinity(0, set(cores()))
    with checkout(commit) as tree:
        for kind, divisor in KINDS.items():
            count = size.reals // divisor
            found = measured(kind, count, size, (HERE, tree))
            told = f"{size.windows} windows of {size.seconds:g} s a start, {count} servers"
            print(f"{kind}: {found}; {told}", flush=True)


if __name__ == "__main__":
    main()
