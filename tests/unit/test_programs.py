"""Programs, started and ended: what they are given."""

import pytest

from ldirectord_py import programs


@pytest.mark.parametrize("given", [b"", b"x", b"one\ntwo\n", b"long" * 100_000], ids=len)
async def test_a_program_reads_what_it_is_given_and_then_the_end(given: bytes) -> None:
    ended = await programs.run(("/bin/sh", "-c", "echo $(cat | wc -c)"), given=given)
    assert (ended.status, int(ended.first)) == (0, len(given))


async def test_a_program_that_does_not_read_is_not_waited_for() -> None:
    assert (await programs.run(("/bin/true",), given=b"x" * 1_000_000)).status == 0
