"""How the files that a process may have open are divided."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.system.limits import ProcessLimits, divided

OF_THE_DIRECTOR = 32
OF_A_PROGRAM = 4


@given(st.integers(64, 1 << 20))
def test_nobody_can_take_what_is_another_s(files: int) -> None:
    may = divided(files)
    programs = (may.drivers + may.hooks) * OF_A_PROGRAM
    # One program of each kind has to be allowed, however few files there are.
    assert OF_THE_DIRECTOR + may.conversations + may.closing + may.clients + programs <= max(files, 64 + OF_A_PROGRAM)


@given(st.integers(0, 63))
def test_with_hardly_any_files_there_is_one_of_each(files: int) -> None:
    may = divided(files)
    assert min(may.conversations, may.closing, may.drivers, may.clients, may.hooks) == 1
    assert may.conversations <= 32


@pytest.mark.parametrize(("files", "conversations"), [(64, 14), (256, 86), (1024, 416), (4096, 3392), (65536, 64832)])
def test_most_is_for_checks(files: int, conversations: int) -> None:
    assert divided(files).conversations == conversations


def test_where_there_are_enough_everybody_has_as_much_as_is_good_for_them() -> None:
    assert divided(4096) == ProcessLimits(files=4096, conversations=3392, closing=256, drivers=64, clients=96, hooks=16)


def test_too_few_are_told_with_how_many_would_do() -> None:
    may = divided(64)
    assert may.complaint(may.conversations) is None
    assert may.complaint(200) == (
        "This process may have 64 files open, so 14 of 200 checks, and 1 programs, are under way at a time at most:"
        " where many servers hang, others are checked late; allow it 904 (LimitNOFILE= in the unit, ulimit -n)"
    )
    assert divided(904).complaint(200) is None
