"""From lines of JSON to inputs."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from math import isfinite

from ldirectord_py.engine.belief import Belief, FaultBelief, ServerBelief
from ldirectord_py.engine.inputs import (
    Configured,
    Input,
    Moment,
    Observed,
    TakenOut,
    Written,
)
from ldirectord_py.engine.maintained import kept_out_group
from ldirectord_py.engine.recording import names
from ldirectord_py.engine.recording.commands import admin, commands, said
from ldirectord_py.engine.recording.configuration import config
from ldirectord_py.engine.recording.items import VERSION, Given, Item, Prepares, RecordingHeader, Why, recorded_plan
from ldirectord_py.engine.recording.names import Json
from ldirectord_py.engine.recording.roles import role_status
from ldirectord_py.model.checks.check_plan import Polled
from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict
from ldirectord_py.model.names import virtual_key


class BrokenLine(ValueError):
    """A line that is none of a recording."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(why)
        self.number = number
        """Counted from 1."""


def decoded(lines: Iterable[str | bytes]) -> Iterator[Item]:
    """Yield what *lines*, complete ones, say; raise `BrokenLine`."""
    segment: _Segment | None = None
    for number, line in enumerate(lines, start=1):
        with _told_with(number):
            found = json.loads(line.decode("ascii") if isinstance(line, bytes) else line)
            if begins := "recording" in found:
                segment = _Segment()
            item = _header(found) if begins else _item(segment, found)
        if item is not None:
            yield item


@contextmanager
def _told_with(number: int) -> Iterator[None]:
    """Have whatever is wrong be a `BrokenLine` with its *number*."""
    try:
        yield
    except BrokenLine as broken:
        raise BrokenLine(number, str(broken)) from broken
    except json.JSONDecodeError as error:
        raise BrokenLine(number, f"no line of a recording: {error}") from error
    except KeyError as error:
        raise BrokenLine(number, f"{error} is missing, or stands for nothing") from error
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError) as error:
        raise BrokenLine(number, f"not as a recording has it: {error}") from error


def _item(segment: "_Segment | None", found: Json) -> Item | None:
    if segment is None:
        raise BrokenLine(0, "it is no recording: its first line is no header")
    return segment.item(found)


def _header(found: Json) -> RecordingHeader:
    if found["recording"] != VERSION:
        sentence = f"expected a recording of version {VERSION}, but got {found['recording']!r}"
        raise BrokenLine(0, f"{sentence}: replay it with the version of ldirectord_py that wrote it")
    return RecordingHeader(
        why=Why(found["why"]),
        at=_moment(found["at"]),
        begun=_moment(found["begun"]),
        lost=int(found["lost"]),
        program=str(found["program"]),
        host=str(found["host"]),
        config=str(found["config"]),
    )


class _Segment:
    """What the lines of one segment have defined so far."""

    def __init__(self) -> None:
        self._plans: dict[int, Polled] = {}
        self._answers: dict[int, tuple[Outcome, str]] = {}
        self._prepared: Configured | None = None

    def item(self, found: Mapping[str, Json]) -> Belief | Given | None:
        """Return what a line says; None: it defines something."""
        if "at" in found:
            return Given(self._input(found), _moment(found["at"]))
        if "check" in found:
            self._plans[found["check"]] = _plan(found)
        elif "answer" in found:
            outcome = Outcome(Verdict(found["verdict"]), Reason(found["reason"]), str(found["detail"]))
            self._answers[found["answer"]] = outcome, str(found["asked"])
        else:
            return self._belief(found["believed"], _moment(found["begun"]))
        return None

    def _input(self, found: Mapping[str, Json]) -> Input | Prepares:
        if "ended" in found:
            outcome, asked = self._answers[found["answer"]]
            plan = self._plans[found["ended"]]
            return Observed(plan, outcome, float(found["seconds"]), float(found["late"]), asked)
        if "written" in found:
            written = tuple(map(virtual_key, found["written"]))
            return Written(written, anew=bool(found["anew"]), all=bool(found["all"]))
        if "taken_out" in found:
            return TakenOut(names.real_key(found["taken_out"]))
        if "prepares" in found:
            self._prepared = self._configured(found["prepares"])
            return Prepares(self._prepared)
        return said(found) or self._in_force(found["configured"])

    def _in_force(self, found: Json) -> Configured:
        prepared, self._prepared = self._prepared, None
        if found is not None:
            return self._configured(found)
        if prepared is None:
            raise BrokenLine(0, "a configuration comes in force that was not prepared")
        return prepared

    def _configured(self, found: Json) -> Configured:
        return Configured(
            config=config(found["configuration"], self._plans.__getitem__),
            found=names.table(found["found"]),
            files={real: file for real, file in names.files(found["files"]).items() if file is not None},
            remembered={str(name): names.health(known) for name, known in found["remembered"]},
            commanded=dict(commands(found["commanded"])),
        )

    def _belief(self, found: Json, begun: Moment) -> Belief:
        plans = self._plans
        belief = Belief(
            config=config(found["configuration"], plans.__getitem__),
            begun=begun,
            servers=tuple(_server(each) for each in found["servers"]),
            subscribers=tuple((plans[it], tuple(map(names.real_key, reals))) for it, _, reals in found["checks"]),
            unasked=frozenset(plans[check] for check, unasked, _ in found["checks"] if unasked),
            faults=tuple(FaultBelief(plans[it], float(since), float(told)) for it, since, told in found["faults"]),
            serving=tuple((virtual_key(virtual), bool(serving)) for virtual, serving in found["serving"]),
            standing_in=frozenset(map(virtual_key, found["fallbacks"])),
            unwritten=frozenset(map(virtual_key, found["unwritten"])),
            in_maintenance=tuple(map(names.real_key, found["in_maintenance"])),
            administered=tuple(map(names.real_key, found["administered"])),
            scopes=tuple((name, state) for name, state in commands(found["scopes"]) if state is not None),
            role=role_status(found["role"]),
            first_pass=bool(found["first_pass"]),
            settling=bool(found["settling"]),
        )
        _examine(belief)
        return belief


def _examine(belief: Belief) -> None:
    """Raise `BrokenLine` where *belief* is about other servers than those of its configuration."""
    configured = {key for virtual in belief.config.virtuals for key in virtual.keys}
    shared = {real for _, reals in belief.subscribers for real in reals}
    if configured != {known.real for known in belief.servers} or not configured >= {
        *shared,
        *belief.in_maintenance,
        *belief.administered,
    }:
        raise BrokenLine(0, "what was believed is not about the servers of its configuration")


def _server(found: Json) -> ServerBelief:
    set_aside = found["set_aside"]
    return ServerBelief(
        real=names.real_key(found["server"]),
        health=names.health(found["health"]),
        file=found["file"],
        set_aside=None if set_aside is None else names.health(set_aside),
        taken_out=bool(found["taken_out"]),
        admin=admin(found["admin"]),
    )


def _plan(found: Mapping[str, Json]) -> Polled:
    interval = float(found["interval"])
    if "kept" in found:
        return kept_out_group(int(found["kept"]), interval)
    return recorded_plan(int(found["check"]), str(found["asks"]), interval)


def _moment(found: Json) -> Moment:
    epoch, monotonic = map(float, found)
    if not (0 <= epoch < _LATEST and isfinite(monotonic)):
        raise BrokenLine(0, f"{found!r} is no moment")
    return Moment(epoch, monotonic)


_LATEST = 253_402_214_400
"""The last day of the year 9999, in seconds since the epoch: later ones have no date."""
