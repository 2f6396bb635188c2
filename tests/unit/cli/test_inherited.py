"""What a daemon takes over from whoever starts it: descriptors and a mask; seen in processes of their own."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers.patience import PATIENCE

SHOW = """
import os, stat, sys
from ldirectord_py.cli.inherited import leave_behind
leave_behind()
report = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o666)
names = sorted(int(name) for name in os.listdir("/proc/self/fd"))
os.write(report, repr([name for name in names if name < report]).encode())
"""


@pytest.mark.parametrize("prelude", ["", "exec 0<&- ;", "exec 1>&- 2>&- ;", "exec 0<&- 1>&- 2>&- ;"])
def test_nothing_but_the_standard_descriptors_stays_and_none_of_them_is_missing(tmp_path: Path, prelude: str) -> None:
    reader, writer = os.pipe()
    script = f'umask 0; {prelude} exec "$@"'
    subprocess.run(
        ("/bin/sh", "-c", script, "sh", sys.executable, "-c", SHOW, tmp_path / "report"),
        pass_fds=(writer,),
        check=True,
        timeout=PATIENCE,
    )
    os.close(writer)
    assert os.read(reader, 1) == b""  # nobody has the other end any more
    os.close(reader)
    assert (tmp_path / "report").read_text() == "[0, 1, 2]"
    assert stat.S_IMODE((tmp_path / "report").stat().st_mode) == 0o644


@pytest.mark.parametrize(("mask", "mode"), [(0o000, 0o644), (0o077, 0o600), (0o027, 0o640)])
def test_a_stricter_mask_is_kept(tmp_path: Path, mask: int, mode: int) -> None:
    subprocess.run((sys.executable, "-c", SHOW, tmp_path / "report"), umask=mask, check=True, timeout=PATIENCE)
    assert stat.S_IMODE((tmp_path / "report").stat().st_mode) == mode
