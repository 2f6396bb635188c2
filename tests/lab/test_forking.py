import array
import os
import socket
import subprocess
from pathlib import Path

from tests.lab.support.forking import OURS, connect, fork
from tests.lab.support.waiting import wait_until


def test_who_goes_before_the_program_is_started_keeps_nobody_else_from_it(tmp_path: Path) -> None:
    connect(OURS).close()
    with connect(OURS) as channel:
        channel.send(b"{")
    with connect(OURS) as channel:
        _ask(channel, _namespace_of_the_dead())
        assert channel.recv(64) == b""

    with (tmp_path / "output").open("wb") as output:
        assert fork(connect(OURS), ["--version"], output.fileno(), dict(os.environ)).wait(100) == 0
    assert (tmp_path / "output").read_text().strip()


def _ask(channel: socket.socket, processes: int) -> None:
    places = [os.open(f"/proc/self/ns/{kind}", os.O_RDONLY) for kind in ("net", "mnt", "uts")]
    channel.sendmsg(
        [b"1\0--version"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [1, 2, *places, processes]))]
    )
    for place in (*places, processes):
        os.close(place)


def _namespace_of_the_dead() -> int:
    """Return a namespace of processes whose first has ended, so that nobody can begin there any more."""
    with subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child", "sleep", "600"]) as host:
        place = Path(f"/proc/{host.pid}/ns/pid_for_children")
        wait_until(lambda: place.exists() and place.readlink() != Path("/proc/self/ns/pid").readlink())
        children = Path(f"/proc/{host.pid}/task/{host.pid}/children")
        wait_until(lambda: children.read_text().strip())
        first = Path(f"/proc/{children.read_text().strip()}")
        found = os.open(place, os.O_RDONLY)
        host.kill()
        wait_until(lambda: not first.exists())
    return found
