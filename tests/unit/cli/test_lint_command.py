"""The command `ldirectorctl lint`."""

import json
from pathlib import Path

import pytest

from ldirectord_py.cli.ldirectorctl import main
from tests.peers.terminal import sitting_at

SLOW = """\
quiescent=no
checkinterval=1
negotiatetimeout=9
virtual=127.0.0.1:80
	real=127.0.0.2:80 gate
	cleanstop=yes
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ldirectord.cf"
    path.write_text(SLOW)
    path.chmod(0o600)
    return path


def test_it_says_where_and_what(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(file)]) == 2
    sentence = "negotiatetimeout of 9 s is longer than checkinterval (1 s): a silent server is asked every 9 s only"
    assert capsys.readouterr().out == f"{file}:3: slow-to-notice: {sentence}, and out after that\n"


def test_a_terminal_gets_a_table_for_each_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sitting_at(80, monkeypatch) as terminal:
        assert main(["lint", str(file)]) == 2
    assert terminal.written() == (
        f"\x1b[1m{file}\x1b[0m\n"
        "  \x1b[33mline 3\x1b[0m  \x1b[33mslow-to-notice\x1b[0m  negotiatetimeout of 9 s is longer than checkinterval\n"
        "                          (1 s): a silent server is asked every 9 s only, and\n"
        "                          out after that\n"
    )


def test_programs_get_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--json", str(file)]) == 2
    (finding,) = json.loads(capsys.readouterr().out)
    assert (finding["path"], finding["line"], finding["id"]) == (str(file), 3, "slow-to-notice")


def test_nothing_found_is_a_success(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--ignore", "slow-to-notice", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}: nothing to remark on\n"


def test_a_file_with_errors_is_told_as_configtest_tells_it(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("no such directive\n")
    assert main(["lint", str(file)]) == 1
    assert capsys.readouterr().err.startswith(f"{file}:1: unknown directive")


def test_an_unknown_id_is_an_error(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--ignore", "nonsense", str(file)]) == 1
    assert capsys.readouterr().err.endswith("after --ignore, but got nonsense\n")


def test_the_list_names_every_id(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--list"]) == 0
    assert "address-nowhere     the virtual's address is on no interface\n" in capsys.readouterr().out
