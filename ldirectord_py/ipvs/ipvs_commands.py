"""IPVS's family of generic netlink: its commands, and the header that each message begins with (<linux/ip_vs.h>)."""

from enum import IntEnum
from struct import Struct

FAMILY_NAME = "IPVS"
_VERSION = 1
_HEADER = Struct("=BBxx")  # struct genlmsghdr


class IpvsCommand(IntEnum):
    """`IPVS_CMD_*`."""

    NEW_SERVICE = 1
    SET_SERVICE = 2
    DEL_SERVICE = 3
    GET_SERVICE = 4
    NEW_DEST = 5
    SET_DEST = 6
    DEL_DEST = 7
    GET_DEST = 8
    NEW_DAEMON = 9
    DEL_DAEMON = 10
    GET_DAEMON = 11
    GET_INFO = 15


def command_message(command: IpvsCommand, *attributes: bytes) -> bytes:
    """Return the message of *command*, whose attributes are packed already."""
    return b"".join((_HEADER.pack(command, _VERSION), *attributes))


def body(message: bytes) -> bytes:
    """Return what follows the header of *message*: its attributes."""
    return message[_HEADER.size :]
