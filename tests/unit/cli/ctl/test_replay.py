"""The command `ldirectorctl replay`."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from ldirectord_py.cli.ldirectorctl import main
from ldirectord_py.config.load import load
from ldirectord_py.engine.inputs import Configured, Input, Moment, Observed
from ldirectord_py.engine.recording.encoding import Encoder
from ldirectord_py.engine.recording.items import Given, RecordingHeader, Why
from ldirectord_py.model.checks.check_plan import Repeated
from ldirectord_py.model.checks.outcome import Reason, down, fault, up
from ldirectord_py.model.errors import CheckUnavailable

TEXT = """\
quiescent=no
virtual=192.0.2.1:80
	real=192.0.2.11:80 masq 3
	real=192.0.2.12:80 masq 2
	fallback=127.0.0.1:80 masq
"""
REFUSED = down(Reason.REFUSED, "connection \x1b[31mrefused")
UNKNOWN = "no check of it was recorded, so what it would have done is not known"
BEGIN = 1_700_000_000.0


class Recording:
    """A recording of two servers, of which the second fails three times."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "web.cf"
        self.config.write_text(TEXT)
        self.path = folder / "web.jsonl"
        config = load(self.config)
        plans = [real.plan for real in config.virtuals[0].reals]
        one, two = (plan for plan in plans if isinstance(plan, Repeated))
        self.inputs: list[tuple[float, Input]] = [
            (0, Configured(config=config)),
            (1, Observed(one, up(), 0.1, 0)),
            (1, Observed(two, up(), 0.1, 0)),
            *((10.0 * number, Observed(two, REFUSED, 0.1, 0)) for number in (1, 2, 3)),
            (40, Observed(two, up(), 0.1, 0)),
            (50, Observed(one, fault(CheckUnavailable("no descriptors")), 0.1, 0)),
            (60, Observed(one, up(), 0.1, 0)),
        ]
        self.path.write_text(self.text(self.inputs, Why.START))

    def text(self, inputs: Sequence[tuple[float, Input]], why: Why, lost: int = 0) -> str:
        encoder, begun = Encoder(), Moment(BEGIN + inputs[0][0], 0)
        header = RecordingHeader(why=why, at=begun, begun=begun, lost=lost, program="p", host="h", config="web.cf")
        lines = [encoder.header(header)]
        for at, each in inputs:
            lines += encoder.given(Given(each, Moment(BEGIN + at, at)))
        return "".join(f"{line}\n" for line in lines)


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return Recording(tmp_path)


Read = pytest.CaptureFixture[str]


