"""systemd's own tools on the units, the user and the log that they need."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from ldirectord_py.model.signals import LEAVE_TABLE
from tests.peers.patience import PATIENCE

ROOT = Path(__file__).parents[2]
DAEMONS = ["ldirectord.service", "ldirectord@.service"]
UNITS = [*DAEMONS, "ldirectord-realserver.service", "ldirectord-announce.service"]
MOST_EXPOSED = 2.0


def run(*words: str | Path) -> str:
    done = subprocess.run(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True, timeout=PATIENCE
    )
    return done.stdout


def settings(unit: str) -> Sequence[str]:
    lines = (ROOT / "systemd" / unit).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Return a folder with the units, whose program is one that this machine has."""
    for unit in UNITS:
        text = (ROOT / "systemd" / unit).read_text()
        (tmp_path / unit).write_text(re.sub("/usr/sbin/ldirector(d|ctl)", "/usr/bin/true", text))
    return tmp_path


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_understands_the_unit(units: Path, unit: str) -> None:
    assert run("systemd-analyze", "verify", "--man=no", units / unit) == ""


@pytest.mark.parametrize("unit", UNITS)
def test_the_sandbox_leaves_little_exposed(units: Path, unit: str) -> None:
    limit = f"--threshold={MOST_EXPOSED * 10:g}"  # it counts in tenths
    said = run("systemd-analyze", "security", "--offline=true", "--no-pager", limit, units / unit)
    assert float(said.split("exposure level for ")[1].split()[1]) <= MOST_EXPOSED


def test_the_units_differ_in_the_instance_only() -> None:
    one, many = (settings(unit) for unit in DAEMONS)
    told = [
        line.replace("%i.cf start", "start").replace("%i.cf reload", "reload").replace("%i.cf", "ldirectord")
        for line in many
    ]
    assert [line.replace(" (ldirectord)", "") for line in told] == one


@pytest.mark.parametrize("unit", DAEMONS)
def test_a_restart_ends_the_daemon_with_the_signal_that_leaves_the_table(unit: str) -> None:
    assert f"RestartKillSignal=SIGRTMIN{LEAVE_TABLE - signal.SIGRTMIN or ''}" in settings(unit)


def test_the_log_is_made_for_the_user_or_handed_over_to_it(tmp_path: Path) -> None:
    for name in ("passwd", "group"):
        (tmp_path / "etc").mkdir(exist_ok=True)
        shutil.copy(Path("/etc", name), tmp_path / "etc")
    log = tmp_path / "var/log/ldirectord.log"
    log.parent.mkdir(parents=True)
    run("systemd-sysusers", f"--root={tmp_path}", ROOT / "systemd/sysusers.d/ldirectord.conf")
    user = next(line for line in (tmp_path / "etc/passwd").read_text().splitlines() if line.startswith("ldirectord:"))
    number = int(user.split(":")[2])
    for before in (None, "from the Perl program\n"):
        if before:
            log.write_text(before)
            os.chown(log, 0, 0)
        run("systemd-tmpfiles", f"--root={tmp_path}", "--create", ROOT / "systemd/tmpfiles.d/ldirectord.conf")
        assert (log.stat().st_uid, log.stat().st_mode & 0o777) == (number, 0o640)
        assert log.read_text() == (before or "")


def test_logrotate_understands_its_rule(tmp_path: Path) -> None:
    log = tmp_path / "ldirectord.log"
    rule = tmp_path / "rule"
    text = (ROOT / "etc/logrotate.d/ldirectord").read_text()
    changed = text.replace("/var/log/ldirectord.log", str(log)).replace("ldirectord adm", "nobody adm")
    rule.write_text(changed.replace("weekly", "weekly\n    su root root"))  # the folder is not /var/log
    rule.chmod(0o644)
    log.write_text("a line\n")
    said = run("/usr/sbin/logrotate", "--force", "--verbose", "--state", tmp_path / "state", rule)
    assert "error" not in said
    assert (log.read_text(), (tmp_path / "ldirectord.log.1").read_text()) == ("", "a line\n")
