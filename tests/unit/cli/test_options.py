"""The command line's words; what is refused and accepted is what the original refuses and accepts."""

import string
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.cli.options import Action, Invocation, Topic, UsageError, parse

ACCEPTED = {
    "start": Invocation(action=Action.START),
    "x.cf stop": Invocation(action=Action.STOP, config="x.cf"),
    "--leave-table x.cf stop": Invocation(action=Action.STOP, config="x.cf", leave_table=True),
    "-- status": Invocation(action=Action.STATUS),
    "-- -d status": Invocation(action=Action.STATUS, config="-d"),
    "- status": Invocation(action=Action.STATUS, config="-"),
    "-d -- start": Invocation(action=Action.START, debug=True),
    "--debug x.cf start": Invocation(action=Action.START, config="x.cf", debug=True),
    "--DEBUG start": Invocation(action=Action.START, debug=True),
    "--d start": Invocation(action=Action.START, debug=True),
    "-d -d start": Invocation(action=Action.START, debug=True),
    "--foreground start": Invocation(action=Action.START, foreground=True),
    "--table memory start": Invocation(action=Action.START, table="memory"),
    "--table=kernel start": Invocation(action=Action.START, table="kernel"),
    "--log-format json --table auto -d x.cf restart": Invocation(
        action=Action.RESTART, config="x.cf", debug=True, log_format="json"
    ),
    "-v": Topic.VERSION,
    "-dv": Topic.VERSION,
    "--version": Topic.VERSION,
    "--v": Topic.VERSION,
    "-v some words": Topic.VERSION,
    "-h": Topic.HELP,
    "-?": Topic.HELP,
    "--help": Topic.HELP,
    "-vh": Topic.HELP,
    "-hv": Topic.HELP,
}

EXPECTED = "expected start, stop, restart, try-restart, reload, force-reload, status, configtest"
REFUSED = {
    "": (),
    "--": (),
    "-d --": (),
    "foo": (f"Unknown action: foo; {EXPECTED}",),
    "a b c d": (f"Unknown action: b; {EXPECTED}",),
    "x.cf statsu": ("Unknown action: statsu; did you mean status?",),
    "x.cf configtst": ("Unknown action: configtst; did you mean configtest?",),
    "start -d": ("Unknown action: -d; options go before start",),
    "start ldirectord.cf": ("Unknown action: ldirectord.cf; the configuration goes before start",),
    "x.cf start -d": ("expected nothing after start, but got -d; options go before CONFIG and ACTION",),
    "x.cf start extra words": ("expected nothing after start, but got extra words",),
    "x.cf start -d stop": ("expected nothing after start, but got -d stop; options go before CONFIG and ACTION",),
    "--leave-table restart": ("Option leave-table: this is for stop; restart never takes anything out of the table",),
    "-x start": ("Unknown option: x",),
    "-D -v": ("Unknown option: D",),
    "-vx": ("Unknown option: x",),
    "-dxy start": ("Unknown option: x", "Unknown option: y"),
    "-d=1 -v": ("Unknown option: =", "Unknown option: 1"),
    "-debug -v": ("Unknown option: e", "Unknown option: b", "Unknown option: u", "Unknown option: g"),
    "--bogus": ("Unknown option: bogus",),
    "--bogus --worse": ("Unknown option: bogus", "Unknown option: worse"),
    "--bogus=3 start": ("Unknown option: bogus",),
    "--deb start": ("Unknown option: deb",),
    "---debug start": ("Unknown option: -debug",),
    "--=1 start": ("Unknown option: =1",),
    "--no-debug -v": ("Unknown option: no-debug",),
    "--debug=1 status": ("Option debug does not take an argument",),
    "--help=3": ("Option help does not take an argument",),
    "--table=disk start": ("Option table: expected auto or kernel or memory, but got 'disk'",),
    "--table -d start": ("Option table: expected auto or kernel or memory, but got ''",),
    "--log-format xml start": ("Option log-format: expected text or json, but got 'xml'",),
}


@pytest.mark.parametrize("line", ACCEPTED)
def test_a_command_line_is_understood(line: str) -> None:
    assert parse(line.split()) == ACCEPTED[line]


@pytest.mark.parametrize("line", REFUSED)
def test_a_command_line_is_refused_with_every_complaint(line: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse(line.split())
    assert refusal.value.complaints == REFUSED[line]


@pytest.mark.parametrize("action", Action)
def test_every_action_is_a_word(action: Action) -> None:
    assert parse(["some.cf", action.value]) == Invocation(action=action, config="some.cf")


@given(st.lists(st.text(string.printable), max_size=6))
def test_no_words_bring_the_parser_down(words: list[str]) -> None:
    with suppress(UsageError):
        assert isinstance(parse(words), Invocation | Topic)


@given(st.lists(st.text(string.printable), max_size=4))
def test_no_word_behind_the_action_is_swallowed(words: list[str]) -> None:
    assert parse(["x.cf", "stop"]) == Invocation(action=Action.STOP, config="x.cf")
    with pytest.raises(UsageError, match="expected nothing after stop"):
        parse(["x.cf", "stop", "", *words])
