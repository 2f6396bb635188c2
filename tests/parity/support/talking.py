"""Servers of other protocols than HTTP, just enough of each for a check; told to sulk, they refuse politely."""

import asyncio
import hashlib
import hmac
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import cast

import dns.message
import dns.rrset

Answer = Callable[[bytes, bool], bytes]
LINE = b"\n"
SECRET = b"known to both"
_ACCEPT, _REJECT, _MESSAGE_AUTHENTICATOR = 2, 3, 80  # RFC 2865 §4, RFC 2869 §5.14


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One protocol: what is said first, to those who are welcome and to others, and what to each message."""

    answer: Answer
    greeting: tuple[bytes, bytes] = (b"", b"")
    end: bytes = LINE
    """Where a message ends, in a stream."""
    datagrams: bool = False


def _smtp(message: bytes, _sulking: bool) -> bytes:
    return b"221 bye\r\n" if message.upper().startswith(b"QUIT") else b"250 as you like\r\n"


def _pop(message: bytes, sulking: bool) -> bytes:
    match message.split(b" ")[0].strip().upper():
        case b"PASS" if sulking:
            return b"-ERR [AUTH] no\r\n"
        case b"CAPA":
            return b"-ERR what?\r\n"
        case b"STAT":
            return b"+OK 0 0\r\n"
        case _:
            return b"+OK\r\n"


def _imap(message: bytes, sulking: bool) -> bytes:
    tag, command, *_ = [*message.split(), b"", b""]
    bye = b"* BYE\r\n" if command.upper() == b"LOGOUT" else b""
    refused = sulking and command.upper() == b"LOGIN"
    return bye + tag + (b" NO not you\r\n" if refused else b" OK done\r\n")


def _echo(message: bytes, sulking: bool) -> bytes:
    return b"" if sulking else b"you said " + message.strip() + b"\n"


def _sip(message: bytes, sulking: bool) -> bytes:
    copied = (b"via:", b"from:", b"to:", b"call-id:", b"cseq:")  # RFC 3261 §8.2.6.2
    headers = [line for line in message.split(b"\r\n") if line.lower().startswith(copied)]
    status = b"SIP/2.0 503 Service Unavailable" if sulking else b"SIP/2.0 200 OK"
    return b"\r\n".join([status, *headers, b"Content-Length: 0", b"", b""])


def _dns(message: bytes, sulking: bool) -> bytes:
    answer = dns.message.make_response(dns.message.from_wire(message))
    name = answer.question[0].name
    answer.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "192.0.2.99" if sulking else "192.0.2.1"))
    return answer.to_wire()


def _radius(message: bytes, sulking: bool) -> bytes:
    """Answer without looking at the password; signed as RFC 2865 §3 and RFC 2869 §5.14 have it."""
    head = bytes([_REJECT if sulking else _ACCEPT, message[1], 0, 20 + 18])
    unsigned = bytes([_MESSAGE_AUTHENTICATOR, 18]) + bytes(16)
    signature = hmac.new(SECRET, head + message[4:20] + unsigned, hashlib.md5).digest()
    attributes = bytes([_MESSAGE_AUTHENTICATOR, 18]) + signature
    return head + hashlib.md5(head + message[4:20] + attributes + SECRET).digest() + attributes


DIALOGUES = {
    7: Dialogue(_echo),
    25: Dialogue(_smtp, (b"220 mail ready\r\n", b"421 not today\r\n")),
    53: Dialogue(_dns, datagrams=True),
    110: Dialogue(_pop, (b"+OK ready\r\n", b"+OK ready\r\n")),
    119: Dialogue(lambda _message, _sulking: b"205 bye\r\n", (b"200 news ready\r\n", b"400 no news\r\n")),
    143: Dialogue(_imap, (b"* OK ready\r\n", b"* OK ready\r\n")),
    1812: Dialogue(_radius, datagrams=True),
    5060: Dialogue(_sip, end=b"\r\n\r\n"),
}
"""By port."""


class Talker:
    """Holds dialogues in a thread of its own, on sockets that it is handed."""

    def __init__(self) -> None:
        self.sulking = False
        self._servers: list[asyncio.Server | asyncio.DatagramTransport] = []
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="talker", daemon=True)
        self._thread.start()

    def speak(self, listener: socket.socket, dialogue: Dialogue) -> None:
        """Hold *dialogue* with whoever comes to *listener*: a listening TCP socket or a bound UDP one."""
        listener.setblocking(False)
        asyncio.run_coroutine_threadsafe(self._open(listener, dialogue), self._loop).result(timeout=10)

    def close(self) -> None:
        """End all dialogues."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self, listener: socket.socket, dialogue: Dialogue) -> None:
        if dialogue.datagrams:
            transport, _ = await self._loop.create_datagram_endpoint(lambda: _Datagrams(self, dialogue), sock=listener)
            self._servers.append(transport)
            return

        async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                writer.write(dialogue.greeting[self.sulking])
                while message := await reader.readuntil(dialogue.end):
                    writer.write(dialogue.answer(message, self.sulking))
            writer.close()

        self._servers.append(await asyncio.start_server(hold, sock=listener))

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, talker: Talker, dialogue: Dialogue) -> None:
        self._talker, self._dialogue = talker, dialogue

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # asyncio's own is no subclass of it

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._transport.sendto(self._dialogue.answer(data, self._talker.sulking), addr)
