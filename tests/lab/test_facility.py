import sys

import pytest

from tests.lab.support.director import ORIGINAL, Director
from tests.lab.support.namespaces import CommandFailed, Net
from tests.lab.support.scene import VIP, VIP6, Real, Scene
from tests.lab.support.table import RealEntry, read_table
from tests.lab.support.waiting import wait_until
from tests.peers.webserver import Behaviour

FLAGS = {"gate": "-g", "masq": "-m", "ipip": "-i"}


DIGEST = """\
import hashlib, mmap
for _ in range(4):
    print(hashlib.sha256(mmap.mmap(-1, 4 << 20)).hexdigest())
"""
"""Computes in the processor's wide registers, and comes upon a page that is not there yet at each 64th block."""
OF_4_MB_OF_ZEROS = "bb9f8df61474d25e71fa00722318cd387396ca1736605e1248821cc0de3d3af8"


def balance(scene: Scene, virtual: str, reals: dict[str, str], scheduler: str = "rr") -> None:
    scene.director.host.run(f"ipvsadm -A {virtual} -s {scheduler}")
    for at, method in reals.items():
        scene.director.host.run(f"ipvsadm -a {virtual} -r {at} {FLAGS[method]}")


def pair(scene: Scene, method: str = "gate") -> tuple[Real, Real]:
    return scene.real("one", method), scene.real("two", method)


def test_hosts_reach_one_another_by_both_families(net: Net) -> None:
    one, two = net.host("one"), net.host("two")
    for address in (two.v4, two.v6):
        assert "1 received" in one.run(f"ping -c 1 -W 2 {address}")


def test_a_command_that_fails_says_so_with_its_output(net: Net) -> None:
    with pytest.raises(CommandFailed, match="ended with 255: Service not defined"):
        net.host("one").run("ipvsadm -d -t 10.9.0.100:80 -r 10.9.0.11")


def test_programs_that_take_turns_keep_the_registers_they_compute_with(net: Net) -> None:
    host = net.host("one")
    programs = [host.popen(f"{sys.executable} -c '{DIGEST}'") for _ in range(3)]
    for program in programs:
        program.wait()
        assert program.stdout is not None
        assert program.stdout.read().split() == [OF_4_MB_OF_ZEROS] * 4


def test_each_host_has_a_table_of_its_own(net: Net) -> None:
    one, two = net.host("one"), net.host("two")
    one.run("ipvsadm -A -t 10.9.0.100:80 -s wlc")
    assert list(read_table(one).virtuals) == ["-t 10.9.0.100:80"]
    assert not read_table(two).virtuals


def test_the_table_is_read_as_it_was_written(scene: Scene) -> None:
    host = scene.director.host
    host.run("ipvsadm -A -u 10.9.0.100:53 -s wrr -o")
    host.run("ipvsadm -a -u 10.9.0.100:53 -r 10.9.0.11:5300 -m -w 7")
    host.run("ipvsadm -A -f 5 -6 -s sh -b sh-port")
    host.run("ipvsadm -a -f 5 -6 -r [fd00:9::11]:80 -i -w 0")
    table = scene.director.table()
    assert table.virtuals["-u 10.9.0.100:53"].reals == {"10.9.0.11:5300": RealEntry("masq", 7)}
    assert table.virtuals["-u 10.9.0.100:53"].options == "-s wrr -o"
    assert table.virtuals["-f 5"].reals == {"[fd00:9::11]:80": RealEntry("ipip", 0)}
    assert scene.director.weights("-f 5") == {"[fd00:9::11]:80": 0}
    assert scene.director.weights("-u 10.9.0.100:53") == {"10.9.0.11:5300": 7}


@pytest.mark.parametrize("method", ["gate", "masq", "ipip"])
def test_a_client_is_served_through_the_virtual_address_of_either_family(scene: Scene, method: str) -> None:
    one, two = pair(scene, method)
    balance(scene, f"-t {VIP}:80", {one.at: method, two.at: method})
    balance(scene, f"-t [{VIP6}]:80", {one.at6: method, two.at6: method})
    assert scene.client.tally(f"{VIP}:80", 10) == {"one": 5, "two": 5}
    assert scene.client.tally(f"[{VIP6}]:80", 10) == {"one": 5, "two": 5}


