"""Conversations in datagrams: UDP and ICMP."""

import socket

from ldirectord_py.probing.compiled_probe import CompiledProbe
from ldirectord_py.probing.peer_services import PeerServices, TellOutcome
from ldirectord_py.probing.reasons import outcome_of_sending
from ldirectord_py.probing.stream_peer import StreamPeer
from ldirectord_py.probing.turns import A_RECORD


class DatagramPeer(StreamPeer):
    """One conversation over UDP; `some` returns one datagram."""

    __slots__ = ()

    def _open(self, family: int) -> socket.SocketType:
        return socket.SocketType(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, 0)

    def _met_itself(self) -> bool:
        return False

    async def some(self) -> bytes:
        """See `Peer.some`."""
        data = await self._receive()
        self._readable = True  # one edge may stand for several datagrams
        if self._is_enough(A_RECORD):
            await self._give_way()
        return data

    def _leave(self) -> None:
        """Do nothing in order: datagrams have no connection to end."""
        self._close()


class InsistentPeer(DatagramPeer):
    """One conversation over UDP whose question can be sent again, should it or its answer have been lost."""

    __slots__ = ("_question",)

    def __init__(self, compiled: CompiledProbe, services: PeerServices, done: TellOutcome) -> None:
        super().__init__(compiled, services, done)
        self._question: bytes | None = None

    async def send(self, data: bytes) -> None:
        """See `Peer.send`."""
        self._question = data
        await super().send(data)

    def insist(self, now: float) -> None:
        """Send the question again, at *now* (monotonic)."""
        if self._socket is None or self._question is None:
            return
        try:
            self._socket.send(self._question)
        except BlockingIOError:
            pass  # the first one has not even left
        except OSError as error:
            # It may be news of the first one, which nobody will be told of a second time.
            self._conclude(outcome_of_sending(error), now)


class IcmpPeer(DatagramPeer):
    """One conversation over ICMP; a datagram begins with the ICMP header.

    Unprivileged echo sockets (`net.ipv4.ping_group_range`) are tried first, raw ones after: a
    daemon without CAP_NET_RAW can ping where the system allows it.
    """

    __slots__ = ("_raw",)

    def __init__(self, compiled: CompiledProbe, services: PeerServices, done: TellOutcome) -> None:
        super().__init__(compiled, services, done)
        self._raw = False

    def _open(self, family: int) -> socket.SocketType:
        protocol = socket.IPPROTO_ICMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6
        try:
            return socket.SocketType(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, protocol)
        except PermissionError:
            opened = socket.SocketType(family, socket.SOCK_RAW | socket.SOCK_NONBLOCK, protocol)
            self._raw = family == socket.AF_INET  # only IPv4 hands out the IP header, raw(7)
            return opened

    async def some(self) -> bytes:
        """See `Peer.some`."""
        data = await super().some()
        if self._raw and data:
            return data[(data[0] & 0x0F) * 4 :]  # the IP header's length in words, RFC 791 §3.1
        return data
