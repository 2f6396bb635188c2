"""The form of a stream of events."""

from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.cli.ctl.remote.following import events_of

LINES = (
    b': hello\n\nid: 7\nevent: real_down\ndata: {"id": 7}\n\n'
    b': still here\n\ndata: {"id":\ndata: 8}\r\n\r\ndata: {"id": 9}\n'
)


def test_events_are_what_stands_before_an_empty_line() -> None:
    assert list(events_of(LINES.splitlines(keepends=True))) == [{"id": 7}, {"id": 8}]


@given(st.lists(st.sampled_from([b": x\n", b"\n", b"id: 1\n", b"event: y\n", b"retry: 5\n"])))
def test_what_holds_no_data_is_no_event(lines: list[bytes]) -> None:
    assert list(events_of(lines)) == []
