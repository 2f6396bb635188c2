"""Maintenance, monitorfile, and commands of the operator's: the real daemon, real programs, a table in memory."""

import re
import signal
import subprocess
import time
from pathlib import Path

from tests.peers.patience import PATIENCE
from tests.stories.daemon import Daemon
from tests.stories.test_command_line import Place, place  # noqa: F401  # a fixture

ALL = {"one": 3, "two": 2, "three": 1}


def script(folder: Path, text: str, name: str = "program") -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_a_file_takes_a_server_out_and_its_removal_lets_it_in(daemon: Daemon) -> None:
    files, monitor = daemon.home / "maintenance", daemon.home / "monitor"
    files.mkdir()
    (files / "mistyped").touch()
    daemon.write(extra=f"maintenancedir={files}\nfailurecount=5\n", section=f"\tmonitorfile={monitor}\n")
    (files / daemon.addresses["three"]).touch()
    daemon.start()
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 2, "three": 0})
    asked = daemon.sites["three"].visits()
    (files / daemon.addresses["two"]).touch()
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 0, "three": 0})
    maintained = f'ldirectord_real_maintenance{{virtual="tcp:192.0.2.1:80",real="{daemon.addresses["two"]}"}}'
    assert daemon.metrics()[maintained] == 1
    daemon.until(lambda: sum("[down] Server in maintenance" in each for each in lines(monitor)) > 5)
    assert daemon.sites["three"].visits() == asked
    assert sum("checks_total" in name and daemon.addresses["three"] in name for name in daemon.metrics()) == 4
    (files / daemon.addresses["two"]).unlink()
    (files / daemon.addresses["three"]).unlink()
    daemon.until(lambda: daemon.weights() == ALL)

    (stray,) = daemon.logged("maintenance_unclear", 1)
    assert stray["message"].startswith("Maintenance file 'mistyped' names no real server: call it ADDRESS")
    assert not any(line["real"] == daemon.addresses["three"] for line in daemon.logged("real_up", 2)[:2])
    assert daemon.end() == 0
    pattern = re.compile(
        rf"\[.{{24}}\] \[{daemon.process.pid if daemon.process else 0}\] negotiate http tcp 127\.0\.0\.1 \d+ \d masq "
        r"/alive.html I'm alive! \[(up\] 200 OK|down\] Server in maintenance)"
    )
    assert [each for each in lines(monitor) if not pattern.fullmatch(each)] == []


def test_a_folder_that_is_removed_with_all_its_files_lets_nobody_in(daemon: Daemon) -> None:
    files = daemon.home / "maintenance"
    files.mkdir()
    for name in (*daemon.addresses.values(), *(f".{number}" for number in range(20_000))):
        (files / name).touch()
    daemon.write(extra=f"maintenancedir={files}\n")
    out = dict.fromkeys(ALL, 0)
    daemon.start()
    daemon.until(lambda: daemon.weights() == out)

    subprocess.run(["rm", "-rf", files], check=True, timeout=PATIENCE)
    (told,) = daemon.logged("maintenance_unclear", 1)
    assert "has vanished, so maintenance stays as it is" in str(told["message"])
    files.mkdir()
    for name in ("one", "two"):
        (files / daemon.addresses[name]).touch()
    daemon.until(lambda: daemon.weights() == out | {"three": 1})
    (files / daemon.addresses["two"]).unlink()
    daemon.until(lambda: daemon.weights() == ALL | {"one": 0})
    left = [str(line["real"]) for line in daemon.logged("maintenance_ended", 2)]
    assert left == [daemon.addresses["three"], daemon.addresses["two"]]
    assert daemon.end() == 0


def test_a_monitorfile_that_cannot_be_written_harms_nobody(daemon: Daemon) -> None:
    folder = daemon.home / "folder"
    folder.mkdir()
    daemon.write(section=f"\tmonitorfile={folder}/monitor\n")
    daemon.start()
    daemon.until(lambda: len(lines(folder / "monitor")) > 2)
    folder.rename(daemon.home / "away")
    daemon.until(lambda: daemon.metrics().get("ldirectord_monitorfile_lost_lines_total", 0) > 3)
    daemon.logged("monitorfile_failed", 1)
    folder.mkdir()
    daemon.logged("monitorfile_back", 1)
    assert daemon.weights() == ALL
    assert daemon.end() == 0
    assert [len(daemon.logged(event)) for event in ("monitorfile_failed", "monitorfile_back")] == [1, 1]


