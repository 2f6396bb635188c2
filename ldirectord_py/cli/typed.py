"""Words of a command line that stand for values, as argparse reads them."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from ipaddress import ip_address

from ldirectord_py.model.address import IPAddress


def address(word: str) -> IPAddress:
    """Return an address, which may stand in brackets; raise `ArgumentTypeError`."""
    try:
        return ip_address(word.strip("[]"))
    except ValueError as error:
        raise ArgumentTypeError(f"expected an address, but got {word}") from error


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return what reads a whole number from *least* to *most*, and raises `ArgumentTypeError`."""

    def read(word: str) -> int:
        try:
            number = int(word)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise ArgumentTypeError(f"expected a whole number from {least:,} to {most:,}, but got '{word}'")
        return number

    return read
