"""FreeRADIUS with four users, on both loopbacks."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.peers.ports import free_port
from tests.servers.daemons import daemon

DICTIONARY = "/usr/share/freeradius/dictionary"
USERS = """\
nemo    Cleartext-Password := "arctangent"
        Reply-Message := "Welcome aboard"
long    Cleartext-Password := "a password that fills more than one block of sixteen bytes"
gone    Auth-Type := Reject
        Reply-Message := "Your account is locked"
token   Auth-Type := Token
"""


def _configuration(folder: Path, port: int, *, hardened: bool) -> str:
    return f"""
prefix = /usr
name = checked
logdir = {folder}
db_dir = {folder}
run_dir = {folder}
libdir = /usr/lib/freeradius
pidfile = {folder}/pid
log {{
  destination = stdout
}}
security {{
  reject_delay = 0
  status_server = no
}}
thread pool {{
  start_servers = 1
  max_servers = 2
  min_spare_servers = 1
  max_spare_servers = 1
}}
client loopback {{
  ipaddr = 127.0.0.1
  secret = s3cret
  require_message_authenticator = {"yes" if hardened else "no"}
}}
client loopback6 {{
  ipv6addr = ::1
  secret = s3cret
  require_message_authenticator = {"yes" if hardened else "no"}
}}
modules {{
  pap {{
  }}
  files {{
    filename = {folder}/users
  }}
  always handled {{
    rcode = handled
  }}
}}
server default {{
  listen {{
    type = auth
    ipaddr = 127.0.0.1
    port = {port}
  }}
  listen {{
    type = auth
    ipv6addr = ::1
    port = {port}
  }}
  authorize {{
    files
    pap
  }}
  authenticate {{
    Auth-Type PAP {{
      pap
    }}
    Auth-Type Token {{
      update control {{
        Response-Packet-Type := Access-Challenge
      }}
      update reply {{
        Reply-Message := "Enter the PIN"
      }}
      handled
    }}
  }}
}}
"""


@contextmanager
def freeradius(*, hardened: bool = True) -> Iterator[int]:
    """Yield the port of a server that drops requests without a Message-Authenticator, if it is *hardened*."""
    with TemporaryDirectory(prefix="ldirectord-test-") as name:
        yield from _serve(Path(name), hardened=hardened)


def _serve(folder: Path, *, hardened: bool) -> Iterator[int]:
    number = free_port()
    (folder / "users").write_text(USERS)
    (folder / "radiusd.conf").write_text(_configuration(folder, number, hardened=hardened))
    (folder / "dictionary").write_text(f"$INCLUDE {DICTIONARY}\n")
    output = folder / "output"
    argv = ["/usr/sbin/freeradius", "-f", "-l", "stdout", "-d", folder, "-n", "radiusd"]
    with daemon(argv, ready=lambda: b"Ready to process requests" in output.read_bytes(), output=output):
        yield number
