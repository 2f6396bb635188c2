"""What holds for every test."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
WAITING = 0.7
"""The part of a mingled run in which all begins but unit tests: their files take little time, and so end together."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer to mingle what waits with what computes."""
    parser.addoption("--mingled", action="store_true", help="take files from all folders of tests in turn")


def pytest_configure() -> None:
    """Let SIGINT end what the tests start: whoever runs them in the background of a script has it ignored by all."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Spread the files of each folder over the run after those that take long, if that was asked for."""
    if config.getoption("mingled", default=False):
        files = dict.fromkeys(item.path for item in items)
        folders: dict[str, list[Path]] = {}
        for file in files:
            folders.setdefault(file.relative_to(ROOT).parts[0], []).append(file)
        long = {item.path for item in items if item.get_closest_marker("long")}
        place = {
            file: -1 if file in long else number / len(each) * (1 if folder == "unit" else WAITING)
            for folder, each in folders.items()
            for number, file in enumerate(each)
        }
        items.sort(key=lambda item: place[item.path])


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    """Give the signals back: a director that runs in the test's own process blocks those that ended it."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
