"""`vips`: the director brings its VIPs up itself, on the kernel's own interfaces, with neighbours that notice."""

import json
import signal
from collections.abc import Mapping
from typing import Any

import pytest

from tests.lab.support.ctl import Machine
from tests.lab.support.director import Director
from tests.lab.support.namespaces import Host
from tests.lab.support.scene import VIP, VIP6, Real, Scene
from tests.lab.support.waiting import wait_until

SPARE, ABROAD = "10.9.0.101", "192.0.2.7"
CONFIG = """\
checkinterval=1
{more}
virtual={vip}:80
	real={real}:80 gate
	scheduler=rr
	checktype=connect
{section}"""
CONFIG6 = "virtual6=[{vip}]:80\n\treal6=[{real}]:80 gate\n\tscheduler=rr\n\tchecktype=connect\n"
OLD = "02:00:00:00:00:63"
"""The hardware address of a director that is gone."""


@pytest.fixture
def real(scene: Scene) -> Real:
    """Return a real server; the director has no VIP yet."""
    for address in (f"{VIP}/32", f"{VIP6}/128"):
        scene.director.host.links.delete_address(address)
    return scene.real("one")


def config(real: Real, more: str = "vips=yes", section: str = "", vip: str = VIP) -> str:
    return CONFIG.format(more=more, vip=vip, real=real.host.v4, section=section)


def addresses(host: Host) -> dict[str, str]:
    """Return the addresses of a host that are not of its own network, each with its interface and label."""
    links = json.loads(host.run("ip -json address show scope global"))
    found = [(link["ifname"], each) for link in links for each in link["addr_info"] if "local" in each]
    own = {host.v4, host.v6}
    return {each["local"]: f"{name} {each.get('label', '')}" for name, each in found if each["local"] not in own}


def neighbours(host: Host) -> Mapping[str, str]:
    return {each["dst"]: each.get("lladdr", "") for each in json.loads(host.run("ip -json neighbour"))}


def told(scene: Scene, name: str, times: int = 0) -> list[Mapping[str, Any]]:
    """Return the events of a name in the director's log, when there are so many; a thread writes it after the event."""
    found: list[Mapping[str, Any]] = []

    def there() -> bool:
        whole = scene.director.log.rpartition("\n")[0]
        lines = (json.loads(line) for line in whole.splitlines() if line.startswith("{"))
        found[:] = [line for line in lines if line["event"] == name]
        return len(found) >= times

    wait_until(there, telling=lambda: scene.director.log)
    return found


def ctl(director: Director, *words: str) -> str:
    """Run `ldirectorctl` beside the daemon; return what it prints."""
    return Machine(director.host, director.folder / "run").ctl(*words)


def planned_vips(scene: Scene, status: int = 2) -> list[tuple[str, str, str]]:
    """Return what `ldirectorctl plan` says of VIPs: what would be done, with which address and on which interface."""
    machine = Machine(scene.director.host, scene.director.folder / "run")
    found = json.loads(machine.ctl("plan", str(scene.director.file), "--json", status=status))["vips"]
    return [(each["action"], each["address"], each["device"]) for each in found]


def start(scene: Scene, text: str) -> str:
    """Start the director with a log of JSON; return what that prints."""
    scene.director.write(text)
    scene.director.started = True
    words = [*scene.director.program.words, "--log-format", "json", str(scene.director.file), "start"]
    status, printed = scene.director.run(words, **scene.director.program.environment)
    assert status == 0, printed
    return printed


def test_vips_come_up_with_an_alias_and_neighbours_learn_of_it_and_they_go_at_the_end(scene: Scene, real: Real) -> None:
    director, client = scene.director.host, scene.client.host
    director.links.add_address(f"{SPARE}/32")  # somebody else's
    for address in (VIP, VIP6):
        client.run(f"ip neighbour replace {address} lladdr {OLD} dev eth0 nud reachable")
    services = CONFIG.format(more="", vip=SPARE, real=real.host.v4, section="")
    printed = start(scene, config(real) + services + CONFIG6.format(vip=VIP6, real=real.host.v6))
    assert addresses(director) == {VIP: "eth0 eth0:1", VIP6: "eth0 ", SPARE: "eth0 eth0"}
    assert f"{SPARE}/32 is on eth0 already, added by somebody else" in printed
    assert " deprecated" in director.run(f"ip -6 address show to {VIP6}")  # no source of connections
    wait_until(lambda: {neighbours(client)[each] for each in (VIP, VIP6)} == {director.mac}, 5)
    for where in (f"{VIP}:80", f"[{VIP6}]:80"):
        wait_until(lambda where=where: scene.client.ask(where) == "one")

    scene.director.reload(config(real, section="\tvips=no\n") + services)
    wait_until(lambda: addresses(director) == {SPARE: "eth0 eth0"}, telling=lambda: scene.director.log)
    scene.director.reload(config(real) + services)
    wait_until(lambda: addresses(director) == {VIP: "eth0 eth0:1", SPARE: "eth0 eth0"})
    scene.director.stop()
    assert addresses(director) == {SPARE: "eth0 eth0"}
    causes = [(each["vip"], each["cause"]) for each in told(scene, "vip_removed")]
    assert causes == [(VIP, "reload"), (VIP6, "reload"), (VIP, "stop")]


