"""The lines that a server says in a conversation, one of which has to match where there is a pattern."""

from dataclasses import replace

from ldirectord_py.checks.matching.patterns import PatternGaveUp, Receive
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.checks.redaction import redacted
from ldirectord_py.model.checks.conversation import Peer
from ldirectord_py.model.checks.outcome import Outcome, Reason, down

MOST_LINES = 512
"""Lines that are looked at; a greeting and an answer to EHLO have some twenty."""
_LOOKED_AT = 1024
"""Bytes in which secrets are looked for, to show the first few of them."""
_LONGEST = 80


class Lines:
    """Reads a server's lines, and keeps them for the pattern."""

    __slots__ = ("_lines", "_peer", "_receive")

    def __init__(self, peer: Peer, receive: Receive | None) -> None:
        self._peer = peer
        self._receive = receive
        self._lines: list[bytes] = []

    async def next(self) -> bytes:
        """Return the next line, as `Peer.line` does."""
        line = await self._peer.line()
        if self._receive is not None and len(self._lines) < MOST_LINES:
            self._lines.append(line)
        return line

    async def judge(self, outcome: Outcome, *redact: bytes) -> Outcome:
        """Return *outcome*, which is up, where a line matches or none has to; otherwise down.

        The secrets *redact* are shown in neither.
        """
        if self._receive is None:
            return outcome
        gave_up = False
        for line in self._lines:
            try:
                if await self._peer.has_match(self._receive, line):
                    return replace(outcome, detail=f"{outcome.detail}; a line matches")
            except PatternGaveUp:
                gave_up = True
        if gave_up:
            return down(Reason.MISMATCH, self._receive.gave_up("a line"))
        told = redacted(b"\n".join(self._lines)[:_LOOKED_AT], *redact, longest=_LONGEST)
        return down(Reason.MISMATCH, f"no line of the server's matches {quoted(self._receive.text)}: it said {told}")
