"""Who may change what the director depends on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ldirectord_py.config.lint.linting import lint
from ldirectord_py.config.lint.machine import Machine
from ldirectord_py.config.load import locate


def _chmod(mode: int, name: str) -> Callable[[Path], None]:
    return lambda home: (home / name).chmod(mode)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "etc"
    (home / "maintenance").mkdir(parents=True)
    (home / "bin").mkdir()
    (home / "bin" / "check").write_text("#!/bin/sh\n")
    (home / "conf.d").mkdir()
    (home / "conf.d" / "a.cf").write_text(
        f"virtual=1\n\treal=10.0.0.3:80 gate\n\tchecktype=external\n\tcheckcommand={home}/bin/check\n"
    )
    (home / "main.cf").write_text(f"include=conf.d/*.cf\nmaintenancedir={home}/maintenance\n")
    for path in (home, *home.rglob("*")):
        path.chmod(0o755)
    return home


def told(home: Path, group: str = "root") -> list[tuple[str, int, str]]:
    inside = str(home)
    # Who may write above the folder of the test is not ours to say.
    machine = Machine(
        mode=lambda path: Path(path).stat().st_mode & 0o7777 if path.startswith(inside) else 0o755,
        group=lambda _path: group,
    )
    found = [each for each in lint(locate(home / "main.cf"), machine) if each.id == "writable-by-others"]
    return [(Path(each.path).name, each.line, each.text.split(" ")[1]) for each in found]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("main.cf", ("main.cf", 0)),
        ("conf.d/a.cf", ("main.cf", 0)),
        ("conf.d", ("main.cf", 0)),
        ("maintenance", ("main.cf", 2)),
        ("bin/check", ("a.cf", 4)),
        ("bin", ("a.cf", 4)),
    ],
)
def test_what_everybody_can_write_is_told_once(home: Path, name: str, place: tuple[str, int]) -> None:
    assert told(home) == []
    _chmod(0o757, name)(home)
    ((*where, path),) = told(home)
    assert (tuple(where), path.rstrip(",")) == (place, str(home / name))


@pytest.mark.parametrize(("group", "count"), [("root", 0), ("ldirectord", 0), ("users", 1)])
def test_a_group_that_can_write_is_told_unless_it_is_trusted(home: Path, group: str, count: int) -> None:
    _chmod(0o775, "bin/check")(home)
    assert len(told(home, group)) == count


def test_a_sticky_folder_lets_nobody_replace_the_files_of_others(home: Path) -> None:
    _chmod(0o1777, "conf.d")(home)
    assert told(home) == []
