"""Events in a file: what was written is read again, and what is no event is left out."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.model import events as ev
from ldirectord_py.model.history import EventQuery, Recorded
from ldirectord_py.observers.history.event_lines import encoded, read_back
from ldirectord_py.observers.history.event_ring import EventRing
from tests.unit.observers import happenings as h
from tests.unit.observers.events.test_lines import CASES


def recorded(*events: ev.Event) -> list[Recorded]:
    ring = EventRing("b007", clock=lambda: 1000.25)
    for event in events:
        ring.observe(event)
    return list(ring.find(EventQuery()))


GOOD = encoded(recorded(h.WENT_DOWN)[0])


def changed(**fields: object) -> bytes:
    return json.dumps(json.loads(GOOD) | fields).encode()


def test_every_event_is_read_as_it_was_written() -> None:
    events = recorded(*(event for event, _ in CASES))
    assert len(events) > 40
    read = read_back(map(encoded, events))
    assert read.broken == 0
    assert [event.as_json() for event in read.events] == [event.as_json() for event in events]
    assert [(event.virtual, event.real) for event in read.events] == [(event.virtual, event.real) for event in events]


BROKEN = [
    b"",
    b"\xff",
    b"{}",
    b"[]",
    b"7",
    b"null",
    GOOD[: len(GOOD) // 2],
    b"[" * 100_000,
    b'{"id":' + b"9" * 5000 + b"}",
    changed(id=0),
    changed(id=True),
    changed(id="1"),
    changed(id=2**60),
    changed(time="now"),
    changed(time=None),
    changed(time=float("nan")),
    GOOD.replace(b"1000.25", b"1e999"),
    changed(sentence=None),
    changed(virtual=5),
    changed(detail={"a": 1}),
    changed(detail=[1]),
    changed(seconds=float("inf")),
]


@pytest.mark.parametrize("line", BROKEN, ids=range(len(BROKEN)))
def test_a_line_that_is_no_event_is_left_out_and_counted(line: bytes) -> None:
    read = read_back([GOOD, line, GOOD])
    assert (len(read.events), read.broken) == (2, 1)


@given(st.binary() | st.recursive(st.none() | st.integers() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_whatever_stands_in_a_line_ends_nothing(line: bytes | str) -> None:
    read_back([line if isinstance(line, bytes) else line.encode()])


def test_ids_that_begin_anew_are_counted_on() -> None:
    read = read_back([changed(id=number) for number in (7, 9, 1, 2, 500)])
    assert [event.id for event in read.events] == [7, 9, 10, 11, 500]


def test_what_was_put_into_a_file_cannot_steer_a_terminal() -> None:
    (event,) = read_back([changed(sentence="\x1b[2J", detail="\u202e", recipients=["\n"])]).events
    assert (event.sentence, event.fields["detail"], event.fields["recipients"]) == ("\\x1b[2J", "\\u202e", ["\\n"])
