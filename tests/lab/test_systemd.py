"""The units, run by systemd itself: start, reload, several of them, and the watchdog."""

import shutil
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.lab.support.booted import VIRTUAL, Boot, WaitFor, boot, real, service, wait_for
from tests.lab.support.director import ROOT
from tests.lab.support.manager import SHIPPED, TO_THE_JOURNAL, Manager, Refused
from tests.lab.support.scene import VIP, VIP6, Real, Scene
from tests.lab.support.table import read_weights, watching
from tests.lab.support.waiting import wait_until
from tests.peers.webserver import Page

__all__ = ["boot", "real", "wait_for"]

pytestmark = [
    pytest.mark.kernel("systemd"),
]


def test_a_reload_returns_when_it_is_in_force_and_refuses_what_is_wrong(boot: Boot, real: Real, scene: Scene) -> None:
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


def test_however_often_it_is_started_an_empty_service_takes_no_servers_from_the_table(
    boot: Boot, real: Real, wait_for: WaitFor, scene: Scene
) -> None:
    """Once it has failed, systemd removes its run directory, and the state file with it."""
    manager = boot(service(real))
    manager.systemctl("start", "ldirectord")
    wait_for({VIRTUAL: {real.at: 1}})
    manager.write("ldirectord.cf", f"virtual={VIP}:80\n\tscheduler=rr\n")
    for action in ("restart", "start"):
        with pytest.raises(Refused):
            manager.systemctl(action, "ldirectord")
        wait_until(lambda: manager.show("ldirectord", "ActiveState") == "failed")
        assert manager.show("ldirectord", "ExecMainStatus") == "2"
        assert read_weights(scene.director.host) == {VIRTUAL: {real.at: 1}}
    assert not Path("/run/ldirectord").exists()
    manager.write("ldirectord.cf", service(real, weight=2))
    manager.systemctl("start", "ldirectord")
    wait_for({VIRTUAL: {real.at: 2}})


def test_instances_run_beside_each_other(boot: Boot, real: Real, wait_for: WaitFor) -> None:
    manager = boot(service(real))
    manager.write("web.cf", service(real, port=8080, check="checktype=ping"))
    manager.systemctl("start", "ldirectord", "ldirectord@web")
    wait_for({VIRTUAL: {real.at: 1}, f"-t {VIP}:8080": {f"{real.host.v4}:8080": 1}})
    manager.systemctl("stop", "ldirectord")
    wait_for({f"-t {VIP}:8080": {f"{real.host.v4}:8080": 1}})
    assert "is running" in manager.run(["ldirectord", "web.cf", "status"]).stdout


def test_a_daemon_that_stands_still_is_replaced_and_the_table_stays(
    boot: Boot, real: Real, wait_for: WaitFor, scene: Scene
) -> None:
    manager = boot(service(real), "[Service]\nWatchdogSec=3\n")
    manager.systemctl("start", "ldirectord")
    wait_for({VIRTUAL: {real.at: 1}})
    with watching(scene.director.host) as watch:
        manager.run(["kill", "-STOP", str(manager.main_pid())])
        wait_until(lambda: manager.show("ldirectord", "NRestarts") == "1")
        wait_until(lambda: manager.show("ldirectord", "ActiveState") == "active")
    assert watch.weights(real.at) == [1]


def test_the_journal_has_each_transition_with_its_fields(boot: Boot, real: Real, wait_for: WaitFor) -> None:
    manager = boot(service(real), TO_THE_JOURNAL, journal=True)
    manager.systemctl("start", "ldirectord")
    wait_for({VIRTUAL: {real.at: 1}})
    real.site.pages["/alive.html"] = Page(b"", HTTPStatus.SERVICE_UNAVAILABLE)
    wait_for({VIRTUAL: {}})
    wanted = (f"VIRTUAL=tcp:{VIP}:80", f"REAL={real.at}", "EVENT=real_down")
    wait_until(lambda: manager.journalctl(*wanted), telling=lambda: str(manager.journalctl()))

    (down,) = manager.journalctl(*wanted)
    assert down["MESSAGE"].startswith(f"WARNING: Real server {real.at} (tcp:{VIP}:80) is down (1 of 1): GET http://")
    assert (down["PRIORITY"], down["SYSLOG_IDENTIFIER"]) == ("4", "ldirectord")
    assert (down["REASON"], down["INSTANCE"]) == ("status", "ldirectord")
    assert (down["_SYSTEMD_UNIT"], down["_PID"]) == ("ldirectord.service", str(manager.main_pid()))
    assert manager.journalctl("EVENT=started", "--unit=ldirectord")
    assert "is down (1 of 1)" in manager.log  # where log watchers look for it


def test_logfile_may_be_the_journal_alone(boot: Boot, real: Real, wait_for: WaitFor) -> None:
    manager = boot(f'logfile="journal"\n{service(real)}', TO_THE_JOURNAL, journal=True)
    manager.systemctl("start", "ldirectord")
    wait_for({VIRTUAL: {real.at: 1}})
    wait_until(lambda: manager.journalctl("EVENT=table_changed"), telling=lambda: str(manager.journalctl()))
    manager.systemctl("stop", "ldirectord")
    wait_until(lambda: manager.journalctl("EVENT=stopped"), telling=lambda: str(manager.journalctl()))
    assert manager.log == ""


