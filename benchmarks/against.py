"""What a check costs in this tree, compared with another commit; prints a line for each kind of check.

    python benchmarks/against.py COMMIT [REALS [WINDOWS [SECONDS]]]

A director of each tree runs on the same processor and asks the same servers at the same time, so that whatever else the
machine does falls on both alike.  What counts is the middle of the ratios of their processor time in each window.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from daemons import cf
from native import directing, free_port, head, quantile
from webserver import WebServer

HERE = Path(__file__).parents[1]
INTERVAL = 1
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


def measured(kind: str, reals: int, windows: int, seconds: float, trees: tuple[Path, Path]) -> str:
    """Return a sentence about the two trees."""
    cores = sorted(os.sched_getaffinity(0))
    with WebServer(cores[0], tls=kind == "https") as web, ExitStack() as stack:
        directors = [
            stack.enter_context(directing(cf(kind, reals, web.port, head(INTERVAL, free_port())), cores[-1], tree))[0]
            for tree in trees
        ]
        time.sleep(2 * INTERVAL)  # until each server has its own place within the interval
        pairs = []
        for _ in range(windows):
            for director in directors:
                director.ask("begin")
            time.sleep(seconds)
            pairs.append([director.ask("end")["micros"] for director in directors])
    ratios = [ours / theirs for ours, theirs in pairs]
    ours, theirs = (median(each) for each in zip(*pairs, strict=True))
    return (
        f"{kind}: {median(ratios):.3f} (quartiles {quantile(ratios, 0.25):.3f} and {quantile(ratios, 0.75):.3f};"
        f" {ours:.1f} and {theirs:.1f} µs a check; {windows} windows of {seconds:g} s, {reals} servers each)"
    )


def main() -> None:
    commit, *numbers = sys.argv[1:]
    reals, windows, seconds = (*map(float, numbers), *(1000, 60, 0.7)[len(numbers) :])
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))})
    with checkout(commit) as tree:
        for kind, divisor in KINDS.items():
            print(measured(kind, int(reals) // divisor, int(windows), seconds, (HERE, tree)), flush=True)


if __name__ == "__main__":
    main()
