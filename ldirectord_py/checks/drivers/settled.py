"""A check whose verdict is known beforehand."""

from dataclasses import dataclass

from ldirectord_py.model.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Comes to the same outcome each time, because there is nobody or nothing to ask."""

    outcome: Outcome
    group: int | None = None
    """Whom it is for, where it is not one check for everybody."""

    async def run(self) -> Outcome:
        """See `Driver.run`."""
        return self.outcome
