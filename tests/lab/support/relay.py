"""On the host: runs the lab's modules in guests, and shows their tests as tests of this session."""

import json
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TextIO

import pytest

from tests.lab.support.guest import Guest, missing
from tests.lab.support.seats import Seats

_TEST_SECONDS = 300
"""For a test that says nothing else: guests share the processors, and tests wait for what comes about."""
_PAUSE = 0.05


_SEATS = Seats(fixed=int(os.environ.get("LAB_GUESTS", "0")) or None)
"""Shared by all relays of a session: the lab's and the parity suite's."""


class Relay:
    """Takes the tests below *folder* out of the host's hands; a few guests at a time.

    Each module has a guest of its own, or several, as its tests say with the mark `guest(NAME)`.  Those that are marked
    `long` start first, so that the last to end has not begun last.
    """

    def __init__(self, config: pytest.Config, folder: Path, *, lacking: Callable[[], list[str]] = missing) -> None:
        self._config, self._folder, self._lacking = config, folder, lacking
        self._left_out = ""
        self._tests: dict[str, _Module] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the lab's tests if this machine can run them, else leave them out and say so at the end."""
        ours = [item for item in items if item.path.parent == self._folder]
        for item in ours:
            item.add_marker("lab")
            item.add_marker(pytest.mark.timeout(0))  # the guest keeps the time
        obstacle = self._obstacle()
        if ours and obstacle:
            if os.environ.get("LAB_REQUIRED") == "1":
                raise pytest.UsageError(f"LAB_REQUIRED=1, but the lab cannot run: {obstacle}")
            self._left_out = f"left out: {len(ours)} tests of the lab; {obstacle}"
            self._config.hook.pytest_deselected(items=ours)
            items[:] = [item for item in items if item not in ours]

    def _obstacle(self) -> str:
        if hasattr(self._config, "workerinput"):
            return "it runs without xdist: pytest tests/lab -p no:xdist"
        if lacking := self._lacking():
            return f"it needs {', '.join(lacking)}: as root, tests/install-debian installs what is missing"
        return ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Start the guests while other tests run, and end them with the session."""
        ours = [item for item in session.items if item.path.parent == self._folder]
        if not ours or self._config.option.collectonly:
            return (yield)
        modules = [
            _Module(
                Guest(self._config.rootpath, [item.nodeid for item in group], self._options()), long=_is_long(group)
            )
            for group in _by_guest(ours)
        ]
        self._tests = {nodeid: module for module in modules for nodeid in module.guest.nodeids}
        pool = ThreadPoolExecutor(_SEATS.most, thread_name_prefix="guest")
        try:
            for module in sorted(modules, key=lambda module: not module.long):
                pool.submit(_run, module.guest)
            return (yield)
        finally:
            for module in modules:
                module.guest.end()
            pool.shutdown(cancel_futures=True)
            for module in modules:
                module.close()

    def _options(self) -> list[str]:
        option = self._config.option
        return [
            f"--rootdir={self._config.rootpath}",
            f"--tb={option.tbstyle}",
            *("-o", f"timeout={_TEST_SECONDS}"),
            f"--verbosity={max(option.verbose, 0)}",
            *(word for setting in option.override_ini or () for word in ("-o", setting)),
            *(["--showlocals"] if option.showlocals else []),
            *(["--exitfirst"] if option.maxfail == 1 else []),
        ]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Show a test of the lab from its guest's reports; leave any other to pytest."""
        if (module := self._tests.get(item.nodeid)) is None:
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in self._reports(module, item):
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _reports(self, module: "_Module", item: pytest.Item) -> Iterator[pytest.TestReport]:
        for line in module.lines():
            match line:
                case {"finished": item.nodeid}:
                    return
                case {"report": {"nodeid": item.nodeid} as data}:
                    yield self._config.hook.pytest_report_from_serializable(config=self._config, data=_restored(data))
                case _:
                    pass  # of a test that was not chosen here
        guest = module.guest
        yield pytest.TestReport(
            nodeid=item.nodeid,
            location=item.location,
            keywords={},
            outcome="failed",
            longrepr=f"No report of this test came: {guest.verdict}.\n{guest.last_words()}",
            when="call",
        )

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let a session pass that has nothing to do because the lab was left out; tell xdist's controller of it."""
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput["lab"] = self._left_out
        if self._left_out and session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            session.exitstatus = pytest.ExitCode.OK

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Take over what one of xdist's workers left out; they all collect the same."""
        self._left_out = getattr(node, "workeroutput", {}).get("lab", self._left_out)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say in one line what was left out, and how to get it."""
        if self._left_out:
            terminalreporter.write_line(self._left_out, yellow=True)


def _restored(data: dict[str, object]) -> dict[str, object]:
    """Return a report's *data* as pytest has made it: why a test was skipped is a tuple, which JSON makes a list."""
    return data | {"longrepr": tuple(data["longrepr"])} if isinstance(data["longrepr"], list) else data


def _by_guest(items: Iterable[pytest.Item]) -> list[list[pytest.Item]]:
    """Return the tests of each guest, in the order of their first ones."""
    guests: dict[tuple[object, ...], list[pytest.Item]] = {}
    for item in items:
        mark = item.get_closest_marker("guest")
        guests.setdefault((item.path, *(mark.args if mark else ())), []).append(item)
    return list(guests.values())


def _is_long(items: Iterable[pytest.Item]) -> bool:
    return any(item.get_closest_marker("long") for item in items)


def _run(guest: Guest) -> None:
    with _SEATS:
        guest.run()


class _Module:
    """A guest and how far its reports have been read."""

    def __init__(self, guest: Guest, *, long: bool) -> None:
        self.guest = guest
        self.long = long
        self._file: TextIO = guest.reports.open()
        self._begun = ""

    def lines(self) -> Iterable[dict[str, object]]:
        """Yield each new line as it comes; end when the guest has ended and all is read."""
        while True:
            over = self.guest.ended.is_set()  # asked before reading: what it wrote last is still read
            while text := self._file.readline():
                self._begun += text
                if self._begun.endswith("\n"):
                    line, self._begun = self._begun, ""
                    yield json.loads(line)
            if over:
                return
            self.guest.ended.wait(_PAUSE)

    def close(self) -> None:
        """Close the file and remove the guest's folder."""
        self._file.close()
        self.guest.remove()
