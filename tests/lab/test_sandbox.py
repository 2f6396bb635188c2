"""The units' user, capabilities and sandbox, as systemd makes them."""

import pytest

from tests.lab.support.booted import VIRTUAL, Boot, WaitFor, boot, real, service, wait_for
from tests.lab.support.director import ROOT
from tests.lab.support.scene import Real

__all__ = ["boot", "real", "wait_for"]

pytestmark = [
    pytest.mark.kernel("systemd"),
]

OWN_VIP = "10.9.0.101"
"""A VIP that the director brings up itself."""
ADMIN_AND_RAW = f"{1 << 12 | 1 << 13:016x}"  # CAP_NET_ADMIN and CAP_NET_RAW of capability.h
WIDENED = (ROOT / "docs/running.md").read_text().split("```\n[Service]\nUser=root\n")[1].split("```")[0]


def test_it_needs_two_capabilities_and_stands_where_the_original_stood(
    boot: Boot, real: Real, wait_for: WaitFor
) -> None:
    more = f"virtual={OWN_VIP}:80\n\treal={real.at} gate\n\tchecktype=connect\n\tscheduler=rr\n\tvips=yes\n"
    manager = boot(service(real) + more)
    manager.systemctl("start", "ldirectord")
    wait_for({VIRTUAL: {real.at: 1}, f"-t {OWN_VIP}:80": {real.at: 1}})
    assert f"{OWN_VIP}/32" in manager.run(["ip", "address"]).stdout

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
    assert manager.run(["cat", "/run/ldirectord/ldirectord.ldirectord.pid"]).stdout == f"{manager.main_pid()}\n"

    manager.systemctl("stop", "ldirectord")
    wait_for({})
    assert f"{OWN_VIP}/32" not in manager.run(["ip", "address"]).stdout
    assert manager.run(["ldirectord", "status"]).stdout == "ldirectord is stopped for /etc/ha.d/ldirectord.cf\n"
    left = manager.run(["find", "/run", "-maxdepth", "1", "-name", "ldirectord*"]).stdout
    assert {*left.split()} == {
        "/run/ldirectord.virtuals",
        "/run/ldirectord.track",
    }  # made by tmpfiles, for all instances


# To look at the table takes CAP_NET_ADMIN.
@pytest.mark.parametrize(
    ("drop_in", "does"),
    [
        ("", "test $(id -un) = ldirectord && ! touch /etc/x && ipvsadm -L -n"),
        (
            f"[Service]\nUser=root\n{WIDENED}",
            "test $(id -un) = root && touch /etc/x && chown 1 /etc/x && ipvsadm -L -n",
        ),
    ],
    ids=["as shipped", "widened as the page says"],
)
def test_programs_of_the_configuration_run_in_the_sandbox(
    boot: Boot, real: Real, wait_for: WaitFor, drop_in: str, does: str
) -> None:
    more = "\n\tcheckuser=root" if drop_in else ""
    manager = boot(service(real, check=f"checktype=external\n\tcheckcommand=/etc/ha.d/check{more}"), drop_in)
    script = manager.folder / "etc/ha.d/check"
    script.write_text(f"#!/bin/sh\n{does}\n")
    script.chmod(0o755)
    manager.systemctl("start", "ldirectord")
    wait_for({VIRTUAL: {real.at: 1}})
