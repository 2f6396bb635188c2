"""Conversations under TLS, through memory BIOs: the socket stays the stream peer's."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from time import monotonic, thread_time
from typing import TypeVar

from ldirectord_py.checks.tls_contexts import finite_suites
from ldirectord_py.model.checks.conversation import PeerClosed, Transport
from ldirectord_py.model.checks.outcome import Outcome
from ldirectord_py.model.checks.probe import TlsOptions
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.probing import certificates
from ldirectord_py.probing.compiled_probe import CompiledProbe
from ldirectord_py.probing.peer_services import PeerServices, TellOutcome
from ldirectord_py.probing.reasons import HELD_UP
from ldirectord_py.probing.stream_peer import StreamPeer
from ldirectord_py.probing.tls_handshake import HandshakeRefused, ServerHandshake, ServerRecords
from ldirectord_py.probing.tls_memory import TlsMemory
from ldirectord_py.probing.tls_reasons import unverified
from ldirectord_py.probing.turns import A_RECORD

_CHUNK = 16384  # the largest TLS record, RFC 8446 §5.1
MOST_CPU = 1.0
"""Seconds of processor time that OpenSSL may take for the handshakes of one check, renegotiations included.

A usual handshake takes it 0.0003 to 0.003, one with the largest group that is accepted 0.03 to 0.06.
"""
_LONG = 0.0025
"""Seconds: if OpenSSL took so long in a turn of the loop, what else it does for that server is done in a thread."""

T = TypeVar("T")


class TlsPeer(StreamPeer):
    """One conversation over TLS, from the start or after `start_tls`."""

    __slots__ = (
        "_cpu",
        "_handshake",
        "_heard_all",
        "_incoming",
        "_is_slow",
        "_memory",
        "_objection",
        "_options",
        "_outgoing",
        "_pieces",
        "_records",
        "_target",
        "_tls",
        "_waited",
    )

    # Of one connection; another has others.
    _incoming: ssl.MemoryBIO
    _outgoing: ssl.MemoryBIO
    _handshake: ServerHandshake
    _records: ServerRecords
    _pieces: Iterator[tuple[bytes, int]]

    def __init__(self, compiled: CompiledProbe, services: PeerServices, done: TellOutcome, memory: TlsMemory) -> None:
        super().__init__(compiled, services, done)
        self._target = compiled.target
        self._options = compiled.target.tls or TlsOptions()
        self._memory = memory
        self._tls: ssl.SSLObject | None = None
        self._objection: Outcome | None = None
        self._heard_all = False
        self._cpu = 0.0
        """Seconds of processor time that OpenSSL has taken."""
        self._waited = 0.0
        """Seconds for which its work has waited for a thread."""
        self._is_slow = memory.is_slow(compiled.target)

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
        context = await self._context(self._options)
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
        context = await self._context(self._options)
        await self._shake_hands(context, self._memory.session(self._target, context, self._begun))

    async def _context(self, options: TlsOptions) -> ssl.SSLContext:
        """Return the context for *options*; raises `CheckUnavailable`."""
        if (context := self._memory.context(options)) is not None:
            return context
        began = monotonic()
        making = self._memory.make(options, partial(self._services.in_thread, self))
        making.add_done_callback(lambda _made: self._services.again(self))
        try:
            return await self._wait_for(making)
        finally:
            self._waited += monotonic() - began

    async def _shake_hands(self, context: ssl.SSLContext, session: ssl.SSLSession | None) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._handshake = ServerHandshake(finite_suites())
        self._records, self._pieces = ServerRecords(self._handshake), iter(())
        tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=self._options.server_name, session=session
        )
        while True:
            try:
                await self._compute(tls.do_handshake)
                break
            except ssl.SSLWantReadError:
                await self._flush()
                if not await self._feed():
                    raise PeerClosed("the server ended the connection during the TLS handshake") from None
            except ssl.SSLCertVerificationError:
                with suppress(OSError):
                    await self._flush()  # the alert, so that the server's log can tell of it, too
                raise
        self._tls = tls
        self._handshake.finish()
        await self._flush()
        if session is None or not tls.session_reused:
            self._memory.met(self._target, self._certificate(), self._begun)

    async def _feed(self) -> bool:
        """Hand OpenSSL some of what has come; return whether there was anything.  Raises `HandshakeRefused`."""
        if (piece := next(self._pieces, None)) is None:
            if not (received := await super()._receive()):
                return False
            self._pieces = self._records.pieces(received)
            piece = next(self._pieces)
        wire, records = piece
        self._incoming.write(wire)
        if self._is_enough(records * A_RECORD):
            await self._give_way()
        return True

    async def _compute(self, step: Callable[[], T]) -> T:
        """Have OpenSSL do *step*, in a thread if that may take long; raises what it raises, and `HandshakeRefused`."""
        if self._handshake.is_expensive or self._is_slow:
            return await self._in_thread(self._services.in_thread(self, partial(self._begin_late, monotonic(), step)))
        if self._handshake.is_done:
            # To ask for the time would cost as much as the step; how much can come is bounded in bytes and records.
            return step()
        before = self._cpu
        try:
            return self._metered(step)
        finally:
            if self._cpu - before > _LONG:
                self._is_slow = True
                self._memory.note_slow(self._target)

    def _begin_late(self, asked: float, step: Callable[[], T]) -> T:
        self._waited += monotonic() - asked
        return self._metered(step)

    def _metered(self, step: Callable[[], T]) -> T:
        began = thread_time()
        try:
            return step()
        finally:
            self._cpu += thread_time() - began
            if self._cpu > MOST_CPU:
                raise HandshakeRefused(
                    f"TLS with the server took {self._cpu:.1f} s of processor time: at most {MOST_CPU:g} s is given"
                )

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
            context = await self._context(replace(self._options, verify=False, authorities=None))
            await self._shake_hands(context, session=None)
        except (OSError, PeerClosed, CheckUnavailable, HandshakeRefused):
            return self._objection
        try:
            return unverified(error, self._target, certificates.read(self._certificate()))
        except ValueError:
            return self._objection

    def _certificate(self) -> bytes:
        return (self._tls.getpeercert(binary_form=True) if self._tls else None) or b""

    def overdue(self, now: float) -> None:
        """See `StreamPeer.overdue`; what is known of the certificate comes first."""
        if self._objection is not None:
            self._conclude(self._objection, now)
        elif self._waited > HELD_UP and not self._working:
            self.held_up(now, self._waited)
        else:
            super().overdue(now)

    async def send(self, data: bytes) -> None:
        """See `Peer.send`."""
        if self._tls is None:
            await super().send(data)
            return
        await self._compute(partial(self._tls.write, data))
        await self._flush()

    async def reconnect(self) -> None:
        """See `Peer.reconnect`."""
        self._leave()
        self._tls = None
        self._heard_all = False
        await super().reconnect()
        if self._target.transport is Transport.TLS:
            await self._begin_tls()

    def end(self) -> None:
        """Do nothing: a half-closed TLS connection is a closed one."""

    def leave_closing(self, *, answering: bool) -> None:
        """See `Peer.leave_closing`; a server that has sent close_notify answers no more."""
        super().leave_closing(answering=answering and not self._heard_all)

    def _last_words(self) -> bytes:
        """Return our close_notify (RFC 8446 §6.1)."""
        if self._tls is None:
            return b""
        self._incoming.read()  # so that the library computes nothing more for the server
        with suppress(ssl.SSLError):  # the server's has not come yet
            self._tls.unwrap()
        return self._outgoing.read()

    async def _receive(self) -> bytes:
        if self._tls is None:
            return await super()._receive()
        read = partial(self._tls.read, _CHUNK)
        while True:
            try:
                data = await self._compute(read)
            except ssl.SSLWantReadError:
                await self._flush()
                if await self._feed():
                    continue
                # Many servers end the connection without close_notify; whether that was too
                # early is for the conversation to say.
                return b""
            except ssl.SSLZeroReturnError:
                data = b""
            self._heard_all = not data
            return data

    async def _flush(self) -> None:
        if data := self._outgoing.read():
            await super().send(data)
