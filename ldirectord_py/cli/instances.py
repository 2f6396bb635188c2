"""Which configuration is meant, and what its instance is called."""

from collections.abc import Sequence
from pathlib import Path

from ldirectord_py.model.errors import DirectorError

DEFAULT_CONFIG = "ldirectord.cf"
DEFAULT_INSTANCE = "ldirectord"


class ConfigNotFound(DirectorError):
    """No plain file where the configuration is looked for."""


SHADOW = ".shadow"
"""Ends the names of an instance that only looks on, and of its log: it runs beside the one that keeps the table."""


def instance_name(config: str | None) -> str:
    """Return the name of the instance that the word *config* stands for: its last part, with its extension."""
    return DEFAULT_INSTANCE if config is None else config.rpartition("/")[2]


def pid_path(run_dir: Path, instance: str) -> Path:
    """Return where the pid file of *instance* is."""
    return run_dir / f"ldirectord.{instance}.pid"


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
            if path.is_file():
                return path
    raise ConfigNotFound(f"Config file {name} not found: {_explain(tried)}")


def _explain(tried: Sequence[Path]) -> str:
    for path in tried:
        if path.is_dir():
            return f"{path} is a directory, expected a file"
    for path in tried:
        if path.exists():
            return f"{path} is not a plain file"
    return f"there is none of {', '.join(map(str, tried))}"
