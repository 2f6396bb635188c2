"""Which configuration is meant, and what its instance is called."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from ldirectord_py.model.errors import DirectorError

DEFAULT_CONFIG = "ldirectord.cf"
DEFAULT_INSTANCE = "ldirectord"
_UNSEEN = 1


class ConfigNotFound(DirectorError):
    """No plain file where the configuration is looked for; *expected* is where one would have been meant to be."""

    def __init__(self, sentence: str, expected: Path) -> None:
        super().__init__(sentence)
        self.expected = expected


SHADOW = ".shadow"
"""Ends the names of a shadow, and of its log: it runs at the same time as the daemon that keeps the table."""


def run_dir() -> Path:
    """Return the folder in which instances have their pid files and control sockets."""
    return Path(os.environ.get("LDIRECTORD_RUN_DIR", "/var/run")).absolute()


def instance_name(config: str | None) -> str:
    """Return the name of the instance that the word *config* stands for: its last part, with its extension."""
    return DEFAULT_INSTANCE if config is None else config.rpartition("/")[2]


def unit_name(instance: str) -> str:
    """Return the name, without `.service`, of the systemd unit that runs *instance*, if it is one that we ship."""
    return DEFAULT_INSTANCE if instance == DEFAULT_INSTANCE else f"{DEFAULT_INSTANCE}@{instance.removesuffix('.cf')}"


def pid_paths(run_dir: Path, instance: str) -> tuple[Path, Path]:
    """Return where the pid file of *instance* may be: where a daemon of root's puts it, and where its unit's does.

    The unit's daemon is not root, and writes into the unit's own folder.  There is no link from the one place
    to the other, since that would have root's tools read what the unit's user has put there.
    """
    name = f"ldirectord.{instance}.pid"
    return run_dir / name, run_dir / unit_name(instance) / name


def own_pid_path(paths: tuple[Path, Path], runtime_dir: Path | None) -> Path:
    """Return the one of *paths* that a daemon of ours takes; *runtime_dir*: its unit's folder, if systemd made one."""
    plain, of_unit = paths
    if runtime_dir is not None and runtime_dir.resolve() == of_unit.parent.resolve():
        return of_unit
    return plain


def find_config(config: str | None, directories: Sequence[str]) -> Path:
    """Return the first plain file among *config* in each of *directories* and *config* itself, as an absolute path.

    Also an absolute *config* is first looked for below *directories*.  The path is absolute because
    the daemon leaves the directory it was started in, and has to find the file again at a reload.
    Raises `ConfigNotFound`.
    """
    name = DEFAULT_CONFIG if config is None else config
    tried = [*(Path(f"{directory}/{name}") for directory in directories), Path(name).absolute()]
    # a name that ends in a slash, or no name at all, has no last part to call the instance after
    if instance_name(name):
        for path in tried:
            if stat.S_ISREG(_mode(path)):
                return path
    expected = tried[-1 if "/" in name else 0]
    raise ConfigNotFound(f"Config file {name} not found: {_explain(tried)}", expected)


def _explain(tried: Sequence[Path]) -> str:
    for path in tried:
        if stat.S_ISDIR(_mode(path)):
            return f"{path} is a directory, expected a file"
    for path in tried:
        if _mode(path) == _UNSEEN:
            return f"this user may not look for {path}; become root"
        if _mode(path):
            return f"{path} is not a plain file"
    return f"there is none of {', '.join(map(str, tried))}"


def _mode(path: Path) -> int:
    """Return what kind of file *path* is (stat.S_IFMT); 0: there is none, `_UNSEEN`: that cannot be seen from here."""
    try:
        return stat.S_IFMT(path.stat().st_mode)
    except PermissionError:
        return _UNSEEN
    except OSError:
        return 0
