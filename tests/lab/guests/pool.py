"""On the host: the guests of a session, and the groups of tests that they take from queues until none is left.

queue-NAME/0007         a group that waits for a guest, by its tests' ids; there is a queue for each kind of kernel
reports/0007.jsonl      what its tests reported
guest-3/                a guest: what it was started with, and what it printed
guest-3/taken/0007      a group that it has taken
guest-3/queue, reports  links to those that it works for
"""

import json
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Event, Lock
from typing import TextIO

from tests.lab.guests.booting import WORK
from tests.lab.guests.guest import Guest
from tests.lab.guests.queue import Queue
from tests.lab.guests.seats import Seats

_PAUSE = 0.05


class Group:
    """Tests that run in one guest, one after the other, and how far their reports have been read."""

    def __init__(self, name: str, nodeids: Sequence[str], reports: Path) -> None:
        self.name, self.nodeids = name, nodeids
        self.verdict = "the guest had none"
        """Why there are no more reports."""
        self._ended = Event()
        reports.touch()
        self._file: TextIO = reports.open()
        self._begun = ""

    def end(self, verdict: str) -> None:
        """Expect no more reports than there are, because of *verdict*."""
        self.verdict = verdict
        self._ended.set()

    def lines(self) -> Iterable[dict[str, object]]:
        """Yield each new line as it comes; end when the group is over, or its guest has ended and all is read."""
        while True:
            ended = self._ended.is_set()  # asked before reading: what it wrote last is still read
            while text := self._file.readline():
                self._begun += text
                if self._begun.endswith("\n"):
                    line, self._begun = json.loads(self._begun), ""
                    if "over" in line:
                        self.end(line["over"] or self.verdict)
                        return
                    yield line
            if ended:
                return
            self._ended.wait(_PAUSE)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Pool:
    """Has guests run *groups* of tests: each a kind of kernel and the tests' ids."""

    def __init__(
        self, root: Path, groups: Iterable[tuple[str, Sequence[str]]], options: Sequence[str], seats: Seats
    ) -> None:
        self._root, self._options, self._seats = root, options, seats
        self._folder = tempfile.TemporaryDirectory(prefix="ldirectord-lab-", dir=WORK)
        self._work = Path(self._folder.name)
        (self._work / "reports").mkdir()
        self.groups: dict[str, Group] = {}
        self._queues: dict[str, Queue] = {}
        self._modules: dict[str, dict[str, None]] = {}
        for number, (kernel, nodeids) in enumerate(groups):
            self._add(f"{number:04}", kernel, nodeids)
        self._threads = ThreadPoolExecutor(len(self._queues) + seats.most, thread_name_prefix="guest")
        self._lock, self._over, self._numbers = Lock(), False, count()
        self._guests: dict[Guest, str] = {}

    def _add(self, name: str, kernel: str, nodeids: Sequence[str]) -> None:
        self.groups[name] = Group(name, nodeids, self._work / "reports" / f"{name}.jsonl")
        if kernel not in self._queues:
            self._queues[kernel] = Queue(self._work / f"queue-{len(self._queues)}")
            self._queues[kernel].folder.mkdir()
        self._queues[kernel].put(name, nodeids)
        self._modules.setdefault(kernel, {}).update((nodeid.partition("::")[0], None) for nodeid in nodeids)

    def start(self) -> None:
        """Let the guests begin; those with a kernel of their own first, for they have only one guest each."""
        for kernel in sorted(self._queues, key=lambda kernel: not kernel):
            for _ in range(1 if kernel else self._seats.most):
                self._threads.submit(self._work_off, kernel)

    def _work_off(self, kernel: str) -> None:
        try:
            while self._worthwhile(kernel):
                with self._seats.seat() as processor:
                    if guest := self._begin(kernel, processor):
                        guest.run()
                        self._finish(guest)
        except Exception as error:  # noqa: BLE001  # in this thread nobody would hear of it
            for name in self._queues[kernel].waiting():
                self.groups[name].end(f"no guest could be made: {error!r}")

    def _worthwhile(self, kernel: str) -> bool:
        """Return whether more groups wait than there are guests, which take a while to boot."""
        running = sum(each == kernel for each in self._guests.values())
        return not self._over and len(self._queues[kernel].waiting()) > running

    def _begin(self, kernel: str, processor: int) -> Guest | None:
        with self._lock:
            if not self._worthwhile(kernel):
                return None
            work = self._work / f"guest-{next(self._numbers)}"
            (work / "taken").mkdir(parents=True)
            (work / "queue").symlink_to(self._queues[kernel].folder)
            (work / "reports").symlink_to(self._work / "reports")
            guest = Guest(self._root, work, list(self._modules[kernel]), self._options, processor)
            self._guests[guest] = kernel
            return guest

    def _finish(self, guest: Guest) -> None:
        with self._lock:
            kernel = self._guests.pop(guest)
        if not self._over and not guest.taken():
            self._queues[kernel].take(guest.work / "taken")  # else the next guest would die for it as well
        for name in guest.taken():
            self.groups[name].end(f"{guest.verdict}.\n{guest.last_words()}")

    def end(self) -> None:
        """End all guests and remove what they wrote."""
        with self._lock:
            self._over = True
            for guest in self._guests:
                guest.end()
        self._threads.shutdown(cancel_futures=True)
        for group in self.groups.values():
            group.close()
        self._folder.cleanup()
