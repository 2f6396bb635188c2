"""PostgreSQL with a few roles and a rabbit, on both loopbacks."""

import base64
import hashlib
import hmac
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from tests.peers.ports import free_port
from tests.servers.daemons import LOOPBACKS, daemon, listens, room, runs_as

USER = "postgres"
LOGIN = "monitor"
PASSWORD = "rabbit-hölé"


def verifier(password: str, rounds: int) -> str:
    """Return what PostgreSQL keeps of a password (RFC 5803), hashed so often."""
    salt = b"wonderland-salt!"
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${rounds}:{salt64}${stored64}:{server64}"


SETUP = f"""
create database hole;
create role {LOGIN} login password '{PASSWORD}';
create role open login;
create role careful login password '{PASSWORD}';
create role slow login password '{verifier(PASSWORD, 100_000)}';
create role plain login password '{PASSWORD}';
\\connect hole
create type colour as enum ('white', 'gray');
create table rabbits (name text, colour colour);
insert into rabbits values ('bünny', 'white');
grant all on rabbits to {LOGIN};
"""
ADMITTED = """
local all all trust
host all open all trust
hostssl all careful all scram-sha-256
hostnossl all plain all scram-sha-256
host all monitor,postgres,slow all scram-sha-256
"""


def program(name: str) -> str:
    """Return where a program of PostgreSQL is, of whichever version there is."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else name


def _run(folder: Path, *argv: str, text: str = "") -> None:
    made = subprocess.run(argv, user=runs_as(USER), input=text.encode(), capture_output=True, check=False, cwd=folder)
    if made.returncode:
        pytest.fail(f"{argv[0]}: {(made.stdout + made.stderr).decode()[-4000:]}", pytrace=False)


@contextmanager
def postgresql() -> Iterator[int]:
    """Yield the port of a server whose cluster is made anew."""
    with room(USER) as folder:
        data = folder / "data"
        _run(
            folder, program("initdb"), "--no-sync", "-E", "UTF8", "--locale=C.UTF-8", "-U", "postgres", "-D", str(data)
        )
        (data / "pg_hba.conf").write_text(ADMITTED)
        certificate = trustme.CA().issue_cert("localhost")
        key = folder / "key.pem"
        certificate.private_key_pem.write_to_path(key)
        certificate.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
        run_as = runs_as(USER)
        for path in (key, folder / "certificate.pem"):
            path.chmod(0o600)
            shutil.chown(path, run_as)
        port = free_port()
        settings = {
            "listen_addresses": ",".join(LOOPBACKS),
            "unix_socket_directories": str(folder),
            "ssl": "on",
            "ssl_cert_file": str(folder / "certificate.pem"),
            "ssl_key_file": str(key),
            "fsync": "off",
            "max_connections": "20",
        }
        argv = [program("postgres"), "-D", str(data), "-p", str(port)]
        argv += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with daemon(argv, ready=listens(port), output=folder / "output", user=USER, cwd=folder):
            _run(folder, "psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(folder), "-p", str(port), "-U", "postgres",
                "-d", "postgres", text=SETUP)  # fmt: skip
            yield port
