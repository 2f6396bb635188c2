"""From the original to ours and back, on one file, while clients keep coming."""

from tests.lab.support.classic import VIRTUAL, Classic
from tests.lab.support.director import Director
from tests.lab.support.load import Load
from tests.lab.support.scene import Scene

RATE = 200  # connections a second


def hand_over(giving: Director, taking: Director, classic: Classic, config: str) -> None:
    """Stop one daemon and start the other, as an operator would, and see the other at work."""
    before = giving.table().lines()
    giving.stop()
    assert giving.table().lines() == before, "with cleanstop=no the table stays"
    taking.start(config)
    taking.wait_for_weights(classic.weights(3, 2, 1))
    classic.checked_again()
    classic.two.site.sick()
    taking.wait_for_weights(classic.weights(3, 0, 1))
    classic.two.site.alive()
    taking.wait_for_weights(classic.weights(3, 2, 1))


def test_nobody_notices_when_the_daemons_change_places(scene: Scene) -> None:
    classic = Classic(scene)
    config = "cleanstop=no\n" + classic.config()
    scene.original.start(config)
    scene.original.wait_for_weights(classic.weights(3, 2, 1))

    with Load(scene.client.host, VIRTUAL, RATE) as load:
        hand_over(scene.original, scene.director, classic, config)
        hand_over(scene.director, scene.original, classic, config)

    print(f"{load.opened} connections in {load.seconds:.1f} s, served {dict(load.served)}, failed {load.failed}")
    assert load.failed == []
    assert load.opened > 0.9 * RATE * load.seconds
    assert load.served.keys() == {"one", "two", "director"}
