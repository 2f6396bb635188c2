"""The other side of a conversation, on a real socket: resumed by the prober whenever its socket has news."""

import asyncio
import errno
import os
import socket
from collections import OrderedDict
from collections.abc import Coroutine
from contextlib import suppress
from select import EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP
from typing import Any, TypeVar

from ldirectord_py.checks.matching.offload import Allowance
from ldirectord_py.model.checks.conversation import Conversation, Pattern
from ldirectord_py.model.checks.outcome import NO_CONNECTION, Outcome, Reason, down, fault
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.network import outcome_of_errno, outcome_of_opening, raise_if_ours, raise_of_opening
from ldirectord_py.probing.closing import reset
from ldirectord_py.probing.compiled_probe import CompiledProbe
from ldirectord_py.probing.peer_services import PeerServices, ResumedPeer, TellOutcome
from ldirectord_py.probing.reading import MOST, ReceiveBuffer, news
from ldirectord_py.probing.reasons import outcome_of, outcome_of_bug, outcome_of_delay
from ldirectord_py.probing.turns import A_BYTE_SEARCHED, A_LINE, A_TURN
from ldirectord_py.system.early_answers import has_answered
from ldirectord_py.system.socket_binding import bind

_BROKEN = EPOLLERR | EPOLLHUP
_NEWS = EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP
_ENDED = EPOLLRDHUP | EPOLLERR | EPOLLHUP
_CHUNK = 16384

T = TypeVar("T")


