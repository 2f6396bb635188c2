"""From one syntax to the other, without a change of meaning."""

import hashlib
import socket
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from ldirectord_py.config.convert import cf_text, yaml_text
from ldirectord_py.config.convert.comments import of_cf, of_yaml
from ldirectord_py.config.grammar.directives.director_directives import INCLUDE
from ldirectord_py.config.grammar.tree import Line, SourceMap, Tree
from ldirectord_py.config.meaning.builder import build
from ldirectord_py.config.meaning.resolve import Resolver, port_number
from ldirectord_py.config.syntax.including import is_yaml, read
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.checks.check_plan import Always
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import ConfigRejected, DirectorError
from ldirectord_py.model.problems import Problem
from ldirectord_py.model.sources import Sources


class Syntax(StrEnum):
    """How a configuration is written."""

    CF = "cf"
    YAML = "yaml"

    @property
    def other(self) -> "Syntax":
        """What it can be converted to."""
        return Syntax.CF if self is Syntax.YAML else Syntax.YAML


_ELSEWHERE = "include: the pattern is seen from the folder of this file, so that what is written has to go there too"


_DEFAULTS = (
    "defaults: they hold for the files that are included as well, which ldirectord.cf cannot say; "
    "write them into those files, and here into each virtual"
)


class WouldDiffer(DirectorError):
    """What was written would not mean what was read."""


def syntax_of(path: str) -> Syntax:
    """Return the syntax that the file *path* is taken to be in."""
    return Syntax.YAML if is_yaml(path) else Syntax.CF


def convert(text: bytes, path: str, out: str | None = None) -> bytes:
    """Return *text*, which is the file *path*, in the other syntax; files that it includes are not looked at.

    Where it will be put in the file *out*, that has to see the same included files.
    Raises `ConfigRejected` where it has errors, or says what the other syntax cannot, and `WouldDiffer`.
    """
    source = syntax_of(path)
    environment = _Elsewhere().environment
    tree = _tree(text, path)
    meant = _meant(tree, path, environment)
    letters = text.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    if source is Syntax.CF:
        written, problems = yaml_text.write(tree, of_cf(letters, tree))
    else:
        written, problems = cf_text.write(tree, of_yaml(letters, tree))
        if tree.defaults and any(line.name == INCLUDE.name for line in tree.lines):
            problems.append((tree.defaults[0].number, _DEFAULTS))
    if out is not None and Path(out).parent.resolve() != Path(path).parent.resolve():
        problems += [(line.number, _ELSEWHERE) for line in tree.lines if _is_relative_include(line)]
    if problems:
        raise ConfigRejected([Problem(path, line, sentence) for line, sentence in problems])
    result = written.encode("utf-8", "surrogateescape")
    _compare(meant, _meant(_tree(result, f"{path}.{source.other}"), path, environment), path)
    return result


def _is_relative_include(line: Line) -> bool:
    return line.name == INCLUDE.name and not (INCLUDE.reader.read(line.value or "") or "").startswith("/")


def _tree(text: bytes, path: str) -> Tree:
    tree = read(text, path, 0, lambda kind, name: f"{kind}:{name}")
    return replace(tree, sections=tuple(section.with_defaults(tree.defaults) for section in tree.sections))


@dataclass(frozen=True, slots=True)
class _Meant:
    config: Config
    includes: tuple[str | None, ...]


def _meant(tree: Tree, path: str, environment: Resolver) -> _Meant:
    config = build(tree, SourceMap(path), environment)
    includes = tuple(INCLUDE.reader.read(line.value or "") for line in tree.lines if line.name == INCLUDE.name)
    return _Meant(replace(config, path="", warnings=(), sources=Sources()), includes)


def _compare(before: _Meant, after: _Meant, path: str) -> None:
    """Hold what was written to what was read."""
    for one, other in zip(before.config.virtuals, after.config.virtuals, strict=False):
        reals = [tuple(replace(real, line=0) for real in virtual.reals) for virtual in (one, other)]
        if replace(one, line=0, reals=reals[0]) != replace(other, line=0, reals=reals[1]):
            sentence = f"{one.key} would not mean the same in the other syntax; nothing is written"
            raise WouldDiffer(str(Problem(path, one.line, sentence)))
    same = len(before.config.virtuals) == len(after.config.virtuals) and before.includes == after.includes
    if not same or replace(before.config, virtuals=()) != replace(after.config, virtuals=()):
        raise WouldDiffer(f"{path}: it would not mean the same in the other syntax; nothing is written")


@dataclass(slots=True)
class _Elsewhere:
    """A machine on which every name is known, and each for another address: no name server is asked."""

    names: dict[tuple[str, int], IPAddress] = field(default_factory=dict)

    @property
    def environment(self) -> Resolver:
        return Resolver(host_address=self.host_address, port_number=_port, plan=lambda _options, _server: Always())

    def host_address(self, host: str, family: int) -> IPAddress | None:
        bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        literal: Callable[[], IPAddress] = (
            (lambda: IPv6Address(bare)) if family == 6 else (lambda: IPv4Address(socket.inet_aton(bare)))
        )
        try:
            return literal()
        except (ValueError, OSError):
            first = int(IPv6Address("2001:db8::") if family == 6 else IPv4Address("240.0.0.0"))
            made = (IPv6Address if family == 6 else IPv4Address)(first + len(self.names) + 1)
            return self.names.setdefault((host, family), made)


def _port(word: str, protocol: str | None) -> int | None:
    found = port_number(word, protocol)
    if found is None and not word.isdecimal():
        return 40000 + int.from_bytes(hashlib.sha256(word.encode()).digest()[:2], "big") % 20000
    return found
