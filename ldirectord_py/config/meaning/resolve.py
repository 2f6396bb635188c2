"""What the machine knows: names of hosts and ports, its own name, and which files can be written."""

import os
import platform
import re
import socket
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Protocol

from ldirectord_py.checks.registry import plan
from ldirectord_py.config.grammar.directive import no_host
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.check_plan import CheckPlan

_NUMBERS = re.compile(r"[0-9.]+")
"""What no host is called, see RFC 3696, 2."""
_NO_ADDRESS = {socket.EAI_NONAME, socket.EAI_NODATA, socket.EAI_ADDRFAMILY}
"""What getaddrinfo(3) says where there is no such host, or where it has no such address."""
_NAME = re.compile(r"[0-9A-Za-z._+-]{1,255}")


def host_address(host: str, family: int) -> IPAddress | None:
    """Return the first address of *host* in *family* (4 or 6), or None; may ask name servers.

    Brackets enclose an IPv6 address.  What the C library takes for an IPv4 address is one: `10.9`
    is 10.0.0.9; and nothing at all is the local host.
    """
    return _look_up(host, family, 0)


def asked_address(host: str, family: int) -> IPAddress | None:
    """Return the same; raise OSError where no name server has said whether there is one, or which."""
    return _find(host, family, 0)


def _look_up(host: str, family: int, flags: int) -> IPAddress | None:
    try:
        return _find(host, family, flags)
    except OSError:
        return None


def _find(host: str, family: int, flags: int) -> IPAddress | None:
    if family == 6 and host.startswith("[") and host.endswith("]"):
        return _ipv6(host[1:-1])
    if host and not _NAME.fullmatch(host):
        return None
    kind = socket.AF_INET6 if family == 6 else socket.AF_INET
    try:
        found = socket.getaddrinfo(host or None, 0, kind, socket.SOCK_STREAM, flags=flags)
    except UnicodeError:
        return None
    except socket.gaierror as error:
        if error.errno in _NO_ADDRESS:
            return None
        raise
    numeric = str(found[0][4][0])
    return _ipv6(numeric) if family == 6 else IPv4Address(numeric)


def _ipv6(text: str) -> IPv6Address | None:
    try:
        return IPv6Address(text)
    except ValueError:
        return None


def port_number(word: str, protocol: str | None) -> int | None:
    """Return the port that *word* is, a number or a name of /etc/services (None: of any protocol), or None."""
    if re.fullmatch(r"[0-9]+", word):
        digits = word.lstrip("0") or "0"
        return int(digits) if len(digits) <= 5 and int(digits) < 65536 else None
    try:
        return socket.getservbyname(word, protocol) if protocol else socket.getservbyname(word)
    except (OSError, ValueError):
        return None


def host_name() -> str:
    """Return this machine's name, as the original finds it."""
    return os.environ.get("HOSTNAME") or platform.node()


def unwritable(path: str) -> str:
    """Return why nothing can be appended to *path*, or nothing where it can; creates no file."""
    file = Path(path)
    try:
        if file.is_dir():
            return "it is a directory"
        if file.exists():
            return "" if os.access(file, os.W_OK) else "it is not writable"
        if not file.parent.is_dir():
            return "its directory does not exist"
        return "" if os.access(file.parent, os.W_OK) else "its directory is not writable"
    except OSError as exc:
        return exc.strerror or str(exc)


def irreplaceable(path: str) -> str:
    """Return why *path* cannot be replaced by another file, or nothing where it can; creates no file."""
    file = Path(path)
    try:
        if file.is_symlink():
            return "it is a symbolic link"
        if file.exists() and not file.is_file():
            return "it is a directory" if file.is_dir() else "it is no regular file"
        if not file.parent.is_dir():
            return "its directory does not exist"
        return "" if os.access(file.parent, os.W_OK) else "its directory is not writable"
    except (OSError, ValueError) as exc:
        return getattr(exc, "strerror", None) or str(exc)


def no_socket(path: str) -> bool:
    """Return whether *path* is no socket."""
    try:
        return not Path(path).is_socket()
    except OSError:
        return True


def no_interface(name: str) -> bool:
    """Return whether this machine has no network interface *name* at the moment."""
    return name not in {each for _, each in socket.if_nameindex()}


def no_directory(path: str) -> bool:
    """Return whether *path* is no directory."""
    try:
        return not Path(path).is_dir()
    except OSError:
        return True


def numeric_address(host: str, family: int) -> IPAddress | None:
    """Return the address that *host* itself is, or None; asks nobody."""
    return _look_up(host, family, socket.AI_NUMERICHOST)


class Unasked:
    """Takes the place of `host_address` where no name server is to be asked.

    Numeric addresses are what they are; each name stands for an address of its own that no host has,
    the next one upwards, so that ranges go forwards.
    """

    def __init__(self) -> None:
        self.names: dict[tuple[str, int], IPAddress] = {}

    def __call__(self, host: str, family: int) -> IPAddress | None:
        """See `host_address`."""
        numeric = numeric_address(host, family)
        if numeric is not None or not _NAME.fullmatch(host) or _NUMBERS.fullmatch(host):
            return numeric
        return self.names.setdefault((host, family), _NOBODY[family] + len(self.names) + 1)


_NOBODY: dict[int, IPAddress] = {4: IPv4Address("240.0.0.0"), 6: IPv6Address("100::")}
"""Reserved (RFC 1112), and to be discarded (RFC 6666)."""


class Answered(Protocol):
    """What has been found out about hosts."""

    @property
    def notes(self) -> Sequence[str]:
        """What the operator should know of it, in sentences."""
        ...

    def host_address(self, host: str, family: int) -> IPAddress | None:
        """See `Resolver.host_address`."""
        ...

    def no_host(self, host: str, family: int) -> str:
        """See `Resolver.no_host`."""
        ...


class Hosts(Protocol):
    """Finds out the addresses of many hosts at a time."""

    def find(self, names: Collection[tuple[str, int]]) -> Answered:
        """Return what there is to know of *names*, each a host and an address family (4 or 6)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """What a configuration's meaning depends on besides its text."""

    host_name: Callable[[], str] = host_name
    host_address: Callable[[str, int], IPAddress | None] = host_address
    no_host: Callable[[str, int], str] = no_host
    """Says why a host has no address."""
    hosts: "Hosts | None" = None
    """Finds the addresses of all hosts before they are asked for one by one; None: `host_address` is asked for each."""
    port_number: Callable[[str, str | None], int | None] = port_number
    plan: Callable[[CheckOptions, CheckedServer], CheckPlan] = plan
    """Raises `InvalidOption`."""
    variable: Callable[[str], str | None] = os.environ.get
    """Returns a variable of the environment, or None where it is not set."""
    absent: str | None = None
    """What a reference stands for to something that is not there; None: an error.

    An operator who stops a daemon by hand has neither its environment nor its credentials, and needs no password.
    """
    check_paths: bool = False
    """Whether files and directories that are named must be there and writable; nothing is created."""
