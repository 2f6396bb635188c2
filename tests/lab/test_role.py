"""The director's role on a real kernel: its sync daemons, and the address that decides."""

import pytest

from ldirectord_py.cli.ctl.cluster.role import write
from ldirectord_py.model.cluster.role import Role
from tests.lab.support.director import Director
from tests.lab.support.scene import VIP, Scene
from tests.lab.support.waiting import wait_until

MASTER, BACKUP = "master sync daemon", "backup sync daemon"
CONFIG = f"""\
checkinterval=1
role={{role}}
{{more}}
virtual={VIP}:80
	real=10.9.0.11:80 gate
	checktype=on
"""
BY_FILE = CONFIG.format(role="/run/role", more="syncdaemon={sync}")


@pytest.fixture
def director(scene: Scene) -> Director:
    return scene.director


def sync_daemons(director: Director) -> str:
    """Return what the kernel says, such as `master sync daemon (mcast=eth0, syncid=7, …)`."""
    return director.host.run("ipvsadm -L --daemon")


def state_file(director: Director) -> str:
    return "".join(path.read_text() for path in (director.folder / "run").rglob("*.state"))


def set_role(director: Director, role: Role) -> None:
    write(director.folder / "run/role", role)


def test_sync_daemons_follow_the_role_a_restart_and_the_end(director: Director) -> None:
    set_role(director, Role.STANDBY)
    director.start(BY_FILE.format(sync="eth0 id=7 group=224.0.0.99 port=8850 ttl=3 maxlen=1200"))
    wait_until(lambda: BACKUP in sync_daemons(director))
    set_role(director, Role.ACTIVE)
    wait_until(lambda: MASTER in sync_daemons(director))
    told = sync_daemons(director)
    assert BACKUP not in told
    for detail in ("mcast=eth0", "syncid=7", "maxlen=1200", "group=224.0.0.99", "port=8850", "ttl=3"):
        assert detail in told

    director.act("reload")
    director.act("restart")
    assert MASTER in sync_daemons(director)
    assert "sync daemon runs already" not in director.log  # it was this director's all the time

    director.reload(BY_FILE.format(sync="eth0 id=8 peer=9"))
    wait_until(lambda: "syncid=8" in sync_daemons(director) and "syncid=9" in sync_daemons(director))
    set_role(director, Role.STANDBY)
    director.wait_for_log("The director is standby now")
    assert MASTER in sync_daemons(director)
    director.stop()
    assert MASTER not in sync_daemons(director)
    assert BACKUP not in sync_daemons(director)


def test_what_somebody_else_has_started_is_taken_over_or_left_alone(director: Director) -> None:
    set_role(director, Role.ACTIVE)
    director.host.run("ipvsadm --start-daemon master --mcast-interface eth0 --syncid 3")
    director.start(BY_FILE.format(sync="eth0 id=7"))
    ours, theirs = "master on eth0 with id=7", "master on eth0 with id=3"
    director.wait_for_log(f"the sync daemon ({ours}) cannot be started: another one runs already")
    assert theirs in director.log
    assert "syncid=3" in sync_daemons(director)
    director.host.run("ipvsadm --stop-daemon master")
    wait_until(lambda: "syncid=7" in sync_daemons(director))

    director.reload(BY_FILE.format(sync="eth0 id=7 ttl=1"))  # what the kernel does by itself: nothing changes
    director.wait_for_log("is in force")
    director.kill()
    director.act("start")
    director.wait_for_log("The kernel's sync daemon runs")
    assert director.log.count("was ended") == 0


def test_an_interface_that_is_missing_is_waited_for(director: Director) -> None:
    set_role(director, Role.ACTIVE)
    director.start(BY_FILE.format(sync="sync0"))
    director.wait_for_log("cannot be started: there is no interface sync0")
    assert not sync_daemons(director).strip()
    director.host.run("ip link add sync0 type dummy")
    director.host.run("ip link set sync0 up multicast on")
    wait_until(lambda: "mcast=sync0" in sync_daemons(director))
    assert director.log.count("cannot be started") == 1

    director.host.run("ip link del sync0")  # the kernel's daemon goes on, and neither sends nor hears any more
    wait_until(lambda: director.log.count("cannot be started: there is no interface sync0") == 2)
    director.host.run("ip link add sync0 type dummy")
    director.host.run("ip link set sync0 up multicast on")
    wait_until(lambda: director.log.count("The kernel's sync daemon runs") == 2)


def test_what_somebody_has_started_in_the_place_of_ours_is_theirs(director: Director) -> None:
    set_role(director, Role.ACTIVE)
    director.start(BY_FILE.format(sync="eth0 id=7"))
    wait_until(lambda: "syncid=7" in sync_daemons(director))
    wait_until(lambda: '"sync_id": 7' in state_file(director))
    director.kill()
    director.host.run("ipvsadm --stop-daemon master")
    director.host.run("ipvsadm --start-daemon master --mcast-interface eth0 --syncid 3")
    director.act("start")
    director.wait_for_log("cannot be started: another one runs already")
    director.stop()
    assert "syncid=3" in sync_daemons(director)


def test_the_director_that_has_the_vip_is_active(director: Director) -> None:
    director.host.run(f"ip addr flush to {VIP}")
    director.host.run(f"ip addr add {VIP}/32 dev lo")  # a real server's
    director.start(CONFIG.format(role="vip", more="syncdaemon=eth0"))
    wait_until(lambda: BACKUP in sync_daemons(director))
    director.wait_for_log("The director is standby now, as vip says")
    director.host.run(f"ip addr del {VIP}/32 dev lo")
    director.host.run(f"ip addr add {VIP}/24 dev eth0")
    wait_until(lambda: "The director is active now, and no longer standby, as vip says" in director.log, 3)
    wait_until(lambda: MASTER in sync_daemons(director))
    director.host.run(f"ip addr del {VIP}/24 dev eth0")
    wait_until(lambda: BACKUP in sync_daemons(director))
