"""Has patterns matched by workers, where they might hold up the loop."""

from ldirectord_py.checks.matching import worker
from ldirectord_py.checks.matching.patterns import PatternGaveUp, Receive
from ldirectord_py.checks.matching.worker import FOUND, PATTERN
from ldirectord_py.model.checks.conversation import DriverServices, Pattern
from ldirectord_py.model.workers import WorkerEnded, WorkerKind, WorkerQuestion
from ldirectord_py.workers.workers import Workers

MOST_CPU = 0.1
"""Seconds of processor time that one check may have patterns matched for; a pattern that needs more has not matched.

Usual patterns need less than a hundredth of it for 256 KiB; ten servers a second have to want it to fill the line.
"""
MOST_WAIT = 2.0
"""Seconds that a question waits in line."""
MOST_SECONDS = 5.0
"""Seconds until an answer has to be there, by the clock: the machine may be busy with other things."""
MOST_HELD = 32 << 20
"""Bytes of the subjects that wait."""
OVERLOADED = "this director has more patterns to match than it can: receive should have fewer repetitions"

MATCHING = WorkerKind(
    module=worker.__name__,
    most=1,  # what hostile answers cost is this worker's time, and never all processors'
    longest_wait=MOST_WAIT,
    longest_answer=MOST_SECONDS,
    most_data=MOST_HELD,
    overloaded=OVERLOADED,
)


async def objection_to(
    receive: Receive, subject: bytes, services: DriverServices, *, what: str, redact: tuple[bytes, ...] = ()
) -> str:
    """Return why *subject* will not do, as `Receive.objection` does, for a driver, which has no peer to ask."""
    try:
        if await services.has_match(receive, subject):
            return ""
    except PatternGaveUp:
        return receive.gave_up(what)
    return receive.not_found(subject, what=what, redact=redact)


class Allowance:
    """What is left of the processor's time that one check may have patterns matched for."""

    __slots__ = ("microseconds",)

    def __init__(self) -> None:
        self.microseconds = round(MOST_CPU * 1e6)


class Matcher:
    """Has patterns matched by one of *workers*."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    async def matches(self, pattern: Pattern, subject: bytes, allowance: Allowance) -> bool:
        """Return whether *subject* matches; raises `PatternGaveUp` where *allowance* does not suffice to tell.

        Raises `CheckUnavailable` where nobody can tell, which is no fault of who sent *subject*.
        """
        if allowance.microseconds <= 0:
            raise PatternGaveUp
        told = {PATTERN: pattern.text.decode("latin-1")}
        question = WorkerQuestion(told=told, data=subject, microseconds=allowance.microseconds)
        try:
            answer = await self._workers.ask(MATCHING, question)
        except WorkerEnded as end:
            allowance.microseconds = 0
            raise PatternGaveUp from end
        allowance.microseconds -= answer.microseconds
        found = answer.told.get(FOUND)
        if found is None:
            raise PatternGaveUp
        return found is True
