"""Where the API is served: part of the composition."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from ldirectord_py import __version__
from ldirectord_py.model.snapshot import Snapshot
from ldirectord_py.runtime.api_answers import ApiAnswers


@dataclass(frozen=True, slots=True)
class Shown:
    """What is to be shown of the servers."""

    snapshot: Callable[[], Snapshot]
    refresh: Callable[[], Awaitable[None]]
    """Sees that the connections in a snapshot are fresh."""


async def serve_control(
    path: Path | None, stack: AsyncExitStack, answers: ApiAnswers, shown: Shown, clients: int
) -> None:
    """Serve on the unix socket *path* to so many *clients* at a time until *stack* is left; raises `DirectorError`."""
    if path is None:
        return
    # What serves HTTP is a good part of the memory and of the start of a process that may need none of it.
    from ldirectord_py.api.limits import Limits  # noqa: PLC0415  # see above
    from ldirectord_py.api.local import serve_locally  # noqa: PLC0415  # see above
    from ldirectord_py.api.ports import Ports  # noqa: PLC0415  # see above

    ports = Ports(
        version=__version__,
        snapshot=shown.snapshot,
        refresh=shown.refresh,
        status=answers.status,
        reload=answers.reload,
    )
    await stack.enter_async_context(serve_locally(path, ports, Limits(connections=clients)))
