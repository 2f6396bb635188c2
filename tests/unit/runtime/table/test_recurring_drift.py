"""Drift that does not end: a director against a stranger who undoes what it mends."""

import os
from pathlib import Path

from ldirectord_py.config.load import parse
from ldirectord_py.ipvs.memory import MemoryTable
from ldirectord_py.model.events import DriftFound, DriftRecurs, Event, TableChanged
from ldirectord_py.observers.events.event_table import lines
from ldirectord_py.observers.events.log_line import Level
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.table.recurring_drift import other_keepers

CONFIG = b"virtual=192.0.2.1:80\n\treal=192.0.2.11:80 masq 3\n\treal=192.0.2.12:80 masq\n\tchecktype=on\n"


async def fought(rounds: int) -> list[Event]:
    """Return what is told while a stranger empties the service before each comparison."""
    events: list[Event] = []
    table = MemoryTable()
    director = Director(parse(CONFIG, "web.cf"), table, events.append)
    await director.start()
    events.clear()
    for _ in range(rounds):
        table.state = {}
        await director.reconciler.reconcile()
    return events


async def test_drift_that_returns_is_one_alarm_and_then_silence_in_the_log() -> None:
    events = await fought(24)
    told = [line for event in events for line in lines(event) if line.level is not Level.DEBUG]
    (alarm,) = (line for line in told if line.event == "drift_recurs")
    assert alarm.level is Level.ERROR
    assert alarm.message.startswith("Something else keeps changing the IPVS table back, in 3 places, such as")
    assert told.index(alarm) == len(told) - 1
    assert sum(line.event == "drift_found" for line in told) == 3 * 3
    assert sum(isinstance(event, DriftFound) for event in events) == 24 * 3
    assert sum(isinstance(event, TableChanged) for event in events) == 24 * 3


async def test_what_happens_once_or_twice_is_no_alarm() -> None:
    events = await fought(2)
    assert not any(isinstance(event, DriftRecurs) or getattr(event, "again", False) for event in events)


def test_who_may_keep_the_same_table_is_told_by_name(tmp_path: Path) -> None:
    def process(pid: int, words: str, namespace: str) -> None:
        folder = tmp_path / str(pid) / "ns"
        folder.mkdir(parents=True)
        folder.parent.joinpath("cmdline").write_text(words.replace(" ", "\0"))
        folder.joinpath("net").hardlink_to(tmp_path / namespace)

    for namespace in ("here", "elsewhere"):
        (tmp_path / namespace).touch()
    (tmp_path / "self" / "ns").mkdir(parents=True)
    (tmp_path / "self" / "ns" / "net").hardlink_to(tmp_path / "here")
    process(11, "/usr/sbin/keepalived -D", "here")
    process(12, "/usr/bin/perl /usr/sbin/ldirectord web.cf start", "here")
    process(13, "/usr/sbin/keepalived -D", "elsewhere")
    process(14, "vi notes", "here")
    assert os.getpid() not in {11, 12, 13, 14}
    assert other_keepers(tmp_path) == ["keepalived (pid 11)", "ldirectord (pid 12)"]
