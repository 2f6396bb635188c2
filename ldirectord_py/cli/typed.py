"""Words of a command line that stand for values, as argparse reads them."""

from argparse import ArgumentTypeError
from ipaddress import ip_address

from ldirectord_py.model.address import IPAddress


def address(word: str) -> IPAddress:
    """Return an address, which may stand in brackets; raise `ArgumentTypeError`."""
    try:
        return ip_address(word.strip("[]"))
    except ValueError as error:
        raise ArgumentTypeError(f"expected an address, but got {word}") from error
