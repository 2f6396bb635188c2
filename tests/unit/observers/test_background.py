"""Tasks beside everything else, and their end."""

import asyncio

import pytest

from ldirectord_py.observers.background import BackgroundTasks


async def for_ever(ended: list[str], name: str) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        ended.append(name)


async def test_what_still_runs_at_the_end_is_ended_and_waited_for():
    ended: list[str] = []
    async with BackgroundTasks() as tasks:
        tasks.begin(for_ever(ended, "one"), "one")
        tasks.begin(for_ever(ended, "two"), "two")
        await asyncio.sleep(0)
    assert sorted(ended) == ["one", "two"]


async def test_an_error_of_whoever_entered_goes_on_as_it_is():
    ended: list[str] = []

    async def fail() -> None:
        async with BackgroundTasks() as tasks:
            tasks.begin(for_ever(ended, "one"), "one")
            await asyncio.sleep(0)
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    assert ended == ["one"]


async def test_it_waits_for_all_but_no_longer_than_it_is_told():
    ended: list[str] = []
    go = asyncio.Event()

    async def short() -> None:
        await go.wait()
        ended.append("short")

    async with BackgroundTasks() as tasks:
        await tasks.wait()
        tasks.begin(short(), "short")
        await tasks.wait(0)
        assert ended == []
        go.set()
        await tasks.wait()
        assert ended == ["short"]
        tasks.begin(for_ever(ended, "long"), "long")
        await tasks.wait(0)
        tasks.cancel()
        await tasks.wait()
        assert ended == ["short", "long"]
