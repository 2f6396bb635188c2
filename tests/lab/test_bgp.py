"""`ldirectorctl announce`: VIPs that a router learns of over BGP, by ExaBGP and by BIRD, and a client behind it."""

import signal
import time
from collections.abc import Iterator

import pytest

from tests.lab.support.bgp import CONTROL, GRACEFUL, HOLD, OPTIONS, VIP, VIP6, VIPS, Bgp, outcome, running_bgp, told
from tests.lab.support.scene import Scene
from tests.lab.support.waiting import wait_until

pytestmark = pytest.mark.guest("bgp")
WITHIN = 1.0
"""Seconds: the bar for a withdrawal."""


@pytest.fixture
def bgp(scene: Scene) -> Iterator[Bgp]:
    with running_bgp(scene) as made:
        yield made


def with_exabgp(bgp: Bgp) -> None:
    conf = bgp.director.folder / "exabgp.conf"
    conf.write_text(bgp.conf("exabgp/exabgp.conf"))
    settings = {"exabgp_daemon_user": "root", "exabgp_api_cli": "false", "exabgp_log_level": "WARNING"}
    bgp.start("exabgp", str(conf), **settings)


def loses_its_servers_and_gets_them_back(bgp: Bgp) -> None:
    """VIP loses its last server by a weight of 0 and gets it back; VIP6 is served all the while."""
    begun = time.time()
    bgp.weigh(0)
    seconds = bgp.wait_for("removed", VIP, begun)
    print(f"withdrawn {seconds * 1000:.0f} ms after the last server's weight was set to 0")
    assert seconds < WITHIN
    wait_until(lambda: "unreachable" in outcome(bgp.client, VIP) or "No route" in outcome(bgp.client, VIP))
    assert outcome(bgp.client, VIP6) == "one"

    back = time.time()
    bgp.weigh(None)
    seconds = bgp.wait_for("added", VIP, back)
    print(f"announced {seconds:.2f} s after it came back; the hold time is {HOLD:g} s")
    assert HOLD <= seconds < HOLD + WITHIN
    wait_until(lambda: outcome(bgp.client, VIP) == "one")
    assert told(bgp.changes(begun), VIP6) == []
    print(bgp.timeline(begun))


def leaves_in_order(bgp: Bgp, since: float) -> None:
    """Both VIPs are announced with GRACEFUL_SHUTDOWN, still serve, and are withdrawn afterwards."""
    for vip in VIPS:
        wait_until(lambda vip=vip: "(65535,0)" in bgp.routes().get(vip, ""), telling=bgp.said)
        assert outcome(bgp.client, vip) == "one"
    assert all("BGP.local_pref: 0" in route for route in bgp.routes().values())
    for vip in VIPS:
        first, last = bgp.wait_for("added", vip, since), bgp.wait_for("removed", vip, since)
        print(f"{vip}: GRACEFUL_SHUTDOWN after {first:.2f} s, withdrawn {last - first:.2f} s later")
        assert GRACEFUL - 0.1 <= last - first < GRACEFUL + WITHIN


def test_exabgp(bgp: Bgp) -> None:
    bgp.start_director()
    with_exabgp(bgp)
    bgp.wait_until_announced(*VIPS)
    assert [outcome(bgp.client, vip) for vip in VIPS] == ["one", "one"]
    loses_its_servers_and_gets_them_back(bgp)

    disabled, begun = bgp.director.folder / "run/disabled", time.time()
    disabled.touch()
    leaves_in_order(bgp, begun)
    begun = time.time()
    disabled.unlink()
    assert bgp.wait_for("added", VIP, begun) < HOLD
    bgp.wait_until_announced(*VIPS)
    assert not any("(65535,0)" in route for route in bgp.routes().values())

    begun = time.time()
    bgp.director.act("restart")
    bgp.kill("ldirectord_py.cli.ldirectorctl")
    wait_until(lambda: bgp.said().count(f"announced {VIP6}/128: tcp") == 3, telling=bgp.said)
    assert bgp.changes(begun) == []

    begun = time.time()
    bgp.kill()
    seconds = max(bgp.wait_for("removed", vip, begun) for vip in VIPS)
    print(f"withdrawn {seconds:.2f} s after everything on the director was killed")
    assert seconds < WITHIN
    assert bgp.routes() == {}


def test_bird(bgp: Bgp) -> None:
    bgp.start_director()
    conf = bgp.director.folder / "bird.conf"
    conf.write_text(bgp.conf("bird/director.conf").replace("log syslog all;", "log stderr all;"))
    for folder in ("bird", "ldirectord-announce"):
        (bgp.director.folder / "run" / folder).mkdir()
    bgp.start("bird", "-f", "-c", str(conf), "-s", "/run/bird/bird.ctl")
    announcer = bgp.start(*CONTROL, "announce", "--sink", "bird", *OPTIONS.split())
    bgp.wait_until_announced(*VIPS)
    assert [outcome(bgp.client, vip) for vip in VIPS] == ["one", "one"]
    loses_its_servers_and_gets_them_back(bgp)

    good = conf.read_text()
    conf.write_text(f"{good}\nprotocol nonsense")
    loses_its_servers_and_gets_them_back(bgp)
    conf.write_text(good)

    begun = time.time()
    bgp.scene.net.ports.part("port1")
    seconds = max(bgp.wait_for("removed", vip, begun) for vip in VIPS)
    print(f"withdrawn {seconds:.2f} s after the director's cable was cut (BFD, 10 times 300 ms)")
    assert seconds < 8
    bgp.scene.net.ports.join("br0", "port1")
    bgp.wait_until_announced(*VIPS)

    begun = time.time()
    announcer.send_signal(signal.SIGTERM)
    leaves_in_order(bgp, begun)
    assert announcer.wait(20) == 0
