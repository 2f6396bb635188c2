"""What the director wants of a virtual service, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ldirectord_py.model.service import RealKey
from ldirectord_py.model.table import Service


class Who(StrEnum):
    """Who has a say in the weight of a real server."""

    CONFIG = "config"
    CHECK = "check"
    FILE = "file"
    OPERATOR = "operator"
    TABLE = "table"
    """Somebody else's hand in the kernel's table."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One link of the chain from a server's configured weight to its effective one."""

    who: Who
    sentence: str
    since: float | None = None
    """Seconds since the epoch; None: as long as the configuration is in force."""
    until: float | None = None
    """Seconds since the epoch; None: until something else happens."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The weight of one real server, and why it is that one."""

    weight: int | None
    """None: the server is to have no entry in the table."""
    because: tuple[Cause, ...]


class Mode(StrEnum):
    """Who is there for a virtual service's clients."""

    REALS = "reals"
    FALLBACK = "fallback"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is wanted of one virtual service."""

    service: Service
    """Its entry in the table."""
    mode: Mode
    reals: Mapping[RealKey, Standing]
    until: float | None = None
    """When it will change by itself, in seconds since the epoch; None: only with the next input."""
