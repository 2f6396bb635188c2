"""Nothing that others wrote steers a terminal or forges a line: not out of any outlet, whoever wrote it."""

import ast
import io
import json
import socket
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

import ldirectord_py.cli
from ldirectord_py.cli import terminal
from ldirectord_py.config.load import parse
from ldirectord_py.model.checks.outcome import Reason, down
from ldirectord_py.model.config import AlertStatus, Virtual
from ldirectord_py.observers.events.log_line import Level
from ldirectord_py.observers.logging.destinations import LogFile, Syslog
from ldirectord_py.observers.logging.entry import LogFormat
from ldirectord_py.observers.logging.log import open_log
from ldirectord_py.observers.mail.message import Alert, Sender, compose
from ldirectord_py.observers.metrics.exposition import labelled, sample
from ldirectord_py.observers.monitorfile import line
from tests.faults.injections import CORPUS, unsafe

EACH = pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)


def test_the_search_finds_each_of_the_corpus() -> None:
    harmless_in_lines = {"a forged line", "a forged label"}
    assert {name for name, text in CORPUS.items() if not unsafe(text.encode("utf-8", "surrogatepass"))} == (
        harmless_in_lines
    )


@EACH
@pytest.mark.parametrize("style", LogFormat)
def test_a_log_file_has_one_safe_line(text: str, style: LogFormat, tmp_path: Path) -> None:
    open_log(LogFile(tmp_path / "log"), format=style, name=f"{text}.cf").say(text, Level.ERROR, event="x", found=text)
    written = (tmp_path / "log").read_bytes()
    assert not unsafe(written)
    assert written.count(b"\n") == 1
    if style is LogFormat.JSON:
        assert not unsafe(json.loads(written)["found"].encode("utf-8", "surrogatepass"))


@EACH
def test_syslog_gets_one_safe_datagram(text: str, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(str(tmp_path / "log"))
        open_log(Syslog("local3", tmp_path / "log")).say(text, Level.WARNING)
        datagram = daemon.recv(65536)
    assert not unsafe(datagram)
    assert b"\n" not in datagram


@EACH
def test_a_monitorfile_has_one_safe_line(text: str) -> None:
    written = line(0.0, b"801", b"negotiate http", down(Reason.STATUS, text))
    assert not unsafe(written)
    assert written.count(b"\n") == 1


@EACH
def test_a_mail_is_safe_in_head_and_body(text: str, virtual: Virtual) -> None:
    told = replace(virtual, servicename=text, comment=text)
    mail = compose(Alert(told, text, AlertStatus.RUNNING, 0.0), Sender("root", "lvs1"))
    assert not unsafe(mail.replace(b"\r\n", b"\n"))
    head, _, body = mail.partition(b"\r\n\r\n")
    assert [name for name, _ in message_from_bytes(head).items()][:5] == [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
    ]
    assert body.count(b"\r\n") == 7
    assert body.count(b"\n") == 7
    assert body.count(b"\r") == 7


@EACH
def test_a_label_is_safe_and_one(text: str) -> None:
    written = sample("x", labelled(("real",), (text,)), 1)
    assert not unsafe(written.encode())
    (family,) = text_string_to_metric_families(written)
    assert len(family.samples) == 1
    assert family.samples[0].labels.keys() == {"real"}


@EACH
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "iso8859-1"])
def test_the_terminal_gets_safe_lines(text: str, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr("sys.stdout", out)
    terminal.tell(text)
    out.seek(0)
    assert not unsafe(out.read().encode())


@pytest.fixture
def virtual() -> Virtual:
    config = parse(b"emailalert=a@b.example\nvirtual=192.0.2.1:80\n\treal=192.0.2.2:80 gate\n", "x.cf")
    return config.virtuals[0]


def test_the_commands_write_to_the_terminal_in_one_place_only() -> None:
    """`convert` writes a file, `rendering` prints to memory, and the demo's `story` knows all its words."""
    (folder,) = ldirectord_py.cli.__path__
    writers = {path.name for path in Path(folder).rglob("*.py") if _writes(ast.parse(path.read_text()))}
    assert writers == {"terminal.py", "convert.py", "rendering.py", "story.py"}


def _writes(tree: ast.AST) -> bool:
    """Return whether a module prints, or names a standard stream to write to it."""
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return any(
        name == "print" or name.endswith(".print") or (name.startswith(("sys.std", "stream.")) and "write" in name)
        for name in called
    )
