"""The rights of programs, as directors with other rights than root's see them."""

import os
from collections.abc import Callable

import pytest

from ldirectord_py.system import rights

NOBODY = 65534


def in_a_child(work: Callable[[], str]) -> str:
    """Return what *work* says in a process of its own, whose rights may change."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.write(writer, work().encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        text = told.read()
    os.waitpid(child, 0)
    return text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_a_director_that_is_not_root_runs_programs_as_itself_only() -> None:
    root, nobody = rights.account("root"), rights.account("nobody")

    def as_nobody() -> str:
        os.setresuid(NOBODY, NOBODY, NOBODY)
        rights.words.cache_clear()
        try:
            rights.words(root)
        except PermissionError as error:
            return f"{error}; {rights.words(None)}; {rights.words(nobody)}"
        return "allowed"

    sentence = f"only root runs programs as another user, and the director is user {NOBODY}"
    assert in_a_child(as_nobody) == f"{sentence}; (); ()"


def test_without_the_tool_that_takes_rights_nothing_is_run_with_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    rights.words.cache_clear()
    monkeypatch.setenv("PATH", "/nowhere")
    account = rights.Account("somebody", os.geteuid() + 1, 1, (1,))
    expected = FileNotFoundError if os.geteuid() == 0 else PermissionError
    with pytest.raises(expected, match="setpriv" if os.geteuid() == 0 else "only root"):
        rights.words(account)
