"""Reads a configuration: the one way in."""

from pathlib import Path

from ldirectord_py.config import cf
from ldirectord_py.config.build import build
from ldirectord_py.config.files import BadFile, read_regular
from ldirectord_py.config.resolve import HERE, Environment
from ldirectord_py.config.tree import Files
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import ConfigRejected
from ldirectord_py.model.problems import Problem

LARGEST_FILE = 16 * 1024 * 1024


def load(path: Path, environment: Environment = HERE) -> Config:
    """Return the configuration in the file *path*; names in it are resolved, which may take name servers' time.

    Raises `ConfigRejected` with every problem at once, also where the file cannot be read.
    """
    try:
        text = read_regular(path, LARGEST_FILE, "configuration")
    except BadFile as exc:
        raise ConfigRejected([Problem(str(path), 0, str(exc))]) from None
    return parse(text, str(path), environment)


def parse(text: bytes, path: str, environment: Environment = HERE) -> Config:
    """Return the configuration that *text* is; *path* is what messages call it.

    Raises `ConfigRejected` with every problem at once.
    """
    if b"\0" in text:
        line = text.count(b"\n", 0, text.index(b"\0")) + 1
        raise ConfigRejected([Problem(path, line, "this is no text file: it holds a NUL byte")])
    files = Files(path)
    start = files.add(path, text.count(b"
") + 1)
    return build(cf.read(text, path, start), files, environment)
