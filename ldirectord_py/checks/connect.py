"""The check that only connects."""

from dataclasses import dataclass

from ldirectord_py.model.conversation import Peer
from ldirectord_py.model.outcome import Outcome, up

_CONNECTED = up("connected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """Is content with a connection: the prober has made one before it starts a conversation."""

    async def probe(self, peer: Peer) -> Outcome:  # noqa: ARG002 - the protocol names it, and nothing is to be said
        """See `Conversation.probe`."""
        return _CONNECTED