class StreamPeer(ReceiveBuffer):
    """One conversation over TCP, from its socket to its verdict.

    The socket is registered once, edge-triggered, for reading and writing.  What an edge has told is
    kept in *_readable* and *_ended*, so that no system call is made only to learn that there is
    nothing to read: system calls are what a check costs.
    """

    __slots__ = (
        "_allowance",
        "_begun",
        "_compiled",
        "_connected",
        "_conversation",
        "_done",
        "_emptied",
        "_ended",
        "_readable",
        "_server_answers",
        "_server_closes",
        "_services",
        "_socket",
        "_working",
        "deadlines",
        "probe",
    )

    def __init__(self, compiled: CompiledProbe, services: PeerServices, done: TellOutcome) -> None:
        super().__init__()
        self.probe = compiled.probe
        self.deadlines: OrderedDict[ResumedPeer, float] | None = None
        self._compiled = compiled
        self._services = services
        self._done = done
        self._begun = 0.0
        self._conversation: Coroutine[Any, Any, Outcome] | None = None
        self._socket: socket.SocketType | None = None
        self._connected = self._readable = self._ended = self._emptied = False
        self._server_closes = self._server_answers = False
        self._working = False
        self._allowance: Allowance | None = None

    # The prober's side.

    def begin(self, now: float) -> None:
        """Open the connection at *now* (monotonic); the conversation starts once it stands."""
        self._begun = now
        try:
            if not (error := self._connect()):
                return
            outcome = outcome_of_opening(error)
        except CheckUnavailable as unavailable:
            outcome = fault(unavailable)
        self._conclude(outcome, now)

    def resume(self, events: int, now: float) -> None:
        """Go on: the socket has *events* to tell (`EPOLL*`) at *now* (monotonic)."""
        if events & _NEWS:
            self._readable = True
            if events & _ENDED:
                self._ended = True
        if not self._connected:
            if events & _BROKEN and (error := self._pending_error()) and not self._has_answered(error):
                self._conclude(outcome_of_errno(error), now)
                return
            if not events & EPOLLOUT:
                return
            self._connected = True
            if self._compiled.may_meet_itself and self._met_itself():
                self._conclude(outcome_of_errno(errno.ECONNREFUSED), now)
                return
        self._step(now)

    def overdue(self, now: float) -> None:
        """End the check: its time is up."""
        if self._working:
            # What has come, came in time; how long it waits for a thread or a process is not for this deadline to say.
            self._services.ended(self)
            return
        seconds = f"{self.probe.timeout:g} s"
        if not self._connected:
            sentence = f"{NO_CONNECTION} {seconds}"
        elif self._left == MOST:
            sentence = f"connected, but no answer within {seconds}"
        else:
            sentence = f"answer not complete within {seconds}: {MOST - self._left} bytes had come"
        self._conclude(down(Reason.TIMEOUT, sentence), now)

    def go_on(self, now: float) -> None:
        """Go on at *now* (monotonic) without news, unless all has come to its end meanwhile."""
        if self._conversation is not None:
            if self.deadlines is None:
                self._services.expire(self)
            self._step(now)

    def held_up(self, now: float, seconds: float) -> None:
        """End the check without a verdict on the server: for *seconds* we could not look whether it had answered."""
        self._conclude(outcome_of_delay(seconds), now)

    def abandon(self) -> None:
        """End the check without a verdict: nobody asks for it any more."""
        self._close()
        self._services.ended(self)

    def _step(self, now: float) -> None:
        if self._conversation is None:
            self._conversation = self._converse()
        try:
            self._conversation.send(None)
        except StopIteration as verdict:
            self._leave()
            self._conclude(verdict.value, now)
        except Exception as error:  # noqa: BLE001  # the one place around a probe: what is no fault of ours by its type is down
            outcome = outcome_of(error)
            if outcome is None:
                self._services.crashed(self.probe, error)
                outcome = outcome_of_bug(error)
            self._conclude(outcome, now)

    def _converse(self) -> Coroutine[Any, Any, Outcome]:
        check: Conversation = self.probe.check  # type: ignore[assignment]  # a probe with a target converses
        return check.probe(self)

    def _conclude(self, outcome: Outcome, now: float) -> None:
        self._close()
        self._services.ended(self)
        self._done(outcome, now - self._begun, now)

    # The conversation's side.

    async def send(self, data: bytes) -> None:
        """See `Peer.send`."""
        while True:
            try:
                sent = self._socket.send(data)  # type: ignore[union-attr]  # there is one while a conversation runs
            except BlockingIOError:
                sent = 0
            except (BrokenPipeError, ConnectionResetError) as error:
                self._refused = error
                self._readable = self._ended = True  # what had come before is still there to be read
                return
            except OSError as error:
                raise_if_ours(error)
                raise
            if sent == len(data):
                return
            data = data[sent:]
            await news()

    async def start_tls(self) -> None:
        """See `Peer.start_tls`; a connection without TLS options cannot."""
        raise TypeError("the probe's target has no TLS options")

    async def reconnect(self) -> None:
        """See `Peer.reconnect`."""
        self._leave()
        self._connected = self._readable = self._ended = self._emptied = False
        self._begin_anew()
        if error := self._connect():
            raise_of_opening(error)
        while not self._connected:
            await news()

    async def has_match(self, pattern: Pattern, subject: bytes) -> bool:
        """See `Peer.has_match`: what might take long is done outside of the loop."""
        self._working = True
        try:
            if self._work >= A_TURN:
                await self._give_way()
            self._work += A_LINE + len(subject) * A_BYTE_SEARCHED
            found = pattern.matches_at_once(subject)
            return await self._match_elsewhere(pattern, subject) if found is None else found
        finally:
            self._working = False

    async def _match_elsewhere(self, pattern: Pattern, subject: bytes) -> bool:
        if self._allowance is None:
            self._allowance = Allowance()
        return await self._in_thread(self._services.match(self, pattern, subject, self._allowance))

    async def _in_thread(self, asked: asyncio.Future[T]) -> T:
        """Wait for what is done outside of the loop for this conversation alone."""
        try:
            return await self._wait_for(asked)
        finally:
            asked.cancel()

    async def _wait_for(self, asked: asyncio.Future[T]) -> T:
        self._working = True
        try:
            while not asked.done():
                await news()
        finally:
            self._working = False
        self._work = 0  # this is another turn
        return asked.result()

    def end(self) -> None:
        """See `Peer.end`."""
        if self._socket is not None:
            with suppress(OSError):  # it is closed already: reading tells
                self._socket.shutdown(socket.SHUT_WR)

    def leave_closing(self, *, answering: bool) -> None:
        """See `Peer.leave_closing`."""
        self._server_closes, self._server_answers = True, answering

    # The socket.

    async def _receive(self) -> bytes:
        while True:
            if self._readable:
                try:
                    data = self._socket.recv(_CHUNK)  # type: ignore[union-attr]  # there is one while a conversation runs
                except BlockingIOError:
                    self._readable = False
                else:
                    # A short read has emptied the socket: the next edge tells of more. The end of
                    # the stream was told already where it has come, so there we must look again.
                    if len(data) < _CHUNK:
                        self._readable, self._emptied = self._ended, self._ended
                    if not data and self._refused is not None:
                        raise self._refused
                    self._spend(len(data))
                    if len(data) == _CHUNK and self._is_enough(_CHUNK):
                        await self._give_way()
                    return data
            await news()

    async def _give_way(self) -> None:
        """Go on in the next turn of the loop: a long answer may be there all at once, and others wait."""
        self._work = 0
        self._services.again(self)
        await news()

    def _connect(self) -> int:
        """Open a socket and begin to connect; return 0, or the error.  Raises `CheckUnavailable`."""
        try:
            self._socket = opened = self._open(self._compiled.family)
            if (origin := self._compiled.origin) is not None:
                bind(opened, origin)
            error = opened.connect_ex(self._compiled.address)
            if error and error != errno.EINPROGRESS:
                return error
            self._services.watch(self, opened.fileno())
        except OSError as refused:
            return refused.errno or errno.EIO
        return 0

    def _open(self, family: int) -> socket.SocketType:
        return socket.SocketType(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK, 0)

    def _met_itself(self) -> bool:
        """Return whether the connection is one of ours to itself: our port was by chance the one that we asked for."""
        opened = self._socket
        try:
            return opened is not None and opened.getsockname() == opened.getpeername()
        except OSError:  # reset already, and not by us
            return False

    def _pending_error(self) -> int:
        return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if self._socket else 0

    def _has_answered(self, number: int) -> bool:
        if self._socket is None or not has_answered(self._socket, number):
            return False
        self._refused = OSError(number, os.strerror(number))  # with which reading is to end
        return True

    def _close(self) -> None:
        if self._conversation is not None:
            self._conversation.close()
            self._conversation = None
        if (opened := self._socket) is None:
            return
        self._socket = None
        self._services.forget(opened.fileno())
        if self._connected and not self._ended:
            reset(opened)
        else:
            opened.close()

    def _leave(self) -> None:
        """Close the socket in order: all has been said that the check wanted to hear."""
        if (opened := self._socket) is None:
            return
        self._socket = None
        self._services.forget(opened.fileno())
        if self._emptied:  # and so ended: nobody waits for our side
            opened.close()
            return
        closing, last_words = self._services.closing, self._last_words()
        if self._server_closes or self._ended:
            closing.close_second(opened, last_words, unread=self._readable, answering=self._server_answers)
        else:
            closing.close_first(opened, last_words, unread=self._readable)

    def _last_words(self) -> bytes:
        """Return what is to be sent before our side is closed."""
        return b""
