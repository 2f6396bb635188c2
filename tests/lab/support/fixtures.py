"""What a test in the lab may ask for; and what the report of one that failed shows.

A module that needs a cluster makes a fixture `cluster` of its own, of `running_cluster`: its tests share it.
"""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.lab.cluster.cluster import Cluster
from tests.lab.support.namespaces import Net
from tests.lab.support.scene import Real, Scene
from tests.peers.webserver import WebServer

_scene = pytest.StashKey[Scene]()


@pytest.fixture
def net() -> Iterator[Net]:
    """Yield an empty network; its hosts, their programs and their tables go when the test ends."""
    with Net() as made:
        yield made


@pytest.fixture
def web() -> Iterator[WebServer]:
    """Yield a web server without sites."""
    with WebServer() as running:
        yield running


@pytest.fixture
def scene(request: pytest.FixtureRequest, net: Net, web: WebServer, tmp_path: Path) -> Scene:
    """Return a scene with a client and a director; the test adds real servers."""
    made = Scene(net, web, tmp_path)
    request.node.stash[_scene] = made
    return made


@pytest.fixture
def pair(scene: Scene) -> tuple[Real, Real]:
    """Return two real servers, `one` at 10.9.0.11 and `two` at 10.9.0.12, set up for direct routing."""
    return scene.real("one"), scene.real("two")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the directors' tables, logs and configurations to the report of a failed test."""
    report = yield
    shown = item.stash.get(_scene, getattr(item, "funcargs", {}).get("cluster"))
    if report.failed and isinstance(shown, Scene | Cluster):
        report.sections.extend(shown.sections())
    return report
