"""From inputs to lines of JSON."""

import json
from collections.abc import Iterator
from typing import assert_never

from ldirectord_py.engine.belief import Belief, ServerBelief
from ldirectord_py.engine.inputs import (
    Commanded,
    Configured,
    Elapsed,
    Handset,
    Maintained,
    Moment,
    Observed,
    RoleTaken,
    TakenOut,
    Written,
)
from ldirectord_py.engine.maintained import IN_MAINTENANCE
from ldirectord_py.engine.recording import names
from ldirectord_py.engine.recording.commands import admin_as_json, commands_as_json, said_as_json
from ldirectord_py.engine.recording.configuration import config_as_json
from ldirectord_py.engine.recording.items import VERSION, Given, Prepares, RecordingHeader
from ldirectord_py.engine.recording.names import Json
from ldirectord_py.engine.recording.roles import role_status_as_json
from ldirectord_py.model.checks.check_plan import Polled, Repeated
from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict
from ldirectord_py.model.checks.probe import FixedOutcome, Probe

_MOST_ANSWERS = 4096
"""Answers that are known by a number at a time, so that servers that never say the same twice cost no memory."""


class Repetitions:
    """Finds successes that follow a success of the same check, and rounds of servers that are in maintenance anyway.

    They change nothing, whatever the configuration; they are nearly all that happens, and need not be recorded.
    """

    def __init__(self) -> None:
        self._known: set[Polled] = set()
        """Those whose next success, or round, changes nothing."""

    def repeats(self, given: object) -> bool:
        """Take note of *given*, and return whether it is one of these."""
        if type(given) is not Observed:
            if not isinstance(given, Written | TakenOut | RoleTaken):
                self._known.clear()  # a server that is new, or comes back, waits for a success
            return False
        if given.outcome.verdict is not Verdict.UP and given.outcome.reason is not Reason.MAINTENANCE:
            self._known.discard(given.plan)
            return False
        if given.plan in self._known:
            return True
        self._known.add(given.plan)
        return False


