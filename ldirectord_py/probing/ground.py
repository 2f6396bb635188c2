"""What a peer stands on: what its prober does for it."""

from asyncio import Future, Task
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from ldirectord_py.checks.matching.offload import Allowance
from ldirectord_py.model.conversation import Pattern
from ldirectord_py.model.outcome import Outcome
from ldirectord_py.model.probe import Probe
from ldirectord_py.probing.closing import ClosingConnections

if TYPE_CHECKING:
    from ldirectord_py.probing.peers import StreamPeer

T = TypeVar("T")

Done = Callable[[Outcome, float, float], None]
"""Is handed the outcome, the seconds from the first socket to the verdict, and the time of the verdict (monotonic)."""


class Ground(Protocol):
    """What a peer needs of its prober."""

    @property
    def closing(self) -> ClosingConnections:
        """Whoever closes connections whose check has come to its end."""
        ...

    def watch(self, peer: "StreamPeer", descriptor: int) -> None:
        """Resume *peer* whenever *descriptor* has news."""
        ...

    def forget(self, descriptor: int) -> None:
        """Stop that; *descriptor* is about to be closed, or of no concern to a check any more."""
        ...

    def match(self, peer: "StreamPeer", pattern: Pattern, subject: bytes, allowance: Allowance) -> Task[bool]:
        """Find out whether *subject* matches, beside the loop, and then resume *peer*."""
        ...

    def aside(self, peer: "StreamPeer", work: Callable[[], T]) -> Future[T]:
        """Have *work* done in a thread, and then resume *peer*; fails with `CheckUnavailable` if there is no thread."""
        ...

    def again(self, peer: "StreamPeer") -> None:
        """Resume *peer* in the next turn of the loop, without news."""
        ...

    def expire(self, peer: "StreamPeer") -> None:
        """Call *peer* overdue, unless it comes to its end in this turn."""
        ...

    def ended(self, peer: "StreamPeer") -> None:
        """Take note that *peer* needs no deadline any more."""
        ...

    def crashed(self, probe: Probe, error: Exception) -> None:
        """Tell of a bug in a check."""
        ...
