"""nginx on loopback, with a port for each way in which a web server may be set up."""

import gzip
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.peers.ports import free_port
from tests.servers.daemons import daemon, listens, room

USER = "www-data"
SHOP = "shop.example.org"
ALIVE = "I'm alive!"
LATE = "the end of the large page"
LARGE = 600 * 1024
"""Bytes of the large page: more than a pattern sees."""
USERS = "alice:{PLAIN}rabbit hole\n"
"""Who may see the page /private."""

MAIN = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{ }}
http {{
  log_format told '$server_port|$request|$http_host|$http_user_agent|$http_via|$ssl_server_name|$ssl_session_reused';
  access_log {folder}/access.log told;
  client_body_temp_path {folder}/temporary;
  proxy_temp_path {folder}/temporary;
  fastcgi_temp_path {folder}/temporary;
  uwsgi_temp_path {folder}/temporary;
  scgi_temp_path {folder}/temporary;
  default_type text/plain;
  keepalive_timeout 300s;
{servers}
}}
"""

SERVER = """
server {{
  listen 127.0.0.1:{port} {words};
  listen [::1]:{port} {words};
{lines}
}}
"""

PAGES = """
root {folder}/pages;
location /chunked/ {{ alias {folder}/pages/; ssi on; ssi_types text/plain; }}
location /packed/ {{ alias {folder}/pages/; gzip_static on; }}
location /packed-for-all/ {{ alias {folder}/pages/; gzip_static always; }}
location = /status {{ stub_status; }}
location = /empty {{ return 204; }}
location = /tired {{ return 503; }}
location = /closed {{ return 444; }}
location = /private {{ auth_basic rabbits; auth_basic_user_file {folder}/users; try_files /alive.html =404; }}
location = /slow {{ proxy_pass http://127.0.0.1:{silent}; }}
location = /broken {{ proxy_pass http://127.0.0.1:{nobody}; }}
location = /absolute {{ return 301 /alive.html; }}
location = /relative {{ absolute_redirect off; return 302 alive.html; }}
location = /loop {{ return 307 /loop; }}
location = /elsewhere {{ return 302 http://192.0.2.80/alive.html; }}
location = /secure {{ return 301 https://$host/alive.html; }}
location = /hops/0 {{ return 308 /alive.html; }}
"""
HOPS = "\n".join(f"location = /hops/{hop} {{ return 303 /hops/{hop - 1}; }}" for hop in range(1, 8))


@dataclass(frozen=True, slots=True, kw_only=True)
class Nginx:
    """Its ports, each for one way of serving, and its log."""

    plain: int
    guestbook: int
    """As plain, for a test that wants to know who came."""
    tls: int
    tls_by_name: int
    """Ends the handshake of whoever does not name the shop in SNI."""
    tls_mutual: int
    """Wants a certificate of its guests."""
    tls11: int
    tls12: int
    tls13: int
    nobody: int
    """Nobody listens there."""
    log: Path

    def told(self, sign: str = "", port: int | None = None) -> list[list[str]]:
        """Return what was asked in requests with *sign* in them, at *port* if one is given.

        Port, request line, Host, User-Agent, Via, SNI, and "r" where the TLS session was resumed.
        """
        lines = (line.split("|") for line in self.log.read_text().splitlines())
        return [line for line in lines if sign in line[1] and line[0] == str(port or line[0])]


@contextmanager
def nginx() -> Iterator[Nginx]:
    """Run nginx until the end."""
    names = ("plain", "guestbook", "tls", "tls_by_name", "tls_mutual", "tls11", "tls12", "tls13", "nobody")
    with room(USER) as folder, socket.create_server(("127.0.0.1", 0)) as silent:
        ports = {name: free_port() for name in names}
        it = Nginx(log=folder / "access.log", **ports)
        _write_pages(folder)
        pages = PAGES.format(folder=folder, silent=silent.getsockname()[1], nobody=it.nobody) + HOPS
        configuration = folder / "nginx.conf"
        configuration.write_text(MAIN.format(folder=folder, servers="\n".join(_servers(it, folder, pages))))
        argv = ["nginx", "-p", folder, "-e", "stderr", "-c", configuration]
        with daemon(
            argv,
            ready=listens(*(port for port in ports.values() if port != it.nobody)),
            output=folder / "output",
            user=USER,
        ):
            yield it


def _servers(it: Nginx, folder: Path, pages: str) -> Iterator[str]:
    www, shop = _certified(folder, "www.example.org"), _certified(folder, SHOP)
    named = f"server_name {SHOP};"
    redirects = "location = /moved { return 301 /; }"
    yield SERVER.format(port=it.plain, words="default_server", lines=pages)
    yield SERVER.format(port=it.guestbook, words="", lines=pages)
    yield SERVER.format(port=it.plain, words="", lines=f'{named} {redirects} location / {{ return 200 "the shop"; }}')
    yield SERVER.format(port=it.tls, words="ssl http2 default_server", lines=www + pages)
    greeting = f'{redirects} location / {{ return 200 "the shop, by SNI $ssl_server_name"; }}'
    yield SERVER.format(port=it.tls, words="ssl http2", lines=f"{named} {shop} {greeting}")
    yield SERVER.format(port=it.tls_by_name, words="ssl default_server", lines="ssl_reject_handshake on;")
    yield SERVER.format(port=it.tls_by_name, words="ssl", lines=named + shop + pages)
    mutual = f"ssl_client_certificate {folder}/www.example.org.pem; ssl_verify_client on;"
    yield SERVER.format(port=it.tls_mutual, words="ssl", lines=www + mutual + pages)
    old = "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;"
    yield SERVER.format(port=it.tls11, words="ssl", lines=www + old + pages)
    yield SERVER.format(port=it.tls12, words="ssl", lines=www + "ssl_protocols TLSv1.2;" + pages)
    yield SERVER.format(port=it.tls13, words="ssl", lines=www + "ssl_protocols TLSv1.3;" + pages)


def _certified(folder: Path, name: str) -> str:
    """Make a certificate for *name*, by an authority that nobody knows, and return the lines that use it."""
    pem = folder / f"{name}.pem"
    trustme.CA().issue_cert(name).private_key_and_cert_chain_pem.write_to_path(pem)
    pem.chmod(0o644)
    return f"ssl_certificate {pem}; ssl_certificate_key {pem};"


def _write_pages(folder: Path) -> None:
    """Write what is served: the page that checks look for, as it is and packed; a large one; one with an odd name."""
    pages = folder / "pages"
    (pages / "folder").mkdir(parents=True)
    alive = f"<p>{ALIVE}</p>\n".encode()
    for name in ("alive.html", "folder/index.html", "nothing spared: ü?.html"):
        (pages / name).write_bytes(alive)
    (pages / "alive.html.gz").write_bytes(gzip.compress(alive))
    (pages / "large.html").write_bytes(alive.ljust(LARGE, b".") + LATE.encode())
    (folder / "users").write_text(USERS)
