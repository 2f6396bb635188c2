"""Our program and the original, started by forking: in a guest, loading one takes longer than what it is started for.

A server that has imported the program forks for each start, and the fork becomes what was asked for: in these
namespaces, with these streams, words and variables.  It is the program from its first line on; how it is found and
loaded is tried by the stories outside of guests, and here by the tests of units, agents and cluster managers.

Others than the tests, such as cluster managers, start it by a small program in its place (`write_launcher`).
"""

import array
import atexit
import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from tests.lab.support.unsharing import HOST_NAME, MOUNTS, NETWORK, PROCESSES, enter

_ROOM = "." * 2000
"""A word of the server's command line, in whose place the words of each fork are written."""
_LARGEST = 1 << 18
_PATIENCE = 120.0
OURS = (sys.executable, "-m", "ldirectord_py")
ORIGINAL = ("/usr/sbin/ldirectord",)
PERL = {"PERLIO": "perlio"}
"""Without this variable the original sets it and executes itself again, so that each command would be started twice."""
_PATH = "<PATH>"
_SERVERS = {
    OURS: (sys.executable, "-m", __name__, _PATH, _ROOM),
    ORIGINAL: ("perl", str(Path(__file__).with_name("original.pl")), _PATH, *ORIGINAL),
}
_KINDS = {"net": NETWORK, "mnt": MOUNTS, "uts": HOST_NAME}
_LAUNCHER = """#!<PYTHON> -SI
import _socket, posix, sys
channel = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
channel.connect("<SERVER>")
places = [posix.open(f"/proc/self/ns/{kind}", posix.O_RDONLY) for kind in ("net", "mnt", "uts", "pid")]
words = [word.encode("utf-8", "surrogateescape") for word in sys.argv[1:]]
asked = [b"%d" % len(words), *words, *(b"%s=%s" % each for each in posix.environ.items())]
rights = b"".join(number.to_bytes(4, sys.byteorder) for number in (1, 2, *places))
channel.sendmsg([b"\\0".join(asked)], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
channel.recv(64)
sys.exit(posix.waitstatus_to_exitcode(int(channel.recv(64))))
"""
"""It imports nothing that is written in Python: in a guest that would take most of its time."""


class Forked:
    """A program that was started by the server, to be used as `subprocess.Popen` is."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self.pid: int = json.loads(self._read(_PATIENCE))
        self.returncode: int | None = None

    def wait(self, seconds: float | None = None) -> int:
        """Return the exit status, or minus the signal that ended it; raises `subprocess.TimeoutExpired`."""
        if self.returncode is None:
            try:
                self.returncode = os.waitstatus_to_exitcode(json.loads(self._read(seconds)))
            except TimeoutError:
                raise subprocess.TimeoutExpired("ldirectord", seconds or 0) from None
            self._channel.close()
        return self.returncode

    def poll(self) -> int | None:
        """Return the exit status, or None as long as it runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0.001)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def _read(self, seconds: float | None) -> bytes:
        self._channel.settimeout(seconds)
        if not (said := self._channel.recv(_LARGEST)):
            raise ChildProcessError("the server that starts our program has ended")
        return said


def connect(program: Sequence[str]) -> socket.socket | None:
    """Return a connection to the server of a program, which is named by its first words; None: it has no server.

    It is to be made where the server's socket is seen: before a thread enters a namespace.
    """
    if (server := _SERVERS.get(tuple(program))) is None:
        return None
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    channel.connect(_server(server))
    return channel


