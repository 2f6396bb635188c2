"""Dovecot with two users, on loopback."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.peers.ports import free_port
from tests.servers.daemons import daemon, listens, room, runs_as

USER = "dovecot"
BOB = {"login": "bob", "passwd": r'se"cr\et x'}
ZOE = {"login": "zoë@example.org", "passwd": "gehëim {3}"}
"""Not in ASCII, so that IMAP needs literals."""
GUEST = {"login": "guest", "passwd": "guest"}
"""Comes once, to see that the goodbye is heard."""

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = /dev/stderr
protocols = imap pop3
listen = 127.0.0.1, ::1
default_internal_user = {user}
default_internal_group = {user}
default_login_user = {user}
first_valid_uid = 1
ssl = yes
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/certificate.pem
disable_plaintext_auth = no
auth_username_chars =
auth_failure_delay = 0
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={user} home={folder}/mail/%u
}}
service anvil {{
  chroot =
  # Whoever fails is made to wait before the next try, else.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {ports.imap}
  }}
  inet_listener imaps {{
    port = {ports.imaps}
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {ports.pop}
  }}
  inet_listener pop3s {{
    port = {ports.pops}
  }}
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dovecot:
    """Its ports, and what it says of itself."""

    imap: int
    imaps: int
    pop: int
    pops: int
    log: Path

    def goodbyes(self, user: str) -> int:
        """Return how many sessions of *user* ended with the command that is meant for it."""
        return len(re.findall(rf"\({user}\).*Disconnected: Logged out", self.log.read_text()))


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """Run Dovecot as an unprivileged user; nothing is verified of its certificate, which is its own."""
    with room(USER) as folder:
        ports = Dovecot(**{name: free_port() for name in ("imap", "imaps", "pop", "pops")}, log=folder / "output")
        configuration = folder / "dovecot.conf"
        configuration.write_text(CONFIGURATION.format(folder=folder, ports=ports, user=runs_as(USER)))
        (folder / "users").write_text(
            "".join(f"{user['login']}:{{PLAIN}}{user['passwd']}\n" for user in (BOB, ZOE, GUEST))
        )
        certificate = folder / "certificate.pem"
        trustme.CA().issue_cert("mail.example.org").private_key_and_cert_chain_pem.write_to_path(certificate)
        for readable in (configuration, folder / "users", certificate):
            readable.chmod(0o644)
        argv = ["/usr/sbin/dovecot", "-F", "-c", configuration]
        with daemon(argv, ready=listens(ports.imap, ports.imaps, ports.pop, ports.pops), output=ports.log, user=USER):
            yield ports
