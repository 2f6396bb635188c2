"""Waiting for the one datagram that is an answer."""

from collections.abc import Callable

from ldirectord_py.model.checks.conversation import Peer

MOST_STRANGE = 64
"""Datagrams that are passed over: a flood of them must neither hold up the other checks nor last until the deadline."""


async def own_answer(peer: Peer, is_ours: Callable[[bytes], bool]) -> bytes:
    """Return the first datagram that *is_ours*; nothing where an empty one or too many others came instead."""
    for _ in range(MOST_STRANGE):
        datagram = await peer.some()
        if not datagram or is_ours(datagram):
            return datagram
    return b""
