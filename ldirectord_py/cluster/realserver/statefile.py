"""What was done to this machine, kept in a file so that it can be undone; it counts until the next boot."""

import fcntl
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ldirectord_py.cluster.realserver.steps import SetUpRefused, SetupStep, as_json, of_json
from ldirectord_py.system.identity import boot_id, network_namespace
from ldirectord_py.system.whole_file import replace_file

NAME = "ldirectord.realserver.json"
_VERSION = 1


class StepsFile:
    """The file at *path*, which nobody but root may write."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[SetupStep]:
        """Return the steps that were taken since the machine was booted.

        Raises `SetUpRefused` of a file that cannot be used, or was written for another network namespace.
        """
        try:
            document = json.loads(self.path.read_bytes())
            if document["version"] != _VERSION:
                raise ValueError(f"expected version {_VERSION}, but got {document['version']!r}")  # noqa: TRY301  # told like the rest
            if document["boot"] != boot_id():
                return []
            done = [of_json(told) for told in document["steps"]]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            raise SetUpRefused(
                f"{self.path} cannot be used ({error}); take it away if nothing is to be undone"
            ) from error
        if done and document["namespace"] != network_namespace():
            raise SetUpRefused(
                f"{self.path} is about another network namespace; name a folder for this one in LDIRECTORD_RUN_DIR"
            )
        return done

    def write(self, done: Sequence[SetupStep]) -> None:
        """Replace the file, or remove it if nothing is to be undone; raise `OSError`."""
        if not done:
            self.path.unlink(missing_ok=True)
            return
        document = {"version": _VERSION, "boot": boot_id(), "namespace": network_namespace()}
        text = json.dumps({**document, "steps": [as_json(step) for step in done]}, indent=1)
        replace_file(self.path, [text, "\n"], 0o644)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep others who change this machine in the same way waiting."""
        with self.path.with_suffix(".lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
