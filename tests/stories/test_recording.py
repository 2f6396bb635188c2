"""A night that a real daemon has recorded, replayed to the byte, and compared with other configurations."""

import json
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

from ldirectord_py.app import Application
from ldirectord_py.config.load import load
from ldirectord_py.observers.logging.destinations import LogFile
from ldirectord_py.options import Options
from tests.peers.patience import PATIENCE
from tests.stories.daemon import Daemon

ALL = {"one": 3, "two": 2, "three": 1}
STAMP = re.compile(r'"timestamp": "[^"]*", ')
ONCE = ("recording_begun", "real_down", "real_up")
OURS = {"recording_begun", "configuration_in_force"}
"""What a replay tells besides."""


def ldirectorctl(*words: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "ldirectord_py.cli.ldirectorctl", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def replayed(*words: object) -> list[str]:
    done = ldirectorctl("replay", "--json", *words)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def of_the_engine(lines: list[str], events: set[str]) -> list[str]:
    """Return the lines about *events*, without the moment at which they were written."""
    return [STAMP.sub("", line) for line in lines if json.loads(line)["event"] in events]


def test_a_night_is_replayed_to_the_byte_and_other_configurations_are_compared(daemon: Daemon) -> None:
    files, record = daemon.home / "maintenance", daemon.home / "night.jsonl"
    files.mkdir()
    extra = f"maintenancedir={files}\nrecord={record}\n"
    daemon.write(extra=extra)
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    daemon.sites["two"].sick()
    daemon.until(lambda: daemon.weights() == ALL | {"two": 0})
    (files / daemon.addresses["three"]).touch()
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 0, "three": 0})
    daemon.sites["one"].sick()
    daemon.logged("fallback_activated", 2)
    daemon.sites["two"].alive()
    daemon.until(lambda: daemon.weights().get("two") == 2)
    daemon.write(extra=f"failurecount=2\n{extra}", weights={"one": 3, "two": 4, "three": 1})
    daemon.tell(signal.SIGHUP)
    daemon.until(lambda: daemon.weights().get("two") == 4)
    (files / daemon.addresses["three"]).unlink()
    daemon.sites["one"].alive()
    daemon.until(lambda: daemon.weights() == ALL | {"two": 4})
    daemon.sites["two"].sick()
    daemon.until(lambda: daemon.weights() == ALL | {"two": 0})
    assert daemon.end() == 0

    told = replayed(record)
    events = {json.loads(line)["event"] for line in told} - OURS
    assert {"real_down", "real_up", "real_failed_softly", "fallback_activated", "first_pass_completed"} < events
    assert of_the_engine(told, events) == of_the_engine((daemon.home / "log").read_text().splitlines(), events)
    assert stat.S_IMODE(record.stat().st_mode) == 0o600

    patient, same = daemon.home / "patient.cf", daemon.home / "same.cf"
    same.write_text(daemon.config.read_text())
    patient.write_text(daemon.config.read_text().replace("failurecount=2", "failurecount=1000"))
    compared = ldirectorctl("replay", record, "--config", patient)
    assert compared.returncode == 2
    two = next(line for line in compared.stdout.splitlines() if line.strip().startswith(daemon.addresses["two"]))
    assert re.fullmatch(r" +\S+ +weight 2, 4, out 3 times, .* at weight 0 +weight 4, out 1 time, .* at weight 0", two)
    by_json = json.loads(ldirectorctl("replay", record, "--config", patient, "--json").stdout)
    assert [each["real"] for each in by_json["servers"]] == [daemon.addresses[name] for name in ("one", "two")]
    assert ldirectorctl("replay", record, "--config", same).returncode == 2  # the first hours had another one

    cut_short(record, told)


def cut_short(record: Path, told: list[str]) -> None:
    """See that a last line that was cut short is left out, and any other refused."""
    record.write_bytes(record.read_bytes()[:-20])
    done = ldirectorctl("replay", "--json", record)
    number = len(record.read_bytes().splitlines())
    assert (done.returncode, done.stderr) == (0, f"{record}:{number}: the last line was cut short, and is left out\n")
    assert told[: len(done.stdout.splitlines())] == done.stdout.splitlines()
    record.write_bytes(record.read_bytes() + b"\n")
    done = ldirectorctl("replay", record)
    assert done.returncode == 1
    assert done.stderr.startswith(f"ldirectorctl: {record}:{number}: no line of a recording: ")


def test_a_second_daemon_goes_on_behind_the_first_and_a_gap_is_told(daemon: Daemon) -> None:
    record = daemon.home / "none" / "night.jsonl"
    daemon.write(extra=f"record={record}\n")
    daemon.start()
    (failed,) = daemon.logged("side_job_failed", 1)
    assert f"{record}: No such file or directory" in str(failed["message"])
    daemon.until(lambda: daemon.weights() == ALL)
    record.parent.mkdir()
    daemon.until(record.exists)
    daemon.sites["two"].sick()
    daemon.until(lambda: daemon.weights() == ALL | {"two": 0})
    assert daemon.end() == 0
    daemon.start()
    daemon.logged("first_pass_completed", 2)
    assert daemon.end() == 0

    lines = list(map(json.loads, replayed(record)))
    begun = [line for line in lines if line["event"] == "recording_begun"]
    assert [line["why"] for line in begun] == ["gap", "start"]
    assert begun[0]["lost"] > 3
    assert [line["event"] for line in lines].count("first_pass_completed") == 1


def test_a_reload_turns_recording_on_and_off(daemon: Daemon) -> None:
    record = daemon.home / "night.jsonl"
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    for number, extra in enumerate((f"record={record}\n", ""), start=1):
        daemon.write(extra=extra)
        daemon.tell(signal.SIGHUP)
        daemon.logged("reloaded", number)
        daemon.sites["two"].sick()
        daemon.until(lambda: daemon.weights() == ALL | {"two": 0})
        daemon.sites["two"].alive()
        daemon.until(lambda: daemon.weights() == ALL)
    assert daemon.end() == 0

    events = [json.loads(line)["event"] for line in replayed(record)]
    assert [event for event in events if event != "soft_failures_reset"] == [*ONCE, "configuration_in_force"]


async def test_a_shadow_leaves_the_file_to_the_active_daemon(tmp_path: Path) -> None:
    path = tmp_path / "web.cf"
    path.write_text(f"record={tmp_path}/night.jsonl\nvirtual=192.0.2.1:80\n\treal=127.0.0.1:9 masq\n\tchecktype=on\n")
    log = tmp_path / "log"
    application = Application(load(path), Options(table="memory", shadow=True, log=lambda _: LogFile(log)))
    assert await application.run(application.end) == 0
    assert log.exists()
    assert not (tmp_path / "night.jsonl").exists()
