"""Looking for a pattern in an answer of any length."""

from ldirectord_py.checks.matching.patterns import PatternGaveUp, Receive
from ldirectord_py.model.checks.conversation import Peer


async def objection_to(
    peer: Peer, receive: Receive, subject: bytes, *, what: str, redact: tuple[bytes, ...] = ()
) -> str:
    """Return why *subject* will not do, as `Receive.objection` does, without holding up other checks."""
    try:
        if await peer.has_match(receive, subject):
            return ""
    except PatternGaveUp:
        return receive.gave_up(what)
    return receive.not_found(subject, what=what, redact=redact)
