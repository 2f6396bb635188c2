"""The frame of `ldirectorctl`: what every command of it has in common."""

import os
import pty
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

import pytest

from ldirectord_py.cli.ctl.command import CommandEntry, ExitStatus, Subcommand
from ldirectord_py.cli.ctl.commands import COMMANDS
from ldirectord_py.cli.ldirectorctl import main
from ldirectord_py.model.errors import ConfigRejected, DirectorError
from ldirectord_py.model.problems import Problem
from tests.peers.patience import PATIENCE


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("word")


def _run(asked: Namespace) -> ExitStatus:
    match asked.word:
        case "found":
            return ExitStatus.FOUND
        case "refused":
            raise DirectorError("the director is out\nand so is its cat")
        case "rejected":
            raise ConfigRejected([Problem("a.cf", 3, "no good"), Problem("a.cf", 5, "no better")])
        case "missing":
            Path("/nonexistent/file").read_text()
        case "interrupted":
            raise KeyboardInterrupt
    return ExitStatus.FINE


ECHO = CommandEntry(
    "try", "try it out", lambda: Subcommand(description="Tries it out.", arguments=_arguments, run=_run)
)


@pytest.mark.parametrize(
    ("word", "status", "told"),
    [
        ("fine", 0, ""),
        ("found", 2, ""),
        ("refused", 1, "ldirectorctl: the director is out\nldirectorctl: and so is its cat\n"),
        ("rejected", 1, "a.cf:3: no good\na.cf:5: no better\n"),
        ("missing", 1, "ldirectorctl: /nonexistent/file: No such file or directory\n"),
        ("interrupted", 130, ""),
    ],
)
def test_a_command_ends_in_its_status(word: str, status: int, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["try", word], [ECHO]) == status
    assert capsys.readouterr() == ("", told)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["try"], "the following arguments are required: word"),
        (["fly"], "invalid choice: 'fly'"),
        (["try", "a", "--so"], "unrecognized arguments: --so"),
    ],
)
def test_a_command_line_that_means_nothing_is_an_error(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(words, [ECHO])
    assert left.value.code == ExitStatus.ERROR
    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith("ldirectorctl: ")
    assert complaint in first
    assert last.startswith("see 'ldirectorctl")


@pytest.mark.parametrize("words", [["--help"], ["try", "--help"], ["--version"]])
def test_help_is_no_error(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(words, [ECHO])
    assert left.value.code == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("words", ["do --fast a b", "do a b --fast", "do a --fast b", "--fast do a b"])
def test_options_stand_anywhere_where_a_command_wants_it(words: str) -> None:
    def arguments(parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["do"])
        parser.add_argument("names", nargs="*")
        parser.add_argument("--fast", action="store_true")

    def run(asked: Namespace) -> ExitStatus:
        return ExitStatus.FINE if (asked.names, asked.fast) == (["a", "b"], True) else ExitStatus.FOUND

    command = Subcommand(description="Does it.", arguments=arguments, run=run, intermixed=True)
    assert main(["try", *words.split()], [CommandEntry("try", "try it out", lambda: command)]) == ExitStatus.FINE


def test_commands_have_names_of_their_own() -> None:
    names = [command.name for command in COMMANDS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("setting", "shown"), [({"NO_COLOR": "1"}, b"ldirectorctl: "), ({"NO_COLOR": ""}, b"\x1b[31mldirectorctl:\x1b[0m ")]
)
def test_colours_are_for_terminals_that_want_them(setting: dict[str, str], shown: bytes) -> None:
    ours, theirs = pty.openpty()
    try:
        words = [sys.executable, "-m", "ldirectord_py.cli.ldirectorctl", "no-such-command"]
        environment = os.environ | {"TERM": "xterm"} | setting
        done = subprocess.run(words, stderr=theirs, check=False, env=environment, timeout=PATIENCE)
        assert done.returncode == ExitStatus.ERROR
        assert os.read(ours, 1000).startswith(shown)
    finally:
        os.close(ours)
        os.close(theirs)
