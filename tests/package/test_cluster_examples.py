"""The examples for Pacemaker: crmsh takes them, and the cluster does with them what the manual says; none runs here."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.patience import PATIENCE

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "etc/pacemaker"
AGENTS = Path("/usr/lib/ocf/resource.d")
NODES = '<nodes><node id="1" uname="director1"/><node id="2" uname="director2"/></nodes>'


class Cib:
    """What a cluster of two directors has been told and how it stands, in a file."""

    def __init__(self, folder: Path, example: str) -> None:
        self._folder, self.file = folder, folder / "cib.xml"
        shutil.copytree(AGENTS, folder / "agents", symlinks=True)
        (folder / "agents/ldirectord_py").mkdir()
        shutil.copy(ROOT / "etc/ocf/ldirectord", folder / "agents/ldirectord_py")
        self.file.write_text(self.run("cibadmin", "--empty").replace("<nodes/>", NODES))
        self.load(EXAMPLES / example)
        self.run("crm_verify", "--xml-file", str(self.file))

    def load(self, file: Path) -> None:
        """Tell the cluster what is in *file*."""
        self.run("crm", "configure", "load", "update", str(file))

    def run(self, *words: str) -> str:
        """Run a command of the cluster on the file, with our agent where Pacemaker looks for it."""
        script = 'mount --bind "$0" "$1" && mount -t tmpfs tmpfs /var/log && mkdir /var/log/crmsh && shift && exec "$@"'
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, self._folder / "agents", AGENTS, *words],
            env={"CIB_file": str(self.file), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self._folder)},
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE,
        )
        return done.stdout

    def step(self, *words: str) -> list[str]:
        """Return what the cluster does next, in its own short words, and have it done."""
        file = str(self.file)
        told = self.run("crm_simulate", "--xml-file", file, "--simulate", "--save-output", file, *words)
        return [
            line.strip("* ") for line in told.splitlines() if line.startswith(("  * Resource action", "  * Fencing"))
        ]

    def score(self, node: str, score: int) -> None:
        """Give the clone's instance on *node* a promotion score."""
        self.run("crm_attribute", "-N", node, "-n", "master-ldirectord", "-v", str(score), "-l", "reboot")


def done(steps: list[str], *actions: str) -> list[tuple[str, str, str]]:
    """Return those of *steps* that are one of these *actions*: resource, action, node."""
    words = [step.split() for step in steps if step.startswith("Resource action")]
    return [(each[2].partition(":")[0], each[3], each[-1]) for each in words if each[3] in actions]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Cib:
    cib = Cib(tmp_path_factory.mktemp("cluster"), "promotable.crm")
    started = cib.step("--node-up", "director1", "--node-up", "director2", "--quorum", "true")
    assert done(started, "start", "promote") == [
        ("ldirectord", "start", "director1"),
        ("ldirectord", "start", "director2"),
    ]
    for node in ("director1", "director2"):
        cib.score(node, 1000)
    return cib


@pytest.fixture
def promotable(started: Cib) -> Iterator[Cib]:
    """Yield a cluster whose two daemons run, and see their servers."""
    before = started.file.read_text()
    yield started
    started.file.write_text(before)


def test_the_group_s_table_is_there_before_its_address(tmp_path: Path) -> None:
    steps = Cib(tmp_path, "group.crm").step("--node-up", "director1", "--node-up", "director2", "--quorum", "true")
    assert done(steps, "start") == [("ldirectord", "start", "director1"), ("vip", "start", "director1")]


def test_the_address_does_not_wait_for_the_promotion(promotable: Cib) -> None:
    steps = done(promotable.step("--quorum", "true"), "start", "promote")
    assert steps == [("vip", "start", "director1"), ("ldirectord", "promote", "director1")]
    assert done(promotable.step("--quorum", "true"), "start", "promote", "demote") == []


@pytest.mark.parametrize(
    ("ours", "theirs", "moves"), [(1, 1000, True), (501, 1000, True), (901, 1000, False), (1, 1, False)]
)
def test_a_director_that_misses_more_than_the_stickiness_gives_way(
    promotable: Cib, ours: int, theirs: int, moves: bool
) -> None:
    promotable.step("--quorum", "true")
    promotable.score("director1", ours)
    promotable.score("director2", theirs)
    steps = done(promotable.step("--quorum", "true"), "start", "promote")
    assert steps == ([("vip", "start", "director2"), ("ldirectord", "promote", "director2")] if moves else [])


def test_the_address_stays_while_a_daemon_that_died_is_started_again(promotable: Cib) -> None:
    promotable.step("--quorum", "true")
    died = promotable.step("--quorum", "true", "--op-inject", "ldirectord_monitor_11000@director1=7")
    assert done(died, "start", "stop", "promote") == [
        ("ldirectord", "stop", "director1"),
        ("ldirectord", "start", "director1"),
        ("ldirectord", "promote", "director1"),
    ]


@pytest.mark.parametrize("fenced", [False, True])
def test_with_fencing_a_director_is_switched_off_before_its_address_is_taken(
    promotable: Cib, tmp_path: Path, fenced: bool
) -> None:
    if fenced:
        example = (EXAMPLES / "fencing.crm").read_text()
        # The agent of the example need not be installed; this one does nothing.
        text = re.sub(r"stonith:fence_ipmilan(.*\n.*)ip=.* (?=pcmk_host_list)", r"stonith:null\1hostlist=any ", example)
        (tmp_path / "fencing.crm").write_text(text)
        promotable.load(tmp_path / "fencing.crm")
    promotable.step("--quorum", "true")
    steps = promotable.step("--quorum", "true", "--node-fail", "director1")
    assert [step for step in steps if "Fencing" in step or "start on" in step] == [
        *(["Fencing director1 (reboot)"] if fenced else []),
        "Resource action: vip             start on director2",
    ]
