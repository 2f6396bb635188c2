"""The table stays as it is to be, whoever else touches it; and what is not ours stays as it was."""

import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.lab.support.director import OURS, Director
from tests.lab.support.scene import VIP, Real, Scene
from tests.lab.support.table import read_weights
from tests.lab.support.waiting import wait_until

WHERE = f"{VIP}:80"
TCP = f"-t {WHERE}"

KEPT = """\
checkinterval=1
reconcileinterval=1
quiescent=yes
{more}
virtual=10.9.0.100:80
	real=10.9.0.11:80 gate 2
	real=10.9.0.12:80 gate 1
	service=http
	request="alive.html"
	receive="I'm alive!"
	scheduler=wrr
"""


def start(scene: Scene, pair: tuple[Real, Real], more: str = "") -> None:
    """Start the director and wait until both servers are in."""
    scene.director.start(KEPT.format(more=more))
    scene.director.wait_for_weights({pair[0].at: 2, pair[1].at: 1})


def repaired(director: Director, harm: str) -> float:
    """Do *harm* with `ipvsadm`, wait until the table is as before, and return the seconds that took."""
    before = director.table().lines()
    director.host.run(f"ipvsadm {harm}")
    return wait_until(lambda: director.table().lines() == before, telling=lambda: director.table().raw)


def test_what_a_stranger_changed_is_repaired_and_told(scene: Scene, pair: tuple[Real, Real]) -> None:
    one, two = pair
    start(scene, pair)
    for harm, told in (
        (f"-e {TCP} -r {one.at} -g -w 7", f"real server {one.at} (tcp:{WHERE}): it had weight 7 instead of 2"),
        (
            f"-e {TCP} -r {one.at} -m -w 2",
            f"real server {one.at} (tcp:{WHERE}): it had forwarding masq instead of gate",
        ),
        (f"-d {TCP} -r {two.at}", f"real server {two.at} (tcp:{WHERE}): the server was missing"),
        (f"-a {TCP} -r 10.9.0.13:80 -g", f"real server 10.9.0.13:80 (tcp:{WHERE}): the server was there, although"),
        (f"-E {TCP} -s rr", f"virtual server tcp:{WHERE}: it had scheduler=rr instead of wrr"),
        (f"-D {TCP}", f"virtual server tcp:{WHERE}: the virtual service was missing"),
    ):
        assert repaired(scene.director, harm) < 3
        scene.director.wait_for_log(f"The IPVS table is not as it was left: {told}")
    assert scene.client.tally(WHERE, 6) == Counter(one=4, two=2)


@pytest.mark.parametrize("readd", ["no", "yes"])
def test_a_quiesced_server_that_somebody_took_out_comes_back_only_if_asked_for(
    scene: Scene, pair: tuple[Real, Real], readd: str
) -> None:
    (one, two), director = pair, scene.director
    start(scene, pair, f"readdquiescent={readd}")
    one.site.sick()
    director.wait_for_weights({one.at: 0, two.at: 1})
    director.host.run(f"ipvsadm -d {TCP} -r {one.at}")
    director.host.run(f"ipvsadm -e {TCP} -r {two.at} -g -w 9")  # whoever mends this has seen that one is gone
    director.wait_for_weights({one.at: 0, two.at: 1} if readd == "yes" else {two.at: 1})
    one.site.alive()
    director.wait_for_weights({one.at: 2, two.at: 1})


CLEAN_OR_NOT = """\
checkinterval=1
cleanstop=no
virtual=10.9.0.100:80
	real=10.9.0.11:80 gate 2
	real=10.9.0.12:80 gate 1
	checktype=connect
virtual=10.9.0.100:81
	real=10.9.0.11:80 masq
	checktype=connect
	cleanstop=yes
"""


def test_without_cleanstop_the_client_is_served_while_the_director_is_away(
    scene: Scene, pair: tuple[Real, Real]
) -> None:
    (one, two), director = pair, scene.director
    director.start(CLEAN_OR_NOT)
    director.wait_for_weights({one.at: 2, two.at: 1}, virtual=TCP)
    director.wait_for_weights({one.at: 1}, virtual=f"-t {VIP}:81")
    with scene.client.hold(WHERE) as connection:
        server = connection.ask()
        director.stop()
        assert list(director.table().virtuals) == [TCP]
        assert scene.client.tally(WHERE, 6) == Counter(one=4, two=2)
        with director.watching() as watch:
            director.start()
            director.wait_for_weights({one.at: 1}, virtual=f"-t {VIP}:81")
        assert connection.ask() == server
    assert (watch.states[0][TCP], watch.states[-1][TCP]) == ({one.at: 2, two.at: 1},) * 2
    assert len({tuple(state[TCP].items()) for state in watch.states}) == 1


ANOTHER = """\
checkinterval=1
reconcileinterval=1
virtual=10.9.0.100:81
	real=10.9.0.11:80 masq 3
	checktype=connect
	scheduler=rr
"""


