"""What `execute` names, and how it is run; apart from the observer, for the command line, which has to be quick."""

import shlex
from collections.abc import Sequence

from ldirectord_py.model.config import Config


def instances(config: Config) -> tuple[str, ...]:
    """Return the values of `execute`, each once."""
    return tuple(dict.fromkeys(each for each in config.execute if each.strip()))


def instance_command(program: Sequence[str], instance: str, action: str) -> str:
    """Return the shell's command for *action* on *instance*, whose quotes are the shell's, as with the original."""
    return f"{shlex.join(program)} {instance} {action}"
