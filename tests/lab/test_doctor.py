"""`ldirectorctl doctor` on a director that is set up well, and on one that is broken in each way."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.lab.support.ctl import Machine
from tests.lab.support.scene import VIP, VIP6, Real, Scene

CONFIG = """\
checkinterval=1
virtual={vip}:80
	real={real}:80 {method}
	scheduler=rr
	checktype=connect
{more}"""
QUIET = ("--ignore", "clock")
"""A guest's clock is kept by nobody."""
FAR = "198.51.100.11"

Doctor = Callable[..., list[str]]


@pytest.fixture
def machine(scene: Scene, tmp_path: Path) -> Machine:
    return Machine(scene.director.host, tmp_path / "run-of-director")


@pytest.fixture
def real(scene: Scene) -> Real:
    return scene.real("one")


@pytest.fixture
def doctor(machine: Machine, real: Real) -> Doctor:
    """Return what examines a configuration with a method and a server, and returns what counts of what it finds."""

    def doctor(method: str, server: str = "", more: str = "", *words: str, status: int = 2) -> list[str]:
        file = machine.run / "lab.cf"
        file.write_text(CONFIG.format(vip=VIP, real=server or real.host.v4, method=method, more=more))
        found = machine.findings("doctor", str(file), *QUIET, *words, status=status)
        return [finding["id"] for finding in found if finding["severity"] != "note"]

    return doctor


def test_a_director_that_is_set_up_well_is_fit(doctor: Doctor, machine: Machine) -> None:
    assert doctor("gate", status=0) == []
    assert "this machine is fit for it" in machine.ctl("doctor", str(machine.run / "lab.cf"), *QUIET)
    assert doctor("masq", status=0) == []


def test_nothing_is_forwarded(scene: Scene, doctor: Doctor) -> None:
    scene.director.host.sysctl("ipv4.ip_forward", 0)
    assert doctor("masq") == ["ip-forward"]
    assert doctor("gate", status=0) == []


def test_fix_shows_the_harmless_settings_and_puts_them_in_force(scene: Scene, doctor: Doctor, machine: Machine) -> None:
    host = scene.director.host
    host.sysctl("ipv4.ip_forward", 0)
    host.sysctl("ipv4.conf.eth0.send_redirects", 1)
    more = "\tpersistent=60\n\tquiescent=yes\n"
    assert doctor("masq", "", more) == ["ip-forward", "expire", "send-redirects"]
    said = machine.ctl("doctor", str(machine.run / "lab.cf"), *QUIET, "--fix")
    assert said.splitlines()[:3] == [
        "+ net.ipv4.ip_forward 0 → 1",
        "+ net.ipv4.vs.expire_quiescent_template 0 → 1",
        "+ net.ipv4.conf.eth0.send_redirects 1 → 0",
    ]
    assert doctor("masq", "", more, status=0) == []


def test_the_vip_is_missing(scene: Scene, doctor: Doctor) -> None:
    scene.director.host.links.delete_address(f"{VIP}/32")
    assert doctor("gate") == ["vip-missing"]


def test_another_host_has_the_vip(scene: Scene, doctor: Doctor, machine: Machine) -> None:
    other = scene.net.host("other")
    other.links.add_address(f"{VIP}/32")
    (link,) = json.loads(other.run("ip -json link show eth0"))
    assert doctor("gate") == ["vip-duplicate"]
    said = machine.ctl("doctor", str(machine.run / "lab.cf"), *QUIET, status=2)
    assert f"seen: {link['address']} on eth0 answered an ARP probe" in said
    scene.director.host.links.delete_address(f"{VIP}/32")
    assert doctor("gate", status=0) == []  # on standby
    assert f"seen: {link['address']} on eth0 has it" in machine.ctl("doctor", str(machine.run / "lab.cf"), *QUIET)


def test_a_real_server_answers_arp_for_the_vip(scene: Scene, doctor: Doctor, real: Real) -> None:
    real.host.sysctl("ipv4.conf.all.arp_ignore", 0)
    real.host.sysctl("ipv4.conf.eth0.arp_ignore", 0)
    assert doctor("gate") == ["vip-duplicate"]


@pytest.mark.parametrize("kind", ["none", "blackhole", "prohibit", "unreachable"])
def test_there_is_no_way_to_a_real_server(scene: Scene, doctor: Doctor, kind: str) -> None:
    if kind != "none":
        scene.director.host.run(f"ip route add {kind} {FAR}")
    assert doctor("masq", FAR) == ["no-route"]


