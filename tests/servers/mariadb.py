"""MariaDB with two users and a few rabbits, on both loopbacks."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.peers.ports import free_port
from tests.servers.daemons import LOOPBACKS, daemon, listens, room, runs_as

USER = "mysql"
LOGIN = "monitor"
PASSWORD = "rabbit-hölé"


USERS = f"""
set names utf8mb4;
create database hole character set utf8mb4;
use hole;
create table hole.rabbits (name varchar(20));
create table hole.many as select seq from seq_1_to_100000;
insert into hole.rabbits values ('white'), ('bünny');
create user {LOGIN} identified by '{PASSWORD}';
create user open;
grant all on hole.* to {LOGIN};
grant select on hole.* to open;
"""


def install(folder: Path) -> None:
    """Make a data directory; fails with the program's own words."""
    argv = ["mariadb-install-db", "--no-defaults", f"--datadir={folder}/data", "--skip-test-db"]
    argv += ["--skip-name-resolve", "--auth-root-authentication-method=normal"]
    # Each removes what it finds of others' temporary tables.
    own = os.environ | {"TMPDIR": str(folder)}
    made = subprocess.run(argv, user=runs_as(USER), capture_output=True, check=False, cwd=folder, env=own)
    if made.returncode:
        pytest.fail(f"mariadb-install-db: {(made.stdout + made.stderr).decode()[-4000:]}", pytrace=False)


@contextmanager
def mariadb(*options: str) -> Iterator[int]:
    """Yield the port of a server whose database is made anew; the last of several *options* that differ counts."""
    with room(USER) as folder:
        install(folder)
        (folder / "users.sql").write_text(USERS)
        port = free_port()
        argv = ["mariadbd", "--no-defaults", f"--datadir={folder}/data", f"--port={port}", f"--socket={folder}/socket"]
        argv += [f"--bind-address={','.join(LOOPBACKS)}", f"--init-file={folder}/users.sql", "--skip-name-resolve"]
        argv += [
            "--skip-log-bin",
            f"--tmpdir={folder}",
            "--innodb-buffer-pool-size=16M",
            f"--pid-file={folder}/pid",
            *options,
        ]
        with daemon(argv, ready=listens(port), output=folder / "output", user=USER, cwd=folder):
            yield port
