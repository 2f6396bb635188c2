"""Messages of gRPC's health service, and gRPC's names for what went well or not.

https://github.com/grpc/grpc/blob/master/doc/health-checking.md and doc/PROTOCOL-HTTP2.md; the bytes within are
protocol buffers (https://protobuf.dev/programming-guides/encoding/).
"""

from enum import IntEnum

PREFIX = 5
"""Bytes in front of a message: whether it is compressed, and its length."""


MOST_MESSAGE = 1024
"""Bytes of a message; one of the health service has two."""


class GrpcMessageError(ValueError):
    """What came is no such message; the text says what is wrong."""


class GrpcStatus(IntEnum):
    """What a call came to (doc/statuscodes.md)."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class ServingStatus(IntEnum):
    """What a service says of its health."""

    UNKNOWN = 0
    SERVING = 1
    NOT_SERVING = 2
    SERVICE_UNKNOWN = 3


def request(service: bytes) -> bytes:
    """Return a `HealthCheckRequest`, ready to be sent: field 1 is the service's name, left out where it is empty."""
    message = b"\x0a" + _varint(len(service)) + service if service else b""
    return b"\0" + len(message).to_bytes(4) + message


def health(data: bytes) -> int:
    """Return what a `HealthCheckResponse` says in its field 1, 0 where it says nothing; raises `GrpcMessageError`."""
    if len(data) < PREFIX:
        raise GrpcMessageError(f"{len(data)} bytes are no message")
    if len(data) > MOST_MESSAGE:
        raise GrpcMessageError(f"it has {len(data)} bytes")
    if data[0]:
        raise GrpcMessageError("the message is compressed, which nobody asked for")
    if len(data) != PREFIX + int.from_bytes(data[1:PREFIX]):
        raise GrpcMessageError("its length is another than it says")
    status, at = 0, PREFIX
    while at < len(data):
        tag, at = _read_varint(data, at)
        value, at = _read_value(data, at, tag & 7)
        if tag == 1 << 3:
            status = value
    return status


def _varint(number: int) -> bytes:
    low = bytearray()
    while number > 0x7F:
        low.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*low, number])


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at *at*, and where it ends."""
    number = 0
    for index, byte in enumerate(data[at : at + 10]):
        number |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return number, at + index + 1
    raise GrpcMessageError("a number does not end")


def _read_value(data: bytes, at: int, kind: int) -> tuple[int, int]:
    """Return the number that begins at *at*, 0 for what is none, and where it ends."""
    value = 0
    match kind:
        case 0:
            value, at = _read_varint(data, at)
        case 1:
            at += 8
        case 2:
            size, at = _read_varint(data, at)
            at += size
        case 5:
            at += 4
        case _:
            raise GrpcMessageError(f"a field has the unknown type {kind}")
    if at > len(data):
        raise GrpcMessageError("a field does not end")
    return value, at
