"""What passes between the director and workers.  No secret goes another way.

With a worker: frames on a stream, each a head, JSON and raw bytes.  With the parent of the workers: a JSON object in
each message of a SEQPACKET socket, and with `BEGIN` the worker's end of its stream.
"""

import json
from struct import Struct
from typing import Any

HEAD = Struct("!III")
"""Begins a frame: bytes of JSON, raw bytes behind them, microseconds of processor time (allowed, or taken)."""
MOST_MICROSECONDS = (1 << 32) - 1
LONGEST_ANSWER = 1 << 16
"""Bytes of an answer; a worker that a server has taken over may say anything."""

UNAVAILABLE = "unavailable"
"""The key of a sentence: what keeps this machine from asking at all."""

LONGEST_MESSAGE = 4096
READY = "ready"
"""The key of the first message of a parent: it has its library and has given up its rights."""
BEGIN = "begin"
"""The key of the number of a worker that the parent is to fork."""
END = "end"
"""The key of the number of a worker that the parent is to end."""
ENDED = "ended"
"""The key of the number of a worker that has ended, or could not be forked (then with `UNAVAILABLE`)."""
STATUS = "status"
"""The key of how it ended: its exit status, or below 0 the signal that killed it."""


def packed(told: dict[str, Any], data: bytes = b"", microseconds: int = 0) -> bytes:
    """Return a frame."""
    body = json.dumps(told).encode()
    return b"".join((HEAD.pack(len(body), len(data), microseconds), body, data))


def unpacked(buffer: bytes) -> tuple[dict[str, Any], int] | None:
    """Return what the one answer in *buffer* says and the microseconds it took, or None as long as it is not complete.

    Raises `ValueError` if it is no answer.
    """
    if len(buffer) < HEAD.size:
        return None
    size, more, microseconds = HEAD.unpack_from(buffer)
    if size > LONGEST_ANSWER or more:
        raise ValueError(f"an answer of {size} and {more} bytes")
    if len(buffer) < HEAD.size + size:
        return None
    return decoded(buffer[HEAD.size : HEAD.size + size]), microseconds


def decoded(body: bytes) -> dict[str, Any]:
    """Return the JSON object in *body*; raises `ValueError`."""
    told = json.loads(body)
    if not isinstance(told, dict):
        raise ValueError("no object")  # noqa: TRY004  # as of JSON that cannot be read
    return told
