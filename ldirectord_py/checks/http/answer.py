"""An HTTP answer as it comes in, read by llhttp."""

import re

from httptools import HttpResponseParser

from ldirectord_py.checks.quoting import quoted

MOST_BODY = 256 * 1024
"""Bytes of a body that a pattern sees."""

_MOST_PIECES = 1024
"""Of a body that comes in chunks of a byte or two: to put all of them together at its end would hold others up."""
_LONGEST_LOCATION = 8192  # RFC 9110 §4.1 wants 8000 at least
_LOCATION = re.compile(rb"\nlocation[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)


class HttpAnswer:
    """An answer of which only the status counts.

    llhttp calls the methods `on_...` and makes nothing of what has none; so there are as few as will do.
    """

    __slots__ = ("bare", "cut", "done", "ended", "head", "parser", "pieces", "size", "status")

    def __init__(self) -> None:
        self.status = 0
        """Of the final answer; 0 until its headers are complete."""
        self.done = False
        """Nothing more needs to be read."""
        self.ended = False
        """Nothing more is to come."""
        self.cut = False
        """The body goes on beyond what is kept."""
        self.bare = False
        """A body without status and headers, as of HTTP/0.9."""
        self.head: list[bytes] = []
        """What came until the headers were complete, and perhaps more."""
        self.pieces: list[bytes] = []
        self.size = 0
        """Of the body."""
        # The parser refers to our methods and we to it: the reader of the answer deletes it.
        self.parser = HttpResponseParser(self)

    def on_headers_complete(self) -> None:
        """Take the status, unless it is interim (RFC 9110 §15.2)."""
        if not self.done and (status := self.parser.get_status_code()) >= 200:
            self.status = status
            self.done = True

    def on_message_complete(self) -> None:
        """Note the end of the final answer."""
        self.done = self.ended = self.status > 0

    @property
    def body(self) -> bytes:
        """What was kept of the body."""
        return self.pieces[0] if len(self.pieces) == 1 and not self.cut else b"".join(self.pieces)[:MOST_BODY]

    @property
    def phrase(self) -> str:
        """Status and reason as the server put them: `503 Service Unavailable`."""
        line = re.search(rb"HTTP/[\d.]+[ \t]+(0*%d[^\r\n]*)" % self.status, b"".join(self.head))
        return quoted(line[1].strip())[1:-1] if line else str(self.status)

    @property
    def location(self) -> str:
        """The header `Location`; empty where there is none, or a longer one than anybody has."""
        head = re.split(rb"\n\r?\n", b"".join(self.head), maxsplit=1)[0]
        found = _LOCATION.search(head)
        return found[1].strip().decode("latin-1") if found and len(found[1]) <= _LONGEST_LOCATION else ""


class WholeAnswer(HttpAnswer):
    """An answer with its body."""

    __slots__ = ()

    def on_headers_complete(self) -> None:
        """Take the status, unless it is interim, and wait for the body."""
        if not self.done and (status := self.parser.get_status_code()) >= 200:
            self.status = status

    def on_body(self, data: bytes) -> None:
        """Keep what a pattern will see."""
        if not self.done:
            self.pieces.append(data)
            if len(self.pieces) > _MOST_PIECES:
                self.pieces = [b"".join(self.pieces)]
            self.size += len(data)
            if self.size > MOST_BODY:
                self.cut = self.done = True