def test_it_tells_what_happened_and_when(recording: Recording, capsys: Read) -> None:
    assert main(["replay", str(recording.path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    stamped = re.compile(r"\[\w{3} Nov 1[45] [\d:]{8} 2023\] .*")
    assert all(stamped.fullmatch(line) for line in lines)
    said = [line.partition("] ")[2] for line in lines]
    assert said[:2] == [
        "Recording begins on h, by p, for 'web.cf': the director has begun",
        f"Configuration '{recording.config}' comes in force",
    ]
    (down_line,) = [line for line in said if "is down" in line]
    assert down_line == (
        "WARNING: Real server 192.0.2.12:80 (tcp:192.0.2.1:80) is down (1 of 1): connection \\x1b[31mrefused"
    )
    assert sum("could not be checked" in line for line in said) == 1
    assert sum("can be checked again" in line for line in said) == 1
    assert not any("Checked real server" in line for line in said)


def test_it_tells_each_check_if_asked_to(recording: Recording, capsys: Read) -> None:
    assert main(["replay", "--checks", "--json", str(recording.path)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    checks = [line for line in lines if line["event"] == "real_checked"]
    assert len(checks) == len(recording.inputs) - 1
    assert checks[0]["timestamp"] == "2023-11-14T22:13:21.000Z"


def test_older_files_come_first_and_gaps_are_told(recording: Recording, tmp_path: Path, capsys: Read) -> None:
    later = tmp_path / "later"
    later.write_text(recording.text([(100 + at, each) for at, each in recording.inputs], Why.GAP, lost=7))
    assert main(["replay", "--json", str(later), str(recording.path)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    begun = [line for line in lines if line["event"] == "recording_begun"]
    assert [(line["why"], line["lost"], line["level"]) for line in begun] == [
        ("start", 0, "info"),
        ("gap", 7, "warning"),
    ]
    assert [line["timestamp"] for line in lines] == sorted(line["timestamp"] for line in lines)


def test_the_same_configuration_would_have_made_no_difference(recording: Recording, capsys: Read) -> None:
    assert main(["replay", str(recording.path), "--config", str(recording.config)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["Nothing would have been different"]


def test_another_one_is_compared_server_by_server(recording: Recording, tmp_path: Path, capsys: Read) -> None:
    other = tmp_path / "b.cf"
    other.write_text("failurecount=3\n" + TEXT.replace("12:80 masq 2", "12:80 masq 5\n\treal=192.0.2.13:80 masq"))
    assert main(["replay", str(recording.path), "--config", str(other)]) == 2
    title, *lines = capsys.readouterr().out.splitlines()
    assert title.endswith(f"what was recorded, and what {other} would have made of it")
    assert [re.sub(r"\d{4}-\d\d-\d\d [\d:]{8}", "AT", line) for line in lines] == [
        "",
        "tcp:192.0.2.1:80",
        f"                 recorded                     {other}",
        "  192.0.2.12:80  weight 2, out 2 times, 31 s  weight 5, out 2 times, 11 s",
        "    AT  192.0.2.12:80 out for 30 s (recorded): is down: connection \\x1b[31mrefused",
        f"    AT  192.0.2.12:80 out for 10 s ({other}): is down: connection \\x1b[31mrefused",
        f"192.0.2.13:80 (tcp:192.0.2.1:80): not in the recording: {UNKNOWN}",
    ]


def test_programs_get_both_courses(recording: Recording, tmp_path: Path, capsys: Read) -> None:
    other = tmp_path / "b.cf"
    other.write_text(TEXT.replace("\treal=192.0.2.11:80 masq 3\n", ""))
    assert main(["replay", "--json", str(recording.path), "--config", str(other)]) == 2
    found = json.loads(capsys.readouterr().out)
    assert (found["since"], found["until"], found["lost"], found["differs"]) == (BEGIN, BEGIN + 60, 0, True)
    assert found["missing"] == [{"virtual": "tcp:192.0.2.1:80", "real": "192.0.2.11:80"}]
    (fallback,) = found["fallbacks"]
    assert [(spell["since"], spell["until"]) for spell in fallback["other"]] == [
        (BEGIN, BEGIN + 1),
        (BEGIN + 10, BEGIN + 40),
    ]
    assert [(spell["since"], spell["until"]) for spell in fallback["recorded"]] == [(BEGIN, BEGIN + 1)]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "{path}: it is empty: nothing has been recorded"),
        (b"virtual=1\n", "{path}:1: no line of a recording: Expecting value: line 1 column 1 (char 0)"),
        (b"\xff\xfe\n", "{path}:1: not as a recording has it: 'ascii' codec can't decode"),
        (b"{}\n", "{path}:1: it is no recording: its first line is no header"),
        (b'{"recording":1', "{path}: it is empty: nothing has been recorded"),
    ],
)
def test_what_cannot_be_replayed_is_told_with_its_place(
    recording: Recording, capsys: Read, data: bytes, sentence: str
) -> None:
    recording.path.write_bytes(data)
    assert main(["replay", str(recording.path)]) == 1
    assert capsys.readouterr().err.startswith(f"ldirectorctl: {sentence.format(path=recording.path)}")


def test_a_broken_line_in_the_middle_is_refused_whatever_follows(recording: Recording, capsys: Read) -> None:
    lines = recording.path.read_text().splitlines()
    lines[4] = lines[4][:-3]
    recording.path.write_text("".join(f"{line}\n" for line in lines))
    assert main(["replay", str(recording.path), "--config", str(recording.config)]) == 1
    assert capsys.readouterr().err.startswith(f"ldirectorctl: {recording.path}:5: no line of a recording: ")


def test_a_last_line_that_was_cut_short_is_left_out_and_told_once(recording: Recording, capsys: Read) -> None:
    recording.path.write_bytes(recording.path.read_bytes()[:-1])
    assert main(["replay", str(recording.path), "--config", str(recording.config)]) == 0
    number = len(recording.path.read_text().splitlines())
    told = f"{recording.path}:{number}: the last line was cut short, and is left out\n"
    assert capsys.readouterr().err == told


def test_what_is_not_there_is_told(recording: Recording, tmp_path: Path, capsys: Read) -> None:
    assert main(["replay", str(tmp_path / "none")]) == 1
    assert main(["replay", str(tmp_path)]) == 1
    assert main(["replay", str(recording.path), "--config", str(tmp_path / "none.cf")]) == 1
    told = capsys.readouterr().err
    assert f"{tmp_path}/none: No such file or directory" in told
    assert f"{tmp_path}: Is a directory" in told
    assert "none.cf" in told
