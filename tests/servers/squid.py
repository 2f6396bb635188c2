"""Squid on both loopbacks."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.peers.ports import free_port
from tests.servers.daemons import daemon, listens, room
from tests.servers.nginx import SHOP

USER = "proxy"
ORIGIN = "origin.example.org"
"""The name by which it knows web servers of this machine; another is the shop's."""
FORBIDDEN = "forbidden.example.org"
"""Another, to which it lets nobody."""

CONFIGURATION = """
http_port 127.0.0.1:{port}
http_port [::1]:{port}
acl forbidden dstdomain {forbidden}
http_access deny forbidden
http_access allow all
cache deny all
visible_hostname proxy.example.org
hosts_file {folder}/hosts
access_log none
cache_log stdio:{folder}/cache.log
pid_filename {folder}/pid
coredump_dir {folder}
pinger_enable off
shutdown_lifetime 0 seconds
max_filedescriptors 256
"""


@contextmanager
def squid() -> Iterator[int]:
    """Yield the port of a proxy that keeps nothing, and asks no name server for the names that it knows."""
    with room(USER) as folder:
        port = free_port()
        (folder / "hosts").write_text(f"127.0.0.1 {ORIGIN} {SHOP} {FORBIDDEN}\n")
        configuration = folder / "squid.conf"
        configuration.write_text(CONFIGURATION.format(port=port, folder=folder, forbidden=FORBIDDEN))
        argv = ["squid", "-N", "-f", configuration]
        with daemon(argv, ready=listens(port), output=folder / "output", user=USER, cwd=folder):
            yield port
