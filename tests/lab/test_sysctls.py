"""Persistence and servers that die: what the kernel needs is told, and set where the configuration says so."""

import pytest

from tests.lab.support.classic import Classic
from tests.lab.support.scene import Scene

SETTING = "net.ipv4.vs.expire_quiescent_template"


@pytest.mark.parametrize("sets", [False, True], ids=["only told", "set"])
def test_a_setting_that_persistence_needs(scene: Scene, sets: bool) -> None:
    classic = Classic(scene)
    director = scene.director
    path = f"/proc/sys/{SETTING.replace('.', '/')}"
    director.start(f"sysctls={'yes' if sets else 'no'}\n{classic.config().rstrip()}\n\tpersistent=60\n")
    director.wait_for_weights(classic.weights(3, 2, 1), 20)
    assert director.host.run(f"cat {path}").strip() == ("1" if sets else "0")
    told = f"{SETTING} set to 1; it was 0" if sets else f"set it: sysctl -w {SETTING}=1"
    assert told in director.log
