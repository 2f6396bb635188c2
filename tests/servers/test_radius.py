"""The radius check against FreeRADIUS."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ldirectord_py.model.outcome import Reason, Verdict
from tests.peers.asking import checking
from tests.servers.daemons import at, daemon, free_port

DICTIONARY = "/usr/share/freeradius/dictionary"
USERS = """\
nemo    Cleartext-Password := "arctangent"
        Reply-Message := "Welcome aboard"
long    Cleartext-Password := "a password that fills more than one block of sixteen bytes"
gone    Auth-Type := Reject
        Reply-Message := "Your account is locked"
token   Auth-Type := Token
"""


def configuration(folder: Path, port: int) -> str:
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
  require_message_authenticator = yes
}}
client loopback6 {{
  ipv6addr = ::1
  secret = s3cret
  require_message_authenticator = yes
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


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("freeradius")
    number = free_port()
    (folder / "users").write_text(USERS)
    (folder / "radiusd.conf").write_text(configuration(folder, number))
    (folder / "dictionary").write_text(f"$INCLUDE {DICTIONARY}\n")
    output = folder / "output"
    argv = ["/usr/sbin/freeradius", "-f", "-l", "stdout", "-d", folder, "-n", "radiusd"]
    with daemon(argv, ready=lambda: b"Ready to process requests" in output.read_bytes(), output=output):
        yield number


WORDS = {"service": "radius", "login": "nemo", "passwd": "arctangent", "secret": "s3cret"}
LONG = "a password that fills more than one block of sixteen bytes"


@pytest.mark.parametrize("words", [{}, {"login": "long", "passwd": LONG}], ids=["a password", "a long one"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_a_user_who_may_come_in_means_up(port, address, words) -> None:
    async with checking() as check:
        outcome = await check(at(port, address), **(WORDS | words))
    assert (outcome.verdict, outcome.detail) == (Verdict.UP, "Access-Accept"), outcome


NO = "Access-Reject: the server does not accept login and passwd"


@pytest.mark.parametrize(
    ("words", "reason", "detail"),
    [
        ({"passwd": "wrong"}, Reason.STATUS, NO),
        ({"passwd": ""}, Reason.STATUS, NO),
        ({"login": "nobody"}, Reason.STATUS, NO),
        ({"login": "gone"}, Reason.STATUS, f"{NO}; it says 'Your account is locked'"),
        ({"login": "token"}, Reason.STATUS, "Access-Challenge: the server asks for more than a password"),
        # The request's Message-Authenticator is wrong then, so the server discards it (RFC 3579 §3.2).
        ({"secret": "other"}, Reason.TIMEOUT, "no answer within 1 s"),
    ],
    ids=["wrong password", "no password", "unknown user", "locked user", "challenge", "wrong secret"],
)
async def test_a_user_who_may_not_means_down(port, words, reason, detail) -> None:
    async with checking() as check:
        outcome = await check(at(port), **(WORDS | words))
    assert (outcome.verdict, outcome.reason, detail in outcome.detail) == (Verdict.DOWN, reason, True), outcome


async def test_a_silent_server_is_down() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        async with checking() as check:
            outcome = await check(at(silent.getsockname()[1]), **WORDS)
    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.TIMEOUT), outcome


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_where_nobody_listens_the_server_is_down(address) -> None:
    async with checking() as check:
        outcome = await check(at(free_port(), address), **WORDS)
    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.REFUSED), outcome
