"""What passes between the director and a worker: JSON objects, each behind its length.  No secret goes another way."""

import json
from struct import Struct
from typing import Any

HEAD = Struct("!I")
"""Begins a frame: the bytes of JSON that follow."""
LONGEST_ANSWER = 1 << 16
"""Bytes of an answer; a worker that a server has taken over may say anything."""
READY = "ready"
"""The key of the first frame of a worker: it has its library and has given up its rights."""
UNAVAILABLE = "unavailable"
"""The key of a sentence: what keeps this machine from asking at all."""


def packed(told: dict[str, Any]) -> bytes:
    """Return the frame of *told*."""
    body = json.dumps(told).encode()
    return HEAD.pack(len(body)) + body


def unpacked(buffer: bytes) -> dict[str, Any] | None:
    """Return what the one frame in *buffer* says, or None as long as it is not complete; raises `ValueError`."""
    if len(buffer) < HEAD.size:
        return None
    (size,) = HEAD.unpack_from(buffer)
    if size > LONGEST_ANSWER:
        raise ValueError(f"an answer of {size} bytes")
    if len(buffer) < HEAD.size + size:
        return None
    told = json.loads(buffer[HEAD.size : HEAD.size + size])
    if not isinstance(told, dict):
        raise ValueError("no object")  # noqa: TRY004  # as of JSON that cannot be read
    return told
