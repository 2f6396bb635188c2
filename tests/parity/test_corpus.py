"""Public configurations: both programs make the same table of them.

The files lie beside the repository (see tests/unit/config/test_against_the_original.py, which compares what is read);
where they are absent, these tests are skipped.  Of each file that both accept, both programs are started on the same
text in the same guest, and all lines of `ipvsadm -S -n` are compared.  What is *not* compared is the checks: most of
these servers speak protocols that nobody serves here, so that `checktype=on` replaces each checktype: all are up.
Mail, log files and what is run are taken out as well.  Names are given addresses in a private /etc/hosts.
The original starts several programs for each server, so of each file those virtuals are taken that have a line about
the table unlike all before it, and of a virtual's servers two of each kind.
"""

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.lab.support.director import ORIGINAL, OURS, Director
from tests.lab.support.table import read_weights
from tests.lab.support.waiting import wait_until
from tests.parity.support.playing import Theatre

CORPUS = Path(os.environ["LAB_CORPUS"])
LEFT_OUT = {"06-lvsm-maintenancedir-only.cf", "37-derived-all-samples-unique-vips.cf"}
"""One without virtuals; one that only the original accepts, see tests/unit/config/test_against_the_original.py."""
ENOUGH_SERVERS = 2
"""Of a virtual, written alike but for their addresses."""
GUESTS = 3
PATIENCE = 180

_TAKEN_OUT = re.compile(
    r"^[ \t]*(checktype|emailalert\w*|smtp|logfile|execute|callback|fallbackcommand|monitorfile|maintenancedir"
    r"|supervised|fork)\b.*"
)
_SAYS_NOTHING = re.compile(r"^[ \t]*($|#|(service|request|receive|login|passwd|database|virtualhost|checkport)\b)")
"""Of the table, while all are up."""
_OPENING = re.compile(r"^virtual6?[ \t]*=")
_WHICH = re.compile(r"\b\d+(?:\.\d+)*\b")
_REAL = re.compile(r"^[ \t]+real6?[ \t]*=")
_SERVER = re.compile(
    r"^[ \t]*(?:virtual|real|fallback)[ \t]*=[ \t]*([A-Za-z0-9.-]*[A-Za-z][A-Za-z0-9.-]*)(?:[:\s]|->|$)"
)


def accepted() -> list[object]:
    """Return the files that both programs accept, as parameters; a few guests share them."""
    manifest = CORPUS / "MANIFEST.md"
    lines = manifest.read_text().splitlines() if manifest.is_file() else []
    found = (re.match(r"\| `([^`]+)` \|.*\| accept \(rc \d\) \|", line) for line in lines)
    names = [match[1] for match in found if match and match[1] not in LEFT_OUT]
    return [pytest.param(name, marks=pytest.mark.guest(number % GUESTS)) for number, name in enumerate(names)]


def adapted(text: str) -> str:
    """Return a file as both programs are to read it here."""
    lines = [line for line in text.splitlines() if not _TAKEN_OUT.match(line)]
    openings = [number for number, line in enumerate(lines) if _OPENING.match(line)]
    taken = ["checkinterval=1", "readdquiescent=yes", *lines[: openings[0]]]
    kinds = set[str]()
    for begin, end in zip(openings, [*openings[1:], len(lines)], strict=True):
        virtual = _of_each_kind([lines[begin], "\tchecktype=on", *lines[begin + 1 : end]])
        its_kinds = {kind_of(line) for line in virtual if not _SAYS_NOTHING.match(line)}
        if not its_kinds <= kinds:
            taken += virtual
            kinds |= its_kinds
    return "\n".join([*taken, "", ""])


def _of_each_kind(lines: Sequence[str]) -> list[str]:
    """Return the lines of a virtual without the servers that are written as others before them."""
    seen = Counter[str]()
    taken = []
    for line in lines:
        if _REAL.match(line):
            seen[kind_of(line)] += 1
            if seen[kind_of(line)] > ENOUGH_SERVERS:
                continue
        taken.append(line)
    return taken


def kind_of(line: str) -> str:
    """Return a line without what tells a server or a virtual from others of its kind: addresses, ports and marks."""
    return _WHICH.sub("N", " ".join(line.split()))


def hosts(text: str) -> str:
    """Return an /etc/hosts for the names in *text*."""
    names = dict.fromkeys(match[1] for line in text.splitlines() if (match := _SERVER.match(line)))
    return "127.0.0.1 localhost\n" + "".join(f"10.66.0.{number} {name}\n" for number, name in enumerate(names, 1))


def begin(director: Director, text: str) -> None:
    (director.folder / "etc/hosts").write_text(hosts(text))
    director.start(text)


def ended(director: Director) -> list[str]:
    """Return the table that a director has made, and end it without a trace."""
    lines = director.table().lines()
    director.kill()
    return lines


@pytest.fixture
def directors(playing: Theatre, tmp_path: Path) -> tuple[Director, Director]:
    host = playing.net.hosts["director"]
    host.run("ipvsadm -C")
    return Director(host, OURS, tmp_path / "ours"), Director(host, ORIGINAL, tmp_path / "original")


@pytest.mark.timeout(600)
@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"the public configurations are not there: {CORPUS}")
@pytest.mark.parametrize("name", accepted())
def test_both_make_the_same_table(directors: tuple[Director, Director], name: str) -> None:
    text = adapted((CORPUS / name).read_bytes().decode("utf-8", "replace"))
    ours, original = directors
    begin(ours, text)
    wait_until(lambda: "has been checked once" in ours.log, PATIENCE)
    weights = read_weights(ours.host)
    table = ended(ours)
    assert table, "nothing to compare"
    ours.host.run("ipvsadm -C")
    begin(original, text)
    wait_until(lambda: read_weights(original.host) == weights, PATIENCE, telling=lambda: "\n".join(table))
    assert ended(original) == table
