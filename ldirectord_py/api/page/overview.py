"""The first thing that a reader sees: how things stand, in one sentence, and what is wrong, worst first."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ldirectord_py.api.page.director import Vips, missing, problems, vips
from ldirectord_py.api.page.hour.timeline import Timeline, TimelineBuilder
from ldirectord_py.api.page.problems import PageProblem
from ldirectord_py.api.page.rows import SOON, Outlook, outlook, since, why
from ldirectord_py.api.page.services import level, served
from ldirectord_py.api.page.source import Pause
from ldirectord_py.api.page.states import STATES
from ldirectord_py.api.page.words import ShownMoment, count, moment, sentence
from ldirectord_py.model.text.moments import brief

MOST_PROBLEMS = 25
ALIKE = 3
"""More servers of a virtual service that are out for the same reason are told as one."""


@dataclass(frozen=True, slots=True)
class Overview:
    """How things stand."""

    level: str
    headline: str
    """One sentence."""
    details: tuple[str, ...]
    """What is to be said besides."""
    wrong: tuple[PageProblem, ...]
    worth_knowing: tuple[PageProblem, ...]
    """What is as somebody wants it, or may yet become wrong."""
    more: int
    """Problems that are not shown."""
    timeline: Timeline
    vips: Vips | None
    counts: Mapping[str, int]
    """How many servers are in each state, `total` among them."""
    now: ShownMoment


_RANKS = {"bad": 0, "warning": 1, "note": 2}


class OverviewBuilder:
    """Takes in one virtual service after the other, so that checks may have their turn in between."""

    def __init__(
        self, status: Mapping[str, Any], now: float, changed: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> None:
        """Begin, knowing of the servers in *changed* that their state was another in the last hour: see `by_server`."""
        self._status = status
        self._changed = changed
        self._now = now
        self._timeline = TimelineBuilder(status["started"], now)
        self._problems: list[PageProblem] = []
        self._levels: Counter[str] = Counter()
        self._modes: Counter[str] = Counter()
        self._unserved: list[str] = []
        self.counts: Counter[str] = Counter()

    async def add(self, virtual: Mapping[str, Any], pause: Pause, *, told: bool = True) -> None:
        """Take in *virtual*, with all of its servers; what is wrong with it is *told*, or only counted."""
        self._levels[level(virtual)] += 1
        self._modes[virtual["mode"]] += 1 if virtual["reals"] else 0
        self.counts["total"] += len(virtual["reals"])
        self.counts.update(server["status"] for server in virtual["reals"])
        out = [server for server in virtual["reals"] if server["status"] != "up"]
        if virtual["mode"] != "reals" and out:
            self._unserved += [virtual["label"]] if virtual["mode"] == "nobody" else []
        if told:
            await self._tell(virtual, out, pause)

    async def _tell(self, virtual: Mapping[str, Any], out: list[Mapping[str, Any]], pause: Pause) -> None:
        for server in virtual["reals"]:
            is_up = server["status"] == "up"
            events = self._changed.get(server["name"], ()) if self._changed else ()
            if events or not is_up:
                self._timeline.add(server, virtual["label"], events)
            if is_up and (server["failures"] or _ends_soon(server, self._now)):
                self._problems.append(self._doubtful(virtual, server))
            await pause()
        if virtual["mode"] != "reals" and out:
            self._problems.append(self._virtual(virtual, out))
        else:
            self._problems.extend(self._grouped(virtual, out))

    def _virtual(self, virtual: Mapping[str, Any], out: list[Mapping[str, Any]]) -> PageProblem:
        """Return what is told of a virtual service that none of its servers serves."""
        kind = "fallback" if virtual["mode"] == "fallback" else "virtual"
        alike = [[*group] for _, group in groupby(sorted(out, key=_likeness), _likeness)]
        told = (f"{len(group):,} {STATES[group[0]['status']].counted}: {why(group[0])}" for group in alike)
        text = " ".join([served(virtual), *told])
        hopes = outlook(out[0], self._now) if len(alike) == 1 else Outlook()
        began = moment(max(since(server) for server in out), self._now)
        return PageProblem(level(virtual), kind, virtual["label"], "", text, hopes, began, where=virtual["name"])

    def _doubtful(self, virtual: Mapping[str, Any], server: Mapping[str, Any]) -> PageProblem:
        if server["failures"]:
            return self._server(virtual, server, "note", "failing")
        left = server["certificate_expires"] - self._now
        when = f"expired {brief(-left)} ago" if left < 0 else f"ends in {brief(left)}"
        text = f"The certificate that it showed {when}."
        grade = "warning" if left < 0 else "note"
        label = virtual["label"]
        return PageProblem(grade, "certificate", server["real"], label, text, Outlook(), server=server["name"])

    def _server(self, virtual: Mapping[str, Any], server: Mapping[str, Any], grade: str, kind: str) -> PageProblem:
        began = moment(since(server), self._now)
        told, hopes = why(server), outlook(server, self._now)
        return PageProblem(grade, kind, server["real"], virtual["label"], told, hopes, began, server=server["name"])

    def _grouped(self, virtual: Mapping[str, Any], servers: list[Mapping[str, Any]]) -> Iterable[PageProblem]:
        """Return what is told of the servers of *virtual* that are not up."""
        for (status, reason), group in groupby(sorted(servers, key=_likeness), _likeness):
            alike, grade = list(group), "warning" if status == "down" else "note"
            if len(alike) <= ALIKE:
                yield from (self._server(virtual, server, grade, status) for server in alike)
                continue
            among = f"{len(alike):,} of {count(len(virtual['reals']), 'server')}"
            example = sentence(alike[0]["detail"] or reason) if status == "down" else why(alike[0])
            first = moment(min(since(server) for server in alike), self._now)
            where = {"where": virtual["name"], "states": frozenset({status})}
            yield PageProblem(grade, status, among, virtual["label"], example, Outlook(), first, **where)

    def overview(self) -> Overview:
        """Return how things stand, once everything has been taken in."""
        status = self._status
        told = sorted([*problems(status, self._now), *self._problems], key=lambda problem: _RANKS[problem.level])
        return Overview(
            told[0].level if told else "good" if self.counts["total"] else "note",
            self._headline(status),
            tuple(self._details(status)),
            tuple(problem for problem in told[:MOST_PROBLEMS] if problem.level != "note"),
            tuple(problem for problem in told[:MOST_PROBLEMS] if problem.level == "note"),
            max(0, len(told) - MOST_PROBLEMS),
            self._timeline.timeline(),
            vips(status["vips"], self._now),
            self.counts,
            moment(self._now, self._now),
        )

    def _headline(self, status: Mapping[str, Any]) -> str:
        total, down = self.counts["total"], self.counts["down"]
        if not self._levels.total():
            return "No virtual service is configured."
        if not status["table"]["reachable"]:
            return "The IPVS table cannot be reached: nothing that checks find is written."
        if told := missing(status["vips"]):
            return told
        if nobody := self._modes["nobody"]:
            which = self._unserved[0] if len(self._unserved) == 1 else count(nobody, "virtual service")
            return f"Nobody serves {which}."
        if down:
            everyone = "every virtual service is served"
            fallbacks = count(self._modes["fallback"], "virtual service lives", "virtual services live")
            served_by = f"{fallbacks} on the fallback" if self._modes["fallback"] else everyone
            return f"{down:,} of {count(total, 'server')} {'is' if down == 1 else 'are'} down; {served_by}."
        return self._calm(total)

    def _calm(self, total: int) -> str:
        resting = self.counts["draining"] + self.counts["maintenance"]
        unknown = self.counts["unknown"] + self.counts["checking"]
        if unknown:
            return f"{count(unknown, 'server')} of {total:,} {'has' if unknown == 1 else 'have'} not been checked yet."
        if resting:
            return f"{count(resting, 'server')} of {total:,} taken out on purpose; all others are up."
        everyone = "The only server is up." if total == 1 else f"All {total:,} servers are up."
        return everyone if total else "No virtual service has a server."

    def _details(self, status: Mapping[str, Any]) -> Iterable[str]:
        yield count(self._levels.total(), "virtual service")
        states = (f"{self.counts[state]:,} {STATES[state].counted}" for state in STATES if self.counts[state])
        yield f"{count(self.counts['total'], 'server')}: {', '.join(states)}" if self.counts["total"] else "no servers"
        pace = status["checks_per_second"]
        yield f"{pace:,.0f} checks a second" if pace >= 10 else f"{pace:.2g} checks a second"
        if not status["first_pass"]:
            yield "the first checks are under way"


def _likeness(server: Mapping[str, Any]) -> tuple[str, str]:
    return server["status"], server["reason"]


def _ends_soon(server: Mapping[str, Any], now: float) -> bool:
    expires = server["certificate_expires"]
    return expires is not None and expires - now < SOON
