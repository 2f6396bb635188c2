"""A generic netlink socket that speaks to one family of the kernel, and never waits.

The kernel works through a request within the `send` that brings it, and through each further part of
a dump within the `recv` that fetches the part before: answers are there when the call returns.  So
the socket is non-blocking, nothing is gained by having several, and an answer that is not there is lost.
"""

import errno
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple, Self

from ldirectord_py.ipvs.netlink import (
    Flag,
    MessageType,
    NetlinkMessage,
    attributes,
    envelopes,
    messages,
    pack_text,
    u16,
)

_GENERIC_CONTROL = 0x10  # GENL_ID_CTRL
_GET_FAMILY = b"\x03\x02\0\0"  # CTRL_CMD_GETFAMILY, version 2
_FAMILY_ID, _FAMILY_NAME = 1, 2  # CTRL_ATTR_*

# Of <linux/netlink.h> and <asm-generic/socket.h>; the socket module has none of them.
_NETLINK_GENERIC = 16
_SOL_NETLINK, _CAP_ACK = 270, 10  # refusals without a copy of what they refuse
_SNDBUFFORCE, _RCVBUFFORCE = 32, 33
_ROOM = 4 << 20  # bytes in the socket's buffers; a batch of refusals takes some 100 KiB
_LONGEST = 1 << 16  # of one datagram: the kernel fills at most 32 KiB of a dump at a time
_TRIES = 3
_LOST = (errno.ENOBUFS, errno.EAGAIN)  # no room for an answer; no answer where one must be


class FamilyMissing(Exception):
    """The kernel has no such family: the module is not loaded."""


class DumpInterrupted(Exception):
    """The table changed or answers were lost while it was being read: what was read is no picture of it."""


class Answers(NamedTuple):
    """What came back for the questions and requests of one datagram, by their places in it."""

    bodies: dict[int, bytes]  # the answer to each question that has one
    refused: dict[int, int]  # the errno of each that was refused


