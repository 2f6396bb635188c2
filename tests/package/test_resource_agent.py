"""Our resource agent where no daemon runs; tests/lab has the rest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

AGENT = Path(__file__).parents[2] / "etc/ocf/ldirectord"
GENERIC, ARGS, UNIMPLEMENTED, INSTALLED, CONFIGURED, NOT_RUNNING = 1, 2, 3, 5, 6, 7


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
            timeout=60,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    return Agent(tmp_path, Path(sys.executable).with_name("ldirectord"))


def test_what_it_says_of_itself_is_as_the_standard_has_it(agent: Agent) -> None:
    status, said = agent("meta-data")
    valid = subprocess.run(
        ["xmllint", "--noout", "--valid", "-"],
        input=said,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd="/usr/share/resource-agents",  # with the document type that it names
    )
    assert (status, valid.returncode, valid.stderr) == (0, 0, "")
    stock = subprocess.run(
        ["/usr/lib/ocf/resource.d/heartbeat/ldirectord", "meta-data"],
        env=os.environ | {"OCF_ROOT": "/usr/lib/ocf"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    for parameter in ('<parameter name="configfile" unique="1"', '<parameter name="ldirectord"'):
        assert parameter in said
        assert parameter in stock


def test_it_is_plain_shell() -> None:
    subprocess.run(["shellcheck", "--shell=sh", str(AGENT)], check=True, timeout=60)
    subprocess.run(["dash", "-n", str(AGENT)], check=True, timeout=60)


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
