"""OpenLDAP's slapd with two entries, plain and under TLS, on both loopbacks."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import trustme

from tests.peers.ports import free_port
from tests.servers.daemons import daemon, listens

WATCHER = "cn=watcher,dc=example,dc=org"
ENTRIES = f"""\
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example
description: I'm alive!

dn: {WATCHER}
objectClass: person
cn: watcher
sn: watcher
userPassword: hush
"""


@dataclass(frozen=True)
class Ports:
    """Where it is asked plainly, and where under TLS."""

    ldap: int
    ldaps: int


@contextmanager
def slapd() -> Iterator[Ports]:
    """Run it; nothing is verified of its certificate, which is its own."""
    with TemporaryDirectory(prefix="ldirectord-test-") as name:
        yield from _serve(Path(name))


def _serve(folder: Path) -> Iterator[Ports]:
    certificate = trustme.CA().issue_cert("ldap.example.org")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    (folder / "data").mkdir()
    configuration = folder / "slapd.conf"
    configuration.write_text(f"""
include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
argsfile {folder}/args
TLSCertificateFile {folder}/certificate.pem
TLSCertificateKeyFile {folder}/key.pem
access to dn.base="" by * read
access to attrs=userPassword by anonymous auth
access to * by dn.base="{WATCHER}" read by * none
database mdb
suffix "dc=example,dc=org"
directory {folder}/data
""")
    (folder / "entries").write_text(ENTRIES)
    subprocess.run(["/usr/sbin/slapadd", "-f", configuration, "-l", folder / "entries"], check=True)
    number, secure = free_port(), free_port()
    addresses = " ".join(
        f"{scheme}://{host}:{port}/"
        for scheme, port in (("ldap", number), ("ldaps", secure))
        for host in ("127.0.0.1", "[::1]")
    )
    argv = ["/usr/sbin/slapd", "-d", "0", "-f", configuration, "-h", addresses]
    with daemon(argv, ready=listens(number, secure), output=folder / "output"):
        yield Ports(number, secure)
