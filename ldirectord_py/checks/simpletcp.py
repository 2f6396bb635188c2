"""The check of a protocol that is text, a question and lines of an answer."""

from dataclasses import dataclass

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.matching.patterns import PatternGaveUp, Receive
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.checks.conversation import Peer, Transport
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up

MOST_ANSWER = 64 * 1024
"""Bytes of an answer that are looked at."""
MOST_LINES = 2048
"""Lines of an answer that are looked at: each takes a microsecond or two, and others wait meanwhile."""

_ANSWERED = up("the server answered")
_CLOSED = down(Reason.CLOSED, "the server closed the connection without an answer")
_NOTHING = down(Reason.CLOSED, "the server answered with an empty datagram")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleTcp:
    """Sends a text and expects an answer, of which some line matches where there is a pattern.

    A line has its LF, so that `^PONG$` matches `PONG` and LF; what follows the last LF is a line too.
    """

    request: bytes = b""
    receive: Receive | None = None

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        if self.request:
            await peer.send(self.request)
        # Many servers answer only once they know that the question is complete.
        peer.end()
        search = _Search(peer, self.receive)
        while data := await peer.more():
            if outcome := await search.feed(data):
                return outcome
        return await search.finish()


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleUdp:
    """Sends one datagram and expects one, of which some line matches where there is a pattern.

    An empty datagram is a question too: daytime (RFC 867) and its kind answer whatever they are sent.
    """

    request: bytes = b""
    receive: Receive | None = None

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        await peer.send(self.request)
        if not (data := await peer.some()):
            return _NOTHING
        search = _Search(peer, self.receive)
        return await search.feed(data) or await search.finish()


class _Search:
    """Looks for a line that matches, in an answer that comes in pieces."""

    def __init__(self, peer: Peer, receive: Receive | None) -> None:
        self._peer = peer
        self._receive = receive
        self._seen = b""
        """All that has come, for the sentence."""
        self._start = 0
        """Where the line begins that is not complete yet."""
        self._lines = 0
        """How many of them are complete."""
        self._gave_up = False

    async def feed(self, data: bytes) -> Outcome | None:
        """Look at *data*, the next piece; return the outcome as soon as it is certain."""
        if self._receive is None:
            return _ANSWERED
        searched = len(self._seen)
        cut = searched + len(data) > MOST_ANSWER
        self._seen += data[: MOST_ANSWER - searched]
        while end := self._seen.find(b"\n", searched) + 1:
            line, self._start, searched = self._seen[self._start : end], end, end
            if await self._matches(line):
                return _matched(line)
            self._lines += 1
            if self._lines == MOST_LINES:
                return self._too_long(self._receive, f"{MOST_LINES} lines")
        return self._too_long(self._receive, f"{MOST_ANSWER // 1024} KiB") if cut else None

    async def finish(self) -> Outcome:
        """Return what the answer comes to, now that it is complete."""
        if self._receive is None or not self._seen:
            return _CLOSED
        if (rest := self._seen[self._start :]) and await self._matches(rest):
            return _matched(rest)
        return down(Reason.MISMATCH, self._objection(self._receive))

    async def _matches(self, line: bytes) -> bool:
        try:
            return self._receive is not None and await self._peer.has_match(self._receive, line)
        except PatternGaveUp:
            self._gave_up = True
            return False

    def _too_long(self, receive: Receive, bound: str) -> Outcome:
        return down(Reason.TOO_LONG, self._objection(receive, f"the answer's first {bound}"))

    def _objection(self, receive: Receive, what: str = "the answer") -> str:
        pattern = quoted(receive.text)
        if self._gave_up:
            return f"the pattern {pattern} gave up on a line: it backtracks too much, write it more narrowly"
        return f"no line of {what} matches {pattern}: got {quoted(self._seen, 80)}"


def _matched(line: bytes) -> Outcome:
    answer = quoted(line.rstrip(b"\r\n"))
    return up(f"answered {answer}")


def build_simpletcp(configured: ConfiguredCheck) -> BuiltCheck:
    r"""Return the check of service simpletcp; of the request's escapes `\n` and `\r` are known."""
    lines = configured.bare_request.replace("\\n", "\n").replace("\\r", "\r")
    text = lines.encode("utf-8", "surrogateescape")
    receive = Receive.of(configured.receive)
    target = configured.target()
    asked = f"simpletcp answer of {configured.endpoint}"
    if configured.transport is Transport.UDP:
        return BuiltCheck(check=SimpleUdp(request=text, receive=receive), target=target, asked=f"{asked} over UDP")
    return BuiltCheck(check=SimpleTcp(request=text, receive=receive), target=target, asked=asked)
