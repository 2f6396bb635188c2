"""Conversations under TLS, through memory BIOs: the socket stays the stream peer's."""

import ssl
from contextlib import suppress
from dataclasses import replace

from ldirectord_py.model.checking import PeerClosed, PeerTooLong, TlsOptions, Transport
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.outcome import Outcome
from ldirectord_py.probing import certificates
from ldirectord_py.probing.ground import Done, Ground
from ldirectord_py.probing.peers import StreamPeer
from ldirectord_py.probing.prepared import Prepared
from ldirectord_py.probing.tls_memory import TlsMemory
from ldirectord_py.probing.tls_reasons import unverified
from ldirectord_py.probing.turns import A_RECORD

_CHUNK = 16384  # the largest TLS record, RFC 8446 §5.1
_LARGEST_HANDSHAKE = 256 * 1024  # bytes; a chain of certificates has some thousands
_LARGEST_CERTIFICATE = (
    60_000  # bytes; a larger one leaves no session that could be kept, so each check would pay for it
)


class TlsPeer(StreamPeer):
    """One conversation over TLS, from the start or after `start_tls`."""

    __slots__ = ("_incoming", "_memory", "_objection", "_options", "_outgoing", "_target", "_tls")

    def __init__(self, prepared: Prepared, ground: Ground, done: Done, memory: TlsMemory) -> None:
        super().__init__(prepared, ground, done)
        self._target = prepared.target
        self._options = prepared.target.tls or TlsOptions()
        self._memory = memory
        self._tls: ssl.SSLObject | None = None
        self._objection: Outcome | None = None
        self._incoming = self._outgoing = ssl.MemoryBIO()

    async def _converse(self) -> Outcome:
        try:
            if self._target.transport is Transport.TLS:
                await self._begin_tls()
            outcome = await super()._converse()
        except ssl.SSLCertVerificationError as error:
            return await self._explain(error)
        # A session serves until the server wants no more of it: to take the one of each connection would cost a
        # third of the check (the library writes it out and reads it again).  That a ticket used twice can be told
        # from others (RFC 8446 §C.4) gives nothing away of checks, which come from one address at fixed intervals.
        if self._tls is not None and not self._tls.session_reused:
            self._memory.remember(self._target, self._tls)
        return outcome

    async def _begin_tls(self) -> None:
        """Begin with TLS; once more, and from the start, where the server may have stumbled over a session."""
        context = self._memory.context(self._options)
        offered = self._memory.session(self._target, context, self._begun)
        try:
            await self._shake_hands(context, offered)
        except (OSError, PeerClosed) as error:
            if offered is None or isinstance(error, ssl.SSLCertVerificationError):
                raise
            self._memory.stop_resuming(self._target)
            await super().reconnect()
            await self._shake_hands(context, None)

    async def start_tls(self) -> None:
        """See `Peer.start_tls`."""
        if self._buffer:
            raise ssl.SSLError("the server sent bytes ahead of the handshake")
        context = self._memory.context(self._options)
        await self._shake_hands(context, self._memory.session(self._target, context, self._begun))

    async def _shake_hands(self, context: ssl.SSLContext, session: ssl.SSLSession | None) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=self._options.server_name, session=session
        )
        left = _LARGEST_HANDSHAKE
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                await self._flush()
                if not (data := await super()._receive()):
                    raise PeerClosed("the server ended the connection during the TLS handshake") from None
                if (left := left - len(data)) < 0:
                    sentence = f"the server sent more than {_LARGEST_HANDSHAKE} bytes before the TLS handshake was done"
                    raise PeerTooLong(sentence) from None
                self._incoming.write(data)
            except ssl.SSLCertVerificationError:
                with suppress(OSError):
                    await self._flush()  # the alert, so that the server's log can tell of it, too
                raise
        self._tls = tls
        await self._flush()
        if session is None or not tls.session_reused:
            self._meet(self._certificate())

    def _meet(self, certificate: bytes) -> None:
        if (size := len(certificate)) > _LARGEST_CERTIFICATE:
            raise PeerTooLong(f"the server's certificate has {size} bytes: at most {_LARGEST_CERTIFICATE} are taken")
        self._memory.met(self._target, certificate, self._begun)

    async def _explain(self, error: ssl.SSLCertVerificationError) -> Outcome:
        """Return what is wrong with the server's certificate.

        The library does not show one that it could not verify, so the server is asked for it once more.
        """
        self._objection = unverified(error, self._target, None)
        if self._target.transport is not Transport.TLS:
            return self._objection
        self._tls = None
        try:
            await super().reconnect()
            await self._shake_hands(
                self._memory.context(replace(self._options, verify=False, authorities=None)), session=None
            )
        except (OSError, PeerClosed, CheckUnavailable):
            return self._objection
        try:
            return unverified(error, self._target, certificates.read(self._certificate()))
        except ValueError:
            return self._objection

    def _certificate(self) -> bytes:
        return (self._tls.getpeercert(binary_form=True) if self._tls else None) or b""

    def overdue(self, now: float) -> None:
        """See `StreamPeer.overdue`; what is known of the certificate comes first."""
        if self._objection is None:
            super().overdue(now)
        else:
            self._conclude(self._objection, now)

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

    def _last_words(self) -> bytes:
        """Return our close_notify (RFC 8446 §6.1)."""
        if self._tls is None:
            return b""
        with suppress(ssl.SSLError):  # the server's has not come yet, or more of its answer has
            self._tls.unwrap()
        return self._outgoing.read()

    async def _receive(self) -> bytes:
        if self._tls is None:
            return await super()._receive()
        while True:
            try:
                data = self._tls.read(_CHUNK)
            except ssl.SSLWantReadError:
                await self._flush()
                if wire := await super()._receive():
                    self._incoming.write(wire)
                else:
                    # Many servers end the connection without close_notify; whether that was too
                    # early is for the conversation to say.
                    return b""
            except ssl.SSLZeroReturnError:
                return b""
            else:
                if self._is_enough(A_RECORD):
                    await self._give_way()
                return data

    async def _flush(self) -> None:
        if data := self._outgoing.read():
            await super().send(data)
