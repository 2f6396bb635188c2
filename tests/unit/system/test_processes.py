"""Programs, started and ended: what they are given."""

import os

import pytest

from ldirectord_py.system import processes
from ldirectord_py.system.environment import environment, withhold
from ldirectord_py.system.guard import Guard


@pytest.mark.parametrize("given", [b"", b"x", b"one\ntwo\n", b"long" * 100_000], ids=len)
async def test_a_program_reads_what_it_is_given_and_then_the_end(given: bytes) -> None:
    ended = await processes.run(("/bin/sh", "-c", "echo $(cat | wc -c)"), given=given)
    assert (ended.status, int(ended.first)) == (0, len(given))


async def test_a_program_that_does_not_read_is_not_waited_for() -> None:
    assert (await processes.run(("/bin/true",), given=b"x" * 1_000_000)).status == 0


async def test_a_program_is_told_neither_secrets_nor_what_systemd_tells_us_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LDIRECTORD_TEST_SECRET", "s3cret")
    monkeypatch.setenv("LDIRECTORD_TEST_OTHER", "known")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x")
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/x")
    withhold("LDIRECTORD_TEST_SECRET")
    names = ("LDIRECTORD_TEST_SECRET", "LDIRECTORD_TEST_OTHER", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET")
    shown = "echo " + "/".join(f"${{{name}-}}" for name in names)
    assert (await processes.run(("/bin/sh", "-c", shown))).first == b"/known//"
    told = await processes.run(("/bin/sh", "-c", shown), variables=environment(of_ourselves=True))
    assert told.first == b"s3cret/known//run/credentials/x/"


def test_a_guard_that_has_been_killed_is_replaced_and_knows_of_those_before(tmp_path) -> None:
    guard = Guard()
    programs_ = [os.posix_spawn("/bin/sleep", ("sleep", "1000"), {}, setpgroup=0) for _ in range(3)]
    guard.add(programs_[0])
    assert guard._process is not None
    guard._process.kill()
    guard._process.wait()
    for pid in programs_[1:]:
        guard.add(pid)
    guard.remove(programs_[2])
    guard.close()
    assert [os.WTERMSIG(os.waitpid(pid, 0)[1]) for pid in programs_[:2]] == [9, 9]
    assert os.waitpid(programs_[2], os.WNOHANG) == (0, 0)
    os.kill(programs_[2], 9)
    os.waitpid(programs_[2], 0)
