"""What is wrong with a machine, as a value."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class FindingSeverity(StrEnum):
    """How bad a finding is; notes are told, and count for nothing."""

    ERROR = "error"
    """Clients are not served, or not through the director."""
    WARNING = "warning"
    """Some clients are not served, at some times."""
    NOTE = "note"
    """Something to know, such as what could not be examined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it should be."""

    id: str
    """Names the kind, so that it can be ignored."""
    severity: FindingSeverity
    text: str
    """A clause: what is wrong, and what follows from it."""
    evidence: str = ""
    """A clause: what was seen."""
    command: str = ""
    """What mends it; empty where no one command does."""
    sysctls: tuple[tuple[str, int], ...] = ()
    """Settings of the kernel that mend it and harm nobody."""

    def as_json(self) -> dict[str, str]:
        """Return it for programs."""
        told = {"id": self.id, "severity": self.severity, "text": self.text}
        return {**told, "evidence": self.evidence, "command": self.command}


def setting_commands(sysctls: Iterable[tuple[str, int]]) -> str:
    """Return the command that puts settings of the kernel in force."""
    return f"sysctl -w {' '.join(f'{name}={value}' for name, value in sysctls)}"


def counts(findings: Iterable[Finding]) -> bool:
    """Return whether there is more than notes among *findings*."""
    return any(finding.severity is not FindingSeverity.NOTE for finding in findings)
