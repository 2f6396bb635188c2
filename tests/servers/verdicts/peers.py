"""Small servers, each of which does one thing that the real ones will not do to order."""

import asyncio
import random
import re
import socket
from contextlib import AsyncExitStack, suppress
from ipaddress import IPv4Address

from ldirectord_py.model.address import Endpoint
from tests.peers.listeners import Answer
from tests.servers.daemons import at


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Accept and read, and say nothing."""
    while await reader.read(65536):
        pass


async def closing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Accept, and end the connection."""


def greeting(text: bytes, *, ends: bool = False) -> Answer:
    """Return what says *text* to everybody, and either *ends* then or says no more."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        if ends:
            await reader.read(65536)  # data that nobody has read would make a reset of the end
        else:
            await silent(reader, writer)

    return answer


def relay(server: Endpoint) -> Answer:
    """Return what hands everything on to *server*, and its answers back."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(str(server.address), server.port)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(pump(reader, back))
            tasks.create_task(pump(there, writer))

    return answer


_PAGES = {
    "/alive.html": (b"200 OK", b"", b"I'm alive!"),
    "/busy.html": (b"503 Service Unavailable", b"", b"I'm alive, but busy"),
    "/moved.html": (b"302 Found", b"Location: /alive.html\r\n", b""),
    "/hops/0": (b"302 Found", b"Location: /alive.html\r\n", b""),
    **{f"/hops/{hop}": (b"307 Temporary Redirect", b"Location: /hops/%d\r\n" % (hop - 1), b"") for hop in range(1, 8)},
    "/large.html": (b"200 OK", b"", b"I'm large" + b"." * 300 * 1024 + b"and alive"),
    "/tiring.html": (b"200 OK", b"", b"a" * 34 + b"!;b"),
}


_ODD = {
    "/endless.html": b"HTTP/1.1 200 OK\r\n\r\nI'm alive!",
    "/chunks.html": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nI'm alive!\r\nmany\r\n",
}


def web(elsewhere: Endpoint | None = None) -> Answer:
    """Return a web server, which is a proxy too; `/away.html` is to be found *elsewhere*."""
    away = {"/away.html": (b"302 Found", f"Location: http://{elsewhere}/alive.html\r\n".encode(), b"")}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, *_ = head.split()
        path = target.decode().removeprefix("http://www.example.org")
        if path == "/who.html":
            writer.write(b"HTTP/1.0 200 OK\r\n\r\n" + b"".join(re.findall(rb"(?im)^host: *(.*)$", head)))
            return
        if path in _ODD:
            writer.write(_ODD[path])
            return
        status, extra, body = (_PAGES | away).get(path, (b"404 Not Found", b"", b""))
        writer.write(b"HTTP/1.1 %b\r\nContent-Length: %d\r\nConnection: close\r\n%b\r\n" % (status, len(body), extra))
        writer.write(b"" if method == b"HEAD" else body)
        await writer.drain()

    return answer


class _Datagrams(asyncio.DatagramProtocol):
    """Answers every datagram with *said*, or not at all."""

    def __init__(self, said: bytes) -> None:
        self._said = said

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._said:
            self._transport.sendto(self._said, addr)  # asyncio's own is no subclass


async def datagrams(stack: AsyncExitStack, said: bytes = b"") -> Endpoint:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(said), local_addr=("127.0.0.1", 0))
    stack.callback(transport.close)
    return at(transport.get_extra_info("sockname")[1])


def own_address(*ports: int) -> str:
    """Return an address of loopback at which *ports* are free, for it is the original that chooses them."""
    while True:
        address = str(IPv4Address((127 << 24) + random.randrange(1 << 16, 1 << 24)))
        with suppress(OSError):
            for port in ports:
                with socket.create_server((address, port)):
                    pass
            return address
