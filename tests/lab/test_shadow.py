"""`ldirectord --shadow` beside the daemon that keeps the table."""

import os
import re
import signal
import subprocess
import sys

from tests.lab.support.classic import VIRTUAL, Classic
from tests.lab.support.director import OURS, Director, Program
from tests.lab.support.scene import Scene
from tests.lab.support.waiting import wait_until

SHADOW = Program("shadow", (*OURS.words, "--shadow"), OURS.environment)


def told(shadow: Director) -> list[str]:
    """Return what the shadow has said of differences, without dates, oldest first."""
    log = (shadow.folder / "var/log/ldirectord.log.shadow").read_text()
    return [re.sub(r"after [\d.]+ s", "after a while", line) for line in re.findall(r"Shadow: (.*)", log)]


def test_the_shadow_tells_every_difference_and_writes_nothing(scene: Scene) -> None:
    classic = Classic(scene)
    keeping = scene.original
    keeping.start(classic.config())
    keeping.wait_for_weights(classic.weights(3, 2, 1))
    shadow = Director(scene.director.host, SHADOW, scene.folder / "shadow")
    shadow.write("metricslisten=9099\n" + classic.config())
    with scene.director.host.listen(9099, address="127.0.0.1"):  # as if by the daemon beside it
        shadow.act("start")
    try:
        assert "going on without metrics" in (shadow.folder / "var/log/ldirectord.log.shadow").read_text()
        assert (shadow.folder / "run/ldirectord.lab.cf.shadow.pid").exists()
        one, two = (f"real server {real.at} (tcp:{VIRTUAL})" for real in (classic.one, classic.two))

        with scene.director.watching() as watch:
            keeping.send(signal.SIGSTOP)
            classic.one.site.sick()
            late = [f"would set {one}: it had weight 3 instead of 0"]
            wait_until(lambda: told(shadow) == late, telling=lambda: told(shadow))
            keeping.send(signal.SIGCONT)
            over = [*late, f"the table agrees again on {one}, after a while"]
            wait_until(lambda: told(shadow) == over, telling=lambda: told(shadow))
        assert watch.weights(classic.one.at) == [3, 0], "set once, by the one that keeps the table"

        keeping.host.run(f"ipvsadm -e -t {VIRTUAL} -r {classic.two.at} -g -w 7")
        by_hand = [*over, f"would set {two}: it had weight 7 instead of 2"]
        wait_until(lambda: told(shadow) == by_hand, telling=lambda: told(shadow))
    finally:
        before = keeping.table().lines()
        shadow.act("stop")
    assert keeping.table().lines() == before
    assert "Added" not in shadow.log


def test_a_shadow_of_nothing_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ldirectord_py", "--shadow", "--table", "memory", "start"],
        capture_output=True,
        text=True,
        env={**os.environ, **OURS.environment},
        timeout=30,
        check=False,
    )
    assert done.returncode == 255
    assert done.stderr == "Option shadow: there is nothing to watch with --table memory\nsee 'ldirectord --help'\n"
