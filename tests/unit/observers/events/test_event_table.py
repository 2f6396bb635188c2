"""The table of events: a row for each kind, and nothing besides."""

from collections import Counter
from inspect import get_annotations, isfunction
from typing import get_args

from ldirectord_py.model import events as ev
from ldirectord_py.observers.events.counters import Counters
from ldirectord_py.observers.events.event_table import ROWS


def test_each_kind_of_event_has_one_row_and_each_row_a_kind():
    assert Counter(row.kind for row in ROWS) == Counter(get_args(ev.Event))


def test_what_a_row_names_takes_events_of_its_kind():
    taken = {
        (row.kind, function.__name__): get_annotations(function)[parameter]
        for row in ROWS
        for function in (row.lines, row.count)
        if isfunction(function)
        for parameter in ("event", "_event")
        if parameter in get_annotations(function)
    }

    assert [name for name, kind in taken.items() if kind not in {name[0], object}] == []
    assert len(taken) > len(ROWS)


def test_whatever_can_be_counted_is_counted_for_a_row():
    kinds = set(get_args(ev.Event))
    methods = {
        function for function in vars(Counters).values() if isfunction(function) and kinds & set(_annotated(function))
    }

    assert methods == {row.count for row in ROWS} - {Counters.nothing}


def _annotated(function) -> list[object]:
    return list(get_annotations(function).values())
