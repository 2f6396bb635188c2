import asyncio
import os
import shutil
import signal
import tempfile
import time
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.external import External
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions, CheckType
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, down, up
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.service import AddressKey, Protocol
from tests.peers.driver_services import services
from tests.peers.options import planned
from tests.peers.patience import PATIENCE, until
from tests.peers.processes import alive

SUBJECT = CheckedServer(
    virtual=AddressKey(Protocol.TCP, Endpoint(ip_address("10.0.0.1"), 80)),
    endpoint=Endpoint(ip_address("10.0.0.5"), 8080),
)
EXTERNAL = CheckOptions(checktype=CheckType.EXTERNAL)


@pytest.fixture
def script(tmp_path: Path):
    def write(text: str, *, shebang: str = "#!/bin/sh\n", name: str = "check") -> str:
        path = tmp_path / name
        path.write_text(shebang + text)
        path.chmod(0o755)
        return str(path)

    return write


async def run(*argv: str) -> Outcome:
    async with asyncio.timeout(PATIENCE):
        return await External(argv=argv).run(services())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exit 0", up("exit status 0")),
        ("echo fine; echo; exit 0", up("exit status 0: fine")),
        ("exit 1", down(Reason.EXIT, "exit status 1")),
        ("echo trying; echo could not connect >&2; exit 2", down(Reason.EXIT, "exit status 2: could not connect")),
        ("exit 255", down(Reason.EXIT, "exit status 255")),
        ("no-such-command-here 2>/dev/null", down(Reason.EXIT, "exit status 127")),
        ("kill -SEGV $$", down(Reason.EXIT, "killed by SIGSEGV")),
        ("kill -40 $$", down(Reason.EXIT, "killed by signal 40")),
        ("printf 'a\\033[1mb\\377'; exit 3", down(Reason.EXIT, r"exit status 3: a\x1b[1mb\xff")),
        ("cat; exit 4", down(Reason.EXIT, "exit status 4")),
        ("pwd; exit 5", down(Reason.EXIT, "exit status 5: /")),
    ],
    ids=[
        "up",
        "says so",
        "down",
        "says why",
        "255",
        "127",
        "signal",
        "real-time signal",
        "unprintable",
        "stdin",
        "cwd",
    ],
)
async def test_the_verdict_is_the_exit_status(script, text: str, expected: Outcome) -> None:
    assert await run(script(text)) == expected


async def test_arguments_are_passed_as_they_are(script) -> None:
    outcome = await run(
        script('echo "$#: $*"'), "10.0.0.1", "80", "$HOME `id`", b"\xff".decode("utf-8", "surrogateescape")
    )
    assert outcome == up(r"exit status 0: 4: 10.0.0.1 80 $HOME `id` \xff")


async def test_a_script_without_interpreter_is_the_shells(script) -> None:
    assert await run(script("echo $1", shebang=""), "x") == up("exit status 0: x")


async def test_endless_output_is_bounded_and_the_end_is_kept(script) -> None:
    outcome = await run(script("head -c 5000000 /dev/zero | tr '\\0' x; exit 1"))
    assert outcome == down(Reason.EXIT, f"exit status 1: {'x' * 160}...")
    assert len(outcome.detail) <= LONGEST_DETAIL


@pytest.mark.parametrize("status", [0, 1])
async def test_what_a_program_leaves_running_ends_with_the_check(script, tmp_path, status: int) -> None:
    left = tmp_path / "left"
    outcome = await run(script(f"trap '' TERM; sleep 1000 & echo $! >{left}; exit {status}"))
    assert outcome == (up("exit status 0") if status == 0 else down(Reason.EXIT, "exit status 1"))
    await until(lambda: not alive(int(left.read_text())))


async def test_what_a_program_leaves_in_a_session_of_its_own_goes_on(script, tmp_path) -> None:
    left = tmp_path / "left"
    text = f"setsid sh -c 'echo $$ >{left}; exec sleep 1000' & while ! [ -s {left} ]; do :; done"
    assert await run(script(text)) == up("exit status 0")
    pid = int(left.read_text())
    assert alive(pid)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (("/no/such/check",), "cannot run '/no/such/check': No such file or directory"),
        (
            ("/bin/true -x",),
            "cannot run '/bin/true -x': No such file or directory: the value is one file name, without arguments",
        ),
        (("/etc/passwd",), "cannot run '/etc/passwd': Permission denied"),
    ],
    ids=["missing", "with arguments", "not executable"],
)
async def test_a_program_that_cannot_be_started_is_our_own_fault(argv, sentence) -> None:
    with pytest.raises(CheckUnavailable) as unavailable:
        await run(*argv)
    assert str(unavailable.value) == sentence


AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes a program's rights")
RIGHTS = "echo $(id -un) $(sed -n 's/^Cap\\(Eff\\|Bnd\\):.//p' /proc/self/status)"


