"""The NNTP check (RFC 3977)."""

import re
from dataclasses import dataclass

from ldirectord_py.checks.conversations.goodbye import say_goodbye
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.asking import Asking, Subject
from ldirectord_py.model.checking import Peer, Probe, Target
from ldirectord_py.model.outcome import Outcome, Reason, down, up

_RESPONSE = re.compile(rb"[1-5][0-9]{2}(?![0-9])")
_LONGEST = 100

_GREETED = up("greeted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nntp:
    """Expects a 2xx greeting: 200 where posting is allowed, 201 where it is not (RFC 3977 §5.1)."""

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        greeting = await peer.line()
        if not _RESPONSE.match(greeting):
            sentence = f"greeted with {quoted(greeting, _LONGEST)}, which is no NNTP response; expected 2xx"
            return down(Reason.PROTOCOL, sentence)
        if not greeting.startswith(b"2"):
            return down(Reason.STATUS, f"greeted with {quoted(greeting, _LONGEST)}, expected 2xx")
        await say_goodbye(peer, b"QUIT\r\n")
        return _GREETED


def build_nntp(asking: Asking, _subject: Subject, endpoint: Endpoint) -> Probe:
    """Return the probe of service nntp."""
    asked = f"nntp greeting of {endpoint}"
    return Probe(check=Nntp(), target=Target(endpoint=endpoint), timeout=asking.negotiatetimeout, asked=asked)
