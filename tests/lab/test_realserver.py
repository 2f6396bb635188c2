"""`ldirectorctl realserver`: a real server that is made one, with clients; its mistakes; and everything put back."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab.support.ctl import Machine
from tests.lab.support.namespaces import Host
from tests.lab.support.scene import VIP, VIP6, Real, Scene, serve

CONFIG = """\
checkinterval=1
virtual={vip}:80
	real={v4}:80 {method}
	service=http
	request="alive.html"
	receive="I'm alive!"
	checktimeout=2
virtual6=[{vip6}]:80
	real6=[{v6}]:80 {method}
	service=http
	request="alive.html"
	receive="I'm alive!"
	checktimeout=2
"""
KINDS = ("arp_ignore", "arp_announce", "rp_filter")
DEVICES = ("all", "lo", "eth0", "tunl0")


def state(host: Host) -> dict[str, str]:
    """Return all that the command may change."""
    with host.inside():
        settings = {
            f"{device}.{kind}": Path(f"/proc/sys/net/ipv4/conf/{device}/{kind}").read_text()
            for device in DEVICES
            for kind in KINDS
        }
    links = json.loads(host.run("ip -json link"))
    flags = {link["ifname"]: ",".join(sorted(link["flags"])) for link in links}
    return {**settings, **flags, "addresses": host.run("ip -oneline address show scope global")}


@pytest.fixture
def real(scene: Scene) -> Real:
    """Return a web server that is no real server yet, on a host whose kernel filters strictly."""
    host = scene.net.host("one")
    host.sysctl("ipv4.conf.all.rp_filter", 1)
    return serve(scene.web, host)


@pytest.fixture
def machine(real: Real, tmp_path: Path) -> Machine:
    return Machine(real.host, tmp_path / "run-of-one")


@pytest.mark.parametrize("method", ["gate", "ipip"])
def test_a_machine_that_is_made_a_real_server_serves_and_down_puts_everything_back(
    scene: Scene, real: Real, machine: Machine, method: str
) -> None:
    tunnel = ["--tunnel"] if method == "ipip" else []
    before = state(machine.host)
    v4, v6 = f"{VIP}:80", f"[{VIP6}]:80"
    scene.director.start(CONFIG.format(vip=VIP, vip6=VIP6, v4=real.host.v4, v6=real.host.v6, method=method))
    scene.director.wait_for_weights({real.at: 1}, virtual=f"-t {v4}")
    scene.director.wait_for_weights({real.at6: 1}, virtual=f"-t {v6}")
    assert scene.client.ask(v4) != "one"

    said = machine.ctl("realserver", "up", VIP, VIP6, *tunnel)

    device = {"gate": ("lo", "lo"), "ipip": ("tunl0", "ip6tnl0")}[method]
    assert f"+ {VIP}/32 on {device[0]}\n+ {VIP6}/128 on {device[1]}\n" in said
    assert scene.client.tally(v4, 6) == {"one": 6}
    assert scene.client.tally(v6, 6) == {"one": 6}
    assert machine.findings("realserver", "check", status=0) == []
    assert " deprecated" in machine.host.run(f"ip -6 address show dev {device[1]} to {VIP6}")
    made = state(machine.host)
    assert "nothing to do" in machine.ctl("realserver", "up", VIP, VIP6, *tunnel)
    assert state(machine.host) == made

    machine.ctl("realserver", "down", VIP6)
    assert scene.client.tally(v4, 3) == {"one": 3}
    assert machine.findings("realserver", "check", status=0) == []
    said = machine.ctl("realserver", "down")
    assert said.startswith(f"- {VIP}/32 on {device[0]}\n")
    assert said.endswith("- net.ipv4.conf.all.arp_ignore 1 → 0\n")
    assert state(machine.host) == before
    assert list(machine.run.glob("*.json")) == []
    assert "nothing to put back" in machine.ctl("realserver", "down")


def by_hand_on_the_wire(host: Host) -> None:
    host.links.add_address(f"{VIP}/24", "eth0")


def without_settings(host: Host) -> None:
    host.links.add_address(f"{VIP}/32", "lo")


def with_its_network(host: Host) -> None:
    host.sysctl("ipv4.conf.all.arp_ignore", 1)
    host.sysctl("ipv4.conf.all.arp_announce", 2)
    host.links.add_address(f"{VIP}/24", "lo")


def with_a_strict_filter(host: Host) -> None:
    host.sysctl("ipv4.conf.all.arp_ignore", 1)
    host.sysctl("ipv4.conf.all.arp_announce", 2)
    host.links.up("tunl0")
    host.links.add_address(f"{VIP}/32", "tunl0")


def with_the_tunnel_down(host: Host) -> None:
    host.sysctl("ipv4.conf.all.rp_filter", 0)
    host.sysctl("ipv4.conf.tunl0.rp_filter", 0)
    host.sysctl("ipv4.conf.all.arp_ignore", 1)
    host.sysctl("ipv4.conf.all.arp_announce", 2)
    host.links.add_address(f"{VIP}/32", "tunl0")


@pytest.mark.parametrize(
    ("mistake", "ids", "sentence"),
    [
        (
            by_hand_on_the_wire,
            ["vip-on-wire"],
            f"the VIP {VIP} is on eth0, which answers ARP for it: clients will reach this server without the director",
        ),
        (without_settings, ["arp-ignore", "arp-announce"], f"eth0 answers ARP for {VIP}, although that is on another"),
        (with_its_network, ["vip-prefix"], "every address of that network counts as this machine's own"),
        (with_a_strict_filter, ["rp-filter"], "packets that come through tunl0 are thrown away"),
        (with_the_tunnel_down, ["device-down"], "the device tunl0 is down"),
        (lambda _: None, ["no-vip"], f"the VIP {VIP} is not on this machine"),
    ],
)
def test_check_says_in_words_what_is_wrong(
    machine: Machine, mistake: Callable[[Host], None], ids: list[str], sentence: str
) -> None:
    mistake(machine.host)
    found = machine.findings("realserver", "check", VIP)
    assert [finding["id"] for finding in found] == ids
    assert sentence in found[0]["text"]


def test_the_mistake_is_one_of_which_clients_know(scene: Scene, machine: Machine) -> None:
    """With the VIP on lo and no settings the machine answers ARP: a client reaches it although no director runs."""
    scene.director.host.links.delete_address(f"{VIP}/32")
    without_settings(machine.host)
    assert scene.client.ask(f"{VIP}:80") == "one"
    scene.client.host.run("ip neighbour flush all")
    machine.ctl("realserver", "up", VIP)
    assert scene.client.ask(f"{VIP}:80") != "one"


def test_nothing_is_changed_where_something_is_refused_and_nothing_removed_that_others_added(machine: Machine) -> None:
    by_hand_on_the_wire(machine.host)
    before = state(machine.host)
    said = machine.ctl("realserver", "up", "10.9.0.101", VIP, status=1)
    assert f"{VIP}/24 is on eth0 already, which answers ARP for it; take it away first: ip address del" in said
    said = machine.ctl("realserver", "down", VIP, status=1)
    assert f"{VIP}/24 on eth0 was not added by this command" in said
    assert "an address that clients connect to" in machine.ctl("realserver", "up", "127.0.0.1", status=1)
    assert state(machine.host) == before


def test_what_others_have_set_or_added_stays_when_all_is_put_back(machine: Machine) -> None:
    machine.host.links.add_address("10.9.0.101/32", "lo")
    machine.ctl("realserver", "up", VIP, "10.9.0.101")
    machine.host.sysctl("ipv4.conf.all.arp_ignore", 2)
    said = machine.ctl("realserver", "down")
    assert "net.ipv4.conf.all.arp_ignore is 2, which somebody else has set; it was 0 before" in said
    left = state(machine.host)
    assert (left["all.arp_ignore"], left["all.arp_announce"]) == ("2\n", "0\n")
    assert "10.9.0.101/32" in left["addresses"]
    assert VIP not in left["addresses"]


def test_a_tunnel_that_others_use_stays_up(machine: Machine) -> None:
    machine.ctl("realserver", "up", "--tunnel", VIP)
    machine.host.links.add_address("10.9.0.101/32", "tunl0")
    said = machine.ctl("realserver", "down")
    assert "tunl0 stays up: somebody else has 10.9.0.101/32 there" in said
    left = state(machine.host)
    assert (VIP in left["addresses"], "UP" in left["tunl0"].split(",")) == (False, True)


def test_a_state_file_that_cannot_be_used_is_not_written_over(machine: Machine) -> None:
    file = machine.run / "ldirectord.realserver.json"
    file.write_text('{"version": 1, "boot"')
    said = machine.ctl("realserver", "up", VIP, status=1)
    assert f"{file} cannot be used" in said
    assert file.read_text() == '{"version": 1, "boot"'
    assert VIP not in state(machine.host)["addresses"]
