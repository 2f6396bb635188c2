"""`ldirectorctl convert` as a command."""

from pathlib import Path

import pytest

from ldirectord_py.cli.ldirectorctl import main

CF = b'# the web\nvirtual = 192.0.2.1:80\n\treal = 10.0.0.1:80 gate 1\n\tpasswd = "hush"\n'
YAML = b"""\
virtuals:
  # the web
  - virtual: 192.0.2.1:80
    reals:
      - 10.0.0.1:80 gate 1
    passwd: hush
"""


@pytest.fixture
def cf(tmp_path: Path) -> Path:
    path = tmp_path / "ldirectord.cf"
    path.write_bytes(CF)
    return path


def test_it_writes_to_standard_output(cf: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["convert", str(cf)]) == 0
    assert capsysbinary.readouterr() == (YAML, b"")


def test_a_file_is_for_its_owner_only(cf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = cf.with_name("new.yaml")
    out.write_text("old")
    out.chmod(0o644)
    assert main(["convert", str(cf), "--to", "yaml", "-o", str(out)]) == 0
    assert out.read_bytes() == YAML
    assert out.stat().st_mode & 0o777 == 0o600
    assert main(["convert", str(out), "--output", str(cf)]) == 0
    assert cf.read_bytes() == CF
    assert sorted(path.name for path in cf.parent.iterdir()) == ["ldirectord.cf", "new.yaml"]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere.cf"], "ldirectorctl: nowhere.cf: No such file or directory"),
        (["/"], "/: is a directory, not a file"),
        (["{}", "--to", "cf"], "ldirectorctl: {} is cf already, by its name"),
        (["{}", "-o", "x.cf"], "ldirectorctl: x.cf: expected a name in .yaml or .yml: "),
        (["{}", "-o", "/nonexistent/x.yaml"], "ldirectorctl: /nonexistent/"),
        (["{}", "-o", "/dev/full/x.yaml"], "ldirectorctl: /dev/full/"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    cf: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", *(word.format(cf) for word in words)]) == 1
    out, complaint = capsys.readouterr()
    assert (out, complaint.count("\n")) == ("", 1)
    assert complaint.startswith(told.format(cf))


def test_errors_in_the_file_are_told_with_their_lines(cf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cf.write_text("fork=x\nautoreload=y\n")
    out = cf.with_name("out.yaml")
    assert main(["convert", str(cf), "-o", str(out)]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith(f"{cf}:1: fork: ")
    assert second.startswith(f"{cf}:2: autoreload: ")
    assert not out.exists()


def test_a_file_that_includes_others_stays_in_its_folder(cf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cf.write_text("include = /etc/x.cf\ninclude = conf.d/*.cf\n")
    (cf.parent / "other").mkdir()
    assert main(["convert", str(cf), "-o", f"{cf.parent}/other/x.yaml"]) == 1
    sentence = "the pattern is seen from the folder of this file, so that what is written has to go there too"
    assert capsys.readouterr().err == f"{cf}:2: include: {sentence}\n"
    assert main(["convert", str(cf), "-o", f"{cf.parent}/x.yaml"]) == 0
