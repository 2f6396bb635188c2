"""Virtual services of every kind: datagrams, persistence, schedulers, thresholds."""

from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from tests.lab.support.client import Client
from tests.lab.support.scene import VIP, VIP6, Real, Scene
from tests.lab.support.waiting import wait_until

WHERE, WHERE6 = f"{VIP}:80", f"[{VIP6}]:80"

DATAGRAMS = """\
checkinterval=1
checktimeout=1
quiescent=yes
virtual=10.9.0.100:80
	real=10.9.0.11:80 masq
	real=10.9.0.12:80 masq
	fallback=10.9.0.13:80 masq
	protocol=udp
	ops=yes
	checktype=connect
	scheduler=rr
"""


def test_datagrams_of_one_client_port_are_spread_one_by_one_while_their_servers_answer_pings(scene: Scene) -> None:
    director, one, two, sorry = scene.director, *(scene.real(name, "masq") for name in ("one", "two", "sorry"))
    director.start(DATAGRAMS)
    director.wait_for_weights({one.at: 1, two.at: 1})
    assert director.table().virtuals[f"-u {WHERE}"].options == "-s rr -o"
    assert scene.client.datagrams_from_one_port(WHERE, 10) == Counter(one=5, two=5)

    one.host.sysctl("ipv4.icmp_echo_ignore_all", 1)
    director.wait_for_weights({one.at: 0, two.at: 1})
    assert scene.client.datagrams_from_one_port(WHERE, 10) == Counter(two=10)
    two.host.sysctl("ipv4.icmp_echo_ignore_all", 1)
    director.wait_for_weights({one.at: 0, two.at: 0, sorry.at: 1})
    assert scene.client.datagrams_from_one_port(WHERE, 10) == Counter(sorry=10)
    one.host.sysctl("ipv4.icmp_echo_ignore_all", 0)
    director.wait_for_weights({one.at: 1, two.at: 0})
    assert scene.client.datagrams_from_one_port(WHERE, 10) == Counter(one=10)


PERSISTENT = """\
checkinterval=1
virtual=10.9.0.100:80
	real=10.9.0.11:80 gate
	real=10.9.0.12:80 gate
	checktype=connect
	scheduler=rr
	persistent=300
	netmask=255.255.255.254
virtual6=[fd00:9::100]:80
	real6=[fd00:9::11]:80 gate
	real6=[fd00:9::12]:80 gate
	checktype=connect
	scheduler=rr
	persistent=300
	netmask=127
"""


def test_clients_of_one_network_stay_with_one_server(scene: Scene, pair: tuple[Real, Real]) -> None:
    one, two = pair
    neighbour, stranger = Client(scene.net.host("neighbour", 3)), Client(scene.net.host("stranger", 4))
    scene.director.start(PERSISTENT)
    scene.director.wait_for_weights({one.at: 1, two.at: 1}, virtual=f"-t {WHERE}")
    scene.director.wait_for_weights({one.at6: 1, two.at6: 1}, virtual=f"-t {WHERE6}")
    virtuals = scene.director.table().virtuals
    assert virtuals[f"-t {WHERE}"].options == "-s rr -p 300 -M 255.255.255.254"
    assert virtuals[f"-t {WHERE6}"].options == "-s rr -p 300 -M 127"

    for where in (WHERE, WHERE6):
        ours = scene.client.tally(where, 4)
        assert len(ours) == 1
        assert neighbour.tally(where, 4) == ours
        assert stranger.tally(where, 4).keys() == {"one", "two"} - ours.keys()
    connections = scene.director.host.run("ipvsadm -L -n -c")
    for template in ("10.9.0.2:0", "10.9.0.4:0", "[fd00:9::2]:0", "[fd00:9::4]:0"):
        assert template in connections


SCHEDULED = """\
checkinterval=1
virtual=10.9.0.100:80
	real=10.9.0.11:80 gate
	real=10.9.0.12:80 gate
	checktype=connect
	scheduler={scheduler}
"""


def schedulers() -> list[str]:
    """Return every scheduler that this kernel has a module of."""
    modules = Path("/lib/modules").glob("*/kernel/net/netfilter/ipvs/ip_vs_*.ko")
    return sorted({module.stem.removeprefix("ip_vs_") for module in modules} - {"ftp", "pe_sip"})


def wait_for_options(scene: Scene, options: str) -> None:
    director = scene.director
    wait_until(lambda: director.table().virtuals[f"-t {WHERE}"].options == options, telling=lambda: director.log)


