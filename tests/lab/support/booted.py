"""A director under systemd: what the tests of the units share."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.lab.support.manager import Manager
from tests.lab.support.scene import VIP, Real, Scene
from tests.lab.support.table import read_table, read_weights
from tests.lab.support.waiting import wait_until

VIRTUAL = f"-t {VIP}:80"

Boot = Callable[..., Manager]
WaitFor = Callable[[Mapping[str, Mapping[str, int]]], object]


def service(real: Real, weight: int = 1, port: int = 80, check: str = 'service=http\n\trequest="alive.html"') -> str:
    return f"checkinterval=1\nvirtual={VIP}:{port}\n\treal={real.at} gate {weight}\n\t{check}\n\tscheduler=rr\n"


@pytest.fixture
def real(scene: Scene) -> Real:
    return scene.real("one")


@pytest.fixture
def boot(scene: Scene, tmp_path: Path) -> Boot:
    """Return what boots systemd with a configuration, with an addition to the unit, and with a journal."""

    def boot(config: str, drop_in: str = "", *, journal: bool = False) -> Manager:
        manager = Manager(scene.director.host, tmp_path / "manager", drop_in, journal)
        manager.write("ldirectord.cf", config)
        manager.boot()
        return manager

    return boot


@pytest.fixture
def wait_for(scene: Scene) -> WaitFor:
    def wait_for(expected: Mapping[str, Mapping[str, int]]) -> object:
        host = scene.director.host
        return wait_until(lambda: read_weights(host) == expected, telling=lambda: read_table(host).raw)

    return wait_for
