"""Logging decides about nothing: full disks, unread pipes and closed streams keep no director from its work."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.peers.ports import free_port
from tests.stories.test_command_line import COMMAND, PATIENCE, Done, Place, place, running  # noqa: F401  # fixtures

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="mounting is root's")

ON_A_FULL_DISK = """
place=$1 config=$2
shift 2
mount -t tmpfs -o size=128k tmpfs "$place" && mkdir -p "$place/run" "$place/ha.d" || exit 99
printf %s "$config" > "$place/ha.d/ldirectord.cf"
dd if=/dev/zero of="$place/fill" bs=1k 2>/dev/null
for action in configtest start status reload restart status; do "$@" $action; echo "$? $action"; done 2>/dev/null
rm "$place/fill"
for action in reload stop; do "$@" $action; echo "$? $action"; done 2>/dev/null
cat "$place/log"
"""


@ROOT
def test_a_full_disk_keeps_nothing_from_being_done_and_what_the_log_lost_is_told(place: Place) -> None:  # noqa: F811
    """Log, monitorfile, recording, history, pid file, state file and control socket are on it."""
    config = place.config.read_text() + f'\tmonitorfile="{place.home}/monitor"\n'
    config = f"record={place.home}/record.jsonl\nhistoryfile={place.home}/history.jsonl\n{config}"
    words = [sys.executable, str(COMMAND), "--table", "memory"]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", ON_A_FULL_DISK, "sh", place.home, config, *words],
        env=place.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 3,
        check=False,
    )
    actions = ["configtest", "start", "status", "reload", "restart", "status", "reload", "stop"]
    assert re.findall(r"(?m)^(\d+) (\w+)$", done.stdout) == [("0", action) for action in actions], done
    assert re.search(r"\] WARNING: \d+ lines of this log were lost between .*: No space left on device\n", done.stdout)
    assert "Linux Director Daemon terminated on signal: TERM" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("action", ["status", "reload", "stop"])
def test_a_full_disk_behind_a_standard_stream_keeps_no_action_from_its_work(
    running: Place,  # noqa: F811
    action: str,
    stream: str,
) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, str(COMMAND), "--table", "memory", action],
            env=running.environment,
            timeout=PATIENCE,
            check=False,
            **({"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | {stream: full}),
        )
    assert done.returncode == 0
    assert running.run("status").status == (3 if action == "stop" else 0)


def test_closed_streams_keep_no_action_from_its_work(running: Place) -> None:  # noqa: F811
    program = ("sh", "-c", 'exec "$@" >&- 2>&-', "sh", sys.executable, str(COMMAND), "--table", "memory")
    assert running.run("status", program=program) == Done(0)
    assert running.run("stop", program=program) == Done(0)
    assert running.run("status").status == 3


def test_a_pipe_that_nobody_reads_holds_up_neither_checks_nor_the_end(place: Place) -> None:  # noqa: F811
    """With -d the log, some lines for each check, goes to standard error, and a pipe holds 64 KiB of it."""
    port = free_port()
    reals = "".join(f"\treal=127.0.{number // 250}.{number % 250 + 1}:9 masq\n" for number in range(1500))
    place.config.write_text(
        f"checkinterval=1\nmetricslisten={port}\nvirtual=192.0.2.1:80\n{reals}\tchecktype=connect\n"
    )
    daemon = place.spawn("-d", "start")
    try:
        while checks(port) < 2000:  # two lines of a hundred letters for each server
            assert daemon.poll() is None
    finally:
        daemon.terminate()
    assert daemon.wait(PATIENCE) == 0
    assert daemon.stderr is not None
    assert len(daemon.stderr.read()) <= 1 << 16
    assert daemon.stdout is not None
    daemon.stderr.close()
    daemon.stdout.close()


def checks(port: int) -> float:
    """Return how many checks have been done, by the daemon's own account; 0 if it does not answer yet."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
            return sum(
                float(line.rpartition(" ")[2])
                for line in answer.read().decode().splitlines()
                if line.startswith("ldirectord_checks_total{")
            )
    except OSError:
        return 0


def test_metrics_count_the_lines_that_were_lost(place: Place) -> None:  # noqa: F811
    port = free_port()
    text = place.config.read_text().replace(str(place.log), "/dev/full")
    place.config.write_text(f"metricslisten={port}\n{text}")
    assert place.run("--log-format", "json", "start").status == 0
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
        (lost,) = re.findall(r"(?m)^ldirectord_log_lost_lines_total (\S+)$", answer.read().decode())
    assert float(lost) >= 1
    place.config.write_text(place.config.read_text().replace("/dev/full", str(place.log)))
    assert place.run("reload").status == 0
    assert place.run("stop").status == 0
    assert json.loads(place.log.read_text().splitlines()[-1])["event"] == "stopped"
