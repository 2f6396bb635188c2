"""Kamailio, over UDP and TCP, on both loopbacks."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.peers.ports import free_port
from tests.servers.daemons import daemon, listens

CONFIGURATION = """
children=1
tcp_children=1
log_stderror=yes
auto_aliases=no
{listen}
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "siputils.so"
loadmodule "auth.so"
modparam("auth", "algorithm", "{algorithm}")
request_route {{
    if ($rU == "alice" && !pv_www_authenticate("$fd", "rabbit-hole", "0")) {{
        www_challenge("$fd", "1");
        exit;
    }}
    if ($rU == "bob" && !pv_proxy_authenticate("$fd", "rabbit-hole", "0")) {{
        proxy_challenge("$fd", "0");
        exit;
    }}
    if ($rU == "carol") {{
        sl_send_reply("100", "Trying");
        sl_send_reply("503", "Service Unavailable");
        exit;
    }}
    sl_send_reply("200", "OK");
}}
"""


@contextmanager
def kamailio(algorithm: str) -> Iterator[int]:
    """Yield the port of a server that hashes passwords with *algorithm* (RFC 8760)."""
    with TemporaryDirectory(prefix="ldirectord-test-") as name:
        yield from _serve(Path(name), algorithm)


def _serve(folder: Path, algorithm: str) -> Iterator[int]:
    port = free_port()
    listen = "\n".join(
        f"listen={protocol}:{address}:{port}" for protocol in ("udp", "tcp") for address in ("127.0.0.1", "[::1]")
    )
    configuration = folder / "kamailio.cfg"
    configuration.write_text(CONFIGURATION.format(listen=listen, algorithm=algorithm))
    argv = ["kamailio", "-DD", "-E", "-m", "16", "-M", "4", "-Y", folder, "-w", folder, "-f", configuration]
    with daemon(argv, ready=listens(port, over=("tcp", "udp")), output=folder / "output"):
        yield port
