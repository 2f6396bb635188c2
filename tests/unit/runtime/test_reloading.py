"""What counts as a change of a configuration's files."""

from pathlib import Path

import pytest

from ldirectord_py.config.syntax.sources import SourceReader
from ldirectord_py.model.sources import Sources
from ldirectord_py.runtime.reloading import _changed, _found, _stamps


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    """Return two files as they were read, the second found by a pattern."""
    (tmp_path / "main").write_text("one")
    (tmp_path / "a.cf").write_text("two")
    reading = SourceReader()
    reading.read(f"{tmp_path}/main")
    for path in reading.matches(f"{tmp_path}/*.cf"):
        reading.read(path)
    return reading.sources


def change(sources: Sources) -> str | None:
    """Return the name of what has changed; None: nothing that counts."""
    found = _found(sources)
    changed = None if found is None else _changed(sources, found)
    return None if changed is None else Path(changed).name


def test_nothing_is_no_change(sources: Sources) -> None:
    assert change(sources) is None
    assert _stamps(sources) == _stamps(sources)


@pytest.mark.parametrize("name", ["main", "a.cf"])
def test_another_content_is_a_change_and_a_touch_is_not(sources: Sources, tmp_path: Path, name: str) -> None:
    before = _stamps(sources)
    (tmp_path / name).write_text((tmp_path / name).read_text())
    assert _stamps(sources) != before
    assert change(sources) is None
    (tmp_path / name).write_text("other")
    assert change(sources) == name


def test_a_file_that_a_pattern_finds_is_a_change_when_it_comes_and_when_it_goes(
    sources: Sources, tmp_path: Path
) -> None:
    before = _stamps(sources)
    (tmp_path / "b.cf").write_text("three")
    assert _stamps(sources) != before
    assert change(sources) == "b.cf"
    (tmp_path / "b.cf").unlink()
    assert change(sources) is None
    (tmp_path / "a.cf").unlink()
    assert change(sources) == "a.cf"


@pytest.mark.parametrize("instead", ["nothing", "a folder"])
def test_a_file_that_cannot_be_read_leaves_all_as_it_is(sources: Sources, tmp_path: Path, instead: str) -> None:
    (tmp_path / "main").unlink()
    if instead == "a folder":
        (tmp_path / "main").mkdir()
    assert _found(sources) is None


def test_a_file_that_could_not_be_read_is_a_change_once_it_can(tmp_path: Path) -> None:
    reading = SourceReader()
    with pytest.raises(ValueError, match="cannot be read: No such file"):
        reading.read(f"{tmp_path}/late")
    assert change(reading.sources) is None
    (tmp_path / "late").write_text("here")
    assert change(reading.sources) == "late"
