from pathlib import Path

import pytest

from ldirectord_py.ipvs.modules import load_ip_vs


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ('test "$1" = ip_vs', None),
        ("echo >&2 a warning; echo >&2 FATAL: Module ip_vs not found; exit 1", "FATAL: Module ip_vs not found"),
        ("exit 3", "modprobe ended with status 3"),
    ],
    ids=["loads", "explains", "mute"],
)
def test_loading_gives_the_last_line_of_what_went_wrong(tmp_path: Path, script: str, reason: str | None) -> None:
    program = tmp_path / "modprobe"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    why = load_ip_vs(str(program))
    assert why == (reason if reason is None else reason.replace("modprobe ended", f"{program} ended"))


def test_a_program_that_is_not_there_is_named() -> None:
    assert load_ip_vs("no-such-modprobe") == "there is no no-such-modprobe here"


def test_a_program_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    program = tmp_path / "modprobe"
    program.write_bytes(b"\x7fELF, but nothing more")
    program.chmod(0o755)
    assert load_ip_vs(str(program)) == f"{program} could not be started (Exec format error)"