@AS_ROOT
async def test_a_program_of_root_s_keeps_two_capabilities(script) -> None:
    assert await run(script(RIGHTS)) == up("exit status 0: root 0000000000003000 0000000000003000")


@AS_ROOT
@pytest.mark.parametrize(("user", "effective"), [("nobody", "0000000000000000"), ("root", "all")])
async def test_a_program_runs_as_the_user_that_is_named(user: str, effective: str) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # every user gets there
        Path(folder).chmod(0o755)
        path = Path(folder, "check")
        path.write_text(f"#!/bin/sh\n{RIGHTS}\n")
        path.chmod(0o755)
        check = planned(replace(EXTERNAL, checkcommand=str(path), checkuser=user), SUBJECT).check
        assert isinstance(check, External)
        outcome = await check.run(services())
    ours = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapEff"))
    told = outcome.detail.removeprefix("exit status 0: ").split()
    assert told[:2] == [user, ours.split()[1] if effective == "all" else effective]


def test_a_user_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidOption, match='this machine has no user "nosuchuser"'):
        planned(replace(EXTERNAL, checkuser="nosuchuser"), SUBJECT)


@AS_ROOT
@pytest.mark.parametrize("text", ["#!/no/such/interpreter\n", "#!/bin/sh\r\nexit 0\n"], ids=["missing", "CR LF"])
async def test_a_script_whose_interpreter_is_missing_is_our_own_fault(script, text: str) -> None:
    path = script("", shebang=text)
    with pytest.raises(CheckUnavailable, match=r"cannot run .*No such file or directory"):
        await run(path)


async def test_a_missing_perl_script_is_our_own_fault() -> None:
    with pytest.raises(CheckUnavailable, match=r"cannot read the script '/no/such\.pl'"):
        await External(argv=("perl", "/no/such.pl"), script="/no/such.pl").run(services())


@pytest.mark.skipif(shutil.which("perl") is None, reason="needs perl")
@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("print qq(@ARGV\\n);", up("exit status 0: 10.0.0.1 80 10.0.0.5 8080")),
        ("print qq($0\\n); exit 3 if $ARGV[1] == 80;", down(Reason.EXIT, "exit status 3: FILE")),
        ("return 0; die;", up("exit status 0")),
        ("die qq(no heart\\n);", down(Reason.EXIT, "exit status 255: no heart")),
        ("this is no Perl at all {", down(Reason.EXIT, "exit status 255: ")),
        ("print <DATA>;\n__DATA__\nits own data\n", up("exit status 0: its own data")),
    ],
    ids=["falls off its end", "exits", "returns", "dies", "does not compile", "reads itself"],
)
async def test_perl_runs_perl_scripts(script, text: str, outcome: Outcome) -> None:
    path = script(text, shebang="")
    probe = planned(CheckOptions(checktype=CheckType.EXTERNAL_PERL, checkcommand=path), SUBJECT)
    assert isinstance(probe.check, External)
    told = await probe.check.run(services())
    assert (told.verdict, told.reason) == (outcome.verdict, outcome.reason)
    assert told.detail.replace(path, "FILE").startswith(outcome.detail)


@pytest.mark.parametrize("trap", ["", "trap '' TERM\n"], ids=["polite", "deaf"])
async def test_an_overrunning_program_is_ended_with_all_it_started(script, tmp_path, trap) -> None:
    pids = tmp_path / "pids"
    path = script(f"{trap}sleep 1000 & echo $$ $! > {pids}.new; mv {pids}.new {pids}; wait; wait")
    async with asyncio.TaskGroup() as group:
        check = group.create_task(External(argv=(path,)).run(services()))
        await until(pids.exists)
        check.cancel()
    assert check.cancelled()
    await until(lambda: not any(alive(int(pid)) for pid in pids.read_text().split()))


async def test_a_program_that_nobody_wants_any_more_is_ended_even_while_it_starts(script, tmp_path) -> None:
    pids = tmp_path / "pids"
    path = script(f"trap '' TERM; sleep 1000 & echo $$ $! > {pids}.new; mv {pids}.new {pids}; wait; wait")
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        check = group.create_task(External(argv=(path,)).run(services()))
        await asyncio.sleep(0)  # it has been forked in that one turn of the loop, and nobody has looked at it since
        while not pids.exists():
            time.sleep(0.01)
        check.cancel()
    assert check.cancelled()
    await until(lambda: not any(alive(int(pid)) for pid in pids.read_text().split()))


async def test_nothing_stays_open(script) -> None:
    await run("/bin/true")
    before = len(list(Path("/proc/self/fd").iterdir()))
    await run(script("exit 1"))
    with pytest.raises(CheckUnavailable):
        await run("/no/such/check")
    assert len(list(Path("/proc/self/fd").iterdir())) == before
