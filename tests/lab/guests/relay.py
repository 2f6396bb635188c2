"""On the host: runs the lab's modules in guests, and shows their tests as tests of this session."""

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path

import pytest

from tests.lab.guests.compiling import compile_imports
from tests.lab.guests.guest import missing
from tests.lab.guests.pool import Group, Pool
from tests.lab.guests.seats import Seats

_NAME = "lab-relay"
_TEST_SECONDS = 600
"""For a test that says nothing else: guests share the processors, and tests wait for what comes about."""


def register(
    config: pytest.Config,
    folder: Path,
    *,
    lacking: Callable[[], list[str]] = missing,
    prepare: Callable[[Path], None] = compile_imports,
) -> None:
    """Have guests run the tests in *folder*; several folders share them.  *prepare* what they find in the checkout."""
    if not config.pluginmanager.has_plugin(_NAME):
        config.pluginmanager.register(Relay(config, lacking, prepare), _NAME)
    relay = config.pluginmanager.get_plugin(_NAME)
    assert isinstance(relay, Relay)
    relay.folders.append(folder)


class Relay:
    """Takes the tests in *folders* out of the host's hands.

    A guest runs one group of them after another: a module, or those of a module that bear the same mark `guest(NAME)`.
    Groups that are marked `kernel(NAME)` have a guest to themselves, or together if they bear the same name.  What is
    marked `long` comes first, so that the last to end has not begun last.
    """

    def __init__(
        self, config: pytest.Config, lacking: Callable[[], list[str]], prepare: Callable[[Path], None]
    ) -> None:
        self.folders: list[Path] = []
        self._config, self._lacking, self._prepare = config, lacking, prepare
        self._left_out = ""
        self._tests: dict[str, Group] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the lab's tests if this machine can run them, else leave them out and say so at the end."""
        ours = [item for item in items if item.path.parent in self.folders]
        for item in ours:
            item.add_marker("lab")
            item.add_marker(pytest.mark.timeout(0))  # the guest keeps the time
        bound = [*ours, *(item for item in items if item not in ours and item.get_closest_marker("lab"))]
        obstacle = self._obstacle()
        if bound and obstacle:
            if os.environ.get("LAB_REQUIRED") == "1":
                raise pytest.UsageError(f"LAB_REQUIRED=1, but the lab cannot run: {obstacle}")
            self._left_out = f"left out: {len(bound)} tests of the lab; {obstacle}"
            self._config.hook.pytest_deselected(items=bound)
            items[:] = [item for item in items if item not in bound]

    def _obstacle(self) -> str:
        if hasattr(self._config, "workerinput"):
            return "it runs without xdist: pytest tests/lab -p no:xdist"
        if lacking := self._lacking():
            return f"it needs {', '.join(lacking)}: as root, tests/install-debian installs what is missing"
        return ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Start the guests while other tests run, and end them with the session."""
        ours = [item for item in session.items if item.path.parent in self.folders]
        if not ours or self._config.option.collectonly:
            return (yield)
        groups = sorted(_groups(ours), key=lambda group: not _is_long(group))
        named = [(_kernel(group), [item.nodeid for item in group]) for group in groups]
        pool = Pool(self._config.rootpath, named, self._options(), Seats(fixed=int(os.environ.get("LAB_GUESTS", "0"))))
        self._tests = {nodeid: group for group in pool.groups.values() for nodeid in group.nodeids}
        try:
            self._prepare(self._config.rootpath)
            pool.start()
            return (yield)
        finally:
            pool.end()

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
        if (group := self._tests.get(item.nodeid)) is None:
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in self._reports(group, item):
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _reports(self, group: Group, item: pytest.Item) -> Iterator[pytest.TestReport]:
        for line in group.lines():
            match line:
                case {"finished": item.nodeid}:
                    return
                case {"report": {"nodeid": item.nodeid} as data}:
                    yield self._config.hook.pytest_report_from_serializable(config=self._config, data=_restored(data))
                case _:
                    pass  # of a test that was not chosen here
        yield pytest.TestReport(
            nodeid=item.nodeid,
            location=item.location,
            keywords={},
            outcome="failed",
            longrepr=f"No report of this test came: {group.verdict}",
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


def _groups(items: Iterable[pytest.Item]) -> list[list[pytest.Item]]:
    """Return the tests of each group, in the order of their first ones."""
    groups: dict[tuple[object, ...], list[pytest.Item]] = {}
    for item in items:
        marks = (item.get_closest_marker(name) for name in ("guest", "kernel"))
        groups.setdefault((item.path, *(mark.args if mark else () for mark in marks)), []).append(item)
    return list(groups.values())


def _kernel(group: list[pytest.Item]) -> str:
    """Return the name of the kernel that a group's guest has to have for itself, or nothing: any guest will do."""
    mark = group[0].get_closest_marker("kernel")
    return str(mark.args[0]) if mark else ""


def _is_long(group: Iterable[pytest.Item]) -> bool:
    return any(item.get_closest_marker("long") for item in group)
