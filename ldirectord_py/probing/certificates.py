"""What a certificate says of itself: the few fields of RFC 5280 §4.1 that an operator is told."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from itertools import islice

from ldirectord_py.checks.codecs.ber import BerError, Element

_VERSION, _EXTENSIONS = 0xA0, 0xA3
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_OCTET_STRING, _BMP_STRING = 0x04, 0x1E
_DNS_NAME, _IP_ADDRESS = 0x82, 0x87
_COMMON_NAME = bytes.fromhex("550403")
_SUBJECT_ALT_NAME = bytes.fromhex("551d11")

MOST = 500
"""Names, parts of a name, or extensions that are read; those of a certificate of 60,000 bytes would take 12 ms."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's own certificate."""

    begins: float
    expires: float
    """Both in seconds since the epoch."""
    issuer: str
    """The common name of the issuer; empty where it has none."""
    names: tuple[str, ...]
    """Whom it is for: its alternative names, up to `MOST` of them, or, where it has none, its common name.

    See RFC 9525 §6.3, and Python's `ssl`.
    """


def expiry(der: bytes) -> float:
    """Return until when the certificate *der* is valid, in seconds since the epoch; raises `ValueError`."""
    return _validity(_fields(der))[1]


def read(der: bytes) -> Certificate:
    """Return what the certificate *der* says of itself; raises `ValueError`."""
    fields = _fields(der)
    begins, expires = _validity(fields)
    names = tuple(_alternative_names(fields)) or tuple(filter(None, (_common_name(fields[4]),)))
    return Certificate(begins, expires, _common_name(fields[2]), names)


def _fields(der: bytes) -> list[Element]:
    """Return serial number, algorithm, issuer, validity, subject, key and what follows (`TBSCertificate`)."""
    certificate = _first(Element(0, der))
    fields = list(_first(certificate).parts())
    if fields and fields[0].tag == _VERSION:
        del fields[0]
    if len(fields) < 6:
        raise BerError("a certificate without all its fields")
    return fields


def _validity(fields: list[Element]) -> tuple[float, float]:
    times = list(fields[3].parts())
    if len(times) != 2:
        raise BerError("a validity that is not two times")
    return _moment(times[0]), _moment(times[1])


def _moment(time: Element) -> float:
    """Return the time as RFC 5280 §4.1.2.5 has it: in UTC, with seconds, ending in Z."""
    text = time.content.decode("ascii")
    if time.tag == _UTC_TIME and len(text) == 13:
        text = ("20" if text < "50" else "19") + text
    elif time.tag != _GENERALIZED_TIME or len(text) != 15:
        raise BerError("no time that a certificate may have")
    if not text[:-1].isdecimal() or text[-1] != "Z":
        raise BerError("no time that a certificate may have")
    year, *rest = (int(text[:4]), *(int(text[at : at + 2]) for at in range(4, 14, 2)))
    month, day, hour, minute, second = rest
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()


def _alternative_names(fields: list[Element]) -> Iterator[str]:
    for extensions in fields[6:]:
        if extensions.tag == _EXTENSIONS:
            for extension in islice(_first(extensions).parts(), MOST):
                kind, *_, value = extension.parts()
                if kind.content == _SUBJECT_ALT_NAME and value.tag == _OCTET_STRING:
                    yield from _general_names(_first(Element(0, value.content)))


def _general_names(names: Element) -> Iterator[str]:
    for name in islice(names.parts(), MOST):
        if name.tag == _DNS_NAME:
            yield name.content.decode("ascii", "backslashreplace")
        elif name.tag == _IP_ADDRESS:
            yield str(ip_address(name.content))


def _common_name(name: Element) -> str:
    for relative in islice(name.parts(), MOST):
        for attribute in islice(relative.parts(), MOST):
            kind, value = attribute.parts()
            if kind.content == _COMMON_NAME:
                return value.content.decode("utf-16-be" if value.tag == _BMP_STRING else "utf-8", "replace")
    return ""


def _first(element: Element) -> Element:
    """Return the first part of *element*."""
    for part in element.parts():
        return part
    raise BerError("an element without parts")
