"""One check of one server, step by step: what an operator is shown who asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ldirectord_py.model.checks.outcome import Outcome


class StepKind(StrEnum):
    """What a step of a check does."""

    ASK = "ask"  # a probe begins: what is asked
    CONNECT = "connect"
    TLS = "tls"
    RUN = "run"  # a program, or a process with a library: its start and its end
    SEND = "send"
    RECEIVE = "receive"
    CLOSE = "close"
    JUDGE = "judge"


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One step, safe to show: escaped (`model/text/escaping.py`) and without secrets."""

    at: float
    """Seconds from the trace's start."""
    what: StepKind
    text: str
    size: int | None = None
    """The bytes that were sent or received; None: the text is a sentence of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What one check found, and how."""

    outcome: Outcome | None
    """With a sentence as safe as those of the steps; None: this server is not checked, and the one step says why."""
    seconds: float
    """From the first socket (or process) to the verdict."""
    steps: tuple[TraceStep, ...]

    def as_json(self, name: str) -> Mapping[str, Any]:
        """Return it as the API and `ldirectorctl check --json` tell it, for the server called *name*."""
        return {
            "name": name,
            "verdict": None if self.outcome is None else self.outcome.verdict.value,
            "reason": "" if self.outcome is None else self.outcome.reason.value,
            "detail": self.steps[-1].text if self.outcome is None else self.outcome.detail,
            "seconds": round(self.seconds, 6),
            "steps": [
                {"at": round(step.at, 6), "what": step.what.value, "text": step.text}
                | ({} if step.size is None else {"bytes": step.size})
                for step in self.steps
            ],
        }
