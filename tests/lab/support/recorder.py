"""Inside a guest: writes each test's reports to a file, for the host to show."""

import json
from pathlib import Path

import pytest


class Recorder:
    """Writes JSON lines: a report as pytest makes it portable, or the id of a test that has ended."""

    def __init__(self, config: pytest.Config, path: Path) -> None:
        self._config = config
        self._file = path.open("a")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write one phase of a test."""
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._write({"report": data})

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Write that a test has ended."""
        self._write({"finished": nodeid})

    def pytest_unconfigure(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, line: dict[str, object]) -> None:
        self._file.write(json.dumps(line, default=str) + "\n")
        self._file.flush()
