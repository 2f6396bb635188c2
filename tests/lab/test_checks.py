"""Checks that are no web page: pings, programs, mixtures; and none at all."""

from collections import Counter
from pathlib import Path

import pytest

from tests.lab.support.director import OURS, Program
from tests.lab.support.scene import VIP, VIP6, Real, Scene
from tests.lab.support.waiting import wait_until

WHERE, WHERE6 = f"{VIP}:80", f"[{VIP6}]:80"
TCP, TCP6 = f"-t {WHERE}", f"-t {WHERE6}"

PINGED = """\
checkinterval=1
checktimeout=1
quiescent=yes
virtual=10.9.0.100:80
	real=10.9.0.11:80 gate
	real=10.9.0.12:80 gate
	checktype=ping
virtual6=[fd00:9::100]:80
	real6=[fd00:9::11]:80 gate
	real6=[fd00:9::12]:80 gate
	checktype=ping
"""
WITHOUT_RAW_SOCKETS = Program(
    "ours without CAP_NET_RAW",
    ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw", *OURS.words),
    OURS.environment,
)


@pytest.mark.parametrize(
    ("program", "groups"),
    [pytest.param(OURS, "1 0", id="as root"), pytest.param(WITHOUT_RAW_SOCKETS, "0 0", id="as a group that may")],
)
def test_pings_tell_in_both_families(scene: Scene, pair: tuple[Real, Real], program: Program, groups: str) -> None:
    (one, two), director = pair, scene.director
    director.host.sysctl("ipv4.ping_group_range", groups)
    director.program = program
    director.start(PINGED)
    director.wait_for_weights({one.at: 1, two.at: 1}, virtual=TCP)
    director.wait_for_weights({one.at6: 1, two.at6: 1}, virtual=TCP6)
    one.host.sysctl("ipv4.icmp_echo_ignore_all", 1)
    two.host.sysctl("ipv6.icmp.echo_ignore_all", 1)
    director.wait_for_weights({one.at: 0, two.at: 1}, virtual=TCP)
    director.wait_for_weights({one.at6: 1, two.at6: 0}, virtual=TCP6)
    assert scene.client.tally(WHERE, 4) == Counter(two=4)
    assert scene.client.tally(WHERE6, 4) == Counter(one=4)
    one.host.sysctl("ipv4.icmp_echo_ignore_all", 0)
    director.wait_for_weights({one.at: 1, two.at: 1}, virtual=TCP)


PROGRAM = """\
#!/bin/sh
echo "$@" >>{folder}/asked
test ! -e "{folder}/$3"
"""

EXTERNAL = """\
checkinterval=1
checktimeout=5
quiescent=yes
virtual=10.9.0.100:80
	real=10.9.0.11:80 gate
	real=10.9.0.12 gate
	checktype=external
	checkcommand={folder}/check
virtual6=[fd00:9::100]:80
	real6=[fd00:9::11]:80 gate
	checktype=external
	checkcommand={folder}/check
virtual=7
	real=10.9.0.12:81 gate
	checktype=external
	checkcommand={folder}/check
"""


def test_a_program_is_told_whom_to_check_and_decides(scene: Scene, pair: tuple[Real, Real], tmp_path: Path) -> None:
    (one, two), director = pair, scene.director
    script = tmp_path / "check"
    script.write_text(PROGRAM.format(folder=tmp_path))
    script.chmod(0o755)
    director.start(EXTERNAL.format(folder=tmp_path))
    director.wait_for_weights({one.at: 1, two.at: 1}, virtual=TCP)
    director.wait_for_weights({one.at6: 1}, virtual=TCP6)
    director.wait_for_weights({"10.9.0.12:81": 1}, virtual="-f 7")
    assert set((tmp_path / "asked").read_text().splitlines()) == {
        "10.9.0.100 80 10.9.0.11 80",
        "10.9.0.100 80 10.9.0.12 0",
        "[fd00:9::100] 80 [fd00:9::11] 80",
        "7 0 10.9.0.12 81",
    }
    down = tmp_path / "10.9.0.11"
    down.touch()
    director.wait_for_weights({one.at: 0, two.at: 1}, virtual=TCP)
    assert scene.client.tally(WHERE, 4) == Counter(two=4)
    assert director.weights(TCP6) == {one.at6: 1}
    down.unlink()
    director.wait_for_weights({one.at: 1, two.at: 1}, virtual=TCP)


COMBINED = """\
checkinterval=1
checktimeout=1
negotiatetimeout=1
quiescent=yes
virtual=10.9.0.100:80
	real=10.9.0.11:80 gate
	real=10.9.0.12:80 gate
	service=http
	request="alive.html"
	receive="I'm alive!"
	checktype=2
	fallback=10.9.0.13:80
virtual=10.9.0.100:81
	real=10.9.0.13:80 masq
	service=http
	request="alive.html"
	receive="I'm alive!"
"""


def test_a_combined_check_asks_for_the_page_every_third_time_and_connects_between(
    scene: Scene, pair: tuple[Real, Real]
) -> None:
    (one, two), director, always = pair, scene.director, scene.real("always")
    director.start(COMBINED)
    director.wait_for_weights({one.at: 1, two.at: 1}, virtual=TCP)
    before, counted = one.site.requests["/alive.html"], always.site.requests["/alive.html"]
    wait_until(lambda: always.site.requests["/alive.html"] == counted + 5)
    assert one.site.requests["/alive.html"] - before in {1, 2}
    one.site.sick()
    director.wait_for_weights({one.at: 0, two.at: 1}, virtual=TCP)
    scene.web.refuse(two.site)
    director.wait_for_weights({one.at: 0, two.at: 0, always.at: 1}, virtual=TCP)
    one.site.alive()
    assert director.wait_for_weights({one.at: 1, two.at: 0}, virtual=TCP) < 3, "a failed server is asked each time"
    assert scene.client.tally(WHERE, 4) == Counter(one=4)


UNCHECKED = """\
checkinterval=1
virtual=10.9.0.100:80
	real=10.9.0.11:80 gate 2
	real=10.9.0.12:80 gate 1
	service=http
	checktype=on
virtual6=[fd00:9::100]:80
	real6=[fd00:9::11]:80 gate 2
	real6=[fd00:9::12]:80 gate 1
	fallback6=[fd00:9::13]:80 gate
	service=http
	checktype=off
virtual=10.9.0.100:81
	real=10.9.0.11:80 masq
	fallback=10.9.0.13:80 masq
	service=http
	checktype=off
"""


def test_on_serves_unasked_and_off_leaves_everyone_where_they_were(scene: Scene, pair: tuple[Real, Real]) -> None:
    (one, two), director, sorry = pair, scene.director, scene.real("sorry")
    director.host.run(f"ipvsadm -A {TCP6} -s rr")
    director.host.run(f"ipvsadm -a {TCP6} -r {one.at6} -g -w 5")
    director.start(UNCHECKED)
    director.wait_for_weights({one.at: 2, two.at: 1}, virtual=TCP)
    director.wait_for_weights({one.at6: 2}, virtual=TCP6)
    director.wait_for_weights({sorry.at: 1}, virtual=f"-t {VIP}:81")
    assert scene.client.tally(WHERE, 6) == Counter(one=4, two=2)
    assert scene.client.tally(WHERE6, 4) == Counter(one=4)
    assert one.site.requests.keys() | two.site.requests.keys() == {"/"}, "nobody was asked but by the client"