class Channel:
    """One netlink socket and the id of the family *name* there.

    Methods raise OSError with the kernel's errno, `WireError` for answers that are none, and
    `FamilyMissing` where the module was taken away meanwhile.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._socket = _connected()
        self._buffer = memoryview(bytearray(_LONGEST))
        self._sequence = int.from_bytes(os.urandom(4))
        self._littered = False  # answers to an earlier question may still come
        self._family = 0

    @classmethod
    def open(cls, name: str) -> Self:
        """Return a channel to the family *name*; raise `FamilyMissing` where the kernel has none."""
        channel = cls(name)
        try:
            channel.rejoin()
        except BaseException:
            channel.close()
            raise
        return channel

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def rejoin(self) -> bool:
        """Ask anew for the id of the family, which changes when its module is loaded anew; tell whether it did."""
        before = self._family
        try:
            answer = self._asked(_GENERIC_CONTROL, _GET_FAMILY + pack_text(_FAMILY_NAME, self._name))
        except FileNotFoundError as error:
            raise FamilyMissing(self._name) from error
        self._family = u16(attributes(answer[4:]), _FAMILY_ID)
        return self._family != before

    def ask(self, body: bytes) -> bytes:
        """Send a question that has one answer, and return that."""
        return self._asked(self._family, body)

    def exchange(self, bodies: Sequence[bytes]) -> Answers:
        """Send questions and requests in one datagram, and return what came back for each.

        Only the last is acknowledged: the kernel goes through a datagram in order and answers each
        question and each refusal, so whatever request has no answer ahead of the last acknowledgement
        is in force.  When answers are lost (ENOBUFS), all are sent again; the caller knows how to read
        the EEXIST or ENOENT that this may bring.
        """
        return self._exchanged(self._family, bodies)

    def dump(self, body: bytes) -> Iterator[list[bytes]]:
        """Send a question that has many answers, and yield them as they come, a few dozen at a time.

        Raises `DumpInterrupted` when it has to be asked again from the start.  A dump that is not
        read to its end is forgotten with the next question.
        """
        sequence = self._send(self._family, Flag.REQUEST | Flag.DUMP, [body])
        self._littered = True
        while self._littered:
            try:
                part = self._part(sequence)
            except OSError as error:
                if error.errno not in _LOST:
                    raise
                raise DumpInterrupted from error
            yield part

    def _part(self, sequence: int) -> list[bytes]:
        """Receive the next part of a dump, and note its end."""
        bodies = []
        for message in self._answers(sequence, 1):
            if message.flags & Flag.DUMP_INTERRUPTED:
                raise DumpInterrupted
            if message.kind in (MessageType.DONE, MessageType.ERROR):
                _raise(message.errno())
                self._littered = False
            else:
                bodies.append(message.body)
        return bodies

    def _asked(self, family: int, body: bytes) -> bytes:
        answers = self._exchanged(family, [body])
        _raise(answers.refused.get(0, 0))
        return answers.bodies.get(0, b"")

    def _exchanged(self, family: int, bodies: Sequence[bytes]) -> Answers:
        for _ in range(_TRIES):
            try:
                return self._answered(self._send(family, Flag.REQUEST | Flag.ACK, bodies), len(bodies))
            except OSError as error:
                if error.errno not in _LOST:
                    raise
                self._littered = True
        return Answers({}, dict.fromkeys(range(len(bodies)), errno.ENOBUFS))

    def _answered(self, first: int, count: int) -> Answers:
        """Receive what answers *count* messages from *first*, up to the acknowledgement of the last."""
        answers = Answers({}, {})
        while True:
            for message in self._answers(first, count):
                place = message.sequence - first & 0xFFFFFFFF
                if message.kind != MessageType.ERROR:
                    answers.bodies[place] = message.body
                    continue
                if number := message.errno():
                    answers.refused[place] = number
                if place == count - 1:
                    return answers

    def _send(self, family: int, flags: Flag, bodies: Sequence[bytes]) -> int:
        """Send *bodies* and return the number of the first."""
        if self._littered:
            self._renew()
        first = self._sequence
        self._sequence = first + len(bodies) & 0xFFFFFFFF
        self._socket.send(envelopes(family, flags, first, bodies))
        return first

    def _answers(self, first: int, count: int) -> Iterator[NetlinkMessage]:
        """Receive one datagram, and yield what in it answers *count* requests from *first*; the rest is stale."""
        size = self._socket.recv_into(self._buffer)
        for message in messages(self._buffer[:size]):
            if message.sequence - first & 0xFFFFFFFF < count:
                yield message

    def _renew(self) -> None:
        """Replace the socket: whatever is still to come on the old one goes with it.

        Where no other can be had (EMFILE), the old one is read empty and stays in use, and the next
        question tries this again: a dump that got stuck because there was no room ends with its socket alone.
        """
        try:
            fresh = _connected()
        except OSError:
            self._drain()
            return
        self._socket.close()
        self._socket = fresh
        self._littered = False

    def _drain(self) -> None:
        while True:
            try:
                self._socket.recv_into(self._buffer)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno not in _LOST:
                    raise


def _connected() -> socket.socket:
    """Return a netlink socket bound to the kernel's other end, with room for a batch of answers."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_GENERIC)
    try:
        sock.setblocking(False)  # noqa: FBT003  (the socket module's own signature)
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF, _SNDBUFFORCE, _RCVBUFFORCE):
            with suppress(OSError):  # without CAP_NET_ADMIN the first two have to do
                sock.setsockopt(socket.SOL_SOCKET, option, _ROOM)
        with suppress(OSError):  # kernels before 4.3
            sock.setsockopt(_SOL_NETLINK, _CAP_ACK, 1)
        sock.bind((0, 0))
        sock.connect((0, 0))
    except BaseException:
        sock.close()
        raise
    return sock


def _raise(number: int) -> None:
    if number:
        raise OSError(number, os.strerror(number))
