"""What runs this very program again."""

import sys
from pathlib import Path

import pytest

from ldirectord_py.cli.children import itself
from ldirectord_py.cli.options import Action, Invocation

START = Invocation(action=Action.START)
MODULE = (sys.executable, "-m", "ldirectord_py")


def test_a_script_is_run_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "ldirectord"
    script.touch()
    assert itself(START, str(script)) == (sys.executable, str(script))
    monkeypatch.chdir(tmp_path)
    assert itself(START, "./ldirectord") == (sys.executable, str(script))


@pytest.mark.parametrize("program", ["/x/ldirectord_py/__main__.py", "-c", "ldirectord", ""])
def test_whatever_else_it_was_called_as_nothing_is_searched_for(program: str) -> None:
    assert itself(START, program) == MODULE


def test_the_options_that_concern_every_instance_are_handed_on() -> None:
    asked = Invocation(action=Action.START, debug=True, foreground=True, table="memory", log_format="json")
    assert itself(asked, "-c") == (*MODULE, "--table", "memory", "--log-format", "json")
