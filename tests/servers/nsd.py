"""NSD with a small zone and its reverse, on both loopbacks."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.peers.ports import free_port
from tests.servers.daemons import daemon, listens

ZONE = """\
$ORIGIN example.org.
$TTL 60
@     SOA   ns hostmaster 1 3600 900 86400 60
@     NS    ns
ns    A     192.0.2.53
www   A     10.0.0.7
www   A     10.0.0.8
www   AAAA  2001:db8::7
alias CNAME www
mail  MX    5 www
"""
REVERSE = """\
$ORIGIN 0.0.10.in-addr.arpa.
$TTL 60
@     SOA   ns.example.org. hostmaster.example.org. 1 3600 900 86400 60
@     NS    ns.example.org.
7     PTR   www.example.org.
"""
MANY = "".join(f"many A 10.1.0.{index}\n" for index in range(1, 101))


@contextmanager
def nsd() -> Iterator[int]:
    """Yield the port of a server of `example.org`."""
    with TemporaryDirectory(prefix="ldirectord-test-") as name:
        yield from _serve(Path(name))


def _serve(folder: Path) -> Iterator[int]:
    number = free_port()
    (folder / "example.org").write_text(ZONE + MANY)
    (folder / "reverse").write_text(REVERSE)
    configuration = folder / "nsd.conf"
    configuration.write_text(f"""
server:
  ip-address: 127.0.0.1
  ip-address: ::1
  port: {number}
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  zonelistfile: "{folder}/zone.list"
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  pidfile: ""
  logfile: ""
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: example.org
  zonefile: example.org
zone:
  name: 0.0.10.in-addr.arpa
  zonefile: reverse
""")
    argv = ["/usr/sbin/nsd", "-d", "-c", configuration]
    with daemon(argv, ready=listens(number, over=("tcp", "udp")), output=folder / "output"):
        yield number
