"""What a prober does for its peers, and what it knows of them."""

from asyncio import Future, Task
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol, TypeVar

from ldirectord_py.checks.matching.offload import Allowance
from ldirectord_py.model.checks.conversation import Pattern
from ldirectord_py.model.checks.outcome import Outcome
from ldirectord_py.model.checks.probe import Probe
from ldirectord_py.probing.closing import ClosingConnections

T = TypeVar("T")

TellOutcome = Callable[[Outcome, float, float], None]
"""Is handed the outcome, the seconds from the first socket to the verdict, and the time of the verdict (monotonic)."""


class ResumedPeer(Protocol):
    """A check under way, as its prober knows it."""

    probe: Probe
    deadlines: "OrderedDict[ResumedPeer, float] | None"
    """The queue in which it waits for its deadline; None: in none."""

    def begin(self, now: float) -> None:
        """Open what it needs at *now* (monotonic)."""
        ...

    def resume(self, events: int, now: float) -> None:
        """Go on: the socket has *events* to tell (`EPOLL*`) at *now* (monotonic)."""
        ...

    def go_on(self, now: float) -> None:
        """Go on at *now* (monotonic) without news, unless all has come to its end meanwhile."""
        ...

    def held_up(self, now: float, seconds: float) -> None:
        """End the check without a verdict on the server: for *seconds* we could not look whether it had answered."""
        ...

    def overdue(self, now: float) -> None:
        """End the check: its time is up."""
        ...

    def abandon(self) -> None:
        """End the check without a verdict: nobody waits for it any more."""
        ...


class PeerServices(Protocol):
    """What a peer needs of its prober."""

    @property
    def closing(self) -> ClosingConnections:
        """Closes connections whose check has ended."""
        ...

    def watch(self, peer: ResumedPeer, descriptor: int) -> None:
        """Resume *peer* whenever *descriptor* has news."""
        ...

    def forget(self, descriptor: int) -> None:
        """Stop that; *descriptor* is about to be closed, or of no concern to a check any more."""
        ...

    def match(self, peer: ResumedPeer, pattern: Pattern, subject: bytes, allowance: Allowance) -> Task[bool]:
        """Find out whether *subject* matches, outside of the loop, and then resume *peer*."""
        ...

    def in_thread(self, peer: ResumedPeer, work: Callable[[], T]) -> Future[T]:
        """Have *work* done in a thread, and then resume *peer*; fails with `CheckUnavailable` if there is no thread."""
        ...

    def again(self, peer: ResumedPeer) -> None:
        """Resume *peer* in the next turn of the loop, without news."""
        ...

    def expire(self, peer: ResumedPeer) -> None:
        """Call *peer* overdue, unless it comes to its end in this turn."""
        ...

    def ended(self, peer: ResumedPeer) -> None:
        """Take note that *peer* needs no deadline any more."""
        ...

    def crashed(self, probe: Probe, error: Exception) -> None:
        """Tell of a bug in a check."""
        ...
