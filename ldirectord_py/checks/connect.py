"""The check that only connects."""

from dataclasses import dataclass

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.model.checks.conversation import Peer
from ldirectord_py.model.checks.outcome import Outcome, up

_CONNECTED = up("connected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """Is content with a connection: the prober has made one before it starts a conversation."""

    async def probe(self, peer: Peer) -> Outcome:  # noqa: ARG002 - the protocol names it, and nothing is to be said
        """See `Conversation.probe`."""
        return _CONNECTED


def build_connect(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of `checktype=connect`."""
    return BuiltCheck(check=Connect(), target=configured.target(), asked=f"connect to {configured.endpoint}")
