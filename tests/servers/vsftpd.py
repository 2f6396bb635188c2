"""vsftpd, which lets in who knows the password, with two files."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ldirectord_py.model.address import Endpoint
from tests.peers.ports import free_port
from tests.servers.daemons import at, daemon, listens

CONFIGURATION = """
background=NO
listen={v4}
listen_ipv6={v6}
{listen_address}={address}
listen_port={port}
run_as_launching_user=YES
anonymous_enable=YES
secure_email_list_enable=YES
email_password_file={folder}/passwords
anon_root={folder}
connect_from_port_20=NO
delay_failed_login=0
seccomp_sandbox=NO
"""
PASSWORD = "rabbit-hole"


@dataclass(frozen=True, slots=True)
class Vsftpd:
    """Where it is asked, and where its files are: `status.txt` and one that is `large`."""

    endpoint: Endpoint
    files: Path


@contextmanager
def vsftpd(address: str = "127.0.0.1") -> Iterator[Vsftpd]:
    """Run a server at one of the loopbacks."""
    with TemporaryDirectory(prefix="ldirectord-test-") as name:
        files = Path(name)
        (files / "passwords").write_text(f"{PASSWORD}\n")
        (files / "status.txt").write_text("all is ready\n")
        (files / "large").write_bytes(b"x" * 1_000_000)
        files.chmod(0o755)  # it serves its guests as somebody else
        port = free_port()
        configuration = files / "vsftpd.conf"
        configuration.write_text(_configuration(files, port, address))
        argv = ["/usr/sbin/vsftpd", configuration]
        with daemon(argv, ready=listens(port, on=[address]), output=files / "output"):
            yield Vsftpd(at(port, address), files)


def _configuration(files: Path, port: int, address: str) -> str:
    v6 = ":" in address
    return CONFIGURATION.format(
        v4="NO" if v6 else "YES",
        v6="YES" if v6 else "NO",
        listen_address="listen_address6" if v6 else "listen_address",
        address=address,
        port=port,
        folder=files,
    )
