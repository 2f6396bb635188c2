"""Reads a configuration: the one way in."""

import os
import stat
from pathlib import Path

from ldirectord_py.config import cf
from ldirectord_py.config.build import build
from ldirectord_py.config.resolve import HERE, Environment
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import ConfigRejected
from ldirectord_py.model.problems import Problem

LARGEST_FILE = 16 * 1024 * 1024


def load(path: Path, environment: Environment = HERE) -> Config:
    """Return the configuration in the file *path*; names in it are resolved, which may take name servers' time.

    Raises `ConfigRejected` with every problem at once, also where the file cannot be read.
    """
    try:
        text = _read(path)
    except OSError as exc:
        raise _rejected(path, f"cannot be read: {exc.strerror or exc}") from None
    return parse(text, str(path), environment)


def parse(text: bytes, path: str, environment: Environment = HERE) -> Config:
    """Return the configuration that *text* is; *path* is what messages call it.

    Raises `ConfigRejected` with every problem at once.
    """
    if b"\0" in text:
        line = text.count(b"\n", 0, text.index(b"\0")) + 1
        raise ConfigRejected([Problem(path, line, "this is no text file: it holds a NUL byte")])
    return build(cf.read(text, path), environment)


def _read(path: Path) -> bytes:
    # Not blocking, so that a FIFO without a writer does not keep us.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise _rejected(path, "is a directory, not a file")
        if not stat.S_ISREG(mode):
            raise _rejected(path, "is not a regular file")
        with open(descriptor, "rb", closefd=False) as file:
            text = file.read(LARGEST_FILE + 1)
    finally:
        os.close(descriptor)
    if len(text) > LARGEST_FILE:
        raise _rejected(path, f"is larger than {LARGEST_FILE // 2**20} MiB, which no configuration is")
    return text


def _rejected(path: Path, sentence: str) -> ConfigRejected:
    return ConfigRejected([Problem(str(path), 0, sentence)])