def test_the_director_may_be_one_of_its_own_real_servers(scene: Scene) -> None:
    balance(scene, f"-t {VIP}:80", {scene.real("one").at: "gate", scene.director_itself().at: "gate"})
    assert scene.client.tally(f"{VIP}:80", 10) == {"one": 5, "director": 5}


def test_datagrams_are_spread_one_by_one_with_one_packet_scheduling(scene: Scene) -> None:
    one, two = pair(scene, "masq")
    balance(scene, f"-u {VIP}:80", {one.at: "masq", two.at: "masq"}, "rr -o")
    assert scene.client.datagrams_from_one_port(f"{VIP}:80", 10) == {"one": 5, "two": 5}


def test_a_mark_of_the_packet_filter_chooses_the_virtual_service(scene: Scene) -> None:
    one, two = pair(scene)
    scene.director.host.run(f"iptables-legacy -t mangle -A PREROUTING -d {VIP} -p tcp -j MARK --set-mark 7")
    balance(scene, "-f 7", {f"{one.host.v4}:0": "gate", f"{two.host.v4}:0": "gate"})
    assert scene.client.tally(f"{VIP}:80", 10) == {"one": 5, "two": 5}


def test_an_open_connection_goes_on_when_its_server_takes_no_new_ones(scene: Scene) -> None:
    one = scene.real("one")
    balance(scene, f"-t {VIP}:80", {one.at: "gate"})
    with scene.client.hold(f"{VIP}:80") as connection:
        assert connection.ask() == "one"
        scene.director.host.run(f"ipvsadm -e -t {VIP}:80 -r {one.at} -g -w 0")
        assert connection.ask() == "one"
        assert scene.client.ask(f"{VIP}:80") == "refused"


def test_a_web_server_can_be_switched(scene: Scene) -> None:
    site = scene.real("one").site
    assert scene.client.ask("10.9.0.11:80", "/alive.html") == "I'm alive!"
    site.sick()
    assert scene.client.ask("10.9.0.11:80", "/alive.html") == "I'm afraid not"
    for behaviour, seen in ((Behaviour.RESET, "reset"), (Behaviour.CLOSE, "cut off"), (Behaviour.SERVE, "one")):
        site.behaviour = behaviour
        assert scene.client.ask("10.9.0.11:80") == seen
    scene.web.refuse(site)
    assert scene.client.ask("10.9.0.11:80") == "refused"
    assert site.requests["/alive.html"] == 2


def test_a_watch_sees_what_a_table_goes_through(scene: Scene) -> None:
    host = scene.director.host
    with scene.director.watching() as watch:
        balance(scene, f"-t {VIP}:80", {"10.9.0.11:80": "gate"})
        host.run(f"ipvsadm -e -t {VIP}:80 -r 10.9.0.11:80 -g -w 0")
        host.run("ipvsadm -C")
    assert watch.weights("10.9.0.11:80") == [None, 1, 0, None]


def test_the_original_runs_with_folders_of_its_own(scene: Scene) -> None:
    original = Director(scene.director.host, ORIGINAL, scene.folder / "another")
    original.start(f"checkinterval=1\nvirtual={VIP}:80\n\treal=10.9.0.11:80 gate\n\tservice=http\n\tscheduler=rr\n")
    wait_until(lambda: original.table().virtuals)
    assert original.table().virtuals[f"-t {VIP}:80"].options == "-s rr"
    original.wait_for_log(f"Added virtual server: {VIP}:80")
    original.stop()
    assert not original.running
    assert not original.table().virtuals


def test_the_report_of_a_failed_test_shows_table_log_and_configuration(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("from tests.lab.support.fixtures import net, pytest_runtest_makereport, scene, web\n")
    pytester.makepyfile("""
        from tests.lab.support.waiting import wait_until

        CONFIG = "checkinterval=1\\nvirtual=10.9.0.100:80\\n\\treal=10.9.0.11:80 gate\\n\\tservice=http\\n"

        def test_fails(scene):
            scene.original.start(CONFIG)
            wait_until(lambda: scene.original.table().virtuals)
            assert scene.original.weights() == "something else"
    """)
    lines = pytester.runpytest_inprocess("-p", "no:cacheprovider").stdout
    lines.fnmatch_lines(["*ipvsadm -L -n on director (original)*", "*TCP  10.9.0.100:80 wrr*"])
    lines.fnmatch_lines(["*log on director (original)*", "*Added virtual server: 10.9.0.100:80*"])
    lines.fnmatch_lines(["*configuration on director (original)*", "checkinterval=1"])
