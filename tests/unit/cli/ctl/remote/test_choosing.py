"""Which daemon a command is for, told by who listens in the run directory."""

import socket
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ldirectord_py.cli.ctl.remote.choosing import NoDaemon, add_arguments, chosen

Listen = Callable[[str], Path]


@pytest.fixture
def listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listen]:
    """Have somebody listen as the daemon of an instance does; `UNIT/` in front puts it into a unit's folder."""
    monkeypatch.setenv("LDIRECTORD_RUN_DIR", str(tmp_path))
    with ExitStack() as stack:

        def begin(name: str) -> Path:
            folder, _, instance = name.rpartition("/")
            path = tmp_path / folder / f"ldirectord.{instance}.sock"
            path.parent.mkdir(exist_ok=True)
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(str(path))
            listener.listen()
            return path

        yield begin


def asked(*words: str) -> Namespace:
    parser = ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


def test_the_only_one_that_runs(listen: Listen, tmp_path: Path) -> None:
    path = listen("ldirectord@web/web.cf")
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(tmp_path / "ldirectord.old.cf.sock"))
    assert chosen(asked()).socket == path
    assert chosen(asked()).name == "web.cf"


def test_none_runs(listen: Listen) -> None:
    with pytest.raises(
        NoDaemon, match=r"^no ldirectord that can be asked runs here \(with -d none can\); start one: .*$"
    ):
        chosen(asked())


def test_of_several_one_has_to_be_named(listen: Listen) -> None:
    web, mail = listen("web.cf"), listen("mail.cf")
    with pytest.raises(NoDaemon, match=r"--instance: mail\.cf, web\.cf$"):
        chosen(asked())
    assert chosen(asked("--instance", "web.cf")).socket == web
    assert chosen(asked("--instance", "mail")).socket == mail
    assert chosen(asked("--config", "/etc/ha.d/web.cf")).socket == web
    assert chosen(asked("--socket", str(mail))).socket == mail


def test_a_shadow_is_not_meant_unless_it_is_named_or_alone(listen: Listen) -> None:
    shadow = listen("web.cf.shadow")
    assert chosen(asked()).socket == shadow
    keeping = listen("web.cf")
    assert chosen(asked()).socket == keeping
    assert chosen(asked("--instance", "web.cf.shadow")).socket == shadow


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--instance", "nope"], "no ldirectord called nope runs here; these run: web.cf"),
        (["--config", "nope.cf"], "no ldirectord runs on nope.cf; start it: ldirectord nope.cf start"),
        (["--socket", "/nonexistent/socket"], "no ldirectord listens at /nonexistent/socket"),
    ],
)
def test_one_that_does_not_run(words: list[str], expected: str, listen: Listen) -> None:
    listen("web.cf")
    with pytest.raises(NoDaemon) as told:
        chosen(asked(*words))
    assert str(told.value).startswith(expected)
