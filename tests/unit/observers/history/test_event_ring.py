"""The ring of events: against a plain list of all that ever happened, and those who follow it."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.model import events as ev
from ldirectord_py.model.history import ENVELOPE, EventQuery, News, Recorded
from ldirectord_py.model.problems import Problem
from ldirectord_py.observers.events.event_table import KINDS, lines
from ldirectord_py.observers.history.event_ring import EventRing
from tests.unit.observers import happenings as h
from tests.unit.observers.events.test_lines import CASES

EVENTS = (h.WENT_DOWN, h.CAME_UP, h.FORGIVEN, h.SOFTLY, h.DRIFT, h.GONE, ev.InitialChecksDone(), ev.TableBack())
WEB, SERVER = "tcp:10.0.0.1:80", "10.0.0.5:80@tcp:10.0.0.1:80"


class Told:
    """A ring, and all that it was ever told."""

    def __init__(self, size: int) -> None:
        self.now = 1000.0
        self.ring = EventRing("b007", size=size, clock=lambda: self.now)
        self.size = size
        self.all: list[Recorded] = []

    def tell(self, event: ev.Event) -> None:
        for line in lines(event):
            fields: dict[str, Any] = dict(line.fields)
            virtual, real = fields.pop("virtual", None), fields.pop("real", None)
            entry = (len(self.all) + 1, "b007", self.now, KINDS[type(event)], line.event, line.level.value)
            self.all.append(Recorded(*entry, line.message, virtual, real, fields))
        self.ring.observe(event)
        self.now += 1.5

    def expected(self, query: EventQuery) -> list[Recorded]:
        found = self.all[-self.size :]
        if query.after is not None and query.after <= len(self.all):
            found = [each for each in found if each.id > query.after]
        if query.since is not None:
            found = [each for each in found if each.time >= query.since]
        if query.kinds:
            found = [each for each in found if {each.event, each.name} & query.kinds]
        if query.virtuals or query.servers:
            names = query.virtuals | query.servers
            found = [each for each in found if names & {each.virtual, f"{each.real}@{each.virtual}"}]
        if query.limit is None or len(found) <= query.limit:
            return found
        return found[: query.limit] if query.after is not None else found[len(found) - query.limit :]


def subsets(*names: str) -> st.SearchStrategy[frozenset[str]]:
    return st.sampled_from([frozenset[str](), *(frozenset({name}) for name in names), frozenset(names)])


QUERIES = st.builds(
    EventQuery,
    after=st.none() | st.integers(0, 60),
    since=st.none() | st.floats(990, 1090),
    virtuals=subsets(WEB, "fwm6:5"),
    servers=subsets(SERVER, "10.0.0.6:80@tcp:10.0.0.1:80"),
    kinds=subsets("health_changed", "real_down", "nonsense"),
    limit=st.none() | st.integers(0, 30),
)


@given(st.lists(st.sampled_from(EVENTS), max_size=50), st.integers(1, 30), QUERIES)
def test_it_finds_what_a_plain_list_of_everything_has(events: Sequence[ev.Event], size: int, query: EventQuery) -> None:
    told = Told(size)
    for event in events:
        told.tell(event)
    assert list(told.ring.find(query)) == told.expected(query)
    assert told.ring.last == len(told.all)


@given(st.lists(st.sampled_from(EVENTS) | st.just("look"), max_size=60), st.integers(1, 30))
async def test_who_follows_is_handed_everything_in_order_or_told_how_much_is_lost(
    steps: Sequence[ev.Event | str], size: int
) -> None:
    told, seen, lost = Told(size), list[Recorded](), 0
    follower = told.ring.follow()
    for step in (*steps, h.DRIFT, "look"):
        if not isinstance(step, str):
            told.tell(step)
        elif follower.seen < told.ring.last:
            news = await follower.news()
            assert news.lost == max(0, len(told.all) - size - follower_before(seen, lost))
            lost += news.lost
            seen.extend(news.events)
    assert len(seen) + lost == len(told.all)
    assert [each.id for each in seen] == sorted(each.id for each in seen)
    assert seen == [told.all[each.id - 1] for each in seen]


def follower_before(seen: list[Recorded], lost: int) -> int:
    return len(seen) + lost


async def test_who_waits_is_woken_by_the_next_event_and_nobody_waits_for_who_does_not_ask() -> None:
    told = Told(10_000)
    first, second = told.ring.follow(), told.ring.follow()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(first.news())
        gives_up = tasks.create_task(second.news())
        await asyncio.sleep(0)
        gives_up.cancel()
        await asyncio.sleep(0)
        told.tell(h.WENT_DOWN)
        assert await waiting == News(tuple(told.all), 0)
    for _ in range(700):
        told.tell(h.DRIFT)
    assert [len((await second.news()).events) for _ in range(2)] == [500, 201]


def test_an_id_that_is_yet_to_come_is_one_of_an_earlier_start() -> None:
    told = Told(10)
    told.tell(h.WENT_DOWN)
    assert list(told.ring.find(EventQuery(after=7000))) == told.all
    assert told.ring.follow(7000).seen == 0
    assert told.ring.follow(1).seen == 1


def test_ids_go_on_behind_those_of_earlier_starts() -> None:
    before = Told(10)
    for event in (h.DRIFT, h.WENT_DOWN):
        before.tell(event)
    ring = EventRing("b008")
    ring.restore(before.all)
    ring.observe(h.CAME_UP)
    assert [(each.id, each.boot) for each in ring.find(EventQuery())] == [
        *((1, "b007"), (2, "b007")),
        *((1003, "b008"), (1004, "b008")),  # the soft failures, and that it is up
    ]


def test_the_json_form_is_flat_and_has_the_fields_of_the_line() -> None:
    told = Told(10)
    told.tell(h.WENT_DOWN)
    assert json.loads(json.dumps(told.all[0].as_json())) == {
        "id": 1,
        "boot": "b007",
        "time": 1000.0,
        "event": "health_changed",
        "name": "real_down",
        "level": "warning",
        "virtual": WEB,
        "real": "10.0.0.5:80",
        "before": "up",
        "after": "down",
        "reason": "mismatch",
        "code": "REGEX",
        "detail": "the body does not match 'ok'",
        "failures": 2,
        "failurecount": 2,
        "asked": "GET http://10.0.0.5:80/",
        "sentence": "Real server 10.0.0.5:80 (tcp:10.0.0.1:80) is down (2 of 2): GET http://10.0.0.5:80/: "
        "the body does not match 'ok'",
    }


def test_a_file_with_many_mistakes_leaves_room_for_what_was_before() -> None:
    told = EventRing("b007")
    told.observe(h.WENT_DOWN)
    told.observe(
        ev.ReloadRefused("web.cf", tuple(Problem("web.cf", line, "Unknown command") for line in range(20_000)))
    )
    found = told.find(EventQuery())
    assert (found[0].name, found[-1].name, len(found)) == ("real_down", "reload_refused", 1001)


@pytest.mark.parametrize("row", KINDS, ids=KINDS.get)
def test_what_every_event_has_is_what_no_line_has_as_a_field(row: type[ev.Event]) -> None:
    mine = {name for event, _ in CASES if type(event) is row for line in lines(event) for name in line.fields}
    assert mine & set(ENVELOPE) <= {"sentence"}


def test_what_others_wrote_is_printable() -> None:
    ring = EventRing("b007")
    ring.observe(ev.MailDone("\x1b[2J", ("a\u202eb@example.org",), None, "\nforged"))
    (event,) = ring.find(EventQuery())
    assert "\\x1b[2J" in event.sentence
    assert event.fields["recipients"] == ["a\\u202eb@example.org"]
    assert event.fields["failure"] == "\\nforged"