def test_two_directors_on_one_kernel_touch_each_their_own(scene: Scene, pair: tuple[Real, Real]) -> None:
    (one, two), director = pair, scene.director
    another = Director(director.host, OURS, scene.folder / "another")
    start(scene, pair)
    another.start(ANOTHER)
    another.wait_for_weights({one.at: 3}, virtual=f"-t {VIP}:81")
    repaired(director, "-C")
    another.stop()
    assert director.weights() == {one.at: 2, two.at: 1}
    assert f"{VIP}:81" not in director.log
    assert WHERE not in another.log


def sections(*ports: int) -> str:
    """Return a configuration with a virtual service on each of *ports*."""
    lines = (f"virtual={VIP}:{port}\n\treal=10.9.0.11:80 masq 3\n\tchecktype=connect\n" for port in ports)
    return "\n".join(("checkinterval=1", *lines))


@pytest.mark.parametrize("way", ["restart", "killed"])
def test_what_a_restart_finds_of_its_own_and_the_file_names_no_more_goes(scene: Scene, pair: object, way: str) -> None:
    director = scene.director
    director.start(sections(81, 82, 83))
    names = {f"-t {VIP}:{port}" for port in (81, 82, 83)}
    wait_until(lambda: set(director.served()) == names, telling=lambda: director.table().raw)
    director.write(sections(81, 82))
    if way == "killed":
        director.kill()
        director.act("start")
    else:
        director.act("restart")
    wait_until(lambda: set(director.served()) == names - {f"-t {VIP}:83"}, telling=lambda: director.table().raw)
    director.wait_for_log(f"Purged virtual server (start): {VIP}:83")

    pid = director.pid
    director.write(sections())
    printed = director.act("restart", status=2)
    assert f"a restart would take away all 2 virtual services (tcp:{VIP}:81, tcp:{VIP}:82)" in printed
    assert director.pid == pid
    if way == "restart":
        assert director.run([*OURS.words, str(director.file), "restart", "--force"], **OURS.environment)[0] == 0
        wait_until(lambda: not director.served(), telling=lambda: director.table().raw)
        return
    director.kill()
    director.act("start")
    director.wait_for_log("nobody checks their servers")
    assert set(director.served()) == names - {f"-t {VIP}:83"}


BARE = f"virtual={VIP}:81\n\tscheduler=rr\nvirtual={VIP}:82\n\tscheduler=rr\n"


def test_no_start_takes_all_servers_from_the_services_that_it_finds_of_its_own(
    scene: Scene, pair: tuple[Real, Real]
) -> None:
    director = scene.director
    director.start(sections(81, 82))
    at = pair[0].at
    one, other = f"-t {VIP}:81", f"-t {VIP}:82"
    served = {one: {at: 3}, other: {at: 3}}

    def table() -> dict[str, dict[str, int]]:
        return read_weights(director.host)

    wait_until(lambda: table() == served, telling=lambda: director.table().raw)
    director.kill()
    director.write(BARE)
    lost = f"a start would leave nobody to serve all 2 virtual services (tcp:{VIP}:81, tcp:{VIP}:82)"
    assert lost in director.act("start", status=2)
    assert table() == served
    director.write(sections(81) + BARE.partition("\n\tscheduler=rr\n")[2])
    director.act("start")
    wait_until(lambda: table() == {one: {at: 3}, other: {}}, telling=lambda: director.log)

    director.write(BARE)
    pid = director.pid
    lost = f"a restart would leave nobody to serve the only virtual service (tcp:{VIP}:81)"
    assert lost in director.act("restart", status=2)
    assert director.pid == pid
    assert director.run([*OURS.words, str(director.file), "restart", "--force"], **OURS.environment)[0] == 0
    wait_until(lambda: not director.served(), telling=lambda: director.table().raw)
    director.act("stop")
    director.act("start")  # there is nothing left to lose


@pytest.mark.kernel("modules")
def test_after_the_module_was_gone_the_table_is_written_anew(scene: Scene, pair: tuple[Real, Real]) -> None:
    (one, two), director = pair, scene.director
    start(scene, pair)
    director.send(signal.SIGSTOP)  # or else it would use the module again before it is gone
    director.host.run("ipvsadm -C")
    modules = [line.split()[0] for line in Path("/proc/modules").read_text().splitlines() if line.startswith("ip_vs")]
    director.host.run(f"rmmod {' '.join(modules)}")
    director.send(signal.SIGCONT)
    wait_until(Path("/proc/net/ip_vs").exists, telling=lambda: director.log)  # our asking has the kernel load it again
    director.wait_for_weights({one.at: 2, two.at: 1})
    director.wait_for_log("the virtual service was missing")
    two.site.sick()
    director.wait_for_weights({one.at: 2, two.at: 0})
    assert scene.client.tally(WHERE, 4) == Counter(one=4)
