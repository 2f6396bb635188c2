"""Groups of tests that wait for a guest: a folder with a file for each, so that guests and the host can take them."""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


class Queue:
    """The groups that wait in *folder*, in the order of their names.

    A group is taken by renaming its file: of all who try at once, one succeeds, whichever kernel it runs in.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, nodeids: Sequence[str]) -> None:
        """Add a group of tests."""
        self.folder.joinpath(name).write_text(json.dumps(nodeids))

    def waiting(self) -> list[str]:
        """Return the names of the groups that nobody has taken yet."""
        return sorted(path.name for path in self.folder.iterdir())

    def take(self, into: Path) -> str | None:
        """Move the first group that waits to the folder *into* and return its name; None: no group waits."""
        for name in self.waiting():
            with suppress(FileNotFoundError):  # somebody was faster
                self.folder.joinpath(name).rename(into / name)
                return name
        return None


def nodeids(file: Path) -> list[str]:
    """Return the tests of the group that was taken as *file*."""
    return list(json.loads(file.read_text()))
