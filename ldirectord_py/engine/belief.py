"""All that the engine believes and has told at one moment, as a value: what a recording begins with."""

from dataclasses import dataclass
from typing import NamedTuple

from ldirectord_py.engine.inputs import Moment
from ldirectord_py.model.checks.check_plan import Polled
from ldirectord_py.model.cluster.role import RoleStatus
from ldirectord_py.model.commands import AdminState
from ldirectord_py.model.config import Config
from ldirectord_py.model.health import Health
from ldirectord_py.model.service import RealKey, VirtualKey


class ServerBelief(NamedTuple):
    """What is believed of one real server; see `engine.servers.ServerState`."""

    real: RealKey
    health: Health
    file: str | None = None
    set_aside: Health | None = None
    taken_out: bool = False
    admin: AdminState | None = None


class FaultBelief(NamedTuple):
    """A check that we cannot carry out; both in seconds that never jump."""

    plan: Polled
    since: float
    told: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """See the attributes of `EngineState`."""

    config: Config
    begun: Moment
    servers: tuple[ServerBelief, ...] = ()
    subscribers: tuple[tuple[Polled, tuple[RealKey, ...]], ...] = ()
    """Each plan with the servers that share it, in the order in which they are told of."""
    unasked: frozenset[Polled] = frozenset()
    faults: tuple[FaultBelief, ...] = ()
    serving: tuple[tuple[VirtualKey, bool], ...] = ()
    standing_in: frozenset[VirtualKey] = frozenset()
    unwritten: frozenset[VirtualKey] = frozenset()
    in_maintenance: tuple[RealKey, ...] = ()
    administered: tuple[RealKey, ...] = ()
    """Those with an admin state, in the order in which these came."""
    scopes: tuple[tuple[str, AdminState], ...] = ()
    """What holds for hosts and virtuals, by their names."""
    role: RoleStatus | None = None
    first_pass: bool = False
    settling: bool = False
