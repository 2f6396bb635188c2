"""Takes down the steps of a check that somebody follows, up to a bound, and makes them safe to show in the end."""

from collections.abc import Collection
from dataclasses import dataclass
from time import monotonic

from ldirectord_py.model.checks.trace import StepKind, TraceStep
from ldirectord_py.model.text.escaping import printable
from ldirectord_py.model.text.secrets import without
from ldirectord_py.model.text.withheld import pieces_without

MOST_BYTES = 64 * 1024
"""Bytes sent and received that are kept of a check."""
MOST_STEPS = 1000
"""Steps that are kept of a check, without the last one."""
_LONGEST = 1000
"""Characters of a sentence."""


@dataclass(frozen=True, slots=True)
class _Noted:
    """A step as it happened."""

    at: float
    what: StepKind
    content: str | bytes
    size: int
    """Of the bytes before any were cut off."""


class TraceRecorder:
    """What was done so far."""

    def __init__(self) -> None:
        self._begun = monotonic()
        self._noted: list[_Noted] = []
        self._left = MOST_BYTES
        self._full = False

    def note(self, what: StepKind, content: str | bytes) -> None:
        """Take down a step: bytes that were sent or received, or a sentence."""
        if len(self._noted) >= MOST_STEPS:
            self._full = True
            return
        if isinstance(content, bytes):
            kept: str | bytes = content[: self._left]
            self._left -= len(kept)
        else:
            kept = content[:_LONGEST]
        self._append(what, kept, len(content))

    def conclude(self, sentence: str) -> None:
        """Take down the verdict, which is the last step, and is kept whatever was before."""
        if self._full:
            self._append(StepKind.JUDGE, "… and more steps than are shown", 0)
        self._append(StepKind.JUDGE, sentence, 0)

    def _append(self, what: StepKind, content: str | bytes, size: int) -> None:
        self._noted.append(_Noted(monotonic() - self._begun, what, content, size))

    def finish(self, secrets: Collection[str]) -> tuple[TraceStep, ...]:
        """Return the steps without *secrets*; may take some 10 ms, so it is for a thread."""
        shown = {what: iter(pieces_without(self._stream(what), secrets)) for what in StepKind}
        steps = []
        for one in self._noted:
            if isinstance(one.content, bytes):
                cut = "…" if len(one.content) < one.size else ""
                steps.append(TraceStep(one.at, one.what, next(shown[one.what]) + cut, one.size))
            else:
                steps.append(TraceStep(one.at, one.what, printable(without(one.content, secrets))))
        return tuple(steps)

    def _stream(self, what: StepKind) -> list[bytes]:
        return [one.content for one in self._noted if one.what is what and isinstance(one.content, bytes)]