class Encoder:
    """Writes one segment: what it has numbered holds for that segment alone."""

    def __init__(self) -> None:
        self._checks: dict[Polled, int] = {}
        self._answers: dict[tuple[Outcome, str], int] = {}
        self._prepared: Configured | None = None
        self._news: list[str] = []

    def header(self, header: RecordingHeader) -> str:
        """Return the line that begins the segment."""
        return _line(
            {
                "recording": VERSION,
                "why": header.why,
                "at": header.at,
                "begun": header.begun,
                "lost": header.lost,
                "program": header.program,
                "host": header.host,
                "config": header.config,
            }
        )

    def belief(self, belief: Belief) -> Iterator[str]:
        """Yield the lines of what was believed when the segment began."""
        found: Json = {
            "configuration": config_as_json(belief.config, self._number_of),
            "servers": [_server_as_json(each) for each in belief.servers],
            "checks": [
                [self._number_of(plan), plan in belief.unasked, [names.real_as_json(real) for real in reals]]
                for plan, reals in belief.subscribers
            ],
            "faults": [[self._number_of(plan), since, told] for plan, since, told in belief.faults],
            "serving": [[str(virtual), serving] for virtual, serving in belief.serving],
            "fallbacks": sorted(map(str, belief.standing_in)),
            "unwritten": sorted(map(str, belief.unwritten)),
            "in_maintenance": [names.real_as_json(real) for real in belief.in_maintenance],
            "administered": [names.real_as_json(real) for real in belief.administered],
            "scopes": commands_as_json(belief.scopes),
            "role": role_status_as_json(belief.role),
            "first_pass": belief.first_pass,
            "settling": belief.settling,
        }
        line = _line({"believed": found, "begun": belief.begun})
        yield from self._told()
        yield line

    def given(self, given: Given) -> Iterator[str]:
        """Yield the lines of an input."""
        line = self._given(given)
        yield from self._told()
        yield line

    def _given(self, given: Given) -> str:
        at = given.at
        match given.input:
            case Observed() as ended:
                return self._observed(ended, at)
            case Written(virtuals, anew, everything):
                written = [str(virtual) for virtual in virtuals]
                return _line({"at": at, "written": written, "anew": anew, "all": everything})
            case Maintained() | Commanded() | Handset() | Elapsed() | RoleTaken() as said:
                return _line({"at": at, **said_as_json(said)})
            case TakenOut(real):
                return _line({"at": at, "taken_out": names.real_as_json(real)})
            case Prepares(configured):
                self._prepared = configured
                return _line({"at": at, "prepares": self._configured(configured)})
            case Configured() as configured:
                prepared, self._prepared = self._prepared, None
                known = prepared is configured
                return _line({"at": at, "configured": None if known else self._configured(configured)})
            case _:
                assert_never(given.input)

    def _observed(self, ended: Observed, at: Moment) -> str:
        check, answer = self._number_of(ended.plan), self._answer_of(ended.outcome, ended.asked)
        times = f'"seconds":{ended.seconds!r},"late":{ended.lateness!r}'
        return f'{{"at":[{at.epoch!r},{at.monotonic!r}],"ended":{check},"answer":{answer},{times}}}'

    def _configured(self, given: Configured) -> Json:
        return {
            "configuration": config_as_json(given.config, self._number_of),
            "found": names.table_as_json(given.found),
            "files": names.files_as_json(given.files),
            "remembered": [[name, names.health_as_json(health)] for name, health in given.remembered.items()],
            "commanded": commands_as_json(given.commanded.items()),
        }

    def _number_of(self, plan: Polled) -> int:
        """Return the number of *plan*; if it is new, a line says what it is."""
        if (number := self._checks.get(plan)) is None:
            number = self._checks[plan] = len(self._checks)
            self._news.append(_line({"check": number, **_plan_as_json(plan)}))
        return number

    def _answer_of(self, outcome: Outcome, asked: str) -> int:
        key = (outcome, asked)
        if (number := self._answers.get(key)) is None:
            if len(self._answers) == _MOST_ANSWERS:
                self._answers.clear()
            number = self._answers[key] = len(self._answers)
            verdict = {"verdict": outcome.verdict, "reason": outcome.reason, "detail": outcome.detail, "asked": asked}
            self._news.append(_line({"answer": number, **verdict}))
        return number

    def _told(self) -> Iterator[str]:
        """Yield the lines about what is new in the next line."""
        news, self._news = self._news, []
        yield from news


def _server_as_json(known: ServerBelief) -> Json:
    return {
        "server": names.real_as_json(known.real),
        "health": names.health_as_json(known.health),
        "file": known.file,
        "set_aside": names.health_as_json(known.set_aside),
        "taken_out": known.taken_out,
        "admin": admin_as_json(known.admin),
    }


def _plan_as_json(plan: Polled) -> Json:
    match plan:
        case Repeated(probe=Probe(check=FixedOutcome(outcome=outcome, group=int(group)))) if outcome == IN_MAINTENANCE:
            return {"kept": group, "interval": plan.interval}
        case _:
            return {"asks": plan.probe_at(0).asked, "interval": plan.interval}


_encode = json.JSONEncoder(separators=(",", ":")).encode
"""Writes ASCII alone, so that nothing can end a line or be no UTF-8."""
_DEPTH = 5
"""Down to the servers of a virtual."""


def _line(found: Json) -> str:
    return _text(found, _DEPTH)


def _text(found: Json, depth: int) -> str:
    """Return *found* as JSON, put together of parts down to *depth*.

    Nothing else runs while the library writes one, and a configuration may be of several megabytes.
    """
    if depth and isinstance(found, dict):
        return f"{{{','.join([f'{_encode(name)}:{_text(value, depth - 1)}' for name, value in found.items()])}}}"
    if depth and isinstance(found, list):
        return f"[{','.join([_text(value, depth - 1) for value in found])}]"
    return _encode(found)
