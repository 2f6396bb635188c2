"""VIPs that a director brings up itself, as values."""

from dataclasses import dataclass
from enum import StrEnum

from ldirectord_py.model.address import IPAddress


@dataclass(frozen=True, slots=True)
class VipPlace:
    """What `vips` says, if it is not `no`."""

    device: str = ""
    """The interface; empty: the one of the network that the VIP is in."""


class VipState(StrEnum):
    """How it stands with a VIP that the director is to bring up."""

    HELD = "held"
    """The director has brought it up."""
    STANDBY = "standby"
    """Another director has it, or will."""
    PENDING = "pending"
    """It is about to be brought up."""
    FOREIGN = "foreign"
    """It is here, and somebody else has added it: it is left alone."""
    CONFLICT = "conflict"
    """Another machine has it."""
    ELSEWHERE = "elsewhere"
    """It is on another device of this machine."""
    NO_INTERFACE = "no_interface"
    INTERFACE_DOWN = "interface_down"
    NO_NETWORK = "no_network"
    """No interface is named, and the VIP is in no network of this machine."""
    NO_RIGHTS = "no_rights"
    REFUSED = "refused"
    """The kernel does not take it."""


class VipCause(StrEnum):
    """Why a VIP came or went."""

    START = "start"
    RELOAD = "reload"
    ROLE = "role"
    REPAIR = "repair"
    """Somebody else had taken it away."""
    RETRY = "retry"
    """What had kept the director from it is over."""
    CONFLICT = "conflict"
    """Another machine had it when the interface came back."""
    INTERFACE = "interface"
    """The interface went down, or lost its carrier, and another director may take the VIP over."""
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class VipStatus:
    """One VIP that the director is to bring up."""

    address: IPAddress
    state: VipState
    device: str = ""
    """Where it is, or would be; empty: that is not known."""
    label: str = ""
    """The alias that it has there."""
    since: float
    """When it came to be in this state, in seconds since the epoch."""
    sentence: str = ""
    """What is wrong with it, as a clause; empty: nothing."""

    @property
    def held(self) -> bool:
        """Whether clients reach it on this machine, whoever has brought it up."""
        return self.state in {VipState.HELD, VipState.FOREIGN}

    @property
    def ailing(self) -> bool:
        """Whether something is wrong with it."""
        return bool(self.sentence)