def test_the_fallbackcommand_hears_of_changes_and_of_the_end(daemon: Daemon) -> None:
    told = daemon.home / "told"
    command = script(daemon.home, f'echo "$*" >> {told}; case "$2" in stop) echo no route >&2; exit 2; esac')
    daemon.write(extra=f"fallbackcommand={command} -g\n")
    daemon.start()
    stop, start = "-g stop 192.0.2.1:80 tcp", "-g start 192.0.2.1:80 tcp"
    daemon.until(lambda: lines(told) == [stop])
    for site in daemon.sites.values():
        site.sick()
    daemon.until(lambda: lines(told) == [stop, start])
    daemon.tell(signal.SIGHUP)
    daemon.logged("reloaded", 1)
    assert daemon.end() == 0
    assert lines(told) == [stop, start, stop]
    assert [line["failure"] for line in daemon.logged("hook_failed")] == ["exit status 2: no route"] * 2


def test_a_fallbackcommand_that_hangs_delays_neither_checks_nor_the_end(daemon: Daemon) -> None:
    begun = daemon.home / "begun"
    daemon.write(extra=f"fallbackcommand={script(daemon.home, f'trap : TERM; echo $$ >> {begun}; sleep 3600')}\n")
    daemon.start()
    daemon.until(begun.exists)
    daemon.sites["one"].sick()
    daemon.until(lambda: daemon.weights() == {"one": 0, "two": 2, "three": 1})
    assert daemon.end() == 0  # long before the program would end


def test_the_callback_runs_after_each_change_of_the_file_even_a_bad_one(daemon: Daemon) -> None:
    told = daemon.home / "told"
    callback = f'callback="{script(daemon.home, f"echo $# $1 >> {told}")}"\n'
    daemon.write(extra=callback)
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    daemon.write(extra=f"{callback}# changed\n")
    daemon.until(lambda: lines(told) == [f"1 {daemon.config}"])
    daemon.write(extra=f"{callback}nonsense\n")
    daemon.until(lambda: lines(told) == [f"1 {daemon.config}"] * 2)
    assert daemon.end() == 0


CHILD = 'logfile="{home}/{name}.log"\n{more}virtual=192.0.2.{number}:80\n\treal=192.0.2.100:80 gate\n\tchecktype=on\n'


def test_instances_start_answer_reload_and_stop_with_their_director(place: Place) -> None:  # noqa: F811
    for number, name in enumerate(("one", "two", "three"), start=11):
        (place.config.parent / f"{name}.cf").write_text(
            CHILD.format(home=place.home, name=name, number=number, more="")
        )

    def write(*names: str) -> None:
        executes = "".join(f"execute={name}.cf\n" for name in names)
        place.write(f"{executes}virtual=192.0.2.1:80\n\treal=192.0.2.2:80 gate\n\tchecktype=on\n")

    def running(*names: str) -> None:
        """Wait until exactly these run, besides the director."""
        wanted = {f"ldirectord.{name}.cf.pid" for name in names} | {place.pid_file.name}
        runs, deadline = place.pid_file.parent, time.monotonic() + PATIENCE
        while {path.name for path in runs.glob("*.pid")} != wanted or len(place.processes()) != len(wanted):
            assert time.monotonic() < deadline, place.log.read_text()
            time.sleep(0.05)

    write("one", "two")
    assert place.run("start").status == 0
    running("one", "two")
    done = place.run("status")
    assert (done.status, done.out) == (0, "")
    assert re.findall(r"(\w+)\.cf is running with pid", done.err) == ["ldirectord", "one", "two"]

    log = place.home / "two.log"
    write("two", "three")
    assert place.run("reload").status == 0
    running("two", "three")
    deadline = time.monotonic() + PATIENCE
    while "is in force" not in log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)

    assert place.run("stop").status == 0
    assert place.processes() == []
    assert {path.suffix for path in place.pid_file.parent.iterdir()} == {".state"}


def test_instances_that_execute_each_other_are_asked_once(place: Place) -> None:  # noqa: F811
    other = place.config.parent / "other.cf"
    other.write_text(
        CHILD.format(home=place.home, name="other", number=12, more=f"execute={place.config.parent}/ldirectord.cf\n")
    )
    place.write(f"execute={other}\nvirtual=192.0.2.1:80\n\treal=192.0.2.2:80 gate\n\tchecktype=on\n")
    done = place.run(str(place.config), "status")
    assert done.status == 3
    assert place.run(str(place.config), "start").status == 0
    deadline = time.monotonic() + PATIENCE
    while place.run(str(other), "status").status:
        assert time.monotonic() < deadline
    done = place.run(str(place.config), "status")
    assert len(re.findall(r"is running with pid", done.err)) == 3
