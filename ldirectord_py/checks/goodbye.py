"""The last word of a conversation whose verdict is known."""

from contextlib import suppress

from ldirectord_py.model.checks.conversation import Peer


async def say_goodbye(peer: Peer, words: bytes) -> None:
    """Send *words*, upon which the server closes the connection; that it is gone already changes no verdict."""
    peer.leave_closing(answering=True)
    # The one error of the network that is caught in a conversation: after it there is nothing to find out.
    with suppress(OSError):
        await peer.send(words)
