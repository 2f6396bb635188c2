"""Our resource agent where no daemon runs; tests/lab has the rest."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.patience import PATIENCE

AGENT = Path(__file__).parents[2] / "etc/ocf/ldirectord"
GENERIC, ARGS, UNIMPLEMENTED, INSTALLED, CONFIGURED, NOT_RUNNING, PROMOTED = 1, 2, 3, 5, 6, 7, 8


class Agent:
    """Calls the agent, with a program of ours (the one beside this Python) and a configuration in *folder*."""

    def __init__(self, folder: Path, program: Path) -> None:
        self.config = folder / "x.cf"
        self.config.write_text(f'logfile="{folder}/log"\nvirtual=192.0.2.1:80\n\treal=192.0.2.2:80 gate\n')
        self.environment = os.environ | {
            "OCF_ROOT": "/usr/lib/ocf",
            "OCF_RESOURCE_INSTANCE": "x",
            "OCF_RESKEY_configfile": str(self.config),
            "OCF_RESKEY_ldirectord": str(program),
            "OCF_RESKEY_CRM_meta_interval": "10000",
            "HA_RSCTMP": str(folder),
            "HA_LOGFILE": str(folder / "cluster.log"),
            "LDIRECTORD_RUN_DIR": str(folder),
        }

    def __call__(self, *words: str, **environment: str) -> tuple[int, str]:
        done = subprocess.run(
            # with a log folder of its own, for what is said before a configuration is read
            ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /var/log && exec "$@"', "sh", str(AGENT), *words],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    return Agent(tmp_path, Path(sys.executable).with_name("ldirectord"))


CRM_ATTRIBUTE = """#!/bin/sh
echo "$@" >>"$(dirname "$0")/scores"
"""
"""Notes what the cluster would be told, which does not run here."""


class Promotable(Agent):
    """The agent of a promotable clone, whose program keeps a table in memory."""

    def __init__(self, folder: Path, program: Path) -> None:
        in_memory = folder / "ldirectord"
        in_memory.write_text(f'#!/bin/sh\nexec {program} --table memory "$@"\n')
        super().__init__(folder, in_memory)
        self.role_file, self.scores = folder / "role", folder / "scores"
        for name, text in {"crm_attribute": CRM_ATTRIBUTE, "crm_master": "#!/bin/sh\nexit 1\n"}.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
        in_memory.chmod(0o755)
        self.environment |= {
            "OCF_RESKEY_role_file": str(self.role_file),
            "OCF_RESKEY_CRM_meta_timeout": "20000",
            "OCF_RESKEY_crm_feature_set": "3.16.1",
            "HA_SBIN_DIR": str(folder),
        }
        self.write()

    def write(self, *, role: str = "", served: str = "on") -> None:
        """Write a configuration with a service that is served always, and one whose check is *served*."""
        services = "".join(
            f"virtual=192.0.2.{number}:80\n\treal=127.0.0.1:1 masq\n\tchecktype={check}\n"
            for number, check in ((1, "on"), (2, served))
        )
        folder = self.config.parent
        self.config.write_text(
            f'logfile="{folder}/log"\ncheckinterval=1\n{role or f"role={self.role_file}"}\n{services}'
        )

    def role(self) -> str:
        return self.role_file.read_text().strip()


@pytest.fixture
def promotable(tmp_path: Path) -> Iterator[Promotable]:
    agent = Promotable(tmp_path, Path(sys.executable).with_name("ldirectord"))
    yield agent
    assert agent("stop")[0] == 0


def test_what_it_says_of_itself_is_as_the_standard_has_it(agent: Agent) -> None:
    status, said = agent("meta-data")
    valid = subprocess.run(
        ["xmllint", "--noout", "--valid", "-"],
        input=said,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        cwd="/usr/share/resource-agents",  # with the document type that it names
    )
    assert (status, valid.returncode, valid.stderr) == (0, 0, "")
    stock = subprocess.run(
        ["/usr/lib/ocf/resource.d/heartbeat/ldirectord", "meta-data"],
        env=os.environ | {"OCF_ROOT": "/usr/lib/ocf"},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    ).stdout
    for parameter in ('<parameter name="configfile" unique="1"', '<parameter name="ldirectord"'):
        assert parameter in said
        assert parameter in stock


def test_it_is_plain_shell() -> None:
    subprocess.run(["shellcheck", "--shell=sh", str(AGENT)], check=True, timeout=PATIENCE)
    subprocess.run(["dash", "-n", str(AGENT)], check=True, timeout=PATIENCE)


@pytest.mark.parametrize(
    ("words", "expected"),
    [([], ARGS), (["start", "stop"], ARGS), (["promote"], UNIMPLEMENTED), (["usage"], 0), (["validate-all"], 0)],
)
def test_it_ends_with_the_status_for_what_it_was_told(agent: Agent, words: list[str], expected: int) -> None:
    assert agent(*words)[0] == expected


def test_without_a_daemon_nothing_runs_and_there_is_nothing_to_stop(agent: Agent) -> None:
    assert agent("monitor")[0] == NOT_RUNNING
    assert agent("stop")[0] == 0
    assert agent("reload")[0] == GENERIC


def test_what_is_missing_on_this_node_is_told_but_not_as_a_failed_probe(agent: Agent) -> None:
    agent.config.unlink()
    for missing in ({}, {"OCF_RESKEY_ldirectord": "/nowhere/ldirectord"}):
        assert agent("start", **missing)[0] == INSTALLED
        assert agent("monitor", **missing)[0] == INSTALLED
        assert agent("monitor", OCF_RESKEY_CRM_meta_interval="0", **missing)[0] == NOT_RUNNING
        assert agent("stop", **missing)[0] == 0


def test_what_is_wrong_on_every_node_is_told_so(agent: Agent) -> None:
    for wrong in ("ldirectord.cf", "", "/etc/"):
        status, said = agent("start", OCF_RESKEY_configfile=wrong)
        assert (status, "expected the full path" in said) == (CONFIGURED, True)
    status, said = agent("start", OCF_RESKEY_role_file="role")
    assert (status, "role_file: expected the full path of a file, but got 'role'" in said) == (CONFIGURED, True)


def test_errors_of_the_file_are_told_with_their_lines(agent: Agent) -> None:
    agent.config.write_text("nothing of ours\n")
    for action in ("validate-all", "start"):
        status, said = agent(action)
        assert status == ARGS
        assert f"{agent.config}:1: unknown directive" in said
    assert agent("monitor")[0] == NOT_RUNNING


def test_a_process_that_took_over_the_pid_of_a_dead_daemon_is_let_be(agent: Agent) -> None:
    agent.config.write_text("nothing of ours\n")
    with subprocess.Popen(["sleep", "60"]) as other:
        (agent.config.parent / "ldirectord.x.cf.pid").write_text(f"{other.pid}\n")
        assert agent("monitor")[0] == NOT_RUNNING
        assert agent("stop")[0] == 0
        assert other.poll() is None
        other.kill()


def test_who_is_promoted_is_active_and_the_others_are_standby(promotable: Promotable) -> None:
    assert promotable("monitor")[0] == NOT_RUNNING
    assert promotable("start") == (0, "")
    assert (promotable("monitor")[0], promotable.role()) == (0, "standby")
    assert promotable("promote") == (0, "")
    assert (promotable("monitor")[0], promotable.role()) == (PROMOTED, "active")
    assert promotable("monitor", OCF_RESKEY_CRM_meta_interval="0")[0] == PROMOTED
    assert promotable("promote")[0] == 0
    assert promotable("demote") == (0, "")
    assert (promotable("monitor")[0], promotable.role()) == (0, "standby")
    assert promotable("promote")[0] == 0
    assert promotable("stop")[0] == 0
    assert (promotable("monitor")[0], promotable.role()) == (NOT_RUNNING, "standby")
    assert promotable("promote")[0] == promotable("demote")[0] == NOT_RUNNING
    assert promotable.role() == "standby"


def test_a_daemon_that_does_not_answer_is_promoted_and_demoted_by_its_file(promotable: Promotable) -> None:
    assert promotable("start")[0] == 0
    pid = int((promotable.config.parent / "ldirectord.x.cf.pid").read_text())
    os.kill(pid, signal.SIGSTOP)
    try:
        for action, status in (("promote", PROMOTED), ("demote", 0)):
            assert promotable(action, OCF_RESKEY_CRM_meta_timeout="2000")[0] == 0
            assert promotable("monitor")[0] == status
    finally:
        os.kill(pid, signal.SIGCONT)
    assert promotable("promote") == (0, "")


def test_who_sees_fewer_services_served_is_promoted_later(promotable: Promotable) -> None:
    def last() -> str:
        return promotable.scores.read_text().splitlines()[-1]

    assert promotable("start")[0] == 0
    assert last() == "-p -v 1000"
    promotable.write(served="connect")
    assert promotable("reload")[0] == 0
    assert promotable("monitor")[0] == 0
    assert last() == "-p -v 1000"  # a node that notices a fall first is not the worse one
    assert promotable("monitor")[0] == 0
    assert last() == "-p -v 500"
    promotable.write()
    assert promotable("reload")[0] == 0
    assert promotable("monitor")[0] == 0
    assert last() == "-p -v 1000"
    assert promotable("stop")[0] == 0
    assert last() == "-p -D"


@pytest.mark.parametrize(
    ("role", "status", "reason"),
    [
        ("role=/nowhere/role", ARGS, "has 'role = /nowhere/role', and role_file is {file}"),
        ("role=active", GENERIC, "the daemon does not say its role: {config} needs 'role = {file}'"),
    ],
)
def test_a_configuration_that_goes_by_another_role_does_not_start(
    promotable: Promotable, role: str, status: int, reason: str
) -> None:
    promotable.write(role=role)
    ended, said = promotable("start", OCF_RESKEY_CRM_meta_timeout="2000")
    assert ended == status
    assert reason.format(file=promotable.role_file, config=promotable.config) in said


def test_a_role_file_that_cannot_be_written_is_told(promotable: Promotable) -> None:
    ended, said = promotable("start", OCF_RESKEY_role_file="/nowhere/role")
    assert (ended, "cannot write 'standby' to the role file /nowhere/role" in said) == (GENERIC, True)
