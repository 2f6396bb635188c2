"""Inside a guest: takes one group of tests after another, and writes their reports to files, for the host to show.

The guest's folder is laid out by `tests/lab/guests/pool.py`.
"""

import json
from itertools import zip_longest
from pathlib import Path
from typing import TextIO

import pytest

from tests.lab.guests.queue import Queue, nodeids

_NAME = "lab-recorder"


def register(config: pytest.Config, guest: Path) -> None:
    """Have this session run what waits for the guest with the folder *guest*; once, whoever asks.

    For a guest with a shell nothing waits: whoever types there says what runs.
    """
    if (guest / "queue").exists() and not config.pluginmanager.has_plugin(_NAME):
        config.pluginmanager.register(Recorder(config, guest), _NAME)


class Recorder:
    """Writes JSON lines: a report as pytest makes it portable, a test that has ended, or that a group is over."""

    def __init__(self, config: pytest.Config, guest: Path) -> None:
        self._config = config
        self._queue, self._taken, self._reports = Queue(guest / "queue"), guest / "taken", guest / "reports"
        self._file: TextIO | None = None
        self._not_collected: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep why tests could not be collected, for the groups that miss them."""
        if report.failed:
            self._not_collected.append(report.longreprtext)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run one group after another until none waits; every fixture ends with its group."""
        collected = {item.nodeid: item for item in session.items}
        while name := self._queue.take(self._taken):
            wanted = nodeids(self._taken / name)
            with self._reports.joinpath(f"{name}.jsonl").open("a") as self._file:
                self._run(session, [collected[nodeid] for nodeid in wanted if nodeid in collected])
                missing = any(nodeid not in collected for nodeid in wanted)
                self._write({"over": "\n".join(self._not_collected) if missing else ""})
        return True

    def _run(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        failed_before = session.testsfailed
        for item, after in zip_longest(items, items[1:]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
            if self._config.option.maxfail == 1 and session.testsfailed > failed_before:
                return  # --exitfirst is of the host's session: other groups may come before this one there

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write one phase of a test."""
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._write({"report": data})

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Write that a test has ended."""
        self._write({"finished": nodeid})

    def _write(self, line: dict[str, object]) -> None:
        assert self._file is not None
        self._file.write(json.dumps(line, default=str) + "\n")
        self._file.flush()