def test_a_real_server_has_its_vips_as_long_as_its_unit_runs(scene: Scene, tmp_path: Path) -> None:
    host = scene.net.host("one")
    manager = Manager(host, tmp_path / "manager")
    manager.with_control("ldirectord-realserver.service")
    vips = f'VIPS="{VIP} {VIP6}"\nOPTIONS="--tunnel"\n'
    manager.folder.joinpath("etc/default/ldirectord-realserver").write_text(vips)
    manager.boot()

    manager.systemctl("start", "ldirectord-realserver")

    told = host.run("ip -oneline address show")
    assert f"{VIP}/32 scope global tunl0" in told
    assert f"{VIP6}/128 scope global" in told
    manager.systemctl("stop", "ldirectord-realserver")
    told = host.run("ip -oneline address show")
    assert (VIP in told, VIP6 in told) == (False, False)
    assert "LOWER_UP" not in host.run("ip link show tunl0")


def test_vips_are_announced_as_long_as_the_units_of_announcers_run(scene: Scene, tmp_path: Path) -> None:
    """Those of BIRD and of ExaBGP: both end before ldirectord does, and go on over a restart of it."""
    manager = Manager(scene.director.host, tmp_path / "manager")
    prepare_announcers(manager)
    config = f"apireadgroup=ldirectord\ncheckinterval=1\nvirtual={VIP}:80\n\treal=10.9.0.11:80 gate\n\tchecktype=on\n"
    manager.write("ldirectord.cf", config)
    manager.boot()

    def routes() -> str:
        return manager.run(["birdcl", "show", "route", "all"]).stdout

    def announced() -> bool:
        return f"{VIP}/32" in routes() and manager.console.count(f"announced {VIP}/32: tcp") == 2

    manager.systemctl("start", "bird", "ldirectord")
    wait_until(announced, telling=lambda: f"{routes()}\n{manager.console}\n{manager.log}")
    manager.systemctl("restart", "ldirectord")
    assert "65535" not in routes()
    assert "withdrawn" not in manager.console
    manager.systemctl("stop", "ldirectord")
    console = manager.console
    assert f"{VIP}/32 with GRACEFUL_SHUTDOWN, to be withdrawn in 1 s: the end was asked for" in console
    assert f"{VIP}/32 with GRACEFUL_SHUTDOWN, to be withdrawn in 1 s: /run/exabgp/disabled is there" in console
    assert console.count(f"withdrawn {VIP}/32: ") == 2
    assert VIP not in routes()
    manager.systemctl("start", "ldirectord")
    wait_until(lambda: f"{VIP}/32" in routes(), telling=lambda: f"{routes()}\n{manager.console}\n{manager.log}")


def prepare_announcers(manager: Manager) -> None:
    """Have BIRD and ExaBGP as Debian has them, with the configurations of `etc/`, and what `systemctl enable` makes."""
    for unit in ("bird.service", "exabgp.service"):
        shutil.copy(SHIPPED / unit, manager.folder / "units")
    shutil.copy(ROOT / "etc/bird/director.conf", manager.folder / "etc/bird/bird.conf")
    shutil.chown(manager.folder / "etc/bird", "bird", "bird")
    manager.folder.joinpath("etc/default/ldirectord-announce").write_text('OPTIONS="--graceful 1s"\n')
    manager.with_control("ldirectord-announce.service")
    launcher = "/run/lab/units/ldirectorctl"
    conf = (ROOT / "etc/exabgp/exabgp.conf").read_text().replace("/usr/sbin/ldirectorctl", launcher)
    manager.folder.joinpath("etc/exabgp/exabgp.conf").write_text(conf.replace("--graceful 10s", "--graceful 1s"))
    drop_in = manager.folder / "units/exabgp.service.d/ldirectord.conf"
    drop_in.parent.mkdir()
    drop_in.write_text(
        (ROOT / "etc/exabgp/exabgp.service.d/ldirectord.conf").read_text().replace("sleep 11", "sleep 3")
    )
    wants = manager.folder / "units/ldirectord.service.wants"
    wants.mkdir()
    for unit in ("ldirectord-announce.service", "exabgp.service"):
        (wants / unit).symlink_to(f"../{unit}")


def test_keepalived_ends_before_the_director_and_goes_on_over_its_restart(scene: Scene, tmp_path: Path) -> None:
    vip = "10.9.0.99"
    manager = Manager(scene.director.host, tmp_path / "manager")
    example = (ROOT / "etc/keepalived/keepalived.conf").read_text()
    place = manager.folder / "etc/keepalived"
    place.joinpath("keepalived.conf").write_text(example.replace("192.0.2.100", vip))
    shutil.copy(ROOT / "etc/keepalived/ldirectord-role", place)
    manager.folder.joinpath("etc/default/keepalived").write_text('DAEMON_ARGS="--vrrp"\n')
    shutil.copy(SHIPPED / "keepalived.service", manager.folder / "units")
    shutil.copytree(ROOT / "etc/keepalived/keepalived.service.d", manager.folder / "units/keepalived.service.d")
    wants = manager.folder / "units/ldirectord.service.wants"
    wants.mkdir()
    (wants / "keepalived.service").symlink_to("../keepalived.service")
    more = "role=/run/ldirectord.role\ntrackfile=/run/ldirectord.track/served\n"
    manager.write("ldirectord.cf", f"{more}virtual={vip}:80\n\treal=10.9.0.11:80 gate\n\tchecktype=on\n")
    manager.boot()

    def told() -> tuple[bool, str]:
        files = manager.run(["cat", "/run/ldirectord.role", "/run/ldirectord.track/served"]).stdout
        return vip in scene.director.host.run("ip -oneline address show"), files

    manager.systemctl("start", "ldirectord")
    wait_until(lambda: told() == (True, "MASTER\n100\n"), telling=lambda: f"{told()}\n{manager.console}\n{manager.log}")
    manager.systemctl("restart", "ldirectord")
    assert told() == (True, "MASTER\n100\n")
    assert "says that 0 %" not in manager.log.partition("MASTER")[2]
    manager.systemctl("stop", "ldirectord")
    assert told() == (False, "STOP\n0\n")
    assert manager.show("keepalived", "ActiveState") == "inactive"
