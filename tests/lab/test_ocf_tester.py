"""Our resource agent as ocf-tester of Debian's resource-agents tries it, with the daemon on the kernel's table."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.support.agents import OURS, PROGRAM
from tests.lab.support.director import Director
from tests.lab.support.scene import VIP, Scene

CONFIG = f"checkinterval=1\nvirtual={VIP}:80\n\treal=10.9.0.11:80 gate 3\n\tchecktype=on\n\tscheduler=rr\n"


@pytest.fixture
def director(scene: Scene) -> Director:
    scene.director.write(CONFIG)
    return scene.director


@pytest.fixture
def readable_agent() -> Iterator[Path]:
    """Return our agent where everyone may read it, as ocf-tester demands."""
    folder = Path("/dev/shm/agent")
    folder.mkdir()
    shutil.copy(OURS, folder / "ldirectord")
    yield folder / "ldirectord"
    shutil.rmtree(folder)


@pytest.mark.timeout(200)  # it starts the program four dozen times
def test_ocf_tester_finds_nothing_wrong_with_our_agent(readable_agent: Path, director: Director) -> None:
    options = [f"configfile={director.file}", f"ldirectord={PROGRAM}"]
    words = ["ocf-tester", "-n", "director", *(word for option in options for word in ("-o", option))]
    status, said = director.run([*words, str(readable_agent)], seconds=190)
    assert (status, said.splitlines()[-1]) == (0, f"{readable_agent} passed all tests"), said
    assert not director.table().virtuals
