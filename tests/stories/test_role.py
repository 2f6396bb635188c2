"""A director that a file makes active or standby: a real process, a table in memory."""

import json
from pathlib import Path

from ldirectord_py.cli.ctl.cluster.role import write
from ldirectord_py.model.cluster.role import Role
from tests.stories.daemon import Daemon
from tests.stories.test_ldirectorctl import ALL, ctl


def role_of(daemon: Daemon) -> str:
    shown = ctl(daemon.home, "role", "--json")
    return str(json.loads(shown.stdout)["role"]) if not shown.returncode else ""


def test_a_file_says_the_role_without_a_restart_and_the_table_stays_warm(daemon: Daemon) -> None:
    path, note = daemon.home / "role", daemon.home / "note"
    write(path, Role.STANDBY)
    program = daemon.home / "told"
    program.write_text(f'#!/bin/sh\necho "$*" >> {note}\n')
    program.chmod(0o755)
    daemon.write(
        extra=f"role={path}\nstandbyinterval=2\nhistoryfile={daemon.home}/history\n",
        section=f"\tfallbackcommand={program}\n",
    )
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    assert daemon.metrics()['ldirectord_role{role="standby"}'] == 1
    assert daemon.metrics()[f'ldirectord_role_info{{source="{path}"}}'] == 1
    assert not note.exists()

    told = ctl(daemon.home, "role", "active")
    assert told.returncode == 0, told
    assert told.stdout.startswith("active since ")
    assert told.stdout.endswith(f", as {path} says\n")
    assert path.read_text() == "active\n"
    daemon.until(note.exists)
    assert daemon.metrics()['ldirectord_role{role="active"}'] == 1

    path.write_text("nonsense")
    daemon.logged("role_unclear", 1)
    assert role_of(daemon) == "active"
    daemon.sites["one"].sick()
    daemon.until(lambda: daemon.weights() == {**ALL, "one": 0})
    assert [line["role"] for line in daemon.logged("role_changed", 2)] == ["standby", "active"]

    since = json.loads(ctl(daemon.home, "role", "--json").stdout)["since"]
    path.unlink()
    daemon.end()
    daemon.start()  # the next director takes the role over, as long as nothing says otherwise
    daemon.until(lambda: role_of(daemon) == "active")
    assert json.loads(ctl(daemon.home, "role", "--json").stdout)["since"] == since


def test_a_role_that_does_not_come_from_a_file_is_not_set(daemon: Daemon, tmp_path: Path) -> None:
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    assert ctl(daemon.home, "role").stdout == "active, as active says\n"
    refused = ctl(daemon.home, "role", "standby")
    assert refused.returncode == 1
    assert "the role comes from 'active', and only one that comes from a file is set here" in refused.stderr
    elsewhere = tmp_path / "role"
    assert ctl(daemon.home, "role", "standby", "--file", str(elsewhere)).returncode == 0
    assert elsewhere.read_text() == "standby\n"
    assert "which role to write" in ctl(daemon.home, "role", "--file", str(elsewhere)).stderr
    assert "No such file" in ctl(daemon.home, "role", "active", "--file", f"{tmp_path}/no/role").stderr
