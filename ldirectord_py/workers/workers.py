"""The workers of a director, of every kind: made and closed where the director is put together."""

from ldirectord_py.model.workers import WorkerAnswer, WorkerKind, WorkerQuestion
from ldirectord_py.workers.pool import Pool


class Workers:
    """A pool for each kind, made when it is first asked; to be used in one loop."""

    def __init__(self) -> None:
        self._pools: dict[WorkerKind, Pool] = {}

    def pool(self, kind: WorkerKind) -> Pool:
        """Return the workers of *kind*."""
        if (found := self._pools.get(kind)) is None:
            found = self._pools[kind] = Pool(kind)
        return found

    async def ready(self, kind: WorkerKind) -> None:
        """See `Pool.ready`."""
        await self.pool(kind).ready()

    async def ask(self, kind: WorkerKind, question: WorkerQuestion) -> WorkerAnswer:
        """See `Pool.ask`."""
        return await self.pool(kind).ask(question)

    def close(self) -> None:
        """End all processes; who asks after that starts them anew."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
