"""How real servers are to be asked, in the words of `ldirectord.cf`."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from ldirectord_py.model.address import Endpoint, IPAddress
from ldirectord_py.model.checks.probe import TlsOptions
from ldirectord_py.model.service import VirtualKey


class CheckType(StrEnum):
    """The values of `checktype`; a number N is COMBINED with N connects."""

    NEGOTIATE = "negotiate"
    CONNECT = "connect"
    PING = "ping"
    EXTERNAL = "external"
    EXTERNAL_PERL = "external-perl"
    ON = "on"
    OFF = "off"
    COMBINED = "combined"


SUCCESSFUL = frozenset(range(200, 300))
"""The statuses of HTTP that mean success as a rule (RFC 9110 §15.3)."""


class Header(NamedTuple):
    """One header of an HTTP request."""

    name: str
    value: str

    def __repr__(self) -> str:
        """Return the name alone: the value may be somebody's password."""
        return f"Header({self.name}: ***)"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """How the real servers of one virtual service are asked: every value is resolved, defaults are applied.

    Text holds the file's bytes, decoded as UTF-8 with surrogate escapes, so that encoding it the
    same way gives the bytes back.
    """

    checktype: CheckType = CheckType.NEGOTIATE
    connects: int = 0
    service: str = "none"
    checkcommand: str = "/bin/true"
    request: str = field(default="/", repr=False)
    """May be a URL with a password."""
    receive: str = ""
    httpmethod: str = "GET"
    httpstatus: frozenset[int] = SUCCESSFUL
    httpheaders: tuple[Header, ...] = field(default=(), repr=False)
    virtualhost: str | None = None
    login: str = field(default="", repr=False)
    passwd: str = field(default="", repr=False)
    database: str = ""
    cleartextpassword: bool = False
    """Whether a database that asks for *passwd* in clear gets it."""
    secret: str = field(default="", repr=False)
    checktimeout: float = 5
    negotiatetimeout: float = 30
    checkcount: int = 1
    checkport: int | None = None
    interval: float = 10
    tls: TlsOptions = field(default_factory=TlsOptions)
    """Of the services that speak TLS; without a server name that of *virtualhost* is taken."""
    checksource: IPAddress | None = None
    checkdevice: str | None = None
    checkuser: str | None = None
    """Whom the programs of external checks run as; None: the director's user, with fewer capabilities."""
    redacted: frozenset[str] = frozenset()
    """The directives whose values come from elsewhere (`{env:}`, `{file:}`) and are shown to nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedServer:
    """One real server, as far as asking it goes."""

    virtual: VirtualKey
    endpoint: Endpoint
    """With the configured port, 0 where none is."""
    request: str | None = field(default=None, repr=False)
    """Its own request, where its line has one."""
    receive: str | None = None
    redacted: bool = False
    """Its own request and receive come from elsewhere and are shown to nobody."""
