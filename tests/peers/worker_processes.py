"""The processes of workers, as /proc shows them: a parent for each kind, whose children are the workers."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from tests.peers.patience import PATIENCE


def children(pid: int | str) -> list[int]:
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def parents(module: str, pid: int | str = "self") -> list[int]:
    """Return the processes that run *module* and are children of *pid*, which may have others."""
    pid = os.getpid() if pid == "self" else pid
    return [child for child in children(pid) if module.encode() in Path(f"/proc/{child}/cmdline").read_bytes()]


def only(found: list[int]) -> int:
    (one,) = found
    return one


async def until_gone(*pids: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while any(Path(f"/proc/{pid}").exists() and " Z " not in _stat(pid) for pid in pids):
            await asyncio.sleep(0.01)


def _stat(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text()
    return " Z "
