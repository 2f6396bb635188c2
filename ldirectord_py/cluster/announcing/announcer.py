"""Which VIPs are announced: a pure state machine, driven by what the daemon says and by the time.

A VIP that nobody serves is withdrawn at once, and announced again once it has been served for the hold time without a
break.  One that is served and has to go all the same (standby, the operator's wish, the end) is announced with the
community GRACEFUL_SHUTDOWN first, so that routers choose other ways while this one still works, and withdrawn
afterwards (RFC 8326).  If the daemon cannot be asked, or has not checked every server yet, what is announced stays for
a time of grace: a restart of the daemon withdraws nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

from ldirectord_py.cluster.announcing.policy import VipHealth
from ldirectord_py.model.address import IPAddress

_GONE = VipHealth(served=False, why="the configuration has no virtual service of it")


class Form(StrEnum):
    """How a VIP is announced."""

    ANNOUNCED = "announced"
    LEAVING = "leaving"
    """Announced with the community GRACEFUL_SHUTDOWN."""
    HELD = "held"
    """Not announced until the hold time is over, although it is served."""
    WITHDRAWN = "withdrawn"

    @property
    def announced(self) -> bool:
        """Whether routers are told of it."""
        return self in (Form.ANNOUNCED, Form.LEAVING)


@dataclass(frozen=True, slots=True)
class Stand:
    """How a VIP is announced, why, and when that changes by itself, in seconds of the caller's clock."""

    form: Form
    why: str
    until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """Lengths of time in seconds."""

    hold: float = 10.0
    """So long a VIP has to be served without a break to be announced again."""
    holds: Mapping[IPAddress, float] = field(default_factory=dict)
    """Of VIPs for which that is another length."""
    graceful: float = 10.0
    """So long it is announced with GRACEFUL_SHUTDOWN before it is withdrawn on purpose."""
    grace: float = 10.0
    """So long the daemon may keep silent before VIPs are withdrawn."""

    def hold_of(self, vip: IPAddress) -> float:
        """Return how long *vip* has to be served to be announced again."""
        return self.holds.get(vip, self.hold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the daemon says."""

    vips: Mapping[IPAddress, VipHealth]
    complete: bool
    """Whether every server has been checked: before, nobody is known not to serve."""
    standby: bool = False
    """Whether the director is on standby."""


@dataclass(slots=True)
class _Vip:
    """What is known of a VIP."""

    health: VipHealth = _GONE
    announced: bool = False
    fell: bool = False
    """It was withdrawn because nobody served it."""
    ripe: float = -inf
    """From then on it may be announced."""
    doubt: float | None = None
    """Since then nobody says how it is; None: the last answer does."""
    leaving: float | None = None
    """Since then it is announced with GRACEFUL_SHUTDOWN."""

    def serve(self, health: VipHealth, ripe: float) -> None:
        if not self.health.served:
            self.ripe = ripe if self.fell else -inf
        self.health, self.doubt = health, None

    def fall(self, health: VipHealth) -> None:
        self.fell = self.fell or self.announced
        self.health, self.announced, self.leaving = health, False, None


@dataclass(slots=True)
class _Wishes:
    """What keeps VIPs that are served from being announced; a sentence each, empty: nothing."""

    standby: str = ""
    operator: str = ""
    end: str = ""

    def __str__(self) -> str:
        return self.end or self.operator or self.standby


@dataclass(eq=False, slots=True)
class Announcer:
    """Decides about all VIPs of a director; begins at *begun* and knows nothing of them then."""

    delays: Delays
    begun: float
    _vips: dict[IPAddress, _Vip] = field(default_factory=dict)
    _wishes: _Wishes = field(default_factory=_Wishes)
    _decided: bool = False

    def see(self, sight: Sight, now: float) -> None:
        """Take what the daemon says."""
        self._wishes.standby = "this director is on standby" if sight.standby else ""
        self._decided = self._decided or sight.complete
        for address in dict.fromkeys((*self._vips, *sight.vips)):
            vip, health = self._vips.setdefault(address, _Vip()), sight.vips.get(address, _GONE)
            if health.served:
                vip.serve(health, now + self.delays.hold_of(address))
            elif sight.complete:
                vip.fall(health)
            elif vip.doubt is None:
                vip.doubt = now
        self._advance(now)

    def miss(self, now: float) -> None:
        """Take that the daemon cannot be asked."""
        for vip in self._vips.values():
            if vip.doubt is None:
                vip.doubt = now
        self._advance(now)

    def hold_back(self, why: str, now: float) -> None:
        """Withdraw all VIPs in order, since the operator wants that; empty: announce them again."""
        self._wishes.operator = why
        self._advance(now)

    def leave(self, now: float) -> None:
        """Withdraw all VIPs in order, for good."""
        self._wishes.end, self._decided = "the end was asked for", True
        self._advance(now)

    @property
    def leaving(self) -> bool:
        """Whether `leave` was called."""
        return bool(self._wishes.end)

    @property
    def left(self) -> bool:
        """Whether nothing is announced any more, after `leave`."""
        return self.leaving and not any(vip.announced for vip in self._vips.values())

    def stands(self, now: float) -> Mapping[IPAddress, Stand] | None:
        """Return how each VIP is announced at *now*.

        None: nothing is known yet, and what a predecessor has announced is to stay.
        """
        self._decided = self._decided or now >= self.begun + self.delays.grace
        self._advance(now)
        if not self._decided:
            return None
        return {address: self._stand(vip) for address, vip in self._vips.items()}

    def next(self) -> float | None:
        """Return when something changes by itself; None: only if something happens."""
        return min(self._moments(), default=None)

    def _moments(self) -> Iterator[float]:
        if not self._decided:
            yield self.begun + self.delays.grace
        for vip in self._vips.values():
            if vip.doubt is not None and vip.health.served:
                yield vip.doubt + self.delays.grace
            if vip.leaving is not None:
                yield vip.leaving + self.delays.graceful
            if self._held(vip):
                yield vip.ripe

    def _held(self, vip: _Vip) -> bool:
        wanted = self._decided and not str(self._wishes)
        return wanted and vip.health.served and vip.doubt is None and not vip.announced

    def _advance(self, now: float) -> None:
        for vip in self._vips.values():
            if vip.doubt is not None and now >= vip.doubt + self.delays.grace and vip.health.served:
                silence = f"the daemon has not said for {self.delays.grace:g} s that it is served"
                vip.fall(VipHealth(served=False, why=silence))
            if str(self._wishes):
                self._withdraw_in_order(vip, now)
            else:
                vip.leaving = None
                vip.announced = vip.announced or (self._held(vip) and now >= vip.ripe)

    def _withdraw_in_order(self, vip: _Vip, now: float) -> None:
        if vip.announced:
            vip.leaving = now if vip.leaving is None else vip.leaving
            vip.announced = now < vip.leaving + self.delays.graceful
        if not vip.announced:
            vip.leaving = None

    def _stand(self, vip: _Vip) -> Stand:
        if vip.leaving is not None:
            return Stand(Form.LEAVING, str(self._wishes), vip.leaving + self.delays.graceful)
        if vip.announced:
            return Stand(Form.ANNOUNCED, vip.health.why)
        if vip.health.served and str(self._wishes):
            return Stand(Form.WITHDRAWN, str(self._wishes))
        if self._held(vip):
            return Stand(Form.HELD, "it is served again", vip.ripe)
        if vip.health.served:
            return Stand(Form.WITHDRAWN, "the daemon cannot be asked whether it is served")
        return Stand(Form.WITHDRAWN, vip.health.why)
