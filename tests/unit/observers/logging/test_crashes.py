"""A bug in a check is logged once with its traceback, and then counted."""

from dataclasses import dataclass

import pytest

from ldirectord_py.model.checks.probe import Probe
from ldirectord_py.observers.logging.crashes import TOLD_AGAIN, Crashes


@dataclass(frozen=True)
class Check:
    where: str = "web"


def fail(kind: type[Exception]) -> None:
    raise kind("oops")


def error_of(kind: type[Exception]) -> Exception:
    with pytest.raises(kind) as caught:  # so that it has a traceback
        fail(kind)
    return caught.value


def test_each_place_is_told_once_an_hour_with_a_count() -> None:
    said: list[str] = []
    now = 0.0
    crashes = Crashes(said.append, lambda: now)
    probe = Probe(check=Check(), timeout=1)

    for _ in range(5):
        crashes(probe, error_of(KeyError))
    crashes(probe, error_of(ValueError))
    now = TOLD_AGAIN
    crashes(probe, error_of(KeyError))
    crashes(probe, error_of(KeyError))

    assert [line.partition("Traceback")[0] for line in said] == [
        "A check has a bug: Check(where='web'): ",
        "A check has a bug: Check(where='web'): ",
        "A check has a bug (met 4 times more since it was last logged): Check(where='web'): ",
    ]
    assert "KeyError: 'oops'" in said[0]


def test_what_is_remembered_of_bugs_is_bounded() -> None:
    said: list[str] = []
    crashes = Crashes(said.append)

    for number in range(1000):
        crashes(Probe(check=Check(), timeout=1), error_of(type(f"Kind{number}", (Exception,), {})))

    assert len(said) == 1000
    assert len(crashes._places) <= 256
