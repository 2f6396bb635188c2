"""Heartbeat's resource script of the role, and what its unit is given; tests/lab has Heartbeat itself."""

import subprocess
from pathlib import Path

import pytest

from tests.peers.patience import PATIENCE

SHIPPED = Path(__file__).parents[2] / "etc/ha.d"
SCRIPT = SHIPPED / "resource.d/ldirectord-role"
STOPPED = 3


def call(*words: str) -> tuple[int, str]:
    done = subprocess.run([SCRIPT, *words], capture_output=True, text=True, check=False, timeout=PATIENCE)
    return done.returncode, done.stdout + done.stderr


def test_where_heartbeat_starts_it_the_role_is_active_and_elsewhere_standby(tmp_path: Path) -> None:
    role = tmp_path / "role"
    file = str(role)
    assert call(file, "status") == (STOPPED, f"stopped: {file} says nothing\n")
    assert call(file, "stop") == (0, "")
    assert call(file, "status") == (STOPPED, f"stopped: {file} says standby\n")
    assert call(file, "start") == call(file, "start") == (0, "")
    assert call(file, "status") == (0, f"running: {file} says active\n")
    assert role.read_text() == "active\n"
    assert oct(role.stat().st_mode & 0o777) == "0o644"
    assert [*tmp_path.iterdir()] == [role]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ((), 2, "usage: "),
        (("role", "start"), 2, "expected the full path of a file, but got 'role'"),
        (("/run/", "start"), 2, "expected the full path of a file, but got '/run/'"),
        (("/nowhere/role", "promote"), 2, "usage: "),
        (("/nowhere/role", "start"), 1, "cannot write 'active' to the role file /nowhere/role"),
    ],
)
def test_what_it_cannot_do_it_says(words: tuple[str, ...], status: int, said: str) -> None:
    ended, told = call(*words)
    assert (ended, said in told) == (status, True)


def test_it_is_plain_shell() -> None:
    subprocess.run(["shellcheck", "--shell=sh", SCRIPT], check=True, timeout=PATIENCE)
    subprocess.run(["dash", "-n", SCRIPT], check=True, timeout=PATIENCE)


def test_systemd_understands_what_the_unit_is_given(tmp_path: Path) -> None:
    unit = tmp_path / "heartbeat.service"
    unit.write_text("[Service]\nExecStart=/usr/bin/true\n")
    drop_in = (SHIPPED / "heartbeat.service.d/ldirectord.conf").read_text()
    assert "\nExecStartPre=/etc/ha.d/resource.d/ldirectord-role " in drop_in
    (tmp_path / "heartbeat.service.d").mkdir()
    (tmp_path / "heartbeat.service.d/ldirectord.conf").write_text(
        drop_in.replace("/etc/ha.d/resource.d/ldirectord-role", "/usr/bin/true")
    )
    words = ["systemd-analyze", "verify", "--man=no", unit]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert done.stdout + done.stderr == ""
