"""What checks ask of worker processes, and what they get back; the processes themselves are kept by `workers`."""

from dataclasses import dataclass, field
from typing import Any


class WorkerEnded(Exception):
    """A worker has ended over a question, which is the fault of the one who asked it; the message is how it ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerKind:
    """Workers that run one module, and the bounds that they keep to."""

    module: str
    """Run as a program, see `workers.child`."""
    most: int
    """Workers at a time; further questions wait for a free one."""
    longest_wait: float
    """Seconds that a question waits for a free worker."""
    longest_answer: float | None = None
    """Seconds until an answer has to be there, by the clock; None: until the asker is cancelled."""
    most_data: int = 0
    """Bytes of raw data of the questions that are asked or wait, all together."""
    overloaded: str
    """What the operator is told when a question would exceed these bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerQuestion:
    """What a worker is asked."""

    told: dict[str, Any]
    """Goes over as JSON."""
    data: bytes = field(default=b"", repr=False)
    """Goes over as it is."""
    microseconds: int = 2_000_000
    """Processor time that the answer may take; a worker that needs more is ended by SIGPROF."""


@dataclass(frozen=True, slots=True)
class WorkerAnswer:
    """What a worker answers."""

    told: dict[str, Any]
    microseconds: int
    """Processor time that it took."""
