"""What reaches the operator's terminal."""

import io

import pytest

from ldirectord_py.cli.terminal import complain, tell


def test_answers_and_complaints_go_different_ways(capsys: pytest.CaptureFixture[str]) -> None:
    tell("an answer")
    complain("a complaint")
    assert capsys.readouterr() == ("an answer\n", "a complaint\n")


def test_several_lines_stay_several(capsys: pytest.CaptureFixture[str]) -> None:
    tell("one\n\n\ttwo\n")
    assert capsys.readouterr().out == "one\n\n\ttwo\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        (b"\xff\x00".decode(errors="surrogateescape"), r"\xff\x00"),
        ("a\rb", r"a\rb"),
        ("\u2028", r"\u2028"),
        ("Prüfung", "Prüfung"),
    ],
)
def test_rubbish_cannot_steer_the_terminal(text: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    complain(text)
    assert capsys.readouterr().err == f"{shown}\n"


def test_letters_that_the_terminal_does_not_have_are_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", terminal)
    tell("Prüfung")
    terminal.seek(0)
    assert terminal.read() == "Pr\\xfcfung\n"
