"""The daemons that are compared, each with a configuration that asks the same of the same servers.

keepalived's interval is 3.7 ms longer than a second, so that its checks wander against the kernel's tick as ours do
(see `drifting.py`).
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

REALS_PER_VIRTUAL = 50
DELAY_LOOP = 1.0037
HEAD = "checktimeout=3\nnegotiatetimeout=3\ncheckinterval=1\nquiescent=yes\n"
METRICS_PORT = 9095


class Daemon(NamedTuple):
    name: str
    configuration: Callable[[str, int, int], str]
    """Of the kind of check, how many real servers, and their port."""
    command: Callable[[Path], Sequence[str]]
    environment: dict[str, str]
    reals: int | None = None
    """How many it can check each second; None: any number."""


def real(number: int) -> str:
    return f"127.1.{number // 250}.{number % 250 + 1}"


def virtuals(reals: int, per_virtual: int = REALS_PER_VIRTUAL) -> list[tuple[str, list[str]]]:
    """Return addresses of virtuals, and of their real servers."""
    return [
        (
            f"10.9.{first // per_virtual // 250}.{first // per_virtual % 250 + 1}",
            [real(number) for number in range(first, min(first + per_virtual, reals))],
        )
        for first in range(0, reals, per_virtual)
    ]


def cf(kind: str, reals: int, port: int, head: str, per_virtual: int = REALS_PER_VIRTUAL) -> str:
    """Return an `ldirectord.cf` with *head* for its global part."""
    lines = [head]
    for address, servers in virtuals(reals, per_virtual):
        lines.append(f"virtual={address}:80")
        lines += [f"\treal={server}:{port} masq 1" for server in servers]
        lines += ["\tprotocol=tcp", "\tscheduler=wlc"]
        if kind in ("http", "https"):
            lines += [f"\tservice={kind}", '\trequest="alive.html"', '\treceive="I\'m alive!"', "\tchecktype=negotiate"]
        else:
            lines += ["\tchecktype=connect"]
    return "\n".join(lines) + "\n"


def _ours(kind: str, reals: int, port: int) -> str:
    more = f'logfile="/run/bench/ours.log"\nmetricslisten=127.0.0.1:{METRICS_PORT}\nreconcileinterval=5\n'
    return cf(kind, reals, port, HEAD + more)


def _original(kind: str, reals: int, port: int) -> str:
    return cf(kind, reals, port, f"{HEAD}supervised=yes\n")


def _keepalived(kind: str, reals: int, port: int) -> str:
    check = """TCP_CHECK { connect_timeout 3 }"""
    if kind in ("http", "https"):
        name = {"http": "HTTP_GET", "https": "SSL_GET"}[kind]
        check = f"""{name} {{ url {{ path /alive.html
      regex "I'm alive!" }} connect_timeout 3 }}"""
    lines = ["global_defs { script_user root\n}"]
    for address, servers in virtuals(reals):
        lines.append(
            f"virtual_server {address} 80 {{\n  delay_loop {DELAY_LOOP}\n  lb_algo wlc\n  lb_kind NAT\n  protocol TCP"
        )
        lines.append("  inhibit_on_failure\n  alpha")
        lines += [f"  real_server {server} {port} {{\n    weight 1\n    {check}\n  }}" for server in servers]
        lines.append("}")
    return "\n".join(lines) + "\n"


OURS = Daemon(
    "ours",
    _ours,
    lambda path: [
        sys.executable,
        str(Path(__file__).parent / "drifting.py"),
        *("--foreground", "--table", "kernel", str(path), "start"),
    ],
    {"LDIRECTORD_RUN_DIR": "/run/bench", "PYTHONPATH": "."},
)
UNRESUMED = OURS._replace(name="ours, no session resumed", environment={**OURS.environment, "BENCH_RESUME": "no"})
"""Each handshake from the start, as keepalived's are."""
KEEPALIVED = Daemon(
    "keepalived",
    _keepalived,
    lambda path: [
        "keepalived",
        "-n",
        "-C",
        "-G",
        "-f",
        str(path),
        "-p",
        "/run/bench/parent.pid",
        "-c",
        "/run/bench/checker.pid",
    ],
    {},
)
ORIGINAL = Daemon("the original", _original, lambda path: ["ldirectord", str(path), "start"], {}, reals=50)
