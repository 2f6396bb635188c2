"""Where a configuration is looked for, and what its instance is called."""

from pathlib import Path

import pytest

from ldirectord_py.cli.instances import ConfigNotFound, find_config, instance_name, own_pid_path, pid_paths


@pytest.fixture
def directories(tmp_path: Path) -> tuple[str, str]:
    first, second = tmp_path / "ha.d", tmp_path / "ha.d" / "conf"
    second.mkdir(parents=True)
    return str(first), str(second)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        (None, "ldirectord"),
        ("ldirectord.cf", "ldirectord.cf"),
        ("/etc/ha.d/web.cf", "web.cf"),
        ("./web.cf", "web.cf"),
        ("conf/web", "web"),
        ("conf/", ""),
    ],
)
def test_an_instance_is_named_after_the_last_part_of_its_word(word: str | None, name: str) -> None:
    assert instance_name(word) == name


@pytest.mark.parametrize(
    ("instance", "unit"),
    [("ldirectord", "ldirectord"), ("web.cf", "ldirectord@web"), ("web.yaml", "ldirectord@web.yaml")],
)
def test_a_pid_file_bears_the_instance_s_name_and_may_be_in_its_unit_s_folder(instance: str, unit: str) -> None:
    name = f"ldirectord.{instance}.pid"
    assert pid_paths(Path("/var/run"), instance) == (Path("/var/run", name), Path("/var/run", unit, name))


def test_only_the_unit_s_own_daemon_uses_the_unit_s_folder(tmp_path: Path) -> None:
    (tmp_path / "var-run").symlink_to(tmp_path)
    paths = pid_paths(tmp_path / "var-run", "web.cf")
    assert own_pid_path(paths, tmp_path / "ldirectord@web") == paths[1]
    assert own_pid_path(paths, tmp_path / "ldirectord@other") == paths[0]
    assert own_pid_path(paths, None) == paths[0]


def test_the_first_plain_file_wins(
    directories: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    places = [Path(directories[0], "x.cf"), Path(directories[1], "x.cf"), Path("x.cf").absolute()]
    for place in reversed(places):
        place.touch()
        assert find_config("x.cf", directories) == place


def test_a_directory_of_that_name_is_passed_over(directories: tuple[str, str]) -> None:
    Path(directories[0], "x.cf").mkdir()
    Path(directories[1], "x.cf").touch()
    assert find_config("x.cf", directories) == Path(directories[1], "x.cf")


def test_without_a_word_it_is_ldirectord_cf(directories: tuple[str, str]) -> None:
    Path(directories[0], "ldirectord.cf").touch()
    assert find_config(None, directories) == Path(directories[0], "ldirectord.cf")


def test_a_relative_path_is_made_absolute(
    directories: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.cf").touch()
    assert find_config("./x.cf", directories) == tmp_path / "x.cf"


def test_an_absolute_path_is_looked_for_below_the_directories_first(
    directories: tuple[str, str], tmp_path: Path
) -> None:
    word = tmp_path / "x.cf"
    word.touch()
    assert find_config(str(word), directories) == word
    below = Path(f"{directories[0]}{word}")
    below.parent.mkdir(parents=True)
    below.touch()
    assert find_config(str(word), directories) == below


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("no.cf", "Config file no.cf not found: there is none of {0}/no.cf, {1}/no.cf, {cwd}/no.cf"),
        ("{cwd}", "Config file {cwd} not found: {cwd} is a directory, expected a file"),
        ("/dev/null", "Config file /dev/null not found: /dev/null is not a plain file"),
    ],
)
def test_what_is_not_found_is_told_with_the_places(
    word: str, message: str, directories: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigNotFound) as error:
        find_config(word.format(cwd=tmp_path), directories)
    assert str(error.value) == message.format(*directories, cwd=tmp_path)


@pytest.mark.parametrize("word", ["", "conf/"])
def test_a_word_without_a_last_part_is_not_found(word: str, directories: tuple[str, str]) -> None:
    with pytest.raises(ConfigNotFound, match="not found"):
        find_config(word, directories)
