"""What is wrong with a configuration, and where."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Errors keep a configuration from being used, warnings do not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: its file, its line (0: the file as a whole) and a sentence."""

    path: str
    line: int
    text: str
    severity: Severity = Severity.ERROR
    id: str = ""
    """Names the kind of a warning, so that it can be silenced."""

    def __str__(self) -> str:
        """Return `PATH:LINE: TEXT`, the form that editors jump to; warnings say that they are."""
        place = f"{self.path}:{self.line}" if self.line else self.path
        kind = "" if self.severity is Severity.ERROR else "warning: "
        return f"{place}: {kind}{self.text}"
