"""Conversations under TLS, through memory BIOs: the socket stays the stream peer's."""

import ssl
from collections.abc import Collection

from ldirectord_py.model.checking import PeerClosed, Target, TlsOptions, Transport
from ldirectord_py.model.outcome import Outcome
from ldirectord_py.probing.peers import Done, Ground, Prepared, StreamPeer

_CHUNK = 16384  # the largest TLS record, RFC 8446 §5.1


class TlsMemory:
    """What is kept from one TLS connection to the next: one context per set of options, one session per target.

    A resumed session saves both sides the asymmetric part of the handshake, which is most of what
    an https check costs.
    """

    def __init__(self) -> None:
        self._contexts: dict[TlsOptions, ssl.SSLContext] = {}
        self._sessions: dict[Target, ssl.SSLSession] = {}
        self._averse: set[Target] = set()

    def context(self, options: TlsOptions) -> ssl.SSLContext:
        """Return the context for *options*, made at the first call."""
        if (context := self._contexts.get(options)) is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = options.verify and options.server_name is not None
            context.verify_mode = ssl.CERT_REQUIRED if options.verify else ssl.CERT_NONE
            if options.verify:
                context.load_default_certs()
            if options.alpn:
                context.set_alpn_protocols(list(options.alpn))
            self._contexts[options] = context
        return context

    def session(self, target: Target) -> ssl.SSLSession | None:
        """Return the session that the last connection to *target* left, if any."""
        return self._sessions.get(target)

    def remember(self, target: Target, session: ssl.SSLSession | None) -> None:
        """Keep *session* for the next connection to *target*, unless it does not like that."""
        if session is not None and target not in self._averse:
            self._sessions[target] = session

    def stop_resuming(self, target: Target) -> None:
        """Offer *target* no session any more: it fails when it is offered one."""
        self._sessions.pop(target, None)
        self._averse.add(target)

    def forget_all_but(self, targets: Collection[Target]) -> None:
        """Let go of what is kept of servers that are no longer checked."""
        self._sessions = {target: kept for target, kept in self._sessions.items() if target in targets}
        self._averse &= set(targets)


class TlsPeer(StreamPeer):
    """One conversation over TLS, from the start or after `start_tls`."""

    __slots__ = ("_incoming", "_memory", "_outgoing", "_target", "_tls")

    def __init__(self, prepared: Prepared, ground: Ground, done: Done, memory: TlsMemory) -> None:
        super().__init__(prepared, ground, done)
        self._target = prepared.target
        self._memory = memory
        self._tls: ssl.SSLObject | None = None
        self._incoming = self._outgoing = ssl.MemoryBIO()

    async def _converse(self) -> Outcome:
        if self._target.transport is Transport.TLS:
            await self._begin_tls()
        outcome = await super()._converse()
        if self._tls is not None:
            self._memory.remember(self._target, self._tls.session)
        return outcome

    async def _begin_tls(self) -> None:
        """Begin with TLS; once more, and from the start, where the server may have stumbled over a session."""
        offered = self._memory.session(self._target)
        try:
            await self.start_tls()
        except (OSError, PeerClosed):
            if offered is None:
                raise
            self._memory.stop_resuming(self._target)
            await super().reconnect()
            await self.start_tls()

    async def start_tls(self) -> None:
        """See `Peer.start_tls`."""
        if self._buffer:
            raise ssl.SSLError("the server sent bytes ahead of the handshake")
        options = self._target.tls or TlsOptions()
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self._memory.context(options).wrap_bio(
            self._incoming,
            self._outgoing,
            server_hostname=options.server_name,
            session=self._memory.session(self._target),
        )
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                await self._flush()
                if not (data := await super()._receive()):
                    raise PeerClosed("the server ended the connection during the TLS handshake") from None
                self._incoming.write(data)
        self._tls = tls
        await self._flush()

    async def send(self, data: bytes) -> None:
        """See `Peer.send`."""
        if self._tls is None:
            await super().send(data)
            return
        self._tls.write(data)
        await self._flush()

    async def reconnect(self) -> None:
        """See `Peer.reconnect`."""
        self._tls = None
        await super().reconnect()
        if self._target.transport is Transport.TLS:
            await self._begin_tls()

    def end(self) -> None:
        """Do nothing: a half-closed TLS connection is a closed one."""

    async def _receive(self) -> bytes:
        if self._tls is None:
            return await super()._receive()
        while True:
            try:
                return self._tls.read(_CHUNK)
            except ssl.SSLWantReadError:
                await self._flush()
                if data := await super()._receive():
                    self._incoming.write(data)
                else:
                    # Many servers end the connection without close_notify; whether that was too
                    # early is for the conversation to say.
                    return b""
            except ssl.SSLZeroReturnError:
                return b""

    async def _flush(self) -> None:
        if data := self._outgoing.read():
            await super().send(data)
