"""What happened to VIPs that the director brings up itself."""

from dataclasses import dataclass

from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.cluster.vips import VipCause, VipState


@dataclass(frozen=True, slots=True, kw_only=True)
class VipAdded:
    """The director has brought a VIP up, and announces it."""

    address: IPAddress
    device: str
    label: str
    """The alias that it has there; empty: none, as with IPv6."""
    cause: VipCause
    again: bool = False
    """It does not stay there, as `VipContested` has told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VipRemoved:
    """The director has taken a VIP down that it had brought up."""

    address: IPAddress
    device: str
    cause: VipCause


@dataclass(frozen=True, slots=True, kw_only=True)
class VipTakenAway:
    """A VIP that the director had brought up is gone, by somebody else's doing; it is brought up again."""

    address: IPAddress
    device: str
    again: bool = False
    """It happens again and again, as `VipContested` has told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VipContested:
    """A VIP is taken away again and again."""

    address: IPAddress
    device: str
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VipConflict:
    """Another machine has a VIP that this one should have, or has; told once while that lasts."""

    address: IPAddress
    device: str
    """On whose wire it is."""
    owners: tuple[str, ...]
    """Their hardware addresses."""
    held: bool
    """It is on this machine all the same: clients reach the one or the other."""
    place: str
    """The file and line of the virtual service that has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VipTrouble:
    """A VIP cannot be brought up or taken down; told once while that lasts."""

    address: IPAddress
    state: VipState
    device: str
    """Empty: there is none."""
    sentence: str
    """A clause: what is wrong."""
    place: str
    """The file and line of the virtual service that has it; empty: none has it any more."""


VipEvent = VipAdded | VipRemoved | VipTakenAway | VipContested | VipConflict | VipTrouble