def test_every_scheduler_of_the_kernel_serves(scene: Scene, pair: tuple[Real, Real]) -> None:
    director, names = scene.director, schedulers()
    assert {"rr", "wrr", "lc", "wlc", "sh", "mh", "fo", "ovf"} <= set(names)
    director.start(SCHEDULED.format(scheduler="rr"))
    director.wait_for_weights({real.at: 1 for real in pair})
    for name in names:
        director.reload(SCHEDULED.format(scheduler=name))
        wait_for_options(scene, f"-s {name}")
        assert director.weights() == {real.at: 1 for real in pair}
        assert scene.client.tally(WHERE, 4).keys() <= {"one", "two"}


def test_flags_of_a_scheduler_let_it_tell_the_ports_of_a_client_apart(scene: Scene, pair: tuple[Real, Real]) -> None:
    director = scene.director
    director.start(SCHEDULED.format(scheduler="rr"))
    director.wait_for_weights({real.at: 1 for real in pair})
    for name in ("sh", "mh"):
        director.reload(SCHEDULED.format(scheduler=name))
        wait_for_options(scene, f"-s {name}")
        assert len(scene.client.tally(WHERE, 12)) == 1
        director.reload(SCHEDULED.format(scheduler=f"{name}\n\tschedflags={name}-port"))
        wait_for_options(scene, f"-s {name} -b {name}-port")
        assert len(scene.client.tally(WHERE, 24)) == 2


THRESHOLDS = """\
checkinterval=1
checktimeout=1
quiescent=yes
virtual=10.9.0.100:80
	real=10.9.0.11:80 gate 1 l:1 u:2
	real=10.9.0.12:80 gate 1
	service=http
	request="alive.html"
	receive="I'm alive!"
	scheduler=rr
"""


def thresholds(scene: Scene, real: Real) -> list[str]:
    """Return the columns that `ipvsadm -L -n --thresholds` shows of *real*: the upper and the lower one."""
    lines = scene.director.host.run("ipvsadm -L -n --thresholds").splitlines()
    return next(line.split()[2:4] for line in lines if f"-> {real.at} " in line)


def test_thresholds_hold_connections_back_and_stay_while_a_server_is_quiesced(
    scene: Scene, pair: tuple[Real, Real]
) -> None:
    (one, two), director = pair, scene.director
    director.start(THRESHOLDS)
    director.wait_for_weights({one.at: 1, two.at: 1})
    assert thresholds(scene, one) == ["2", "1"]
    with ExitStack() as stack:
        served = Counter(stack.enter_context(scene.client.hold(WHERE)).ask() for _ in range(8))
        assert served == Counter(one=2, two=6)
    one.site.sick()
    director.wait_for_weights({one.at: 0, two.at: 1})
    assert thresholds(scene, one) == ["2", "1"]
    one.site.alive()
    director.wait_for_weights({one.at: 1, two.at: 1})
    assert thresholds(scene, one) == ["2", "1"]


ONE_OF_TWO_UNKNOWN = """\
checkinterval=1
virtual=10.9.0.100:81
	real=10.9.0.11:80 masq
	checktype=connect
	scheduler=nosuch
virtual=10.9.0.100:80
	real=10.9.0.11:80 gate
	real=10.9.0.12:80 gate
	checktype=connect
	scheduler=rr
"""


def test_an_unknown_scheduler_is_refused_and_what_is_in_force_stays(scene: Scene, pair: tuple[Real, Real]) -> None:
    director = scene.director
    director.write(ONE_OF_TWO_UNKNOWN)
    assert 'lab.cf:5: scheduler: unknown scheduler "nosuch"' in director.act("start", status=2)
    assert not director.table().virtuals

    director.start(ONE_OF_TWO_UNKNOWN.replace("nosuch", "rr"))
    director.wait_for_weights({pair[0].at: 1}, virtual=f"-t {VIP}:81")
    director.write(ONE_OF_TWO_UNKNOWN)
    assert 'unknown scheduler "nosuch"' in director.act("reload", status=2)
    director.wait_for_weights({real.at: 1 for real in pair}, virtual=f"-t {VIP}:80")
    director.wait_for_weights({pair[0].at: 1}, virtual=f"-t {VIP}:81")
    assert scene.client.tally(WHERE, 4) == Counter(one=2, two=2)
