"""Our resource agent as ocf-tester of Debian's resource-agents tries it, with the daemon on the kernel's table."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.support.agents import OURS
from tests.lab.support.forking import write_launcher
from tests.lab.support.scene import VIP, Scene

ROLE = "/run/ldirectord.role"
CONFIG = f"""\
checkinterval=1
role={ROLE}
virtual={VIP}:80
	real=10.9.0.11:80 gate 3
	checktype=on
	scheduler=rr
"""


@pytest.fixture
def readable_agent() -> Iterator[Path]:
    """Return our agent where everyone may read it, as ocf-tester demands."""
    folder = Path("/dev/shm/agent")
    folder.mkdir()
    shutil.copy(OURS, folder / "ldirectord")
    yield folder / "ldirectord"
    shutil.rmtree(folder)


def test_ocf_tester_finds_nothing_wrong_with_our_agent(readable_agent: Path, scene: Scene) -> None:
    director = scene.director
    director.write(CONFIG)
    write_launcher(program := director.folder / "ldirectord")
    options = [f"configfile={director.file}", f"ldirectord={program}", f"role_file={ROLE}"]
    words = ["ocf-tester", "-n", "director", *(word for option in options for word in ("-o", option))]
    status, said = director.run([*words, str(readable_agent)], seconds=190)
    assert (status, said.splitlines()[-1]) == (0, f"{readable_agent} passed all tests"), said
    assert "promotable" not in said  # which it would say of an agent that cannot be promoted
    assert not director.table().virtuals
