"""Answers that are kept."""

import pytest

from ldirectord_py.api.idempotency import KEPT_SECONDS, MOST_KEPT, Idempotency
from ldirectord_py.api.problems import RequestRefused


class Counting:
    def __init__(self) -> None:
        self.done = 0
        self.now = 0.0
        self.kept = Idempotency(lambda: self.now)

    async def do(self) -> bytes:
        self.done += 1
        return str(self.done).encode()

    async def once(self, key: str | None, who: str = "root", body: bytes = b"{}") -> bytes:
        return await self.kept.once(who, key, body, self.do)


async def test_without_a_key_each_is_done() -> None:
    counting = Counting()
    assert [await counting.once(None), await counting.once(None)] == [b"1", b"2"]


async def test_keys_are_of_whoever_gave_them_and_for_ten_minutes() -> None:
    counting = Counting()
    assert [await counting.once("a"), await counting.once("a"), await counting.once("a", "ops")] == [b"1", b"1", b"2"]
    counting.now = KEPT_SECONDS
    assert await counting.once("a") == b"3"


async def test_what_failed_is_done_when_it_is_sent_again() -> None:
    counting = Counting()

    async def fail() -> bytes:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await counting.kept.once("root", "a", b"{}", fail)
    assert await counting.once("a") == b"1"


async def test_no_more_are_kept_than_there_is_room_for() -> None:
    counting = Counting()
    for number in range(MOST_KEPT + 10):
        await counting.once(str(number))
    assert await counting.once(str(MOST_KEPT + 9)) == str(MOST_KEPT + 10).encode()
    assert await counting.once("0") == str(MOST_KEPT + 11).encode()


@pytest.mark.parametrize("key", ["", "x" * 201, "a\x00b", "a b", "ä", "a\n"])
async def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(RequestRefused, match="Idempotency-Key: expected"):
        await Counting().once(key)