def test_another_machine_has_the_vip_and_is_named_until_it_lets_it_go(scene: Scene, real: Real) -> None:
    other = scene.net.host("other")
    other.links.add_address(f"{VIP}/32")
    printed = start(scene, config(real))
    assert f"vips: {VIP} ({scene.director.file}:3): {other.mac} on eth0 has it" in printed
    wait_until(lambda: told(scene, "vip_conflict"))
    (conflict,) = told(scene, "vip_conflict")
    assert (conflict["owners"], conflict["held"], conflict["level"]) == ([other.mac], False, "warning")
    assert addresses(scene.director.host) == {}
    (vip,) = json.loads(ctl(scene.director, "status", "--json"))["status"]["vips"]
    assert (vip["state"], vip["held"], vip["trouble"]) == ("conflict", False, f"{other.mac} on eth0 has it")
    other.links.delete_address(f"{VIP}/32")
    wait_until(lambda: addresses(scene.director.host) == {VIP: "eth0 eth0:1"})
    assert [each["cause"] for each in told(scene, "vip_added", 1)] == ["retry"]
    assert len(told(scene, "vip_conflict", 1)) == 1


def test_what_others_do_to_vips_is_mended_with_one_alarm_where_it_does_not_end(scene: Scene, real: Real) -> None:
    director, client = scene.director.host, scene.client.host
    start(scene, config(real) + CONFIG6.format(vip=VIP6, real=real.host.v6))

    def back() -> bool:
        return addresses(director) == {VIP: "eth0 eth0:1", VIP6: "eth0 "}

    for _ in range(3):
        director.links.delete_address(f"{VIP}/32")
        wait_until(lambda: not back(), 5)
        wait_until(back)
    assert [each["times"] for each in told(scene, "vip_contested", 1)] == [3]
    assert len(told(scene, "vip_taken_away", 3)) == 3

    director.run("ip link set eth0 down")
    wait_until(lambda: addresses(director) == {VIP: "eth0 eth0:1"}, 5)  # the kernel keeps IPv4 addresses
    client.run(f"ip neighbour replace {VIP} lladdr {OLD} dev eth0 nud reachable")
    director.run("ip link set eth0 up")
    director.links.add_address(f"{director.v6}/64")
    wait_until(back)
    wait_until(lambda: neighbours(client)[VIP] == director.mac)

    # It is taken over by somebody else's hand: on lo, as on a real server, and under another alias.
    director.run(f"ip address del {VIP}/32 dev eth0")
    director.links.add_address(f"{VIP}/32", "lo")
    wait_until(lambda: [each["state"] for each in told(scene, "vip_trouble")][-1:] == ["elsewhere"])
    scene.director.stop()
    assert addresses(director) == {VIP: "lo lo"}


def test_a_reload_that_makes_a_standby_brings_nothing_up_and_one_that_is_refused_changes_nothing(
    scene: Scene, real: Real
) -> None:
    director, role = scene.director, scene.director.folder / "run/role"
    start(scene, config(real, "", section="\tservice=http\n"))
    role.write_text("standby\n")
    by_file = "vips=yes\nrole=/run/role\nsyncdaemon=eth0 id=7\n"
    director.write(config(real, by_file, section="\tquiescent=perhaps\n"))
    director.send(signal.SIGHUP)
    wait_until(lambda: told(scene, "reload_refused"))
    assert not told(scene, "role_changed")
    director.reload(config(real, by_file))
    wait_until(lambda: "backup" in director.host.run("ipvsadm -L --daemon"))
    assert [each["role"] for each in told(scene, "role_changed", 1)] == ["standby"]
    assert not told(scene, "vip_added")
    assert [each["sync"] for each in told(scene, "sync_started", 1)] == ["backup"]
    role.write_text("active\n")
    wait_until(lambda: addresses(director.host) == {VIP: "eth0 eth0:1"})
    director.write(config(real, "vips=yes\nrole=standby\n"))
    assert planned_vips(scene) == [("remove", VIP, "eth0"), ("none", VIP, "eth0")]
    director.reload(config(real, "vips=yes\nrole=standby\n"))
    wait_until(lambda: addresses(director.host) == {})
    wait_until(lambda: "sync daemon" not in director.host.run("ipvsadm -L --daemon"))
    director.reload(config(real, "vips=lo\n"))  # where routers announce it
    wait_until(lambda: addresses(director.host) == {VIP: "lo lo:1"})


def test_an_interface_that_comes_later_and_rights_that_are_missing(scene: Scene, real: Real) -> None:
    director = scene.director.host
    printed = start(scene, config(real, "vips=later0"))
    assert f"there is no interface later0 here; {VIP} is brought up as soon as there is one" in printed
    assert f"vips: {VIP} ({scene.director.file}:3): there is no interface later0" in printed
    assert planned_vips(scene, status=0) == [("none", VIP, "later0")]
    director.run("ip link add later0 type dummy")
    director.run("ip link set later0 up")
    wait_until(lambda: addresses(director) == {VIP: "later0 later0:1"})
    assert planned_vips(scene, status=0) == []
    (before,) = json.loads(ctl(scene.director, "status", "--json"))["status"]["vips"]
    scene.director.act("restart")
    (after,) = json.loads(ctl(scene.director, "status", "--json"))["status"]["vips"]
    assert (after["state"], after["since"]) == ("held", before["since"])
    scene.director.stop()
    assert addresses(director) == {}

    scene.director.write(config(real))
    assert planned_vips(scene) == [("add", VIP, "eth0")]  # at a start
    for right in ("net_raw", "net_admin"):
        words = [
            "setpriv",
            f"--bounding-set=-{right}",
            *scene.director.program.words,
            str(scene.director.file),
            "start",
        ]
        _, printed = scene.director.run(words, **scene.director.program.environment)
        assert f"the capability CAP_{right.upper()}" in printed
        assert addresses(director) == {}
        if right == "net_raw":
            scene.director.wait_for_weights({real.at: 1})  # it goes on without
            scene.director.stop()
