"""The track files: what they say, when they are written, and what they are not put in the place of."""

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest

from ldirectord_py.config.load import parse
from ldirectord_py.model.config import Config
from ldirectord_py.model.events import Event, Reloaded, ServingChanged, TrackFileFailed, TrackFileWritten
from ldirectord_py.observers.trackfiles import TrackFiles, put
from tests.peers.patience import until


def config(*files: Path | None) -> Config:
    """Return a configuration with a virtual service for each of *files*."""
    text = ""
    for number, path in enumerate(files, start=1):
        text += f"virtual=10.0.0.{number}:80\n\treal=10.1.0.5:80 gate\n" + (f"\ttrackfile={path}\n" if path else "")
    return parse(text.encode(), "x.cf")


class Kept:
    """Track files of a configuration, which are kept while it is entered."""

    def __init__(self, *files: Path | None) -> None:
        self.config = config(*files)
        self.told: list[Event] = []
        self.files = TrackFiles(lambda: self.config, self.told.append)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.files.keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    def serve(self, number: int, *, serving: bool = True) -> None:
        self.files.observe(ServingChanged(self.config.virtuals[number].key, serving, fallback=False))

    def reload(self, *files: Path | None) -> None:
        self.config = config(*files)
        self.files.observe(Reloaded("x.cf", ()))


async def test_it_says_0_before_anybody_is_known_to_serve_and_0_again_when_nobody_does(tmp_path: Path) -> None:
    file = tmp_path / "served"
    async with Kept(file) as kept:
        await until(file.exists)
        assert file.read_text() == "0\n"
        kept.serve(0)
        await until(lambda: file.read_text() == "100\n")
        kept.serve(0, serving=False)
        await until(lambda: file.read_text() == "0\n")
        await until(lambda: len(kept.told) == 3)
    assert kept.told == [TrackFileWritten(str(file), percent) for percent in (0, 100, 0)]
    assert [path.name for path in tmp_path.iterdir()] == ["served"]


async def test_virtuals_that_share_a_file_are_counted_together(tmp_path: Path) -> None:
    file, other = tmp_path / "served", tmp_path / "other"
    async with Kept(*[file] * 3, other, None) as kept:
        for number, percent in enumerate((33, 66, 100)):
            kept.serve(number)
            await until(lambda percent=percent: file.exists() and file.read_text() == f"{percent}\n")
        assert other.read_text() == "0\n"


async def test_only_where_nobody_serves_it_says_0(tmp_path: Path) -> None:
    file = tmp_path / "served"
    async with Kept(*[file] * 120) as kept:
        kept.serve(7)
        await until(lambda: file.exists() and file.read_text() == "1\n")


async def test_what_others_do_to_it_is_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ldirectord_py.observers.trackfiles._LOOKED_AT_EVERY", 0.01)
    file = tmp_path / "served"
    async with Kept(file) as kept:
        kept.serve(0)
        await until(lambda: file.exists() and file.read_text() == "100\n")
        file.write_text("1")
        await until(lambda: file.read_text() == "100\n")
        file.unlink()
        await until(file.exists)


@pytest.mark.parametrize(("stays", "left"), [(False, "0\n"), (True, "100\n")])
async def test_a_director_that_ends_leaves_0_but_not_if_the_next_one_takes_over(
    tmp_path: Path, stays: bool, left: str
) -> None:
    file = tmp_path / "served"
    async with Kept(file) as kept:
        kept.serve(0)
        await until(lambda: file.exists() and file.read_text() == "100\n")
    await kept.files.leave(stays=stays)
    assert file.read_text() == left


async def test_a_file_that_a_reload_takes_away_is_left_and_told_of(tmp_path: Path) -> None:
    file, new = tmp_path / "served", tmp_path / "new"
    async with Kept(file) as kept:
        kept.serve(0)
        await until(lambda: TrackFileWritten(str(file), 100) in kept.told)
        kept.reload(new)
        await until(new.exists)
        assert (file.read_text(), new.read_text()) == ("100\n", "100\n")
        sentence = "the configuration names it no longer, so it goes on saying 100"
        assert TrackFileFailed(str(file), sentence) in kept.told


async def test_one_that_cannot_be_written_is_told_once_and_keeps_no_other_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ldirectord_py.observers.trackfiles._LOOKED_AT_EVERY", 0.01)
    lost, file = tmp_path / "none" / "served", tmp_path / "served"
    async with Kept(lost, file) as kept:
        kept.serve(0)
        kept.serve(1)
        await until(lambda: file.exists() and file.read_text() == "100\n")
        await asyncio.sleep(0.05)
        assert kept.told.count(TrackFileFailed(str(lost), "No such file or directory")) == 1
        lost.parent.mkdir()
        await until(lambda: TrackFileWritten(str(lost), 100) in kept.told)


def _link(path: Path) -> None:
    path.with_name("target").write_text("7")
    path.symlink_to("target")


def as_it_is(path: Path) -> tuple[object, ...]:
    """Return what changes if something is written to *path*, or stands in its place, but not if it is looked at."""
    found = path.lstat()
    content = path.read_bytes() if stat.S_ISREG(found.st_mode) else b""
    return found.st_ino, found.st_mode, found.st_nlink, found.st_mtime_ns, content


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (Path.mkdir, "it is a directory"),
        (_link, "it is a symbolic link"),
        (os.mkfifo, "it is no regular file"),
        (
            lambda path: path.write_text("a log\n"),
            "it holds something else than a number, and is left as it is",
        ),
    ],
    ids=["directory", "link", "fifo", "log"],
)
def test_nothing_else_is_replaced_by_it(tmp_path: Path, make: Callable[[Path], object], sentence: str) -> None:
    path = tmp_path / "served"
    make(path)
    before = as_it_is(path)
    assert put(path, 100) == sentence
    assert as_it_is(path) == before


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("keep me")
    (tmp_path / "served.new").symlink_to("secret")
    assert put(tmp_path / "served", 100) is None
    assert (tmp_path / "secret").read_text() == "keep me"
    assert (tmp_path / "served").read_text() == "100\n"


@pytest.mark.parametrize("found", ["", "0", "100\n", " -1 "])
def test_a_number_is_replaced_whoever_wrote_it(tmp_path: Path, found: str) -> None:
    path = tmp_path / "served"
    path.write_text(found)
    assert put(path, 33) is None
    assert path.read_text() == "33\n"
