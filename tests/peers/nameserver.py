"""A name server (RFC 1035) in a network and a mount namespace of its own, where it is the only one that is known.

It answers as told: by the file in its folder that bears a host's name and holds an IPv4 address, `no` where there is
no such host, and is silent about all other names.  It writes down which names it was asked for.
"""

import os
import socket
import subprocess
import sys
from pathlib import Path

PATIENCE = 90.0


class NameServer:
    """Starts in *folder*; needs root."""

    def __init__(self, folder: Path, *, timeout: int = 1) -> None:
        folder.mkdir()
        self.folder = folder
        (folder / "resolv.conf").write_text(f"nameserver 127.0.0.1\noptions timeout:{timeout} attempts:1\n")
        (folder / "nsswitch.conf").write_text("hosts: dns\nservices: files\npasswd: files\n")
        words = ["unshare", "-n", "-m", sys.executable, __file__, str(folder)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    @property
    def inside(self) -> tuple[str, ...]:
        """The command that runs others in these namespaces."""
        return ("nsenter", "-t", str(self._process.pid), "-n", "-m", "--")

    def says(self, host: str, answer: str | None) -> None:
        """Have it answer that *host* has the address *answer*, that there is `no` such host, or nothing (None)."""
        path = self.folder / f"{host}.host"
        if answer is None:
            path.unlink(missing_ok=True)
            return
        fresh = path.with_suffix(".new")
        fresh.write_text(answer)
        fresh.rename(path)

    def asked(self) -> set[str]:
        """Return the names that it has been asked for."""
        path = self.folder / "asked"
        return set(path.read_text().split()) if path.exists() else set()

    def close(self) -> None:
        self._process.communicate(timeout=PATIENCE)  # the end of its input is its end


def _serve(folder: Path) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    for name in ("resolv.conf", "nsswitch.conf"):
        subprocess.run(["mount", "--bind", folder / name, Path("/etc", name).resolve()], check=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, (folder / "asked").open("w") as asked:
        server.bind(("127.0.0.1", 53))
        os.write(1, b"ready\n")
        pid = os.fork()
        if not pid:
            while True:
                question, whom = server.recvfrom(512)
                if answer := _answer(question, folder, asked):
                    server.sendto(answer, whom)
        sys.stdin.buffer.read()
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def _answer(question: bytes, folder: Path, asked: "object") -> bytes | None:
    labels, at = [], 12
    while length := question[at]:
        labels.append(question[at + 1 : at + 1 + length].decode())
        at += 1 + length
    host = ".".join(labels)
    print(host, file=asked, flush=True)
    try:
        told = (folder / f"{host}.host").read_text()
    except FileNotFoundError:
        return None
    end = at + 5
    known = told != "no" and question[at + 1 : at + 3] == b"\0\1"
    code = 3 if told == "no" else 0
    head = question[:2] + bytes((0x81, 0x80 | code)) + b"\0\1" + bytes((0, known)) + bytes(4)
    record = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton(told) if known else b""
    return head + question[12:end] + record


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
