"""Values that stand elsewhere: `{env: NAME}`, `{file: PATH}`, `{credential: NAME}`."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ldirectord_py.config.grammar.directive import Unreadable, shown
from ldirectord_py.config.syntax.sources import SourceReader, beside
from ldirectord_py.model.text.escaping import printable
from ldirectord_py.system.environment import withhold

LONGEST = 64 * 1024
CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""Where systemd puts what `LoadCredential=` names."""

Refer = Callable[[str, str], str]
"""Returns what the reference of a kind to a name stands for; raises `Unreadable`."""

LookUp = Callable[[SourceReader, str, str], str]
"""Returns what a name in a file, whose path comes first, stands for; raises `Unreadable`."""


def _environment(reading: SourceReader, _base: str, name: str) -> str:
    if (value := reading.variable(name)) is None:
        raise Unreadable(f"the environment has no variable {shown(name)}")
    withhold(name)
    return value


def _file(reading: SourceReader, base: str, name: str) -> str:
    return _first_lines(reading, beside(base, name))


def _credential(reading: SourceReader, _base: str, name: str) -> str:
    if not (folder := reading.variable(CREDENTIALS)):
        raise Unreadable(f"the environment has no {CREDENTIALS}: systemd sets it where LoadCredential={shown(name)}")
    if "/" in name:
        raise Unreadable(f"expected the name of a credential, without a slash, but got {shown(name)}")
    return _first_lines(reading, f"{folder}/{name}")


def _first_lines(reading: SourceReader, path: str) -> str:
    try:
        text = reading.read(path, LONGEST, "value")
    except Unreadable as exc:
        raise Unreadable(f"{printable(path)}: {exc}") from None
    return text.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")


REFERENCES: Mapping[str, LookUp] = MappingProxyType({"env": _environment, "file": _file, "credential": _credential})
"""The kinds of references, by their key."""
