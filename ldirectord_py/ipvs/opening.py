"""Which table a director writes: the kernel's, or one in memory."""

from collections.abc import Callable

from ldirectord_py.ipvs.kernel import KernelTable
from ldirectord_py.ipvs.memory import MemoryTable
from ldirectord_py.model.errors import TableUnavailable
from ldirectord_py.model.table import Table


def open_table(name: str, warn: Callable[[str], None], *, otherwise_memory: bool) -> Table:
    """Return the table *name*: `kernel`, `memory`, or `auto`, the kernel's.

    Where the kernel has none, `auto` takes one in memory and warns, if that will do (*otherwise_memory*).  Raises
    `TableUnavailable`.
    """
    if name == "memory":
        return MemoryTable()
    try:
        return KernelTable.open()
    except TableUnavailable as error:
        if name == "kernel" or not otherwise_memory:
            raise
        warn(f"{error} Going on with a table in memory: nothing is balanced.")
        return MemoryTable()
