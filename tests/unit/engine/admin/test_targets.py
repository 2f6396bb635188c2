"""Whom operators mean by a name."""

import pytest

from ldirectord_py.config.load import parse
from ldirectord_py.engine.admin.targets import find_target
from ldirectord_py.engine.inputs import Configured, Moment
from ldirectord_py.engine.state import EngineState
from ldirectord_py.model.commands import target_name
from ldirectord_py.model.errors import AmbiguousTarget, UnknownTarget

CONFIG = b"""\
virtual=10.0.0.1:80
\treal=10.0.0.5:80 gate
\treal=10.0.0.6:8080 masq
\tservice=http
virtual=10.0.0.1:443
\treal=10.0.0.5:443 gate
\treal=10.0.0.7:8443 gate
\tservice=https
virtual=10.0.0.2:80
\treal=10.0.0.5:80 gate
\tprotocol=tcp
virtual=10.0.0.2:80
\treal=10.0.0.8:80 gate
\tprotocol=udp
virtual6=[fd00::1]:80
\treal6=[fd00::5]:80 gate
virtual=7
\treal=10.0.0.9:0 gate
"""


@pytest.fixture(scope="module")
def state() -> EngineState:
    state = EngineState(Moment(0, 0))
    state.step(Configured(config=parse(CONFIG, "web.cf")), Moment(0, 0))
    return state


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("10.0.0.6:8080", "10.0.0.6:8080@tcp:10.0.0.1:80"),
        (" 10.0.0.6:8080 ", "10.0.0.6:8080@tcp:10.0.0.1:80"),
        ("10.0.0.5:80@tcp:10.0.0.2:80", "10.0.0.5:80@tcp:10.0.0.2:80"),
        ("10.0.0.5:80@10.0.0.1:80", "10.0.0.5:80@tcp:10.0.0.1:80"),
        ("10.0.0.7:8443", "10.0.0.7:443@tcp:10.0.0.1:443"),  # as configured; the table has it at the virtual's port
        ("10.0.0.7:443", "10.0.0.7:443@tcp:10.0.0.1:443"),
        ("[fd00::5]:80", "[fd00::5]:80@tcp:[fd00::1]:80"),
        ("10.0.0.5", "10.0.0.5"),
        ("fd00::5", "fd00::5"),
        ("[fd00::5]", "fd00::5"),
        ("tcp:10.0.0.1:80", "tcp:10.0.0.1:80"),
        ("10.0.0.1:443", "tcp:10.0.0.1:443"),
        ("fwm:7", "fwm:7"),
        ("FWM:7", "fwm:7"),
        ("7", "fwm:7"),
    ],
)
def test_a_name_means_one(state: EngineState, text: str, means: str) -> None:
    assert target_name(find_target(text, state.servers, state.virtuals)) == means


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("10.0.0.5:80", ("10.0.0.5:80@tcp:10.0.0.1:80", "10.0.0.5:80@tcp:10.0.0.2:80")),
        ("10.0.0.2:80", ("tcp:10.0.0.2:80", "udp:10.0.0.2:80")),
    ],
)
def test_a_name_of_several_lists_them(state: EngineState, text: str, candidates: tuple[str, ...]) -> None:
    with pytest.raises(AmbiguousTarget, match=f"{text} may mean any of 2: ") as raised:
        find_target(text, state.servers, state.virtuals)
    assert raised.value.candidates == candidates


@pytest.mark.parametrize(
    ("text", "sentence", "candidate"),
    [
        ("10.0.0.5:81", "is called 10.0.0.5:81; names like it: ", "10.0.0.5:80@tcp:10.0.0.1:80"),
        ("10.0.0.5:80@tcp:10.0.0.9:80", "10.0.0.9:80; names like it: ", "10.0.0.5:80@tcp:10.0.0.1:80"),
        ("10.0.0.99", "is called 10.0.0.99; ", "10.0.0.5:80@tcp:10.0.0.1:80"),
        ("web1\x1b[2J", r"is called web1\x1b[2J", None),
        ("", "is called ", None),
        ("@", "is called @", None),
        ("10.0.0.5:x@tcp:10.0.0.1:80", "is called 10.0.0.5:x@", None),
        ("x" * 9999, "is called xxx", None),
    ],
)
def test_a_name_of_nobody_says_so_with_those_that_come_close(
    state: EngineState, text: str, sentence: str, candidate: str | None
) -> None:
    with pytest.raises(UnknownTarget) as raised:
        find_target(text, state.servers, state.virtuals)
    assert sentence in str(raised.value)
    assert raised.value.candidates == () if candidate is None else candidate in raised.value.candidates
