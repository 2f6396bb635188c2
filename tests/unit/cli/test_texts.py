"""What the command says of itself."""

import pytest

from ldirectord_py import __version__
from ldirectord_py.cli.options import Action
from ldirectord_py.cli.texts import HELP, USAGE, version


def test_the_first_line_of_the_version_is_the_original_s() -> None:
    assert version().splitlines()[0] == "Linux Director v1.186-ha"


def test_the_version_names_this_program_too() -> None:
    assert f"ldirectord_py {__version__}" in version()


@pytest.mark.parametrize("action", Action)
def test_the_usage_explains_every_action(action: Action) -> None:
    assert any(line.split()[:1] == [action.value] for line in USAGE.splitlines())


@pytest.mark.parametrize("text", [HELP, version()], ids=["help", "version"])
def test_texts_fit_a_terminal(text: str) -> None:
    assert max(map(len, text.splitlines())) <= 88
