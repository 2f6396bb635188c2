"""Reads a configuration: the one way in."""

from dataclasses import dataclass, replace
from pathlib import Path

from ldirectord_py.config.grammar.directive import Unreadable
from ldirectord_py.config.grammar.tree import SourceMap, Tree
from ldirectord_py.config.meaning.builder import build
from ldirectord_py.config.meaning.here import HERE
from ldirectord_py.config.meaning.resolve import Resolver, Unasked
from ldirectord_py.config.syntax.including import gather
from ldirectord_py.config.syntax.sources import SourceReader
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import ConfigRejected
from ldirectord_py.model.problems import Problem, Severity


@dataclass(frozen=True, slots=True)
class Located:
    """A configuration, with what stands where."""

    config: Config
    tree: Tree
    files: SourceMap


def load(path: Path, environment: Resolver = HERE) -> Config:
    """Return the configuration in the file *path*; names in it are resolved, for which name servers have 10 s.

    Raises `ConfigRejected` with every problem at once, also where the file cannot be read.
    """
    return locate(path, environment).config


def locate(path: Path, environment: Resolver = HERE) -> Located:
    """Return the same with the places of its values; raises `ConfigRejected` as `load` does."""
    reading = SourceReader(environment.variable, environment.absent)
    try:
        text = reading.read(str(path))
    except Unreadable as exc:
        raise ConfigRejected([Problem(str(path), 0, str(exc))], reading.sources) from None
    return _parse(text, str(path), environment, reading)


def parse(text: bytes, path: str, environment: Resolver = HERE) -> Config:
    """Return the configuration that *text* is; *path* is what messages call it, and its ending tells the syntax.

    Raises `ConfigRejected` with every problem at once.
    """
    return _parse(text, path, environment, SourceReader(environment.variable, environment.absent)).config


def _parse(text: bytes, path: str, environment: Resolver, reading: SourceReader) -> Located:
    tree, files = gather(text, path, reading)
    try:
        config = _resolved(tree, files, environment)
    except ConfigRejected as rejected:
        raise ConfigRejected(rejected.problems, reading.sources) from None
    return Located(replace(config, sources=reading.sources), tree, files)


def _resolved(tree: Tree, files: SourceMap, environment: Resolver) -> Config:
    """Return the configuration that *tree* describes; all the names in it are asked for at the same time.

    Which names there are is known once it has been built without them; where there are none, that is that.
    """
    if environment.hosts is None:
        return build(tree, files, environment)
    unasked = Unasked()
    try:
        config = build(tree, files, replace(environment, host_address=unasked))
    except ConfigRejected:
        if not unasked.names:
            raise
    else:
        if not unasked.names:
            return config
    answers = environment.hosts.find(unasked.names.keys())
    config = build(tree, files, replace(environment, host_address=answers.host_address, no_host=answers.no_host))
    notes = tuple(Problem(tree.path, 0, note, Severity.WARNING) for note in answers.notes)
    return replace(config, warnings=(*notes, *config.warnings))