def fork(channel: socket.socket, words: Sequence[str], output: int, environment: Mapping[str, str]) -> Forked:
    """Start the program with *words* in this thread's namespaces; what it prints goes to the descriptor *output*.

    The original's server cannot take descriptors, and is told where to open them.
    """
    asked = [str(len(words)), *words, *(f"{name}={value}" for name, value in environment.items())]
    if channel.getpeername() == _started.get(_SERVERS[ORIGINAL]):
        asked = [f"/proc/{os.getpid()}/task/{threading.get_native_id()}", str(output), *asked]
        channel.send(os.fsencode("\0".join(asked)))
        return Forked(channel)
    places = [os.open(f"/proc/thread-self/ns/{kind}", os.O_RDONLY) for kind in (*_KINDS, "pid")]
    try:
        streams = array.array("i", [output, output, *places])
        channel.sendmsg([os.fsencode("\0".join(asked))], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
    finally:
        for place in places:
            os.close(place)
    return Forked(channel)


def write_launcher(path: Path) -> None:
    """Write a program that starts ours by forking, where it is started itself, and ends as ours does.

    What it prints, its variables and its namespaces are those of the launcher; signals to the launcher do not reach it.
    """
    text = _LAUNCHER.replace("<PYTHON>", os.path.realpath(sys.executable)).replace("<SERVER>", _server(_SERVERS[OURS]))
    path.write_text(text)
    path.chmod(0o755)


_started: dict[tuple[str, ...], str] = {}


def _server(words: tuple[str, ...]) -> str:
    """Return where the server *words* listens; it is started when it is first needed, and ends with this process."""
    if words not in _started:
        folder = tempfile.mkdtemp(prefix="forking-")  # not below /run, of which hosts have one of their own
        path = f"{folder}/socket"
        process = subprocess.Popen(
            [path if word == _PATH else word for word in words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env={**os.environ, **PERL},
            start_new_session=True,
        )
        assert process.stdout is not None
        process.stdout.readline()  # it listens
        atexit.register(process.kill)
        _started[words] = path
    return _started[words]


def serve(path: str) -> list[str]:
    """Fork for whoever asks at *path*; return in each fork, with the words of its command line."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen(64)
    print("listening", flush=True)
    running: dict[int, socket.socket] = {}
    ended, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(ended, selectors.EVENT_READ)
        while True:
            selector.select()
            with suppress(BlockingIOError):
                os.read(ended, 4096)
            _reap(running)
            listener.settimeout(0)
            with suppress(BlockingIOError):
                channel, _ = listener.accept()
                channel.settimeout(None)
                if (words := _fork(channel, running)) is not None:
                    return words


def _reap(running: dict[int, socket.socket]) -> None:
    for pid in [*running]:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            with suppress(OSError), running.pop(pid) as channel:
                channel.send(json.dumps(status).encode())


def _fork(channel: socket.socket, running: dict[int, socket.socket]) -> list[str] | None:
    """Fork for what *channel* asks; return the words in the fork, and None in the server.

    Who asks may have gone meanwhile, by the loss of power of a host, and its namespace of processes with it.
    """
    descriptors = array.array("i")
    try:
        said, rights, _, _ = channel.recvmsg(_LARGEST, socket.CMSG_SPACE(6 * 4))
        for _, _, data in rights:
            descriptors.frombytes(data)
        words, environment = _parsed(said)
        enter(descriptors[-1], PROCESSES)  # of what is forked from now on
        pid = os.fork()
    except (OSError, ValueError, IndexError):
        channel.close()
        pid = -1
    if pid:
        enter(Path("/proc/self/ns/pid"), PROCESSES)
        if pid > 0:
            running[pid] = channel
            with suppress(OSError):
                channel.send(json.dumps(pid).encode())
        for descriptor in descriptors:
            os.close(descriptor)
        return None
    _become(environment, descriptors[:2], descriptors[2:])
    _show_as([*OURS, *words])
    return words


def _parsed(said: bytes) -> tuple[list[str], dict[str, str]]:
    """Return the words and the variables of a question: how many words, these, and NAME=VALUE, with NULs between."""
    number, *rest = os.fsdecode(said).split("\0")
    words, variables = rest[: int(number)], rest[int(number) :]
    return words, dict(variable.split("=", 1) for variable in variables)


def _become(environment: Mapping[str, str], streams: Sequence[int], places: Sequence[int]) -> None:
    """Be what `subprocess.Popen` would have started."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for place, kind in zip(places, _KINDS.values(), strict=False):  # that of the processes has been entered
        enter(place, kind)
    os.chdir("/")
    for number, stream in enumerate(streams, 1):
        os.dup2(stream, number)
    os.closerange(3, 1024)
    os.environ.clear()
    os.environ.update(environment)


def _show_as(words: Sequence[str]) -> None:
    """Have *words* be this process's command line for others, as far as there is room (proc(5), /proc/PID/stat)."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    begin, end = int(fields[45]), int(fields[46])
    line = b"\0".join(os.fsencode(word) for word in words)
    with Path("/proc/self/mem").open("r+b", buffering=0) as memory:
        memory.seek(begin)
        memory.write(line[: end - begin - 1].ljust(end - begin, b"\0"))


def main() -> NoReturn:
    """Import our program and what its actions import when they need it, serve, and be it in each fork."""
    status: list[object] = []
    atexit.register(_leave, status)  # before everything that the program has called at its end, which comes first then
    import encodings.idna  # noqa: F401, PLC0415
    import http.client  # noqa: F401, PLC0415

    from ldirectord_py import __main__, app  # noqa: F401, PLC0415  # here alone, and all that a daemon imports
    from ldirectord_py.checks.http import builder  # noqa: F401, PLC0415
    from ldirectord_py.cli.ldirectord import main as program  # noqa: PLC0415

    gc.freeze()
    words = serve(sys.argv[1])
    sys.argv = [str(Path(__main__.__file__)), *words]
    try:
        status.append(program())
    except SystemExit as ending:
        status.append(ending.code)
    sys.exit()


def _leave(status: Sequence[object]) -> None:
    """End with the last *status*, if there is one; free nothing.

    To free what was imported would copy all pages of memory that a fork shares with the server, for four fifths of the
    time that a short action takes.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(next((code for code in status if isinstance(code, int)), 0 if status else 1))


if __name__ == "__main__":
    main()
