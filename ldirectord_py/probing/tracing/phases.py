"""Peers that take down how long each phase of a conversation takes.

They stand in for those that do not where somebody wants to know, so that it costs nothing where nobody does.
"""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from time import monotonic

from ldirectord_py.model.checks.outcome import Outcome, Phase
from ldirectord_py.probing.prober import Prober
from ldirectord_py.probing.stream_peer import StreamPeer
from ldirectord_py.probing.tls import TlsPeer


class TimedPeer(StreamPeer):
    """One conversation over TCP, whose outcome says how long its phases took."""

    _stood = 0.0
    """When the connection stood, on the monotonic clock; 0: it does not yet."""
    _secured = 0.0
    """When TLS stood."""
    _answered = 0.0
    """When the first byte of an answer came."""
    _is_second = False
    """It has connected again: phases are then not told, because they would mix several connections."""

    def _step(self, now: float) -> None:
        if self._connected and not self._stood:
            self._stood = now
        super()._step(now)

    async def _receive(self) -> bytes:
        data = await super()._receive()
        if data and not self._answered:
            self._answered = monotonic()
        return data

    async def reconnect(self) -> None:
        """See `Peer.reconnect`."""
        self._is_second = True
        await super().reconnect()

    def _conclude(self, outcome: Outcome, now: float) -> None:
        if not self._is_second:
            outcome = replace(outcome, phases=tuple(self._phases(now)))
        super()._conclude(outcome, now)

    def _phases(self, now: float) -> Iterator[tuple[Phase, float]]:
        """Yield those that have ended; one that a failure cut short has not."""
        moments = [
            (Phase.CONNECT, self._stood),
            # in the middle of a conversation it belongs to what was said
            (Phase.TLS, self._secured if not 0 < self._answered < self._secured else 0.0),
            (Phase.PROCESSING, self._answered),
            (Phase.TRANSFER, now if self._answered else 0.0),
        ]
        reached = [(phase, moment) for phase, moment in moments if moment]
        for (_, before), (phase, moment) in pairwise([(None, self._begun), *reached]):
            if phase is not None:
                yield phase, max(0.0, moment - before)


class TimedTlsPeer(TimedPeer, TlsPeer):
    """The same over TLS."""

    async def _shake_hands(self, context: ssl.SSLContext, session: ssl.SSLSession | None) -> None:
        await super()._shake_hands(context, session)
        self._secured = monotonic()


def time_phases(prober: Prober, *, wanted: bool) -> None:
    """Have what *prober* makes ready from now on take down its phases, or not."""
    if wanted:
        prober.converse_by(TimedPeer, TimedTlsPeer)
    else:
        prober.converse_by(StreamPeer, TlsPeer)
