"""The last checks of each server: against a model that keeps every check of every server."""

import asyncio
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict, down, fault, up
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.events import CheckDone, Reloaded
from ldirectord_py.model.history import Exchange
from ldirectord_py.model.service import RealKey
from ldirectord_py.observers.history.exchanges import FAILURES, RECENT, SUCCESSES, Exchanges
from tests.unit.observers import happenings as h

REALS = [RealKey(h.WEB, Endpoint(ip_address(f"10.0.0.{number}"), 80)) for number in range(1, 5)]
MAINTAINED = down(Reason.MAINTENANCE, "Server in maintenance")
OUTCOMES = (
    *(up("200 OK"), up("204 No Content"), down(Reason.REFUSED, "connection refused"), down(Reason.STATUS, "503")),
    *(down(Reason.STATUS, "500"), fault(CheckUnavailable("too many open files")), MAINTAINED),
)
Step = tuple[str, int, Outcome, str, float]
STEPS = st.tuples(
    st.sampled_from(("check", "check", "check", "check", "check", "part")),
    st.integers(0, 10),
    st.sampled_from(OUTCOMES),
    st.sampled_from(("GET /", "connect")),
    st.sampled_from((0.0, 0.25, 1.5)),
)


class Model:
    """Keeps everything, and works out what is to be seen of it."""

    def __init__(self) -> None:
        self.checks: dict[RealKey, list[tuple[float, CheckDone]]] = {real: [] for real in REALS}

    def exchanges(self, real: RealKey) -> Iterator[Exchange]:
        runs = [list(alike) for _, alike in groupby(self.checks[real], lambda each: key(each[1]))]
        shown = [self.shown(run) for run in runs]
        past = shown[:-1]
        ups = [each for each in past if each.outcome.verdict is Verdict.UP][-SUCCESSES:]
        others = [each for each in past if each.outcome.verdict is not Verdict.UP][-FAILURES:]
        yield from sorted((*ups, *others, *shown[-1:]), key=lambda each: each.since)

    def shown(self, run: Sequence[tuple[float, CheckDone]]) -> Exchange:
        time, last = run[-1]
        return Exchange(run[0][0], time, last.seconds, last.outcome, last.asked, len(run))

    def recent(self, real: RealKey) -> tuple[float | None, ...]:
        events = [event for _, event in self.checks[real][-RECENT:]]
        return tuple(event.seconds if event.outcome.verdict is Verdict.UP else None for event in events)


def key(event: CheckDone) -> object:
    return True if event.outcome.verdict is Verdict.UP else (event.outcome, event.asked)


def parted(number: int) -> list[tuple[RealKey, ...]]:
    """Return one of the ways in which servers may be asked together."""
    rotated = [*REALS[number % 4 :], *REALS[: number % 4]]
    cut = number % 3
    return [tuple(group) for group in (rotated[:cut], rotated[cut : cut + 2], rotated[cut + 2 :])]


@given(st.lists(STEPS, max_size=120))
def test_it_shows_what_a_model_shows_that_keeps_everything(steps: Sequence[Step]) -> None:
    now, model, groups = [1000.0], Model(), parted(0)
    exchanges = Exchanges(lambda: REALS, clock=lambda: now[0])
    for what, number, outcome, asked, seconds in steps:
        if what == "part":
            groups = parted(number)
            continue
        event = CheckDone(groups[number % 3], outcome, seconds, 0.0, asked)
        now[0] += 1.0
        exchanges.check_done(event)
        for real in event.reals:
            if outcome is not MAINTAINED:
                model.checks[real].append((now[0], event))
    for real in REALS:
        history = exchanges.of(real)
        assert (list(history.exchanges) if history else []) == list(model.exchanges(real))
        assert (history.recent if history else ()) == model.recent(real)
        assert not history or history.last == model.checks[real][-1][0]


def test_failures_are_kept_longer_than_successes() -> None:
    exchanges = Exchanges(lambda: REALS)
    for number in range(100):
        for outcome in (up(), down(Reason.STATUS, f"{number}")):
            exchanges.check_done(CheckDone((h.REAL,), outcome, 0.001, 0.0))
    history = exchanges.of(h.REAL)
    assert history is not None
    verdicts = [each.outcome.verdict for each in history.exchanges]
    assert (verdicts.count(Verdict.UP), verdicts.count(Verdict.DOWN)) == (8, 17)
    assert history.exchanges[-1].outcome.detail == "99"


async def test_a_server_that_a_reload_removes_is_forgotten() -> None:
    left = set(REALS[:2])
    exchanges = Exchanges(lambda: left)
    for real in REALS:
        exchanges.check_done(CheckDone((real,), up(), 0.001, 0.0))
    exchanges.reloaded(Reloaded("web.cf", ()))
    await asyncio.sleep(0)
    assert [real for real in REALS if exchanges.of(real)] == REALS[:2]


async def test_many_are_forgotten_in_several_turns() -> None:
    reals = [RealKey(h.WEB, Endpoint(ip_address(0x0A000000 + number), 80)) for number in range(2500)]
    exchanges = Exchanges(frozenset[RealKey])
    for real in reals:
        exchanges.check_done(CheckDone((real,), up(), 0.001, 0.0))
    exchanges.reloaded(Reloaded("web.cf", ()))
    known = [sum(exchanges.of(real) is not None for real in reals)]
    while known[-1]:
        await asyncio.sleep(0)
        known.append(sum(exchanges.of(real) is not None for real in reals))
    assert known == [1500, 500, 0]


async def test_nothing_is_kept_of_how_servers_were_asked_together_once() -> None:
    groups = [tuple(REALS), tuple(REALS[:2]), tuple(REALS[2:])]
    exchanges = Exchanges(lambda: REALS[:2])

    def references() -> list[int]:
        return [sys.getrefcount(reals) for reals in groups]

    before = references()
    for number in (0, 0, 1, 2):
        exchanges.check_done(CheckDone(groups[number], up(), 0.001, 0.0))
    exchanges.reloaded(Reloaded("web.cf", ()))
    await asyncio.sleep(0)
    whole, parted, left = (now - then for now, then in zip(references(), before, strict=True))
    assert whole == left == 0 < parted


def test_the_json_form_has_the_reason_in_haproxys_words_and_is_printable() -> None:
    exchanges = Exchanges(lambda: REALS, clock=lambda: 7.0)
    exchanges.check_done(CheckDone((h.REAL,), down(Reason.STATUS, "503 \x1b[2J"), 0.25, 0.0, "GET /\n"))
    history = exchanges.of(h.REAL)
    assert history is not None
    assert [each.as_json() for each in history.exchanges] == [
        {
            "since": 7.0,
            "time": 7.0,
            "seconds": 0.25,
            "verdict": "down",
            "reason": "status",
            "code": "L7STS",
            "detail": "503 \\x1b[2J",
            "asked": "GET /\\n",
            "count": 1,
        }
    ]


def test_a_server_that_does_well_takes_less_than_half_a_kilobyte() -> None:
    count = 10_000
    reals = [(RealKey(h.WEB, Endpoint(ip_address(0x0A000000 + number), 80)),) for number in range(count)]
    assert len(set(reals)) == count  # the engine has worked out their hashes, too
    exchanges = Exchanges(lambda: REALS)
    tracemalloc.start()
    try:
        for _ in range(2):
            for number in range(count):
                exchanges.check_done(CheckDone(reals[number], up(f"{number % 2} OK"), 0.001, 0.0, "GET /"))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken / count < 500
