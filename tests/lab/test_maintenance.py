"""A file in `maintenancedir` takes a server out of the kernel's table, and clients go elsewhere."""

from collections import Counter

import pytest

from ldirectord_py.runtime.maintenance_files import REST
from tests.lab.support.classic import VIRTUAL, Classic
from tests.lab.support.scene import Real, Scene


def starting(scene: Scene, *, quiescent: bool) -> Classic:
    """Return the classic scene, with a directory for maintenance and a failurecount that must not matter there."""
    classic = Classic(scene)
    (scene.folder / "maintenance").mkdir()
    more = f"maintenancedir={scene.folder}/maintenance\nfailurecount=5\n"
    scene.director.start(more + classic.config(quiescent=quiescent))
    scene.director.wait_for_weights(classic.weights(3, 2, 1))
    return classic


def maintain(scene: Scene, name: str, *, active: bool = True) -> None:
    """Put a file called *name* into the directory, or take it away."""
    file = scene.folder / "maintenance" / name
    if active:
        file.touch()
    else:
        file.unlink()


@pytest.mark.parametrize("quiescent", [True, False], ids=["quiescent", "not quiescent"])
def test_servers_go_into_maintenance_and_come_back(scene: Scene, quiescent: bool) -> None:
    classic = starting(scene, quiescent=quiescent)
    director, client = scene.director, scene.client

    def out(*reals: Real) -> dict[str, int]:
        weights = classic.weights(3, 2, 1)
        return {at: 0 if at in {real.at for real in reals} else weight for at, weight in weights.items()}

    def table(weights: dict[str, int]) -> dict[str, int]:
        return {at: weight for at, weight in weights.items() if weight or quiescent}

    maintain(scene, classic.one.at)
    assert director.wait_for_weights(table(out(classic.one))) < 1
    visits = classic.one.site.visits()
    assert client.tally(VIRTUAL, 12).keys() == {"two", "director"}
    classic.checked_again(classic.two, classic.itself)
    assert classic.one.site.visits() == visits

    maintain(scene, str(classic.two.host.v4))
    maintain(scene, classic.itself.at)
    fallback = table(out(*classic.reals)) | {classic.sorry.at: 1}
    assert director.wait_for_weights(fallback) < 1
    assert client.tally(VIRTUAL, 6) == Counter(sorry=6)

    maintain(scene, classic.one.at, active=False)
    assert director.wait_for_weights(table(out(classic.two, classic.itself))) < REST + 2
    assert client.tally(VIRTUAL, 6) == Counter(one=6)
    classic.two.site.sick()
    maintain(scene, str(classic.two.host.v4), active=False)
    classic.checked_again(classic.two)
    assert director.weights() == table(out(classic.two, classic.itself))


def test_a_start_lets_nobody_in_who_is_in_maintenance(scene: Scene) -> None:
    classic = starting(scene, quiescent=True)
    maintain(scene, classic.one.at)
    scene.director.wait_for_weights(classic.weights(0, 2, 1))
    scene.director.kill()
    scene.director.host.run(f"ipvsadm -e -t {VIRTUAL} -r {classic.one.at} -g -w 3")
    maintain(scene, classic.two.at)
    with scene.director.watching() as watch:
        scene.director.start()
        scene.director.wait_for_weights(classic.weights(0, 0, 1))
        classic.checked_again(classic.itself)
    assert watch.weights(classic.one.at) == [3, 0]
    assert watch.weights(classic.two.at) == [2, 0]


def test_a_reload_sets_and_removes_the_directory(scene: Scene) -> None:
    classic = starting(scene, quiescent=True)
    maintain(scene, classic.one.at)
    scene.director.wait_for_weights(classic.weights(0, 2, 1))
    scene.director.reload(classic.config())
    scene.director.wait_for_weights(classic.weights(3, 2, 1))
    scene.director.reload(f"maintenancedir={scene.folder}/maintenance\n" + classic.config())
    scene.director.wait_for_weights(classic.weights(0, 2, 1))
