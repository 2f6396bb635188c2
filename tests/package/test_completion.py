"""What shells offer after TAB."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ldirectord_py.cli import options
from ldirectord_py.cli.ctl.commands import COMMANDS
from tests.peers.patience import PATIENCE

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

NAMES = ["tcp:10.0.0.1:80", "10.0.0.5:80", "10.0.0.6:80", "10.0.0.5:80@tcp:10.0.0.1:80"]
CTL = f"""#!{sys.executable}
from argparse import ArgumentParser
parser = ArgumentParser(prog="ldirectorctl")
parser.add_argument("--version", action="version", version="1")
commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
commands.add_parser("lint", help="look for what is wrong").add_argument("file")
commands.add_parser("plan", help="say what would be done").add_argument("--json", action="store_true")
drain = commands.add_parser("drain", help="no new connections")
drain.add_argument("target", metavar="TARGET", help="what")
drain.add_argument("--wait", action="store_true")
drain.add_argument("--reason", metavar="TEXT")
which = drain.add_mutually_exclusive_group()
which.add_argument("--instance", metavar="NAME")
which.add_argument("--config", metavar="FILE")
events = commands.add_parser("events", help="what happened")
events.add_argument("--real", metavar="NAME")
realserver = commands.add_parser("realserver", help="be one")
realserver.add_argument("action", choices=["up", "down", "check"], help="what")
realserver.add_argument("vips", metavar="VIP", nargs="*", help="whose")
announce = commands.add_parser("announce", help="over BGP")
announce.add_argument("--sink", choices=["exabgp", "bird"], help="who")
names = commands.add_parser("names")
names.add_argument("--instances", action="store_true")
names.add_argument("--instance")
names.add_argument("prefix", nargs="?", default="")
asked = parser.parse_args()
if asked.command == "names":
    known = {NAMES} if not asked.instances else ["web.cf", "mail.cf"]
    print(*(name for name in known if name.startswith(asked.prefix) and asked.instance != "mail.cf"), sep="\\n")
"""


def ask(program: str, *words: str, cwd: Path, line: str = "") -> set[str]:
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
        env={
            "PATH": "/usr/bin:/bin",
            "LDIRECTORD_CONFIG_DIR": str(cwd / "ha.d"),
            "COMP_LINE": line,
            "COMP_POINT": str(len(line)),
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
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


def ask_bash(program: str, *words: str, cwd: Path) -> set[str]:
    """Return what the line becomes: bash replaces only what is behind the last of its word breaks."""
    line = " ".join(words)
    before, word = re.fullmatch(r"(.*[\s:=@]|)([^\s:=@]*)", line, re.DOTALL).groups()
    last = before.rpartition(" ")[2]
    return {f"{last}{found}" for found in ask(program, *words[:-1], word, cwd=cwd, line=f"ldirectorctl {line}")}


_ZSH = """
compadd() { [[ $1 == -- ]] && shift; for each; do [[ $each == "$PREFIX"* ]] && print -r -- $each; done }
_files() { for each in $PREFIX*(N); do print -r -- $each; done }
file=$1
shift
words=("$@") CURRENT=$# PREFIX=${@[-1]}
source $file
"""


def ask_zsh(program: str, *words: str, cwd: Path) -> set[str]:
    command = ["zsh", "-f", "-c", _ZSH, "zsh", str(FOLDER.parent / "zsh-completion/_ldirectorctl"), program, *words]
    return _offered(command, cwd)


def ask_fish(program: str, *words: str, cwd: Path) -> set[str]:
    script = f"source {FOLDER.parent}/fish-completion/ldirectorctl.fish; complete -C $argv[1]"
    return _offered(["fish", "--no-config", "-c", script, "--", " ".join(["./ldirectorctl", *words])], cwd)


def _offered(command: Sequence[str], cwd: Path) -> set[str]:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(cwd)}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert not done.stderr
    return {line.partition("\t")[0] for line in done.stdout.splitlines()}


SHELLS = {"bash": ask_bash, "zsh": ask_zsh, "fish": ask_fish}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([""], {"lint", "plan", "drain", "events", "realserver", "announce"}),
        (["p"], {"plan"}),
        (["--"], {"--help", "--version"}),
        (["plan", "--"], {"--help", "--json"}),
        (["lint", "--"], {"--help"}),
        (["lint", "her"], {"here.cf"}),
        (["drain", ""], set(NAMES)),
        (["drain", "--wait", "10.0.0.5"], {"10.0.0.5:80", "10.0.0.5:80@tcp:10.0.0.1:80"}),
        (["drain", "tcp:10.0.0.1:"], {"tcp:10.0.0.1:80"}),
        (["drain", "10.0.0.5:80@t"], {"10.0.0.5:80@tcp:10.0.0.1:80"}),
        (["drain", "--reason", ""], set()),
        (["drain", "--instance", ""], {"web.cf", "mail.cf"}),
        (["drain", "--instance", "mail.cf", ""], set()),
        (["drain", "--config", "her"], {"here.cf"}),
        (["events", "--real", "t"], {"tcp:10.0.0.1:80"}),
        (["realserver", ""], {"up", "down", "check"}),
        (["realserver", "u"], {"up"}),
        (["realserver", "up", ""], set()),
        (["announce", "--sink", ""], {"exabgp", "bird"}),
        (["announce", "--sink", "b"], {"bird"}),
    ],
)
def test_ldirectorctl_has_what_its_help_says_and_the_names_of_the_daemon(
    words: Sequence[str], expected: set[str], shell: str, place: Path
) -> None:
    program = place / "ldirectorctl"
    program.write_text(CTL)
    program.chmod(0o755)
    assert SHELLS[shell](str(program), *words, cwd=place) == expected


def test_every_command_of_ldirectorctl_is_offered(place: Path) -> None:
    program = Path(sys.executable).with_name("ldirectorctl")
    assert ask(str(program), "", cwd=place) == {entry.name for entry in COMMANDS if entry.summary}
