import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.config.grammar import value_types
from ldirectord_py.config.grammar.directive import Reader, Scope, Unreadable
from ldirectord_py.config.grammar.directives.all_directives import rows
from ldirectord_py.config.grammar.json_types import LARGEST
from ldirectord_py.model.config import AlertStatus
from tests.unit.config.configurations import readable

NASTY = ["", "0", "-1", "nan", "inf", "ten", "1e400", "-0", "٣", "½", "1" * 5000, " ", "\r", "0x10", "1_0", "+5"]


def read(reader: Reader[object], text: str) -> object:
    try:
        return reader.read(text)
    except Unreadable:
        return "refused"


def test_a_count_is_the_first_digits_and_above_zero():
    assert [read(value_types.COUNT, text) for text in NASTY] == [
        *("refused", "refused", 1, "refused", "refused", "refused", 1, "refused"),
        *("refused", "refused", "refused", "refused", "refused", "refused", 1, 5),
    ]


def test_a_number_is_the_first_digits():
    assert [read(value_types.NUMBER, text) for text in NASTY] == [
        *("refused", 0, 1, "refused", "refused", "refused", 1, 0),
        *("refused", "refused", "refused", "refused", "refused", 0, 1, 5),
    ]


def test_seconds_are_a_plain_finite_number():
    assert [read(value_types.SECONDS, text) for text in NASTY] == ["refused", 0.0, *["refused"] * 14]


def test_a_port_is_from_1_to_65535():
    assert [read(value_types.PORT, text) for text in ("1", "65535", "0", "65536", "http", "x80", "99999999999")] == [
        *(1, 65535, "refused", "refused", "refused", 80, "refused")
    ]


@given(st.text())
def test_every_count_read_is_in_range(text):
    found = read(value_types.COUNT, text)
    assert found == "refused" or (isinstance(found, int) and 1 <= found <= LARGEST)


@given(st.integers(1, LARGEST))
def test_a_plain_number_is_read_as_itself(number):
    assert value_types.COUNT.read(str(number)) == number


@given(st.text(st.characters(exclude_characters='"\n')), st.text(st.characters(exclude_characters='"\n')))
def test_quoted_text_reaches_to_the_last_quote(inner, behind):
    assert value_types.QUOTED.read(f'"{inner}"{behind}') == inner
    assert value_types.QUOTED.read(f'"{inner}"{inner}"{behind}') == f'{inner}"{inner}'


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", AlertStatus.NONE),
        ("none", AlertStatus.NONE),
        ("all", AlertStatus.ALL),
        ("running , starting", AlertStatus.RUNNING | AlertStatus.STARTING),
        ("running,", AlertStatus.RUNNING),
        (",", AlertStatus.NONE),
        ("none,none", AlertStatus.NONE),
    ],
)
def test_alert_states_are_a_list(text, status):
    assert value_types.STATUS.read(text) == status


@pytest.mark.parametrize("text", ["all ", "running,,starting", ",running", "ALL", "all,none", '"all"'])
def test_other_alert_states_are_refused(text):
    assert read(value_types.STATUS, text) == "refused"


@pytest.mark.parametrize(
    ("text", "host"),
    [("a.b", "a.b"), ('"a" b', "a"), ('a"b', "a"), ('"', ""), ("", ""), ("'a'", "'a'"), ("a b ", "a b ")],
)
def test_a_virtualhost_reaches_to_the_next_quote(text, host):
    assert value_types.VIRTUALHOST.read(text) == host


@pytest.mark.parametrize(
    ("text", "recipients"), [("a@b", "a@b"), ('"a@b"', "a@b"), ('"a@b" ', '"a@b" '), ('"', '"'), ('" "', " ")]
)
def test_only_a_whole_pair_of_quotes_is_taken_from_recipients(text, recipients):
    assert value_types.RECIPIENTS.read(text) == recipients


@pytest.mark.parametrize("scope", [Scope.GLOBAL, Scope.SECTION])
def test_what_is_written_is_read_as_the_same_value(scope):
    for row in rows(scope).values():
        for text in readable(row):
            value = row.reader.read(text)
            assert row.reader.read(row.reader.write(value)) == value, (row.name, text)
            assert row.reader.read(row.reader.text_of(row.reader.scalar_of(value))) == value, (row.name, text)


@given(st.floats(0, 999_999_999, allow_nan=False).map(lambda number: round(number, 9)))
def test_seconds_are_written_as_they_are_read(number):
    assert value_types.SECONDS.read(value_types.SECONDS.write(number)) == pytest.approx(number, abs=1e-6)


@given(st.sampled_from(range(16)).map(AlertStatus))
def test_states_are_written_as_they_are_read(status):
    assert value_types.STATUS.read(value_types.STATUS.write(status)) == status
