"""What a row of the table says, and the rows that many services have."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.servers.verdicts.both import Verdict

UP, DOWN, FAULT, HANGS, DIES, REJECTS = Verdict
Words = dict[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """A situation: which server of the stage is asked in which words, and what comes of it."""

    situation: str
    server: str
    ours: Verdict
    original: Verdict | None = None
    """None: the same."""
    why: str = ""
    """The name of the difference in docs/coming-from-perl.md."""
    words: Words = field(default_factory=dict)
    pair: str = ""

    @property
    def theirs(self) -> Verdict:
        """What the original concludes."""
        return self.original or self.ours


@dataclass(frozen=True, slots=True)
class Service:
    """A service, the words that all its rows have in common, and the rows."""

    words: Words
    rows: Sequence[Row]
    apart: bool = False
    """Whether the original is to be asked for each row by itself, because it takes long over one."""


TLS = Row("TLS server asked plainly", "tls", DOWN)
PLAIN = Row("plain server asked in TLS", "plain", DOWN)
REFUSED = Row("refused", "refused", DOWN)
SILENT = Row("silent", "silent", DOWN)
SLOWER = {"negotiatetimeout": "3", "checktimeout": "3"}
"""For what succeeds with us, and keeps the original waiting."""
