"""What happened, over restarts and kills: a real daemon with a history file."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from ldirectord_py.app import Application
from ldirectord_py.config.load import load
from ldirectord_py.model.history import EventQuery
from ldirectord_py.model.service import RealKey
from ldirectord_py.observers.logging.destinations import LogFile
from ldirectord_py.options import Options
from tests.stories.daemon import Daemon

ALL = {"one": 3, "two": 2, "three": 1}


def events(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def named(path: Path, name: str) -> list[dict[str, Any]]:
    return [event for event in events(path) if event["name"] == name]


def test_the_history_goes_on_over_a_restart_and_a_kill(daemon: Daemon) -> None:
    path = daemon.home / "history.jsonl"
    daemon.write(extra=f"historyfile={path}\n")
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    daemon.sites["two"].sick()
    daemon.until(lambda: len(named(path, "real_down")) == 1)
    (down,) = named(path, "real_down")
    (line,) = daemon.logged("real_down", 1)
    assert down["sentence"] == line["message"]
    assert {name: down[name] for name in ("virtual", "real", "detail", "code")} == {
        "virtual": "tcp:192.0.2.1:80",
        "real": daemon.addresses["two"],
        "detail": line["detail"],
        "code": "REGEX",
    }
    assert daemon.end() == 0
    assert [event["name"] for event in events(path)][-1] == "stopped"

    daemon.start()
    daemon.until(lambda: len(named(path, "started")) == 2)
    daemon.sites["two"].alive()
    daemon.until(lambda: len(named(path, "real_up")) >= 6)
    assert daemon.end(signal.SIGKILL) == -signal.SIGKILL

    with path.open("ab") as file:
        file.write(b'{"id":99,"boot":"cut')  # as when the machine lost its power
    daemon.start()
    daemon.until(lambda: len(named(path, "started")) == 3)
    assert daemon.end() == 0

    found = events(path)
    ids = [event["id"] for event in found]
    assert ids == sorted(set(ids))
    boots = list(dict.fromkeys(event["boot"] for event in found))
    first = [next(event["id"] for event in found if event["boot"] == boot) for boot in boots]
    last = [max(event["id"] for event in found if event["boot"] == boot) for boot in boots]
    assert first == [1, last[0] + 1001, last[1] + 1001]  # each start has read what the one before had written
    assert not daemon.logged("side_job_failed")


async def application(path: Path, **options: Any) -> Application:
    log = LogFile(path.parent / "log")
    running = Application(load(path), Options(table="memory", log=lambda _: log, **options))
    assert await running.run(running.end) == 0
    return running


async def test_who_asks_is_told_what_happened_before_the_restart(tmp_path: Path) -> None:
    path = tmp_path / "web.cf"
    path.write_text(
        f"historyfile={tmp_path}/history.jsonl\nvirtual=192.0.2.1:80\n\treal=127.0.0.1:9 masq\n\tchecktype=on\n"
    )
    before = await application(path)
    after = await application(path)
    told = after.history.events.find(EventQuery(kinds=frozenset({"stopping"})))
    assert [event.boot for event in told] == [before.history.events.boot, after.history.events.boot]


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/etc/hosts"), Path.mkdir])
async def test_whatever_is_in_the_files_place_costs_the_file_alone(tmp_path: Path, make: Any) -> None:
    make(tmp_path / "history.jsonl")
    path = tmp_path / "web.cf"
    path.write_text(f"historyfile={tmp_path}/history.jsonl\nvirtual=192.0.2.1:80\n\treal=127.0.0.1:9 masq\n")
    running = await application(path)
    assert running.history.events.find(EventQuery(kinds=frozenset({"stopping"})))
    assert "127.0.0.1" in Path("/etc/hosts").read_text()


async def test_a_shadow_leaves_the_file_to_the_active_daemon(tmp_path: Path) -> None:
    path = tmp_path / "web.cf"
    path.write_text(f"historyfile={tmp_path}/history.jsonl\nvirtual=192.0.2.1:80\n\treal=127.0.0.1:9 masq\n")
    running = await application(path, shadow=True)
    assert running.history.events.last > 0
    assert not (tmp_path / "history.jsonl").exists()


async def test_a_daemon_knows_what_its_last_checks_found(tmp_path: Path) -> None:
    path = tmp_path / "web.cf"
    path.write_text("virtual=192.0.2.1:80\n\treal=127.0.0.1:9 masq\n\tchecktype=connect\n")
    running = Application(load(path), Options(table="memory", log=lambda _: LogFile(tmp_path / "log")))
    running.observe(lambda event: running.end() if type(event).__name__ == "FirstPassComplete" else None)
    assert await running.run(lambda *_: None) == 0
    (virtual,) = running.snapshot().virtuals
    (real,) = virtual.reals
    history = running.history.exchanges.of(real.key)
    assert isinstance(real.key, RealKey)
    assert history is not None
    (exchange,) = history.exchanges
    assert (exchange.outcome.reason, exchange.asked, history.recent) == ("refused", "connect to 127.0.0.1:9", (None,))
