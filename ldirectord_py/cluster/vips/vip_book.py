"""What is known of VIPs, and told of them: which were added, how each stands and since when."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ldirectord_py.cluster.vips.vip_plan import AddedVip, VipStanding, added_of_json
from ldirectord_py.cluster.vips.wanted import WantedVip
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.cluster.vips import VipCause, VipState, VipStatus
from ldirectord_py.model.events.vips import (
    VipAdded,
    VipConflict,
    VipContested,
    VipEvent,
    VipRemoved,
    VipTakenAway,
    VipTrouble,
)

_UNJUDGED = VipStanding(VipState.PENDING)


@dataclass(frozen=True, slots=True)
class _Standing:
    verdict: VipStanding
    since: float


class VipBook:
    """Keeps the books, and tells of what changes in them."""

    def __init__(self, tell: Callable[[VipEvent], None], clock: Callable[[], float] = time.time) -> None:
        self.added: dict[IPAddress, AddedVip] = {}
        """What this director has added, or the one before it."""
        self.wanted: Mapping[IPAddress, WantedVip] = {}
        self._tell = tell
        self._clock = clock
        self._standing: dict[IPAddress, _Standing] = {}
        self._held_before: dict[IPAddress, float] = {}
        """Since when those that the last director had added are here, until they are judged for the first time."""
        self._told: dict[IPAddress, VipStanding] = {}
        self._doubled: dict[IPAddress, VipStanding] = {}
        """Of those that are here, and on another machine as well."""

    @property
    def remembered(self) -> list[dict[str, Any]]:
        """What the state file keeps: what was added, and since when it is here."""
        return [one.as_json() | {"since": self._held_since(one.address)} for one in self.added.values()]

    def take_over(self, before: Iterable[Any]) -> None:
        """Have what the last director added be ours; *before* is what it had in `remembered`."""
        found = dict(_read(before, self._clock()))
        self.added = {one.address: one for one in found}
        self._held_before = {one.address: since for one, since in found.items()}

    def _held_since(self, address: IPAddress) -> float:
        """Return since when *address* is here; one that is about to be added: since now."""
        standing = self._standing.get(address)
        if standing is not None and standing.verdict.state is VipState.HELD:
            return standing.since
        return self._held_before.get(address, self._clock())

    def status(self) -> Sequence[VipStatus]:
        """Return how it stands with each VIP that is wanted."""
        unjudged = _Standing(_UNJUDGED, self._clock())
        return tuple(self._status(address, self._standing.get(address, unjudged)) for address in self.wanted)

    def _status(self, address: IPAddress, standing: _Standing) -> VipStatus:
        verdict, added = standing.verdict, self.added.get(address)
        return VipStatus(
            address=address,
            state=verdict.state,
            device=verdict.device,
            label=added.label if added else "",
            since=standing.since,
            sentence=verdict.sentence,
        )

    def complaints(self) -> list[str]:
        """Return what is wrong with VIPs that are wanted, in sentences that name their places."""
        return [
            f"vips: {one.address} ({self._place(one.address)}): {one.sentence}" for one in self.status() if one.ailing
        ]

    def want(self, wanted: Mapping[IPAddress, WantedVip]) -> None:
        """Go by another configuration."""
        self.wanted = wanted
        for kept in (self._standing, self._told):
            for address in [each for each in kept if each not in wanted]:
                del kept[address]

    def state(self, address: IPAddress) -> VipState:
        """Return the state of *address*, as it was judged last."""
        return self._standing[address].verdict.state if address in self._standing else VipState.PENDING

    def judge(self, address: IPAddress, verdict: VipStanding, *, silent: bool = False) -> None:
        """Take note of how it stands with *address*, and tell what is wrong; *silent*: not yet."""
        if verdict.state is VipState.HELD:
            verdict = self._doubled.get(address, verdict)
        before, held = self._standing.get(address), self._held_before.pop(address, None)
        if before is None or before.verdict.state is not verdict.state:
            since = held if held is not None and verdict.state is VipState.HELD else self._clock()
            self._standing[address] = _Standing(verdict, since)
        else:
            self._standing[address] = _Standing(verdict, before.since)
        if not verdict.sentence:
            self._told.pop(address, None)
        elif not silent and self._told.get(address) != verdict:
            self._told[address] = verdict
            self._tell(self._trouble(address, verdict))

    def conflict(self, address: IPAddress, device: str, owners: Iterable[str], *, held: bool, silent: bool) -> None:
        """Take note that other machines have *address*."""
        names = tuple(sorted(owners))
        has = f"{' and '.join(names)} on {device} {'have' if len(names) > 1 else 'has'} it"
        verdict = (
            VipStanding(VipState.HELD, device, f"{has} as well")
            if held
            else VipStanding(VipState.CONFLICT, device, has)
        )
        if held:
            self._doubled[address] = verdict
        known = self._told.get(address) == verdict
        self.judge(address, verdict, silent=True)
        if not silent and not known:
            self._told[address] = verdict
            place = self._place(address)
            self._tell(VipConflict(address=address, device=device, owners=names, held=held, place=place))

    def alone(self, address: IPAddress) -> None:
        """Take note that no other machine has *address*, which is here."""
        if self._doubled.pop(address, None) is not None and address in self.added:
            self.judge(address, VipStanding(VipState.HELD, self.added[address].device))

    def came(self, one: AddedVip, cause: VipCause, *, again: bool) -> None:
        """Take note that *one* has been added."""
        self.judge(one.address, VipStanding(VipState.HELD, one.device))
        self._tell(VipAdded(address=one.address, device=one.device, label=one.label, cause=cause, again=again))

    def went(self, one: AddedVip, cause: VipCause) -> None:
        """Take note that *one* has been removed by us."""
        self.forget(one)
        self._tell(VipRemoved(address=one.address, device=one.device, cause=cause))

    def stays(self, one: AddedVip, verdict: VipStanding) -> None:
        """Take note that *one* could not be removed."""
        if self._told.get(one.address) != verdict:
            self._told[one.address] = verdict
            self._tell(self._trouble(one.address, verdict))

    def taken_away(self, one: AddedVip, times: int, *, alarm: bool, again: bool) -> None:
        """Take note that somebody else has removed *one*, so many *times* by now."""
        self.forget(one)
        self._tell(VipTakenAway(address=one.address, device=one.device, again=again))
        if alarm:
            self._tell(VipContested(address=one.address, device=one.device, times=times))

    def forget(self, one: AddedVip) -> None:
        """Take note that *one* is none of ours any more, or never was."""
        self.added.pop(one.address, None)
        self._held_before.pop(one.address, None)
        self._doubled.pop(one.address, None)

    def _trouble(self, address: IPAddress, verdict: VipStanding) -> VipTrouble:
        place = self._place(address)
        return VipTrouble(
            address=address, state=verdict.state, device=verdict.device, sentence=verdict.sentence, place=place
        )

    def _place(self, address: IPAddress) -> str:
        return self.wanted[address].place if address in self.wanted else ""


def _read(before: Iterable[Any], now: float) -> Iterator[tuple[AddedVip, float]]:
    """Yield what the state file says was added, and since when; what is nothing of ours is left alone.

    A moment that is missing, or that no clock has shown yet, is *now*.
    """
    for told in before:
        with suppress(LookupError, TypeError, ValueError, AttributeError):
            one, since = added_of_json(told), told.get("since")
            yield one, since if isinstance(since, int | float) and 0 <= since <= now else now
