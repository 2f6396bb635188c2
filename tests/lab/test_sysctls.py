"""Persistence and servers that die: what the kernel needs is told, and set where the configuration says so."""

import pytest

from tests.lab.support.classic import VIRTUAL, Classic
from tests.lab.support.scene import Scene
from tests.peers.webserver import Behaviour

SETTING = "net.ipv4.vs.expire_quiescent_template"
WEIGHTS = (3, 2, 1)


def persistent(classic: Classic, *, sets: bool) -> str:
    return f"sysctls={'yes' if sets else 'no'}\n{classic.config().rstrip()}\n\tpersistent=60\n"


@pytest.mark.parametrize("sets", [False, True], ids=["only told", "set"])
def test_a_setting_that_persistence_needs(scene: Scene, sets: bool) -> None:
    classic = Classic(scene)
    director = scene.director
    path = f"/proc/sys/{SETTING.replace('.', '/')}"
    director.start(persistent(classic, sets=sets))
    director.wait_for_weights(classic.weights(*WEIGHTS))
    assert director.host.run(f"cat {path}").strip() == ("1" if sets else "0")
    told = f"{SETTING} set to 1; it was 0" if sets else f"set it: sysctl -w {SETTING}=1"
    director.wait_for_log(told)


@pytest.mark.parametrize("sets", [False, True], ids=["only told", "set"])
def test_a_client_whose_server_dies_is_served_by_another_where_it_is_set(scene: Scene, sets: bool) -> None:
    classic = Classic(scene)
    director, client = scene.director, scene.client
    director.start(persistent(classic, sets=sets))
    director.wait_for_weights(classic.weights(*WEIGHTS))
    (its_own,) = client.tally(VIRTUAL, 6)
    dead = classic.named(its_own)
    dead.site.behaviour = Behaviour.RESET
    left = (0 if real is dead else weight for real, weight in zip(classic.reals, WEIGHTS, strict=True))
    director.wait_for_weights(classic.weights(*left))

    answers = client.tally(VIRTUAL, 12)

    (answer,) = answers  # one server, or the same failure each time
    others = {real.site.name for real in classic.reals if real is not dead}
    assert (answer in others) == sets, answers
    assert sets or answer in {"reset", "cut off"}


def test_what_was_set_is_shown_and_what_it_was_is_remembered(scene: Scene) -> None:
    classic = Classic(scene)
    director = scene.director
    path = f"/proc/sys/{SETTING.replace('.', '/')}"
    shown = f"sysctls: {SETTING} is 1, set by ldirectord; it was 0\n"
    director.start(persistent(classic, sets=True))
    assert shown in director.act("status")

    director.act("restart")
    assert shown in director.act("status"), "the value before is the one before the first daemon"

    director.kill()
    director.start()
    assert shown in director.act("status")

    stays = "that stays as it is: other instances, and the table, may need it\n"
    assert f"{shown}{stays}" in director.act("stop")
    assert director.host.run(f"cat {path}").strip() == "1"
    director.start()
    assert shown in director.act("status"), "a stop forgets nothing"

    director.host.run(f"sh -c 'echo 0 > {path}'")
    assert f"sysctls: {SETTING} is 0; ldirectord had set it to 1, and it was 0\n" in director.act("status")


def test_nothing_is_shown_where_nothing_was_set(scene: Scene) -> None:
    director = scene.director
    director.start(persistent(Classic(scene), sets=False))
    assert "sysctls" not in director.act("status")
