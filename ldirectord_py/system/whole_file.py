"""Files that are replaced as a whole: a reader finds what was there before, or all of what is there now."""

import os
from collections.abc import Iterable
from pathlib import Path


def replace_file(path: Path, pieces: Iterable[str], mode: int) -> None:
    """Put *pieces* with *mode*, whatever the umask is, in the place of the file *path*; raise `OSError`.

    The draft beside it is never one that somebody else has put there.
    """
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.writelines(piece.encode(errors="backslashreplace") for piece in pieces)
    draft.replace(path)
