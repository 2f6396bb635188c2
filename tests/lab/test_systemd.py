"""The units, run by systemd itself: user, capabilities and sandbox, on the kernel's table."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.lab.support.manager import Manager, Refused
from tests.lab.support.scene import VIP, Real, Scene
from tests.lab.support.table import read_table, read_weights, watching
from tests.lab.support.waiting import wait_until

pytestmark = pytest.mark.timeout(150)  # systemd and the daemon each take some seconds to start in a guest

ADMIN_AND_RAW = f"{1 << 12 | 1 << 13:016x}"  # CAP_NET_ADMIN and CAP_NET_RAW of capability.h
VIRTUAL = f"-t {VIP}:80"


def service(real: Real, weight: int = 1, port: int = 80, check: str = 'service=http\n\trequest="alive.html"') -> str:
    return f"checkinterval=1\nvirtual={VIP}:{port}\n\treal={real.at} gate {weight}\n\t{check}\n\tscheduler=rr\n"


@pytest.fixture
def real(scene: Scene) -> Real:
    return scene.real("one")


@pytest.fixture
def boot(scene: Scene, tmp_path: Path) -> Callable[..., Manager]:
    """Return what boots systemd with a configuration, and with an addition to the unit."""

    def boot(config: str, drop_in: str = "") -> Manager:
        manager = Manager(scene.director.host, tmp_path / "manager", drop_in)
        manager.write("ldirectord.cf", config)
        manager.boot()
        return manager

    return boot


@pytest.fixture
def wait_for(scene: Scene) -> Callable[[Mapping[str, Mapping[str, int]]], object]:
    def wait_for(expected: Mapping[str, Mapping[str, int]]) -> object:
        host = scene.director.host
        return wait_until(lambda: read_weights(host) == expected, telling=lambda: read_table(host).raw)

    return wait_for


def test_it_needs_two_capabilities_and_stands_where_the_original_stood(boot, real: Real, wait_for) -> None:
    manager = boot(service(real))
    manager.systemctl("start", "ldirectord")
    wait_for({VIRTUAL: {real.at: 1}})

    process = manager.status_of(manager.main_pid())
    user = manager.run(["id", "-u", "ldirectord"]).stdout.strip()
    assert process["Uid"].split() == [user] * 4 != ["0"] * 4
    assert {name: process[name] for name in ("CapEff", "CapBnd", "CapAmb")} == dict.fromkeys(
        ("CapEff", "CapBnd", "CapAmb"), ADMIN_AND_RAW
    )
    assert (process["NoNewPrivs"], process["Seccomp"]) == ("1", "2")
    assert manager.run(["stat", "-c", "%U:%G %a", "/var/log/ldirectord.log"]).stdout == "ldirectord:adm 640\n"

    running = f"ldirectord for /etc/ha.d/ldirectord.cf is running with pid: {manager.main_pid()}\n"
    assert manager.run(["ldirectord", "status"]).stdout == running
    assert manager.run(["cat", "/run/ldirectord.ldirectord.pid"]).stdout == f"{manager.main_pid()}\n"

    manager.systemctl("stop", "ldirectord")
    wait_for({})
    assert manager.run(["ldirectord", "status"]).stdout == "ldirectord is stopped for /etc/ha.d/ldirectord.cf\n"
    assert not manager.run(["find", "/run", "-maxdepth", "1", "-name", "ldirectord*"]).stdout


def test_a_reload_returns_when_it_is_in_force_and_refuses_what_is_wrong(boot, real: Real, scene: Scene) -> None:
    manager = boot(service(real))
    manager.systemctl("start", "ldirectord")
    pid = manager.main_pid()
    manager.write("ldirectord.cf", service(real, weight=7) + "no such directive\n")
    with pytest.raises(Refused, match="unknown directive"):
        manager.systemctl("reload", "ldirectord")
    assert "Reloading Linux Director Daemon config" not in manager.log
    manager.write("ldirectord.cf", service(real, weight=7))
    manager.systemctl("reload", "ldirectord")
    assert read_weights(scene.director.host) == {VIRTUAL: {real.at: 7}}
    assert manager.main_pid() == pid


def test_instances_run_beside_each_other(boot, real: Real, wait_for) -> None:
    manager = boot(service(real))
    manager.write("web.cf", service(real, port=8080, check="checktype=ping"))
    manager.systemctl("start", "ldirectord", "ldirectord@web")
    wait_for({VIRTUAL: {real.at: 1}, f"-t {VIP}:8080": {f"{real.host.v4}:8080": 1}})
    manager.systemctl("stop", "ldirectord")
    wait_for({f"-t {VIP}:8080": {f"{real.host.v4}:8080": 1}})
    assert "is running" in manager.run(["ldirectord", "web.cf", "status"]).stdout


def test_a_daemon_that_stands_still_is_replaced_and_the_table_stays(boot, real: Real, wait_for, scene: Scene) -> None:
    manager = boot(service(real), "[Service]\nWatchdogSec=3\n")
    manager.systemctl("start", "ldirectord")
    wait_for({VIRTUAL: {real.at: 1}})
    with watching(scene.director.host) as watch:
        manager.run(["kill", "-STOP", str(manager.main_pid())])
        wait_until(lambda: manager.show("ldirectord", "NRestarts") == "1", 30)
        wait_until(lambda: manager.show("ldirectord", "ActiveState") == "active", 30)
    assert watch.weights(real.at) == [1]


def test_programs_of_the_configuration_run_in_the_sandbox(boot, real: Real, wait_for, scene: Scene) -> None:
    # To look at the table takes CAP_NET_ADMIN; /etc must not be writable.
    check = "checktype=external\n\tcheckcommand=/etc/ha.d/check"
    manager = boot(service(real, check=check))
    script = manager.folder / "etc/ha.d/check"
    script.write_text("#!/bin/sh\ntest $(id -un) = ldirectord && ! touch /etc/x && ipvsadm -L -n\n")
    script.chmod(0o755)
    manager.systemctl("start", "ldirectord")
    wait_for({VIRTUAL: {real.at: 1}})
