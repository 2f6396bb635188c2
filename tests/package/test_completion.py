"""What bash offers after TAB."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ldirectord_py.cli import options
from ldirectord_py.cli.ctl.commands import COMMANDS

FOLDER = Path(__file__).parents[2] / "etc/bash-completion"

# The words come as bash splits them, with what the cursor stands in last; the answer is one candidate a line.
_ASK = """
source "$1"
function=$2
shift 2
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
"$function" "$1" "${@: -1}" "${@: -2:1}"
printf '%s\\n' "${COMPREPLY[@]}"
"""

CTL = f"""#!{sys.executable}
from argparse import ArgumentParser
parser = ArgumentParser(prog="ldirectorctl")
parser.add_argument("--version", action="version", version="1")
commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
commands.add_parser("lint", help="look for what is wrong").add_argument("file")
commands.add_parser("plan", help="say what would be done").add_argument("--json", action="store_true")
parser.parse_args()
"""


def ask(program: str, *words: str, cwd: Path) -> set[str]:
    command = [
        "bash",
        "--norc",
        "-c",
        _ASK,
        "bash",
        str(FOLDER / Path(program).name),
        f"_{Path(program).name}",
        program,
    ]
    done = subprocess.run(
        [*command, *words],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "LDIRECTORD_CONFIG_DIR": str(cwd / "ha.d")},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert not done.stderr
    return set(done.stdout.split())


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "ha.d").mkdir()
    (tmp_path / "ha.d/web.cf").touch()
    (tmp_path / "here.cf").touch()
    return tmp_path


ACTIONS = {str(action) for action in options.Action}
LONG = {f"--{name}" for name in (*options._SWITCHES, *options._CHOICES) if len(name) > 1}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([""], ACTIONS | {"web.cf", "here.cf", "ha.d"}),
        (["st"], {"start", "stop", "status"}),
        (["we"], {"web.cf"}),
        (["web.cf", ""], ACTIONS),
        (["-d", "--table", "memory", "web.cf", "conf"], {"configtest"}),
        (["web.cf", "start", ""], set()),
        (["--table", ""], set(options.TABLES)),
        (["--table", "=", "k"], {"kernel"}),
        (["--table", "="], set(options.TABLES)),
        (["--table", "=", "kernel", "web.cf", "rel"], {"reload"}),
        (["--log-format", "j"], {"json"}),
        (["--"], LONG),
        (["-"], LONG | {"-d", "-h", "-v"}),
    ],
)
def test_ldirectord(words: Sequence[str], expected: set[str], place: Path) -> None:
    assert ask("ldirectord", *words, cwd=place) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([""], {"lint", "plan"}),
        (["p"], {"plan"}),
        (["--"], {"--help", "--version"}),
        (["plan", "--"], {"--help", "--json"}),
        (["lint", "--"], {"--help"}),
        (["lint", ""], {"web.cf", "here.cf", "ha.d", "ldirectorctl"}),
    ],
)
def test_ldirectorctl_has_what_its_help_says(words: Sequence[str], expected: set[str], place: Path) -> None:
    program = place / "ldirectorctl"
    program.write_text(CTL)
    program.chmod(0o755)
    assert ask(str(program), *words, cwd=place) == expected


def test_every_command_of_ldirectorctl_is_offered(place: Path) -> None:
    program = Path(sys.executable).with_name("ldirectorctl")
    assert ask(str(program), "", cwd=place) == {command.name for command in COMMANDS}
