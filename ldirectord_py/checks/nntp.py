"""The NNTP check (RFC 3977)."""

import re
from dataclasses import dataclass

from ldirectord_py.checks.building.request_texts import receive_of
from ldirectord_py.checks.goodbye import say_goodbye
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.checks.text_lines import Lines
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.conversation import Peer
from ldirectord_py.model.outcome import Outcome, Reason, down, up
from ldirectord_py.model.probe import Probe, Target

_RESPONSE = re.compile(rb"[1-5][0-9]{2}(?![0-9])")
_LONGEST = 100

_GREETED = up("greeted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nntp:
    """Expects a 2xx greeting: 200 where posting is allowed, 201 where it is not (RFC 3977 §5.1)."""

    receive: Receive | None = None
    """What one of the lines that the server says has to match."""

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        lines = Lines(peer, self.receive)
        greeting = await lines.next()
        if not _RESPONSE.match(greeting):
            sentence = f"greeted with {quoted(greeting, _LONGEST)}, which is no NNTP response; expected 2xx"
            return down(Reason.PROTOCOL, sentence)
        if not greeting.startswith(b"2"):
            return down(Reason.STATUS, f"greeted with {quoted(greeting, _LONGEST)}, expected 2xx")
        await say_goodbye(peer, b"QUIT\r\n")
        return await lines.judge(_GREETED)


def build_nntp(options: CheckOptions, server: CheckedServer, endpoint: Endpoint) -> Probe:
    """Return the probe of service nntp."""
    asked = f"nntp greeting of {endpoint}"
    check = Nntp(receive=Receive.of(receive_of(options, server)))
    return Probe(check=check, target=Target(endpoint=endpoint), timeout=options.negotiatetimeout, asked=asked)
