"""BIRD: a file of static routes that its configuration includes, and its control socket, which has it read that.

Each VIP is a protocol of its own, so that it can be disabled where BIRD refuses its configuration because of something
else that is wrong there.  Source: BIRD 2 User's Guide, "Remote control"; replies: its `doc/reply_codes`.
"""

import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ldirectord_py.cluster.announcing.route import BgpRoute
from ldirectord_py.model.address import IPAddress
from ldirectord_py.system.whole_file import replace_file

PREFIX = "ldirectord_"
_SECONDS = 5.0
_FAILED = 8000
"""Codes from there on say that a command has failed, or means nothing."""
_HEAD = """\
# Written by ldirectorctl announce; what is changed here by hand will be lost.
"""


def protocols(routes: Collection[BgpRoute]) -> str:
    """Return the file with *routes*."""
    return "\n".join([_HEAD, *map(_protocol, routes)])


def name_of(vip: IPAddress) -> str:
    """Return the name of the protocol that stands for *vip*."""
    return PREFIX + vip.exploded.replace(".", "_").replace(":", "_")


def _protocol(route: BgpRoute) -> str:
    attributes = "".join(_attributes(route))
    block = f" {{{attributes} }}" if attributes else ""
    return (
        f"protocol static {name_of(route.vip)} {{\n\tipv{route.vip.version};\n"
        f"\troute {route.prefix} blackhole{block};\n}}\n"
    )


def _attributes(route: BgpRoute) -> Iterator[str]:
    for name, numbers in (("bgp_community", 2), ("bgp_large_community", 3)):
        for community in route.of_size(numbers):
            yield f" {name}.add(({', '.join(map(str, community))}));"


@dataclass(frozen=True, slots=True)
class BirdReply:
    """What BIRD answers to a command."""

    code: int
    text: str

    @property
    def failed(self) -> bool:
        """Whether nothing came of the command."""
        return self.code >= _FAILED


class BirdSession:
    """A connection to BIRD's control socket, after its greeting."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._lines = channel.makefile("r", encoding="utf-8", errors="replace")
        self._reply()

    def command(self, words: str) -> BirdReply:
        """Have BIRD carry out a command; raise `OSError` if it does not answer."""
        self._channel.sendall(f"{words}\n".encode())
        return self._reply()

    def _reply(self) -> BirdReply:
        """Read lines `CODE-TEXT`, or ` TEXT` where the code is the same, up to the last one, `CODE TEXT`."""
        texts = []
        for line in self._lines:
            code, mark, text = line[:4], line[4:5], line[5:].strip()
            if not code.isdigit():
                texts.append(line.strip())
                continue
            texts.append(text)
            if mark != "-":
                return BirdReply(int(code), text or " ".join(texts).strip())
        raise ConnectionError("BIRD has ended the conversation")


@contextmanager
def session(path: Path) -> Iterator[BirdSession]:
    """Yield a session with the BIRD whose control socket is *path*; raise `OSError`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.settimeout(_SECONDS)
        channel.connect(str(path))
        yield BirdSession(channel)


class Bird:
    """Has the BIRD with the control socket *control* announce what stands in *file*."""

    def __init__(self, file: Path, control: Path) -> None:
        self._file = file
        self._control = control
        self._written: str | None = None
        self._behind = False
        """BIRD has not read what was written last."""
        self._disabled: set[str] = set()

    def state(self, routes: Collection[BgpRoute], vips: Collection[IPAddress]) -> str:
        """Announce *routes*, and withdraw the others of *vips*; return what is wrong, empty: nothing.

        Called again after that, it tries again.
        """
        trouble = self._write(protocols(routes))
        if not trouble and not self._behind:
            return ""
        try:
            with session(self._control) as bird:
                trouble = trouble or self._read_again(bird)
                wanted, known = {name_of(route.vip) for route in routes}, set(map(name_of, vips))
                self._switch(bird, wanted, known - wanted if trouble else set())
        except OSError as error:
            trouble = trouble or f"BIRD cannot be asked at {self._control}: {error.strerror or error}"
        return trouble

    def _write(self, text: str) -> str:
        try:
            if text != self._written:
                replace_file(self._file, [text], 0o644)
                self._written, self._behind = text, True
        except OSError as error:
            return f"{self._file} cannot be written: {error.strerror or error}"
        return ""

    def _read_again(self, bird: BirdSession) -> str:
        """Have BIRD read its configuration."""
        reply = bird.command("configure")
        self._behind = reply.failed
        return f"BIRD refuses its configuration, so that VIPs are switched by commands: {reply.text}" * reply.failed

    def _switch(self, bird: BirdSession, wanted: Collection[str], unwanted: Collection[str]) -> None:
        """Enable what was disabled and is wanted; disable *unwanted*, of which BIRD could not be told otherwise."""
        for name in self._disabled.intersection(wanted):
            bird.command(f"enable {name}")
        self._disabled.intersection_update(unwanted)  # what is neither has left the file
        for name in set(unwanted) - self._disabled:
            if not bird.command(f"disable {name}").failed:
                self._disabled.add(name)