def test_a_server_with_gate_is_behind_a_router(scene: Scene, doctor: Doctor) -> None:
    scene.director.host.links.add_route(FAR, scene.client.host.v4)
    assert doctor("gate", FAR) == ["gate-remote"]
    assert doctor("masq", FAR, status=0) == []


def test_what_comes_in_does_not_fit_into_the_tunnel(scene: Scene, doctor: Doctor, real: Real) -> None:
    assert doctor("ipip") == ["mtu"]
    assert doctor("ipip", "", "", "--ignore", "mtu", status=0) == []
    scene.director.host.run(f"ip route add {real.host.v4} dev eth0 mtu lock 1300")
    assert doctor("ipip") == ["mtu"]


def test_the_sync_daemon_has_lost_its_wire(scene: Scene, doctor: Doctor, machine: Machine) -> None:
    host = scene.director.host
    host.run("ip link add sync0 type dummy")
    host.run("ip link set sync0 up multicast on")
    host.run("ipvsadm --start-daemon master --mcast-interface sync0 --syncid 5")
    assert doctor("gate", status=0) == []
    host.run("ip link set sync0 down")
    assert doctor("gate") == ["sync-device"]
    said = machine.ctl("doctor", str(machine.run / "lab.cf"), *QUIET, status=2)
    assert "seen: master with sync id 5 on sync0, which is down" in said
    host.run("ipvsadm --stop-daemon master")


def test_rules_go_by_the_state_of_connections(scene: Scene, doctor: Doctor) -> None:
    scene.director.host.run("iptables-legacy -t nat -A POSTROUTING -j MASQUERADE")
    assert doctor("masq") == ["conntrack"]


def test_a_file_with_errors_and_an_id_that_there_is_not(machine: Machine) -> None:
    file = machine.run / "lab.cf"
    file.write_text("virtual=rubbish\n")
    assert f"{file}:1:" in machine.ctl("doctor", str(file), status=1)
    file.write_text(CONFIG.format(vip=VIP, real="10.9.0.11", method="gate", more=""))
    assert "no finding has the id nosuch" in machine.ctl("doctor", str(file), "--ignore", "nosuch", status=1)


def test_ipv6_has_its_ways_too(scene: Scene, machine: Machine, real: Real) -> None:
    file = machine.run / "lab.cf"

    def found(method: str, server: str, **expected: int) -> Sequence[str]:
        file.write_text(f"virtual6=[{VIP6}]:80\n\treal6=[{server}]:80 {method}\n\tchecktype=connect\n")
        return [finding["id"] for finding in machine.findings("doctor", str(file), *QUIET, **expected)]

    assert found("gate", real.host.v6, status=0) == []
    assert found("gate", "2001:db8::1") == ["no-route"]
    assert found("ipip", real.host.v6) == ["mtu"]
    scene.net.host("other").links.add_address(f"{VIP6}/128")
    assert found("gate", real.host.v6) == ["vip-duplicate"]
    scene.director.host.sysctl("ipv6.conf.all.forwarding", 0)
    assert "ip-forward" in found("masq", real.host.v6)


HASHED = """\
virtual={vip}:80
	real={first}:80 gate
	real={second}:80 gate
	scheduler=mh
	checktype=connect
"""


def test_what_directors_that_share_clients_need_is_noted(scene: Scene, machine: Machine, real: Real) -> None:
    host = scene.director.host
    file = machine.run / "lab.cf"
    file.write_text(HASHED.format(vip=VIP, first=real.host.v4, second="10.9.0.250"))

    def notes() -> dict[str, str]:
        found = machine.findings("doctor", str(file), *QUIET, status=0)
        return {finding["id"]: finding["command"] for finding in found}

    sloppy = {"sloppy-tcp": "sysctl -w net.ipv4.vs.sloppy_tcp=1"}
    assert notes() == sloppy
    host.run(f"ipvsadm -A -t {VIP}:80 -s mh")
    for server in ("10.9.0.250", real.host.v4):
        host.run(f"ipvsadm -a -t {VIP}:80 -r {server}:80 -g")
    entered_anew = f"ipvsadm -D -t {VIP}:80  # while no client is sent here; the daemon enters it anew"
    assert notes() == {**sloppy, "server-order": entered_anew}
    host.run(f"ipvsadm -d -t {VIP}:80 -r 10.9.0.250:80")
    host.run(f"ipvsadm -a -t {VIP}:80 -r 10.9.0.250:80 -g")
    host.sysctl("ipv4.vs.sloppy_tcp", 1)
    assert notes() == {}
